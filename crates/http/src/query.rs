//! Query parameters.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_html_form::Deserializer;

use super::{ApiError, pointer};

/// The query as a `T`. Answers 400 with the name of the parameter when it cannot be read. A parameter that is given several
/// times fills a `Vec`. Derive `T` with `#[serde(deny_unknown_fields)]`, so that a misspelt filter is an error.
#[derive(Debug, Clone, PartialEq)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads `T` from the text after `?`.
pub(super) fn parse<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(Deserializer::from_bytes(query.as_bytes())).map_err(|error| {
        let invalid = pointer::invalid(error.path(), &error.inner().to_string());
        let name = invalid.pointer.trim_start_matches('/').split('/').next().unwrap_or_default();
        ApiError::parameter(name, invalid.detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        enabled: Option<bool>,
        #[serde(default)]
        sensor: Vec<weir_core::id::SensorCode>,
        limit: Option<u8>,
    }

    #[test]
    fn a_query_is_read_field_by_field() {
        let filter: Filter = parse("enabled=true&sensor=ph&sensor=tmp&limit=7").unwrap();
        assert_eq!((filter.enabled, filter.limit), (Some(true), Some(7)));
        assert_eq!(filter.sensor, ["ph".parse().unwrap(), "tmp".parse().unwrap()]);
        assert_eq!(parse::<Filter>("").unwrap(), Filter { enabled: None, sensor: vec![], limit: None });
        assert_eq!(parse::<Filter>("sensor=p%68").unwrap().sensor, ["ph".parse().unwrap()]);
    }

    #[test]
    fn a_refusal_names_the_parameter() {
        for (query, name) in [
            ("enabled=maybe", "enabled"),
            ("limit=256", "limit"),
            ("limit=1&limit=2", "limit"),
            ("sensor=PH", "sensor"),
            ("sensor=ph&sensor=PH", "sensor"),
            ("enabeld=true", "enabeld"),
            ("enabled=true&=x", ""),
        ] {
            let error = parse::<Filter>(query).unwrap_err();
            let named = error.errors().iter().map(|error| error.parameter.as_deref()).collect::<Vec<_>>();
            assert_eq!(
                (error.kind(), named),
                (super::super::ErrorKind::Malformed, vec![Some(name)]),
                "{query}: {error:?}"
            );
            assert!(error.detail().contains(name), "{error:?}");
        }
    }
}

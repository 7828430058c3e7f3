//! In which form the caller wants the answer: the header `Accept` (RFC 9110, 12.5.1).

use axum::extract::FromRequestParts;
use axum::http::header::ACCEPT;
use axum::http::request::Parts;
use weir_http::{ApiError, ErrorKind};

/// A form in which readings are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

impl<S: Sync> FromRequestParts<S> for Form {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let said: Vec<_> =
            parts.headers.get_all(ACCEPT).iter().map(|value| value.to_str().unwrap_or_default()).collect();
        negotiate(&said.join(",")).ok_or_else(|| {
            ApiError::new(
                ErrorKind::NotAcceptable,
                "readings come as application/json or text/csv, which Accept leaves out",
            )
        })
    }
}

/// The form that is wanted most; JSON where both are wanted alike, or nothing is said.
fn negotiate(accept: &str) -> Option<Form> {
    if accept.trim().is_empty() {
        return Some(Form::Json);
    }
    let (json, csv) = (weight(accept, "application", "json"), weight(accept, "text", "csv"));
    match (json > 0.0, csv > json) {
        (_, true) => Some(Form::Csv),
        (true, false) => Some(Form::Json),
        (false, false) => None,
    }
}

/// How much a type is wanted: the weight of the range that names it best.
fn weight(accept: &str, kind: &str, subtype: &str) -> f64 {
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
        let name = parts.next()?;
        let exact = match name.split_once('/')? {
            (range, sub) if range == kind && sub == subtype => 3,
            (range, "*") if range == kind => 2,
            ("*", "*") => 1,
            _ => return None,
        };
        let weight = parts.find_map(|part| part.strip_prefix("q=").map(|weight| weight.trim().parse::<f64>().ok()));
        Some((exact, weight.unwrap_or(Some(1.0)).filter(|weight| (0.0..=1.0).contains(weight)).unwrap_or(0.0)))
    });
    ranges.max_by_key(|(exact, _)| *exact).map_or(0.0, |(_, weight)| weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_wanted_most_is_chosen() {
        for (accept, form) in [
            ("", Some(Form::Json)),
            ("*/*", Some(Form::Json)),
            ("application/json", Some(Form::Json)),
            ("application/*", Some(Form::Json)),
            ("text/csv", Some(Form::Csv)),
            ("TEXT/CSV; charset=utf-8; header=present", Some(Form::Csv)),
            ("text/*", Some(Form::Csv)),
            ("application/json;q=0.5, text/csv", Some(Form::Csv)),
            ("text/csv;q=0.5, application/json", Some(Form::Json)),
            ("text/csv, application/json", Some(Form::Json)),
            ("text/csv, */*;q=0.1", Some(Form::Csv)),
            ("*/*, application/json;q=0", Some(Form::Csv)),
            // What a browser sends.
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Form::Json)),
            ("text/html", None),
            ("application/xml, image/*", None),
            ("text/csv;q=0", None),
            ("text/csv;q=nan", None),
            ("text/csv;q=x", None),
            (";;;", None),
            ("json", None),
        ] {
            assert_eq!(negotiate(accept), form, "{accept}");
        }
    }
}

//! A calibration model with its options as JSON: the fields that `docs/calibration.md` lists, tagged by `model`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};

use super::fields::Fields;
use crate::domain::FieldError;
use crate::domain::calibration::{Model, Options};

mod read;
mod write;

#[cfg(feature = "fit")]
pub(super) use read::outside;
pub(super) use read::read;
use write::Written;

/// A model with its options as JSON, e.g. `{"model": "linear", "slope": 0.5, "intercept": 1, "round": 2}`.
///
/// ```
/// use weir_core::domain::calibration::Inputs;
/// use weir_core::wire::ModelJson;
///
/// let json = r#"{"model":"linear","slope":0.5,"intercept":1.0,"round":2}"#;
/// let ModelJson { model, options } = serde_json::from_str(json)?;
/// assert_eq!(model.apply(3.0, Inputs::NONE).map(|calibrated| calibrated.value), Ok(2.5));
/// assert_eq!(options.round, Some(2));
/// assert_eq!(serde_json::to_string(&ModelJson { model, options })?, json);
///
/// // The pointer names the wrong field.
/// let error = serde_json::from_str::<ModelJson>(r#"{"model":"linear","slope":"x","intercept":1}"#).unwrap_err();
/// assert!(error.to_string().contains("/slope"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ModelJson {
    /// The model.
    pub model: Model,
    /// Its options.
    pub options: Options,
}

impl ModelJson {
    /// Reads the model and its options from the fields of `object`. Other fields are ignored: a row has more.
    ///
    /// # Errors
    /// Every wrong field, with its pointer.
    pub fn read(object: &Map<String, Value>) -> Result<Self, Vec<FieldError>> {
        let mut fields = Fields::new(object);
        read(&mut fields).ok_or(fields.errors)
    }
}

impl Serialize for ModelJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ModelJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::read(&Map::deserialize(deserializer)?).map_err(|errors| {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            D::Error::custom(errors.join("; "))
        })
    }
}

#[cfg(feature = "schema")]
impl utoipa::PartialSchema for ModelJson {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        <Written as utoipa::PartialSchema>::schema()
    }
}

#[cfg(feature = "schema")]
impl utoipa::ToSchema for ModelJson {
    fn name() -> std::borrow::Cow<'static, str> {
        <Written as utoipa::ToSchema>::name()
    }

    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        <Written as utoipa::ToSchema>::schemas(schemas);
    }
}

#[cfg(test)]
mod tests;

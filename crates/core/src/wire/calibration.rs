//! A version of a calibration as the API shows it and as people write it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::Fields;
use super::{ModelJson, model, time};
use crate::domain::calibration::{CalibrationEntry, Model, Options};
use crate::domain::{FieldError, Timestamp};

/// Maximum length of a note, in characters.
const MAX_NOTE: usize = 1_000;
/// Sort keys in the table `calibrations` have 13 digits for the instant, so the last one is 2286-11-20T17:46:39.999Z.
const LAST_INSTANT: i64 = 9_999_999_999_999;

/// A version of a calibration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CalibrationJson {
    /// 1, 2, 3 … in the order they were written.
    pub version: u32,
    /// The first instant it applies to.
    #[serde(with = "super::time")]
    pub valid_from: Timestamp,
    /// The model and its options.
    #[serde(flatten)]
    pub model: ModelJson,
    /// Who entered it.
    pub by: String,
    /// When it was entered.
    #[serde(with = "super::time")]
    pub at: Timestamp,
    /// A note, may be empty.
    pub note: String,
}

impl CalibrationJson {
    /// The entry as the API shows it.
    pub fn of(entry: &CalibrationEntry) -> Self {
        let calibration = &entry.calibration;
        Self {
            version: calibration.version,
            valid_from: calibration.valid_from,
            model: ModelJson { model: calibration.model.clone(), options: calibration.options },
            by: entry.by.clone(),
            at: entry.at,
            note: entry.note.clone(),
        }
    }
}

/// The body of a new calibration. This type only describes it in the OpenAPI document; [`read`] reads it, because it reports
/// every wrong field.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CalibrationBody {
    /// The first instant it applies to; default: now.
    #[cfg_attr(feature = "schema", schema(value_type = Option<Timestamp>))]
    pub valid_from: Option<String>,
    /// A note, at most 1,000 characters.
    #[cfg_attr(
        feature = "schema",
        schema(max_length = 1000, pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$")
    )]
    pub note: Option<String>,
    /// The model and its options.
    #[serde(flatten)]
    pub model: ModelJson,
}

/// A new calibration, read and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCalibration {
    /// The first instant it applies to, if the body has it.
    pub valid_from: Option<Timestamp>,
    /// A note, may be empty.
    pub note: String,
    /// The model.
    pub model: Model,
    /// Its options.
    pub options: Options,
}

/// Reads the body of a new calibration.
///
/// # Errors
/// Every wrong field with its pointer, unknown fields among them.
pub fn read(body: &Map<String, Value>) -> Result<NewCalibration, Vec<FieldError>> {
    let mut fields = Fields::new(body);
    let model = model::read(&mut fields);
    let note = fields.text("note", MAX_NOTE).unwrap_or_default();
    let valid_from = fields.optional("valid_from").map(|value| {
        let at = value.as_str().and_then(time::parse);
        at.filter(|at| (0..=LAST_INSTANT).contains(&at.millis()))
    });
    if valid_from == Some(None) {
        fields.refuse("valid_from", "must be an RFC 3339 instant from 1970 to 2286, such as 2026-11-20T06:24:44.123Z");
    }
    let errors = fields.finish_model();
    match model {
        Some(ModelJson { model, options }) if errors.is_empty() => {
            Ok(NewCalibration { valid_from: valid_from.flatten(), note, model, options })
        }
        _ => Err(errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(body: Value) -> Vec<String> {
        let errors = read(body.as_object().unwrap()).unwrap_err();
        errors.into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn every_model_can_be_entered_with_its_options() {
        for body in [
            json!({"model": "identity"}),
            json!({"model": "linear", "slope": 2, "intercept": -1.5, "round": 2}),
            json!({"model": "two_point", "raw": [1, 2], "reference": [3, 3], "clamp": [0, 14], "valid": [1, 13]}),
            json!({"model": "piecewise", "points": [[0, 1], [1, 5], [2, 0]], "outside": "reject", "round": null}),
        ] {
            assert!(read(body.as_object().unwrap()).is_ok(), "{body}");
        }
        for round in [json!(2), json!(2.0), json!(2e0), json!(0.0), json!(-0.0), json!(15.0)] {
            let body = json!({"model": "identity", "round": round});
            let new = read(body.as_object().unwrap()).unwrap();
            assert_eq!(new.options.round.map(f64::from), round.as_f64().map(f64::abs), "{body}");
        }
        let body = json!({"model": "identity", "valid_from": "2026-11-20T07:24:44.123+01:00", "note": "spring"});
        let new = read(body.as_object().unwrap()).unwrap();
        assert_eq!((new.valid_from, new.note.as_str()), (Some(Timestamp::from_millis(1_795_155_884_123)), "spring"));
    }

    #[test]
    fn every_refusal_points_at_the_field() {
        for (body, pointers) in [
            (json!({}), vec!["/model"]),
            (json!({"model": "magic", "power": 9}), vec!["/model"]),
            (json!({"model": 7}), vec!["/model"]),
            (json!({"model": "identity", "slope": 1}), vec!["/slope"]),
            (json!({"model": "linear"}), vec!["/slope", "/intercept"]),
            (json!({"model": "linear", "slope": "1", "intercept": 1e200}), vec!["/slope"]),
            (json!({"model": "linear", "slope": 1, "intercept": 1e200}), vec!["/intercept"]),
            (json!({"model": "linear", "slope": "NaN", "intercept": 0}), vec!["/slope"]),
            (json!({"model": "two_point", "raw": [1, 1], "reference": [0, 1]}), vec!["/raw/1"]),
            (json!({"model": "two_point", "raw": [1], "reference": [0, "x"]}), vec!["/raw", "/reference/1"]),
            (json!({"model": "piecewise", "points": [[0, 1]], "outside": "clamp"}), vec!["/points"]),
            (json!({"model": "piecewise", "points": [[0, 1], [0, 2]], "outside": "clamp"}), vec!["/points/1/0"]),
            (json!({"model": "piecewise", "points": [[1, 1], [0, 2]], "outside": "clamp"}), vec!["/points/1/0"]),
            (
                json!({"model": "piecewise", "points": [[1, 1], 3, [4, null]]}),
                vec!["/points/1", "/points/2/1", "/outside"],
            ),
            (json!({"model": "piecewise", "points": 3, "outside": "x"}), vec!["/points", "/outside"]),
            (json!({"model": "identity", "round": 16}), vec!["/round"]),
            (json!({"model": "identity", "round": 16.0}), vec!["/round"]),
            (json!({"model": "identity", "round": 1.5}), vec!["/round"]),
            (json!({"model": "identity", "round": -1}), vec!["/round"]),
            (json!({"model": "identity", "round": 1e300}), vec!["/round"]),
            (json!({"model": "identity", "round": "2"}), vec!["/round"]),
            (json!({"model": "identity", "round": u64::MAX}), vec!["/round"]),
            (json!({"model": "identity", "clamp": [2, 1]}), vec!["/clamp/1"]),
            (json!({"model": "identity", "valid": [1, 1e126]}), vec!["/valid/1"]),
            (json!({"model": "identity", "valid_from": "soon"}), vec!["/valid_from"]),
            (json!({"model": "identity", "valid_from": "9999-01-01T00:00:00Z"}), vec!["/valid_from"]),
            (json!({"model": "identity", "note": 1}), vec!["/note"]),
            (json!({"model": "identity", "version": 7, "a/b": 1}), vec!["/a~1b", "/version"]),
        ] {
            assert_eq!(refused(body.clone()), pointers, "{body}");
        }
        let many: Vec<_> = (0..201).map(|raw| json!([raw, raw])).collect();
        assert_eq!(refused(json!({"model": "piecewise", "points": many, "outside": "clamp"})), ["/points"]);
    }
}

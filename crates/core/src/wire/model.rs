//! A calibration model as it is written: the fields of SPEC §4, tagged by `model`.

use serde::{Deserialize, Serialize};

use super::fields::Fields;
use crate::domain::calibration::{Interval, Invalid, Linear, Model, Options, Outside, Piecewise, TwoPoint};

/// A model with its options, e.g. `{"model": "linear", "slope": 0.5, "intercept": 1, "round": 2}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
pub struct ModelJson {
    #[serde(flatten)]
    kind: Kind,
    /// Digits after the point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    round: Option<u8>,
    /// The interval the result is brought into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clamp: Option<(f64, f64)>,
    /// The interval outside which a result is marked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    valid: Option<(f64, f64)>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(tag = "model", rename_all = "snake_case")]
enum Kind {
    Identity,
    Linear { slope: f64, intercept: f64 },
    TwoPoint { raw: (f64, f64), reference: (f64, f64) },
    Piecewise { points: Vec<(f64, f64)>, outside: OutsideJson },
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "http", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
enum OutsideJson {
    Extend,
    Clamp,
    Reject,
}

/// The models there are.
const MODELS: [&str; 4] = ["identity", "linear", "two_point", "piecewise"];

impl ModelJson {
    /// The model and its options, checked.
    ///
    /// # Errors
    /// What the models refuse, with the pointer to the field.
    pub fn parse(&self) -> Result<(Model, Options), Invalid> {
        let model = match &self.kind {
            Kind::Identity => Model::Identity,
            Kind::Linear { slope, intercept } => Model::Linear(Linear::new(*slope, *intercept)?),
            Kind::TwoPoint { raw, reference } => Model::TwoPoint(TwoPoint::new((*raw).into(), (*reference).into())?),
            Kind::Piecewise { points, outside } => {
                let outside = match outside {
                    OutsideJson::Extend => Outside::Extend,
                    OutsideJson::Clamp => Outside::Clamp,
                    OutsideJson::Reject => Outside::Reject,
                };
                Model::Piecewise(Piecewise::new(points.clone(), outside)?)
            }
        };
        if self.round.is_some_and(|digits| digits > 15) {
            return Err(Invalid::new("/round", "must be 0 to 15"));
        }
        let interval = |bounds: Option<(f64, f64)>, pointer: &str| {
            bounds.map(|(min, max)| Interval::new(min, max).map_err(|invalid| invalid.under(pointer))).transpose()
        };
        let (clamp, valid) = (interval(self.clamp, "/clamp")?, interval(self.valid, "/valid")?);
        Ok((model, Options { round: self.round, clamp, valid }))
    }
}

/// Reads the model and its options from a body, every wrong field by name; the caller reads the fields beside them.
pub(super) fn read(fields: &mut Fields<'_>) -> Option<(Model, Options)> {
    let kind = read_kind(fields);
    let (clamp, valid) = (fields.optional_pair("clamp"), fields.optional_pair("valid"));
    let round = fields.optional("round").map(|digits| digits.as_u64().and_then(|digits| u8::try_from(digits).ok()));
    if round == Some(None) {
        fields.refuse("round", "must be 0 to 15");
    }
    let options = ModelJson { kind: Kind::Identity, round: round.flatten(), clamp, valid };
    if let Err(invalid) = options.parse() {
        fields.refused.push(invalid);
    }
    match (ModelJson { kind: kind?, ..options }).parse() {
        Ok(parsed) => Some(parsed),
        Err(invalid) => {
            if !fields.refused.contains(&invalid) {
                fields.refused.push(invalid);
            }
            None
        }
    }
}

fn read_kind(fields: &mut Fields<'_>) -> Option<Kind> {
    match fields.required("model")?.as_str() {
        Some("identity") => Some(Kind::Identity),
        Some("linear") => match (fields.number("slope"), fields.number("intercept")) {
            (Some(slope), Some(intercept)) => Some(Kind::Linear { slope, intercept }),
            _ => None,
        },
        Some("two_point") => match (fields.pair("raw"), fields.pair("reference")) {
            (Some(raw), Some(reference)) => Some(Kind::TwoPoint { raw, reference }),
            _ => None,
        },
        Some("piecewise") => {
            let points = fields.pairs("points");
            let outside = fields.required("outside").map(OutsideJson::deserialize);
            if matches!(outside, Some(Err(_))) {
                fields.refuse("outside", "must be extend, clamp or reject");
            }
            match (points, outside) {
                (Some(points), Some(Ok(outside))) => Some(Kind::Piecewise { points, outside }),
                _ => None,
            }
        }
        _ => {
            fields.refuse("model", format!("must be one of {}", MODELS.join(", ")));
            None
        }
    }
}

impl From<(&Model, &Options)> for ModelJson {
    fn from((model, options): (&Model, &Options)) -> Self {
        let kind = match model {
            Model::Identity => Kind::Identity,
            Model::Linear(line) => Kind::Linear { slope: line.slope(), intercept: line.intercept() },
            Model::TwoPoint(two) => Kind::TwoPoint { raw: two.raw().into(), reference: two.reference().into() },
            Model::Piecewise(pieces) => Kind::Piecewise {
                points: pieces.points().to_vec(),
                outside: match pieces.outside() {
                    Outside::Extend => OutsideJson::Extend,
                    Outside::Clamp => OutsideJson::Clamp,
                    Outside::Reject => OutsideJson::Reject,
                },
            },
        };
        let interval = |interval: Option<Interval>| interval.map(|interval| (interval.min(), interval.max()));
        Self { kind, round: options.round, clamp: interval(options.clamp), valid: interval(options.valid) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_model_is_written_as_the_contract_says_and_read_back() {
        for written in [
            json!({"model": "identity"}),
            json!({"model": "linear", "slope": 0.5, "intercept": 1.0, "round": 2}),
            json!({"model": "two_point", "raw": [2.3, 2.4], "reference": [4.5, 5.9], "clamp": [0.0, 14.0]}),
            json!({"model": "piecewise", "points": [[0.0, 1.0], [2.0, 3.0]], "outside": "reject", "valid": [0.0, 9.0]}),
        ] {
            let model: ModelJson = serde_json::from_value(written.clone()).unwrap();
            let (parsed, options) = model.parse().unwrap();
            assert_eq!(serde_json::to_value(ModelJson::from((&parsed, &options))).unwrap(), written);
        }
    }

    #[test]
    fn integers_are_numbers_too() {
        let model: ModelJson = serde_json::from_value(json!({"model": "linear", "slope": 2, "intercept": 0})).unwrap();
        assert!(model.parse().is_ok());
    }

    #[test]
    fn a_refusal_points_at_the_field() {
        for (written, pointer) in [
            (json!({"model": "two_point", "raw": [1, 1], "reference": [4.5, 5.9]}), "/raw/1"),
            (json!({"model": "piecewise", "points": [[0, 1]], "outside": "extend"}), "/points"),
            (json!({"model": "identity", "round": 16}), "/round"),
            (json!({"model": "identity", "valid": [2, 1]}), "/valid/1"),
        ] {
            let model: ModelJson = serde_json::from_value(written).unwrap();
            assert_eq!(model.parse().unwrap_err().pointer, pointer);
        }
        assert!(serde_json::from_value::<ModelJson>(json!({"model": "magic"})).is_err());
    }
}

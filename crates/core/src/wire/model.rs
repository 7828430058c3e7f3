//! A calibration model as it is written: the fields of SPEC §4, tagged by `model`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::calibration::{FieldError, Interval, Model, Nested, Options, Outside, PlatinumRtd, Range};

mod parse;
mod read;

pub(super) use read::read;

/// A model with its options, e.g. `{"model": "linear", "slope": 0.5, "intercept": 1, "round": 2}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
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
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "model", rename_all = "snake_case")]
enum Kind {
    Identity,
    Linear {
        slope: f64,
        intercept: f64,
    },
    TwoPoint {
        raw: (f64, f64),
        reference: (f64, f64),
    },
    Piecewise {
        points: Vec<(f64, f64)>,
        outside: OutsideJson,
    },
    Polynomial {
        coefficients: Vec<f64>,
    },
    Ranges {
        ranges: Vec<RangeJson>,
    },
    SteinhartHart {
        a: f64,
        b: f64,
        c: f64,
    },
    PlatinumRtd {
        r0: f64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        a: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        b: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        c: Option<f64>,
    },
    Expression {
        formula: String,
        #[serde(default)]
        inputs: BTreeMap<String, String>,
    },
    Chain {
        #[cfg_attr(feature = "schema", schema(no_recursion))]
        steps: Vec<ModelJson>,
    },
}

/// The models there are.
const MODELS: [&str; 10] = [
    "identity",
    "linear",
    "two_point",
    "piecewise",
    "polynomial",
    "ranges",
    "steinhart_hart",
    "platinum_rtd",
    "expression",
    "chain",
];

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
enum OutsideJson {
    Extend,
    Clamp,
    Reject,
}

/// The model of a range of raw numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
struct RangeJson {
    /// The first raw number.
    from: f64,
    /// The first that no longer belongs to it; to the last range it does.
    to: f64,
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", schema(no_recursion))]
    model: ModelJson,
}

impl ModelJson {
    /// The model and its options, checked.
    ///
    /// # Errors
    /// What the models refuse, with the pointer to the field.
    pub fn parse(&self) -> Result<(Model, Options), FieldError> {
        Ok((parse::model(&self.kind)?, parse::options(self)?))
    }
}

impl From<(&Model, &Options)> for ModelJson {
    fn from((model, options): (&Model, &Options)) -> Self {
        let interval = |interval: Option<Interval>| interval.map(|interval| (interval.min(), interval.max()));
        let (clamp, valid) = (interval(options.clamp), interval(options.valid));
        Self { kind: kind_of(model), round: options.round, clamp, valid }
    }
}

impl From<&Nested> for ModelJson {
    fn from(nested: &Nested) -> Self {
        Self::from((&nested.model, &nested.options))
    }
}

fn kind_of(model: &Model) -> Kind {
    match model {
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
        Model::Polynomial(model) => Kind::Polynomial { coefficients: model.coefficients().to_vec() },
        Model::Ranges(model) => {
            let range = |range: &Range| RangeJson { from: range.from, to: range.to, model: (&range.part).into() };
            Kind::Ranges { ranges: model.ranges().iter().map(range).collect() }
        }
        Model::SteinhartHart(model) => {
            let [a, b, c] = model.coefficients();
            Kind::SteinhartHart { a, b, c }
        }
        Model::PlatinumRtd(model) => {
            // The standard's coefficients are left out, as they mostly are where a person writes one.
            let own = |own: f64, standard: f64| (own != standard).then_some(own);
            let ([a, b, c], [iec_a, iec_b, iec_c]) = (model.coefficients(), PlatinumRtd::IEC_60751);
            Kind::PlatinumRtd { r0: model.r0(), a: own(a, iec_a), b: own(b, iec_b), c: own(c, iec_c) }
        }
        Model::Expression(model) => {
            let inputs = model.inputs().iter().map(|(name, sensor)| (name.clone(), sensor.to_string()));
            Kind::Expression { formula: model.formula().to_owned(), inputs: inputs.collect() }
        }
        Model::Chain(model) => Kind::Chain { steps: model.steps().iter().map(ModelJson::from).collect() },
    }
}

#[cfg(test)]
mod tests;

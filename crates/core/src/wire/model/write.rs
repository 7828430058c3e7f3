//! The JSON form of a model: how it is written, and how the OpenAPI document describes it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ModelJson;
use crate::domain::calibration::{Interval, Model, Nested, Options, Outside, PlatinumRtd, Range};

/// A model with its options, e.g. `{"model": "linear", "slope": 0.5, "intercept": 1, "round": 2}`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = ModelJson))]
pub(super) struct Written {
    #[serde(flatten)]
    kind: Kind,
    /// Digits after the point, 0 to 15.
    #[cfg_attr(feature = "schema", schema(maximum = 15))]
    #[serde(skip_serializing_if = "Option::is_none")]
    round: Option<u8>,
    /// The interval that the result is limited to.
    #[serde(skip_serializing_if = "Option::is_none")]
    clamp: Option<(f64, f64)>,
    /// The interval outside which a result gets the quality `out_of_range`.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid: Option<(f64, f64)>,
}

#[derive(Serialize)]
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
        #[cfg_attr(feature = "schema", schema(min_items = 2, max_items = 200))]
        points: Vec<(f64, f64)>,
        outside: OutsideJson,
    },
    Polynomial {
        #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 16))]
        coefficients: Vec<f64>,
    },
    Ranges {
        #[cfg_attr(feature = "schema", schema(min_items = 1, max_items = 32))]
        ranges: Vec<RangeJson>,
    },
    SteinhartHart {
        a: f64,
        b: f64,
        c: f64,
    },
    PlatinumRtd {
        r0: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        a: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        b: Option<f64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        c: Option<f64>,
    },
    Expression {
        #[cfg_attr(feature = "schema", schema(min_length = 1, max_length = 500))]
        formula: String,
        #[cfg_attr(feature = "schema", schema(required = false))]
        inputs: BTreeMap<String, String>,
    },
    Chain {
        #[cfg_attr(feature = "schema", schema(no_recursion, min_items = 1, max_items = 8))]
        steps: Vec<Written>,
    },
}

#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
enum OutsideJson {
    Extend,
    Clamp,
    Reject,
}

/// The model of a range of raw numbers.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
struct RangeJson {
    /// The first raw number.
    from: f64,
    /// The end, which is not part of the range, except of the last range.
    to: f64,
    #[serde(flatten)]
    #[cfg_attr(feature = "schema", schema(no_recursion))]
    model: Written,
}

impl From<&ModelJson> for Written {
    fn from(ModelJson { model, options }: &ModelJson) -> Self {
        written(model, options)
    }
}

impl From<&Nested> for Written {
    fn from(Nested { model, options }: &Nested) -> Self {
        written(model, options)
    }
}

fn written(model: &Model, options: &Options) -> Written {
    let interval = |interval: Option<Interval>| interval.map(|interval| (interval.min(), interval.max()));
    let (clamp, valid) = (interval(options.clamp), interval(options.valid));
    Written { kind: kind(model), round: options.round, clamp, valid }
}

fn kind(model: &Model) -> Kind {
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
            // The standard's coefficients are left out, as people usually leave them out.
            let own = |own: f64, standard: f64| (own != standard).then_some(own);
            let ([a, b, c], [iec_a, iec_b, iec_c]) = (model.coefficients(), PlatinumRtd::IEC_60751);
            Kind::PlatinumRtd { r0: model.r0(), a: own(a, iec_a), b: own(b, iec_b), c: own(c, iec_c) }
        }
        Model::Expression(model) => {
            let inputs = model.inputs().iter().map(|(name, sensor)| (name.clone(), sensor.to_string()));
            Kind::Expression { formula: model.formula().to_owned(), inputs: inputs.collect() }
        }
        Model::Chain(model) => Kind::Chain { steps: model.steps().iter().map(Written::from).collect() },
    }
}

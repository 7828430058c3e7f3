//! From a model's fields to the model, checked.

use super::{Kind, ModelJson, OutsideJson, RangeJson};
use crate::domain::calibration::{
    Chain, Expression, FieldError, Interval, Linear, Model, Nested, Options, Outside, Piecewise, PlatinumRtd,
    Polynomial, Range, Ranges, SteinhartHart, TwoPoint,
};
use crate::domain::settings::pointed;

pub(super) fn model(kind: &Kind) -> Result<Model, FieldError> {
    Ok(match kind {
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
        Kind::Polynomial { coefficients } => Model::Polynomial(Polynomial::new(coefficients.clone())?),
        Kind::Ranges { ranges } => {
            let range = |(place, RangeJson { from, to, model }): (usize, &RangeJson)| {
                let part = nested(model).map_err(|invalid| invalid.under(&format!("/ranges/{place}")))?;
                Ok(Range { from: *from, to: *to, part })
            };
            Model::Ranges(Ranges::new(ranges.iter().enumerate().map(range).collect::<Result<_, _>>()?)?)
        }
        Kind::SteinhartHart { a, b, c } => Model::SteinhartHart(SteinhartHart::new(*a, *b, *c)?),
        Kind::PlatinumRtd { r0, a, b, c } => Model::PlatinumRtd(PlatinumRtd::new(*r0, *a, *b, *c)?),
        Kind::Expression { formula, inputs } => {
            let input = |(name, sensor): (&String, &String)| {
                let invalid = |error| FieldError::new(format!("/inputs/{}", pointed(name)), format!("{error}"));
                Ok((name.clone(), sensor.parse().map_err(|error: crate::id::BadId| invalid(error))?))
            };
            let inputs = inputs.iter().map(input).collect::<Result<Vec<_>, FieldError>>()?;
            Model::Expression(Expression::new(formula.as_str(), inputs)?)
        }
        Kind::Chain { steps } => {
            let step = |(place, step): (usize, &ModelJson)| {
                nested(step).map_err(|invalid| invalid.under(&format!("/steps/{place}")))
            };
            Model::Chain(Chain::new(steps.iter().enumerate().map(step).collect::<Result<_, _>>()?)?)
        }
    })
}

pub(super) fn options(json: &ModelJson) -> Result<Options, FieldError> {
    let interval = |bounds: Option<(f64, f64)>, pointer: &str| {
        bounds.map(|(min, max)| Interval::new(min, max).map_err(|invalid| invalid.under(pointer))).transpose()
    };
    let (clamp, valid) = (interval(json.clamp, "/clamp")?, interval(json.valid, "/valid")?);
    Options { round: json.round, clamp, valid }.checked()
}

fn nested(json: &ModelJson) -> Result<Nested, FieldError> {
    let (model, options) = json.parse()?;
    Ok(Nested { model, options })
}

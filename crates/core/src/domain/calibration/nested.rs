//! A model within a model: a step of a chain, or the model of a range.

use super::{Calibrated, FieldError, Inputs, Model, Options};
use crate::domain::Refusal;

/// Models stand at most so deep within each other, the outermost counted.
const DEEPEST: usize = 4;
/// So many numbers, or as much formula, a model may hold in all: the device's row, which may take 400 KB, has the
/// latest calibration of each of its sensors.
const HEAVIEST: usize = 400;

/// A model with the options that follow it.
#[derive(Debug, Clone, PartialEq)]
pub struct Nested {
    /// The model.
    pub model: Model,
    /// Its options.
    pub options: Options,
}

impl Nested {
    pub(super) fn apply(&self, raw: f64, inputs: Inputs<'_>) -> Result<Calibrated, Refusal> {
        self.options.follow(self.model.apply(raw, inputs)?)
    }
}

/// Accepts `nested` as the models within the field at `pointer`.
pub(super) fn bounded<'a>(pointer: &str, nested: impl Iterator<Item = &'a Nested> + Clone) -> Result<(), FieldError> {
    for (place, part) in nested.clone().enumerate() {
        if depth(&part.model) >= DEEPEST {
            let detail = format!("models may stand within each other {DEEPEST} deep, and not deeper");
            return Err(FieldError::new(format!("{pointer}/{place}"), detail));
        }
    }
    if nested.map(|part| weight(&part.model)).sum::<usize>() > HEAVIEST {
        return Err(FieldError::new(pointer, format!("hold more than {HEAVIEST} numbers in all")));
    }
    Ok(())
}

/// How many models stand within each other, this one counted.
fn depth(model: &Model) -> usize {
    1 + within(model).map(|part| depth(&part.model)).max().unwrap_or(0)
}

/// About how many numbers the model holds; ten characters of a formula count as one.
fn weight(model: &Model) -> usize {
    let own = match model {
        Model::Identity | Model::Chain(_) => 1,
        Model::Linear(_) => 2,
        Model::SteinhartHart(_) => 3,
        Model::TwoPoint(_) | Model::PlatinumRtd(_) => 4,
        Model::Piecewise(model) => 2 * model.points().len(),
        Model::Polynomial(model) => model.coefficients().len(),
        Model::Ranges(model) => 2 * model.ranges().len(),
        Model::Expression(model) => model.formula().len() / 10 + model.inputs().len() + 1,
    };
    own + within(model).map(|part| weight(&part.model)).sum::<usize>()
}

/// The models within `model`, with no step between.
pub(super) fn within(model: &Model) -> Box<dyn Iterator<Item = &Nested> + '_> {
    match model {
        Model::Chain(chain) => Box::new(chain.steps().iter()),
        Model::Ranges(ranges) => Box::new(ranges.ranges().iter().map(|range| &range.part)),
        Model::Identity
        | Model::Linear(_)
        | Model::TwoPoint(_)
        | Model::Piecewise(_)
        | Model::Polynomial(_)
        | Model::SteinhartHart(_)
        | Model::PlatinumRtd(_)
        | Model::Expression(_) => Box::new(std::iter::empty()),
    }
}

//! A model within a model: a step of a chain, or the model of a range.

use super::{Calibrated, FieldError, Inputs, Model, Options};
use crate::domain::Refusal;

/// Maximum depth of models within models, the outermost included.
const MAX_DEPTH: usize = 4;
/// Maximum numbers in a model; ten characters of a formula count as one number. A device's row, whose limit is 400 KB, contains
/// the latest calibration of each of its sensors.
const MAX_NUMBERS: usize = 400;

/// A model with its options, within another model.
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

/// Checks the depth and the size of the models in the field at `pointer`.
pub(super) fn bounded<'a>(pointer: &str, nested: impl Iterator<Item = &'a Nested> + Clone) -> Result<(), FieldError> {
    for (place, part) in nested.clone().enumerate() {
        if depth(&part.model) >= MAX_DEPTH {
            let detail = format!("models may be nested {MAX_DEPTH} levels deep, and not deeper");
            return Err(FieldError::new(format!("{pointer}/{place}"), detail));
        }
    }
    if nested.map(|part| weight(&part.model)).sum::<usize>() > MAX_NUMBERS {
        return Err(FieldError::new(pointer, format!("hold more than {MAX_NUMBERS} numbers in all")));
    }
    Ok(())
}

/// The depth of models within this model, itself included.
fn depth(model: &Model) -> usize {
    1 + within(model).map(|part| depth(&part.model)).max().unwrap_or(0)
}

/// About how many numbers the model has; ten characters of a formula count as one.
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

/// The models directly within `model`.
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

//! `expression`: a formula over `x`, the raw number, and the calibrated values of other sensors.
//!
//! The crate nanoexpr reads and evaluates it in one pass: no syntax tree, no allocation, recursion bounded by a depth
//! given to it, and an error instead of a result that is not finite. What a formula may say is `+ - * / ^ mod`,
//! parentheses, the constants and functions of [`Math`], and names. Comparisons and conditions are left out: a formula
//! without them visits all of itself, so that every name and every number of arguments is checked when it is written;
//! what differs by range is said with the model `ranges`.

use std::collections::BTreeMap;

use nanoexpr::{Context, Error, ErrorKind, Evaluator, Math};

use super::{FieldError, Inputs};
use crate::domain::settings::pointed;
use crate::domain::{Reason, Refusal};
use crate::id::SensorCode;

mod shape;

/// A formula has at most so many bytes.
const LONGEST: usize = 500;
/// Parentheses, calls and operators stand at most so deep within each other.
const DEEPEST: usize = 32;
const MOST_INPUTS: usize = 16;
const LONGEST_NAME: usize = 32;
/// What nanoexpr would read and formulas are not to have.
const LEFT_OUT: [char; 9] = ['%', '!', '?', ':', '<', '>', '=', '&', '|'];

/// A formula and what its names stand for.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    formula: String,
    inputs: BTreeMap<String, SensorCode>,
}

impl Expression {
    /// The formula, and for each name in it other than `x` the sensor whose calibrated value it stands for.
    ///
    /// # Errors
    /// A formula that cannot be read, is longer than 500 bytes or deeper than 32, or names what is neither `x` nor an
    /// input; more than 16 inputs, or one whose name is no name or already means something.
    pub fn new(
        formula: impl Into<String>,
        inputs: impl IntoIterator<Item = (String, SensorCode)>,
    ) -> Result<Self, FieldError> {
        let expression = Self { formula: formula.into(), inputs: inputs.into_iter().collect() };
        if expression.inputs.len() > MOST_INPUTS {
            return Err(FieldError::new("/inputs", format!("has more than {MOST_INPUTS} inputs")));
        }
        for name in expression.inputs.keys() {
            check_name(name).map_err(|detail| FieldError::new(pointer(name), detail))?;
        }
        expression.check_formula().map_err(|detail| FieldError::new("/formula", detail))?;
        Ok(expression)
    }

    /// The formula as it was written.
    pub fn formula(&self) -> &str {
        &self.formula
    }

    /// The sensor that each name stands for.
    pub fn inputs(&self) -> &BTreeMap<String, SensorCode> {
        &self.inputs
    }

    /// The inputs with the JSON pointers to them.
    pub(super) fn pointers(&self) -> Vec<(String, &SensorCode)> {
        self.inputs.iter().map(|(name, sensor)| (pointer(name), sensor)).collect()
    }

    pub(super) fn value(&self, raw: f64, inputs: Inputs<'_>) -> Result<f64, Refusal> {
        if let Some(missing) = self.inputs.values().find(|sensor| inputs.value(sensor).is_none()) {
            let detail = format!("needs the value of {missing} at the same instant, and there is none");
            return Err(Refusal::new(Reason::MissingInput, detail));
        }
        let names = (Names { raw, expression: self, inputs }, Math);
        Evaluator::<_>::new(&names).max_depth(DEEPEST).evaluate(&self.formula).map_err(|error| {
            let detail = format!("the formula has no value for x = {raw}: {}", self.told(error));
            Refusal::new(Reason::NotFinite, detail)
        })
    }

    fn check_formula(&self) -> Result<(), String> {
        if self.formula.len() > LONGEST {
            return Err(format!("has more than {LONGEST} bytes"));
        }
        if let Some(sign) = self.formula.chars().find(|sign| LEFT_OUT.contains(sign)) {
            return Err(format!("{sign:?} is not part of formulas; conditions are said with the model ranges"));
        }
        shape::check(&self.formula, DEEPEST, |name| name == "x" || self.inputs.contains_key(name))
            .map_err(|error| self.told(error))
    }

    /// The error in words, with the piece of the formula that it is about.
    fn told(&self, error: Error) -> String {
        let piece = self.formula.get(error.span.start..error.span.end).unwrap_or_default();
        match error.kind {
            ErrorKind::UnknownVariable => format!("{piece:?} is neither x nor one of the inputs"),
            ErrorKind::UnknownFunction => format!("there is no function {piece:?}"),
            kind if piece.is_empty() => kind.description().to_owned(),
            kind => format!("{} at {piece:?}", kind.description()),
        }
    }
}

/// What the names of a formula stand for when it is evaluated.
struct Names<'a> {
    raw: f64,
    expression: &'a Expression,
    inputs: Inputs<'a>,
}

impl Context<f64> for Names<'_> {
    fn variable(&self, name: &str) -> Option<f64> {
        if name == "x" {
            return Some(self.raw);
        }
        self.expression.inputs.get(name).and_then(|sensor| self.inputs.value(sensor))
    }
}

fn pointer(name: &str) -> String {
    format!("/inputs/{}", pointed(name))
}

fn check_name(name: &str) -> Result<(), String> {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|letter| letter.is_ascii_alphabetic());
    if !first || name.len() > LONGEST_NAME || !letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(format!("a name is a letter and up to {} letters, digits or '_'", LONGEST_NAME - 1));
    }
    let constant = Context::<f64>::variable(&Math, name).is_some();
    let function = Context::<f64>::call(&Math, name, &[]).is_some();
    match name {
        "x" => Err("x is the raw number itself".to_owned()),
        _ if constant || function || name == "mod" => Err(format!("{name} already means something in formulas")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

//! `expression`: a formula over `x`, the raw number, and the calibrated values of other sensors.
//!
//! The crate nanoexpr reads and evaluates it in one pass: no syntax tree, no allocation, recursion bounded by a depth
//! given to it, and an error instead of a result that is not finite. A formula may use `+ - * / ^ mod`,
//! parentheses, the constants and functions listed here and in `docs/calibration.md`, and names. Comparisons and conditions are
//! not allowed: without them every part of a formula is evaluated, so every name and every number of arguments is checked when it
//! is written. Use the model `ranges` where the formula depends on the range.

use std::collections::BTreeMap;
use std::f64::consts::{E, PI, TAU};

use nanoexpr::{Context, Error, ErrorKind, Evaluator, Math};

use super::{FieldError, Inputs};
use crate::domain::settings::pointed;
use crate::domain::{Reason, Refusal};
use crate::id::SensorCode;

mod shape;

/// Maximum length of a formula, in bytes.
const MAX_FORMULA: usize = 500;
/// Maximum depth of parentheses, calls and operators within each other.
const MAX_DEPTH: usize = 32;
/// Maximum inputs of a formula.
const MAX_INPUTS: usize = 16;
/// Maximum length of an input's name, in characters.
const MAX_NAME: usize = 32;
/// Operators of nanoexpr that formulas must not use.
const EXCLUDED: [char; 9] = ['%', '!', '?', ':', '<', '>', '=', '&', '|'];

/// The functions that formulas may call; a selection of those that [`Math`] has.
const FUNCTIONS: [&str; 32] = [
    "sqrt", "cbrt", "abs", "sign", "exp", "ln", "log2", "log10", "log", "sin", "cos", "tan", "asin", "acos", "atan",
    "atan2", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "floor", "ceil", "round", "trunc", "pow", "hypot",
    "min", "max", "clamp", "fact",
];
/// The constants that formulas may use.
const CONSTANTS: [(&str, f64); 5] = [("pi", PI), ("PI", PI), ("tau", TAU), ("e", E), ("E", E)];

/// A formula, and the sensors that its names refer to.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    formula: String,
    inputs: BTreeMap<String, SensorCode>,
}

impl Expression {
    /// A formula; `inputs` has for each of its names other than `x` the sensor whose calibrated value the name refers to.
    ///
    /// # Errors
    /// A formula that cannot be read, is longer than 500 bytes or deeper than 32, has a name that is neither `x` nor an input, or
    /// `log` of one argument, which is to base 10 in one language and to base e in another; more than 16 inputs, or an input
    /// whose name is invalid or already has a meaning.
    pub fn new(
        formula: impl Into<String>,
        inputs: impl IntoIterator<Item = (String, SensorCode)>,
    ) -> Result<Self, FieldError> {
        let expression = Self { formula: formula.into(), inputs: inputs.into_iter().collect() };
        if expression.inputs.len() > MAX_INPUTS {
            return Err(FieldError::new("/inputs", format!("has more than {MAX_INPUTS} inputs")));
        }
        for name in expression.inputs.keys() {
            check_name(name).map_err(|detail| FieldError::new(pointer(name), detail))?;
        }
        expression.check_formula().map_err(|detail| FieldError::new("/formula", detail))?;
        Ok(expression)
    }

    /// The formula as text.
    pub fn formula(&self) -> &str {
        &self.formula
    }

    /// The sensor that each name refers to.
    pub fn inputs(&self) -> &BTreeMap<String, SensorCode> {
        &self.inputs
    }

    /// The inputs with the JSON pointers to them.
    pub(super) fn pointers(&self) -> Vec<(String, &SensorCode)> {
        self.inputs.iter().map(|(name, sensor)| (pointer(name), sensor)).collect()
    }

    pub(super) fn value(&self, raw: f64, inputs: Inputs<'_>) -> Result<f64, Refusal> {
        if let Some(missing) = self.inputs.values().find(|sensor| inputs.value(sensor).is_none()) {
            let detail = format!("needs the value of {missing} at the same instant, which is missing");
            return Err(Refusal::new(Reason::MissingInput, detail));
        }
        let names = (Names { raw, expression: self, inputs }, Math);
        Evaluator::<_>::new(&names).max_depth(MAX_DEPTH).evaluate(&self.formula).map_err(|error| {
            let detail = format!("the formula has no value for x = {raw}: {}", self.describe(error));
            Refusal::new(Reason::NotFinite, detail)
        })
    }

    fn check_formula(&self) -> Result<(), String> {
        if self.formula.len() > MAX_FORMULA {
            return Err(format!("has more than {MAX_FORMULA} bytes"));
        }
        if let Some(sign) = self.formula.chars().find(|sign| EXCLUDED.contains(sign)) {
            return Err(format!("{sign:?} is not allowed in formulas; use the model ranges for conditions"));
        }
        shape::check(&self.formula, MAX_DEPTH, |name| name == "x" || self.inputs.contains_key(name))
            .map_err(|error| self.describe(error))
    }

    /// A description of the error, with the part of the formula that caused it.
    fn describe(&self, error: Error) -> String {
        let piece = self.formula.get(error.span.start..error.span.end).unwrap_or_default();
        match error.kind {
            ErrorKind::ArgumentCount if piece.starts_with("log(") => {
                let detail = "is to base 10 in some languages and to base e in others: write ln(x), log10(x) or log2(x), or log(x, base)";
                format!("{piece:?} {detail}")
            }
            ErrorKind::UnknownVariable => format!("{piece:?} is neither x nor one of the inputs"),
            ErrorKind::UnknownFunction => format!("there is no function {piece:?}"),
            kind if piece.is_empty() => kind.description().to_owned(),
            kind => format!("{} at {piece:?}", kind.description()),
        }
    }
}

/// The values of the names while a formula is evaluated.
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
    if !first || name.len() > MAX_NAME || !letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
        return Err(format!("a name is a letter and up to {} letters, digits or '_'", MAX_NAME - 1));
    }
    let constant = CONSTANTS.iter().any(|(constant, _)| *constant == name);
    let function = FUNCTIONS.contains(&name);
    match name {
        "x" => Err("x is the raw number itself".to_owned()),
        _ if constant || function || name == "mod" => Err(format!("{name} already has a meaning in formulas")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

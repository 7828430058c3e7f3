//! Checks a formula without calculating: every name must be known, and every call must have its arguments.

use std::cmp::Ordering;

use super::{CONSTANTS, FUNCTIONS};
use nanoexpr::{Context, Error, ErrorKind, Evaluator, Math, Number};

/// Checks that the formula can be read, is not deeper than `deepest`, and has only known names.
pub(super) fn check(formula: &str, deepest: usize, known: impl Fn(&str) -> bool) -> Result<(), Error> {
    Evaluator::<_>::new(&Names(known)).max_depth(deepest).evaluate(formula).map(|Anything| ())
}

/// A number with an unknown value; every operation on it succeeds.
#[derive(Debug, Clone, Copy, Default)]
struct Anything;

/// The known variables, besides the constants.
struct Names<F>(F);

impl<F: Fn(&str) -> bool> Context<Anything> for Names<F> {
    fn variable(&self, name: &str) -> Option<Anything> {
        let constant = || CONSTANTS.iter().any(|(constant, _)| *constant == name);
        ((self.0)(name) || constant()).then_some(Anything)
    }

    fn call(&self, name: &str, arguments: &[Anything]) -> Option<Result<Anything, ErrorKind>> {
        if !FUNCTIONS.contains(&name) {
            return None;
        }
        if name == "log" && arguments.len() == 1 {
            return Some(Err(ErrorKind::ArgumentCount));
        }
        let numbers: Vec<f64> = arguments.iter().map(|Anything| 0.0).collect();
        // Only the number of arguments matters here: the result for zeros says nothing about other values.
        match Math.call(name, &numbers)? {
            Err(ErrorKind::ArgumentCount) => Some(Err(ErrorKind::ArgumentCount)),
            Ok(_) | Err(_) => Some(Ok(Anything)),
        }
    }
}

impl Number for Anything {
    fn parse(literal: &str) -> Option<Self> {
        <f64 as Number>::parse(literal).map(|_| Anything)
    }

    fn add(self, _: Self) -> Result<Self, ErrorKind> {
        Ok(Anything)
    }

    fn subtract(self, _: Self) -> Result<Self, ErrorKind> {
        Ok(Anything)
    }

    fn multiply(self, _: Self) -> Result<Self, ErrorKind> {
        Ok(Anything)
    }

    fn divide(self, _: Self) -> Result<Self, ErrorKind> {
        Ok(Anything)
    }

    fn remainder(self, _: Self) -> Result<Self, ErrorKind> {
        Ok(Anything)
    }

    fn power(self, _: Self) -> Result<Self, ErrorKind> {
        Ok(Anything)
    }

    fn negate(self) -> Result<Self, ErrorKind> {
        Ok(Anything)
    }

    fn compare(self, _: Self) -> Result<Ordering, ErrorKind> {
        Ok(Ordering::Equal)
    }
}

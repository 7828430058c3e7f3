//! The options that apply to the result of any model: `round`, `clamp` and `valid`.

use super::{Calibrated, FieldError, finite};
use crate::domain::number::round;
use crate::domain::{Reason, Refusal};

/// Maximum digits after the point: a double has no more.
const MAX_DIGITS: u8 = 15;

/// A closed interval of finite numbers, `min ≤ max`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    min: f64,
    max: f64,
}

impl Interval {
    /// The interval from `min` to `max`, both included.
    ///
    /// # Errors
    /// When a bound is not finite or `max` is below `min`; pointers are relative, `/0` and `/1`.
    pub fn new(min: f64, max: f64) -> Result<Self, FieldError> {
        finite("/0", min)?;
        finite("/1", max)?;
        if max < min {
            return Err(FieldError::new("/1", format!("the upper bound {max} is below the lower bound {min}")));
        }
        Ok(Self { min, max })
    }

    /// The lower bound.
    pub fn min(self) -> f64 {
        self.min
    }

    /// The upper bound.
    pub fn max(self) -> f64 {
        self.max
    }

    /// Whether `value` is inside, bounds included.
    pub fn contains(self, value: f64) -> bool {
        self.min <= value && value <= self.max
    }
}

/// The options of any model. They apply to its result in this order: round, check against `valid`, clamp. So a value that is clamped
/// because it is impossible still gets the quality `out_of_range`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Options {
    /// Digits after the point, at most 15; halves are rounded away from zero.
    pub round: Option<u8>,
    /// A rounded result outside is stored with the quality `out_of_range`.
    pub valid: Option<Interval>,
    /// The result is limited to this interval.
    pub clamp: Option<Interval>,
}

impl Options {
    /// Checks the options.
    ///
    /// # Errors
    /// When `round` is more than 15.
    pub fn checked(self) -> Result<Self, FieldError> {
        match self.round {
            Some(digits) if digits > MAX_DIGITS => Err(FieldError::new("/round", "must be 0 to 15")),
            _ => Ok(self),
        }
    }

    /// Applies the options to the result of a model.
    ///
    /// # Errors
    /// `not_finite`: `clamp` would otherwise turn an overflow into a value that looks good.
    pub(super) fn follow(&self, made: Calibrated) -> Result<Calibrated, Refusal> {
        let Calibrated { mut value, valid } = made;
        if !value.is_finite() {
            return Err(Refusal::new(Reason::NotFinite, format!("the result is {value}")));
        }
        if let Some(digits) = self.round {
            value = round(value, digits);
        }
        let valid = valid && self.valid.is_none_or(|valid| valid.contains(value));
        if let Some(clamp) = self.clamp {
            value = value.clamp(clamp.min, clamp.max);
        }
        Ok(Calibrated { value, valid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_apply_in_the_order_round_valid_clamp() {
        let interval = |min, max| Some(Interval::new(min, max).unwrap());
        let options = Options { round: Some(0), clamp: interval(0.0, 10.0), valid: interval(0.0, 10.0) };
        for (made, value, valid) in
            [(2.5, 3.0, true), (99.0, 10.0, false), (-4.0, 0.0, false), (10.4, 10.0, true), (-0.4, 0.0, true)]
        {
            assert_eq!(options.follow(made.into()).unwrap(), Calibrated { value, valid }, "{made}");
        }
    }

    #[test]
    fn an_overflow_is_not_clamped_into_a_good_value() {
        let options = Options { clamp: Some(Interval::new(0.0, 14.0).unwrap()), ..Options::default() };
        for made in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(options.follow(made.into()).unwrap_err().reason, Reason::NotFinite, "{made}");
        }
    }

    #[test]
    fn what_was_not_valid_before_stays_so() {
        let before = Calibrated { value: 1.0, valid: false };
        assert!(!Options::default().follow(before).unwrap().valid);
    }

    #[test]
    fn an_interval_is_finite_and_ascending() {
        assert_eq!(Interval::new(f64::NAN, 1.0).unwrap_err().pointer, "/0");
        assert_eq!(Interval::new(0.0, f64::INFINITY).unwrap_err().pointer, "/1");
        assert_eq!(Interval::new(2.0, 1.0).unwrap_err().under("/clamp").pointer, "/clamp/1");
    }

    #[test]
    fn fifteen_digits_are_the_most() {
        assert!(Options { round: Some(15), ..Options::default() }.checked().is_ok());
        assert_eq!(Options { round: Some(16), ..Options::default() }.checked().unwrap_err().pointer, "/round");
    }
}

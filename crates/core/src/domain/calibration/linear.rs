//! `linear`: slope · raw + intercept.

use super::{FieldError, finite};

/// A straight line given by slope and intercept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Linear {
    slope: f64,
    intercept: f64,
}

impl Linear {
    /// The line `slope · raw + intercept`.
    ///
    /// # Errors
    /// When a number is not finite.
    pub fn new(slope: f64, intercept: f64) -> Result<Self, FieldError> {
        Ok(Self { slope: finite("/slope", slope)?, intercept: finite("/intercept", intercept)? })
    }

    /// The physical quantity per unit of raw.
    pub fn slope(&self) -> f64 {
        self.slope
    }

    /// The physical quantity at raw 0.
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    pub(super) fn value(&self, raw: f64) -> f64 {
        self.slope * raw + self.intercept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_slope_and_intercept() {
        let line = Linear::new(0.5, -3.0).unwrap();
        for (raw, value) in [(0.0, -3.0), (6.0, 0.0), (-2.0, -4.0), (1e6, 499_997.0)] {
            assert_eq!(line.value(raw), value, "{raw}");
        }
    }

    #[test]
    fn numbers_that_are_not_finite_are_refused_by_name() {
        assert_eq!(Linear::new(f64::NAN, 0.0).unwrap_err().pointer, "/slope");
        assert_eq!(Linear::new(0.0, f64::NEG_INFINITY).unwrap_err().pointer, "/intercept");
    }
}

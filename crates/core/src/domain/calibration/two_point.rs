//! `two_point`: the straight line through two reference points, as when a pH probe is calibrated in two buffer solutions.

use super::{FieldError, finite, line};

/// Two raw numbers and their reference values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoPoint {
    raw: [f64; 2],
    reference: [f64; 2],
}

impl TwoPoint {
    /// The line through (`raw[0]`, `reference[0]`) and (`raw[1]`, `reference[1]`).
    ///
    /// # Errors
    /// When a number is not finite or the raw numbers are equal.
    pub fn new(raw: [f64; 2], reference: [f64; 2]) -> Result<Self, FieldError> {
        let [r1, r2] = raw;
        let [p1, p2] = reference;
        finite("/raw/0", r1)?;
        finite("/raw/1", r2)?;
        finite("/reference/0", p1)?;
        finite("/reference/1", p2)?;
        if r1 == r2 {
            return Err(FieldError::new("/raw/1", format!("must differ from the first raw number, {r1}")));
        }
        Ok(Self { raw, reference })
    }

    /// The raw numbers.
    pub fn raw(&self) -> [f64; 2] {
        self.raw
    }

    /// The reference values.
    pub fn reference(&self) -> [f64; 2] {
        self.reference
    }

    pub(super) fn value(&self, raw: f64) -> f64 {
        let [r1, r2] = self.raw;
        let [p1, p2] = self.reference;
        line((r1, p1), (r2, p2), raw)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::number::round;
    use super::*;

    #[test]
    fn the_golden_cases_come_out() {
        let cases = [
            ([2.3, 2.4], [4.5, 5.9], 0.0, -27.7),
            ([100.0, 125.0], [210.0, 225.0], 0.0, 150.0),
            ([0.2, 0.5], [0.6, 0.8], 371.093_811, 247.86),
        ];
        for (raw, reference, at, expected) in cases {
            let value = TwoPoint::new(raw, reference).unwrap().value(at);
            assert_eq!(round(value, 2), expected, "{raw:?} {reference:?} at {at}");
        }
        let exact = TwoPoint::new([2.3, 2.4], [4.5, 5.9]).unwrap().value(0.0);
        assert!((exact - -27.7).abs() < 1e-11, "{exact}");
    }

    #[test]
    fn the_points_themselves_come_out() {
        let model = TwoPoint::new([412.0, 733.0], [4.01, 7.0]).unwrap();
        assert_eq!(model.value(412.0), 4.01);
        assert!((model.value(733.0) - 7.0).abs() < 1e-12);
    }

    #[test]
    fn equal_raw_points_and_numbers_that_are_not_finite_are_refused_by_name() {
        assert_eq!(TwoPoint::new([1.0, 1.0], [0.0, 5.0]).unwrap_err().pointer, "/raw/1");
        assert_eq!(TwoPoint::new([f64::NAN, 1.0], [0.0, 5.0]).unwrap_err().pointer, "/raw/0");
        assert_eq!(TwoPoint::new([0.0, 1.0], [0.0, f64::INFINITY]).unwrap_err().pointer, "/reference/1");
    }
}

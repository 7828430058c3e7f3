//! `steinhart_hart`: a thermistor's ohm → °C.
//!
//! 1/T = a + b·ln R + c·(ln R)³ with T in kelvin: J. S. Steinhart, S. R. Hart, "Calibration curves for thermistors",
//! Deep-Sea Research 15 (1968) 497–503.

use super::{FieldError, finite};
use crate::domain::{Reason, Refusal};

/// 0 °C in kelvin.
pub(crate) const ICE_POINT: f64 = 273.15;

/// The three coefficients of a thermistor, as its maker gives them for R in ohm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SteinhartHart {
    a: f64,
    b: f64,
    c: f64,
}

impl SteinhartHart {
    /// The thermistor with these coefficients.
    ///
    /// # Errors
    /// A number that is not finite, or `b` and `c` both 0, which would make every resistance the same temperature.
    pub fn new(a: f64, b: f64, c: f64) -> Result<Self, FieldError> {
        let model = Self { a: finite("/a", a)?, b: finite("/b", b)?, c: finite("/c", c)? };
        if b == 0.0 && c == 0.0 {
            return Err(FieldError::new("/b", "b and c cannot both be 0: the resistance would make no difference"));
        }
        Ok(model)
    }

    /// The coefficients a, b and c.
    pub fn coefficients(&self) -> [f64; 3] {
        [self.a, self.b, self.c]
    }

    pub(super) fn value(&self, raw: f64) -> Result<f64, Refusal> {
        let refused = |detail: String| Err(Refusal::new(Reason::OutsideCalibration, detail));
        if raw <= 0.0 {
            return refused(format!("a resistance of {raw} ohm has no temperature"));
        }
        let log = raw.ln();
        let inverse = self.a + log * (self.b + self.c * log * log);
        if inverse <= 0.0 {
            return refused(format!("{raw} ohm lies beyond what these coefficients are for"));
        }
        Ok(1.0 / inverse - ICE_POINT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// GEOKON, "Model GK-404 Vibrating Wire Readout, Instruction Manual" (2019), appendix B.1: coefficients and table
    /// for the 3 kΩ thermistors YSI 44005, Dale 1C3001-B3, Alpha 13A3001-B3 over −50 to +150 °C. The maker's
    /// coefficients have four digits; with them its own table comes out to 0.03 °C between −10 and 100 °C, and to
    /// 0.12 °C at the ends.
    #[test]
    fn a_makers_table_comes_out() {
        let thermistor = SteinhartHart::new(1.4051e-3, 2.369e-4, 1.019e-7).unwrap();
        for (ohm, celsius) in [
            (201_100.0, -50.0),
            (101_000.0, -40.0),
            (53_100.0, -30.0),
            (15_720.0, -9.0),
            (9_796.0, 0.0),
            (5_971.0, 10.0),
            (1_598.0, 40.0),
            (1_081.0, 50.0),
            (376.9, 80.0),
            (274.9, 90.0),
            (116.8, 120.0),
            (90.2, 130.0),
        ] {
            let value = thermistor.value(ohm).unwrap();
            let within = if (-10.0..=100.0).contains(&celsius) { 0.03 } else { 0.12 };
            assert!((value - celsius).abs() < within, "{ohm} ohm: {value} instead of {celsius}");
        }
    }

    #[test]
    fn what_is_no_resistance_has_no_temperature() {
        let thermistor = SteinhartHart::new(1.4051e-3, 2.369e-4, 1.019e-7).unwrap();
        for raw in [0.0, -1.0, f64::NEG_INFINITY, 1e-9] {
            assert_eq!(thermistor.value(raw).unwrap_err().reason, Reason::OutsideCalibration, "{raw}");
        }
    }

    #[test]
    fn coefficients_are_finite_and_let_the_resistance_matter() {
        assert_eq!(SteinhartHart::new(f64::NAN, 1.0, 1.0).unwrap_err().pointer, "/a");
        assert_eq!(SteinhartHart::new(1e-3, f64::INFINITY, 1.0).unwrap_err().pointer, "/b");
        assert_eq!(SteinhartHart::new(1e-3, 1.0, f64::NAN).unwrap_err().pointer, "/c");
        assert_eq!(SteinhartHart::new(1e-3, 0.0, 0.0).unwrap_err().pointer, "/b");
        assert!(SteinhartHart::new(3.3e-3, 2.5e-4, 0.0).is_ok());
    }
}

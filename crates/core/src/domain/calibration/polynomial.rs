//! `polynomial`: Σ cᵢ·rawⁱ, by Horner's rule (W. G. Horner, Phil. Trans. 109, 1819).

use super::{FieldError, finite};

/// The standard tables have at most degree 14 (ITS-90, type T below 0 °C).
const MOST_COEFFICIENTS: usize = 16;

/// A polynomial given by its coefficients, the constant first.
#[derive(Debug, Clone, PartialEq)]
pub struct Polynomial {
    coefficients: Vec<f64>,
}

impl Polynomial {
    /// The polynomial `c0 + c1·raw + c2·raw² + …`.
    ///
    /// # Errors
    /// No coefficient, more than 16, or one that is not finite.
    pub fn new(coefficients: Vec<f64>) -> Result<Self, FieldError> {
        if coefficients.is_empty() {
            return Err(FieldError::new("/coefficients", "needs at least one coefficient"));
        }
        if coefficients.len() > MOST_COEFFICIENTS {
            let detail = format!("has more than {MOST_COEFFICIENTS} coefficients");
            return Err(FieldError::new("/coefficients", detail));
        }
        for (place, coefficient) in coefficients.iter().enumerate() {
            finite(&format!("/coefficients/{place}"), *coefficient)?;
        }
        Ok(Self { coefficients })
    }

    /// The coefficients, the constant first.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    pub(super) fn value(&self, raw: f64) -> f64 {
        horner(&self.coefficients, raw)
    }
}

/// Σ cᵢ·rawⁱ.
pub(in super::super) fn horner(coefficients: &[f64], raw: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |sum, coefficient| sum * raw + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn horner_is_the_sum_of_powers() {
        let cubic = Polynomial::new(vec![1.0, -2.0, 0.5, 3.0]).unwrap();
        for (raw, value) in [(0.0, 1.0), (1.0, 2.5), (-2.0, -17.0), (10.0, 3031.0)] {
            assert_eq!(cubic.value(raw), value, "{raw}");
        }
        assert_eq!(Polynomial::new(vec![7.0]).unwrap().value(1e9), 7.0);
    }

    /// Topp, Davis & Annan, Water Resources Research 16 (1980) 574, equation 7: volumetric water content of soil from
    /// its dielectric constant. The values are those of the equation worked out with 20 digits.
    #[test]
    fn the_topp_equation_of_soil_moisture_comes_out() {
        let topp = Polynomial::new(vec![-5.3e-2, 2.92e-2, -5.5e-4, 4.3e-6]).unwrap();
        for (dielectric, water) in [(3.0, 0.029_766_1), (10.0, 0.188_3), (20.0, 0.345_4), (40.0, 0.510_2)] {
            assert!((topp.value(dielectric) - water).abs() < 1e-12, "{dielectric}: {}", topp.value(dielectric));
        }
    }

    #[test]
    fn coefficients_are_finite_and_there_are_one_to_sixteen() {
        let refused = |coefficients: Vec<f64>| Polynomial::new(coefficients).unwrap_err().pointer;
        assert_eq!(refused(vec![]), "/coefficients");
        assert_eq!(refused(vec![0.0; 17]), "/coefficients");
        assert_eq!(refused(vec![0.0, 1.0, f64::NAN]), "/coefficients/2");
        assert!(Polynomial::new(vec![1.0; 16]).is_ok());
    }
}

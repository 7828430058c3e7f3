//! The three coefficients of a thermistor from points (ohm, °C).
//!
//! 1/T = a + b·L + c·L³ with L = ln R is linear in a, b and c. Each point has the weight T², since an error of 1/T is
//! T² times as large in T: so the squares of the temperature residuals are minimised.

use super::least_squares::solve;
use super::points::Span;
use crate::domain::FieldError;
use crate::domain::calibration::{ICE_POINT, SteinhartHart};

/// Room temperature in kelvin, to keep the weights near 1.
const TYPICAL: f64 = 300.0;

pub(super) fn curve(points: &[(f64, f64)]) -> Result<SteinhartHart, FieldError> {
    for (place, (ohm, celsius)) in points.iter().enumerate() {
        if *ohm <= 0.0 {
            return Err(FieldError::new(format!("/points/{place}/0"), "a resistance has to be above 0 ohm"));
        }
        if *celsius <= -ICE_POINT {
            return Err(FieldError::new(format!("/points/{place}/1"), "a temperature has to be above −273.15 °C"));
        }
    }
    Span::of(points, 3, "/points", "a thermistor's curve")?;
    let point = |(ohm, celsius): &(f64, f64)| {
        let (log, kelvin) = (ohm.ln(), celsius + ICE_POINT);
        let weight = (kelvin / TYPICAL).powi(2);
        ([weight, weight * log, weight * log.powi(3)], weight / kelvin)
    };
    let (rows, right): (Vec<[f64; 3]>, Vec<f64>) = points.iter().map(point).unzip();
    let undetermined = || {
        let detail = "the resistances lie too close together to tell a, b and c from each other";
        FieldError::new("/points", detail)
    };
    match solve(&rows, &right).as_deref() {
        Some([a, b, c]) => SteinhartHart::new(*a, *b, *c).map_err(|_| undetermined()),
        _ => Err(undetermined()),
    }
}

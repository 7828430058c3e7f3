//! The three coefficients of a thermistor from points (ohm, °C).
//!
//! 1/T = a + b·L + c·L³ with L = ln R is linear in a, b and c. Each point has the weight T², since an error of 1/T is
//! T² times as large in T: so the squares of the temperature residuals are minimised.

use super::least_squares::solve;
use super::points::Span;
use super::unfit::{Shape, Unfit};
use crate::domain::calibration::{ICE_POINT, SteinhartHart};

/// Room temperature in kelvin, to keep the weights near 1.
const TYPICAL: f64 = 300.0;

pub(super) fn curve(points: &[(f64, f64)]) -> Result<SteinhartHart, Unfit> {
    for (place, (ohm, celsius)) in points.iter().enumerate() {
        if *ohm <= 0.0 {
            return Err(Unfit::NoResistance { place });
        }
        if *celsius <= -ICE_POINT {
            return Err(Unfit::TooCold { place });
        }
    }
    Span::of(points, 3, Shape::Thermistor)?;
    let point = |(ohm, celsius): &(f64, f64)| {
        let (log, kelvin) = (ohm.ln(), celsius + ICE_POINT);
        let weight = (kelvin / TYPICAL).powi(2);
        ([weight, weight * log, weight * log.powi(3)], weight / kelvin)
    };
    let (rows, right): (Vec<[f64; 3]>, Vec<f64>) = points.iter().map(point).unzip();
    match solve(&rows, &right).as_deref() {
        Some([a, b, c]) => SteinhartHart::new(*a, *b, *c).map_err(|_| Unfit::TooClose),
        _ => Err(Unfit::TooClose),
    }
}

//! `fit`: the model that reference points make, and how good it is.

use super::calibration::{FieldError, Inputs, Model, Outside};
use super::number::storable;

mod least_squares;
mod points;
mod polynomial;
mod thermistor;
mod through;

/// So many reference points nobody measures; they keep one request small.
const MOST_POINTS: usize = 1_000;
/// A polynomial of more degrees follows the noise of the points, and its coefficients lose more digits than they have.
const HIGHEST_DEGREE: usize = 9;

/// What can be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The straight line with the least squares.
    Linear,
    /// The same line, given by its values at the lowest and the highest raw number; of two points, the points.
    TwoPoint,
    /// Straight lines through the points; of points with one raw number, through their mean.
    Piecewise(Outside),
    /// The polynomial of that degree with the least squares.
    Polynomial {
        /// 1 to 9.
        degree: usize,
    },
    /// A thermistor's a, b and c with the least squares of temperature; points are (ohm, °C).
    SteinhartHart,
}

/// A model and how far it is from the points it was made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The model, as it can be entered as a calibration.
    pub model: Model,
    /// Of each point, in its order: reference minus the model's value.
    pub residuals: Vec<f64>,
    /// The root of the mean square of the residuals.
    pub rmse: f64,
    /// The share of the references' variance that the model explains; `None` when all references are equal, so that
    /// there is none.
    pub r_squared: Option<f64>,
    /// The place of the point with the largest absolute residual, the first of equal ones.
    pub worst: usize,
    /// The largest absolute residual.
    pub largest: f64,
}

/// The model of that kind for `points`, each (raw, reference).
///
/// # Errors
/// Points that are too few, too many, not finite or not telling anything about the model, and a degree that is none or
/// too high for them: the pointer is relative to `{"points": [[raw, reference], …], "degree": n}`.
pub fn fit(kind: Kind, points: &[(f64, f64)]) -> Result<Fit, FieldError> {
    check(points)?;
    let model = match kind {
        Kind::Linear => Model::Linear(polynomial::line(points)?),
        Kind::TwoPoint => Model::TwoPoint(through::two(points)?),
        Kind::Piecewise(outside) => Model::Piecewise(through::all(points, outside)?),
        Kind::Polynomial { degree } => {
            if !(1..=HIGHEST_DEGREE).contains(&degree) {
                return Err(FieldError::new("/degree", format!("must be 1 to {HIGHEST_DEGREE}")));
            }
            Model::Polynomial(polynomial::of_degree(degree, points)?)
        }
        Kind::SteinhartHart => Model::SteinhartHart(thermistor::curve(points)?),
    };
    judge(model, points)
}

fn check(points: &[(f64, f64)]) -> Result<(), FieldError> {
    if points.len() > MOST_POINTS {
        return Err(FieldError::new("/points", format!("has more than {MOST_POINTS} points")));
    }
    for (place, (raw, reference)) in points.iter().enumerate() {
        for (side, number) in [raw, reference].into_iter().enumerate() {
            storable(*number).map_err(|refusal| FieldError::new(format!("/points/{place}/{side}"), refusal.detail))?;
        }
    }
    Ok(())
}

/// How good the model is, told by the model as it is stored and not by the arithmetic that led to it.
fn judge(model: Model, points: &[(f64, f64)]) -> Result<Fit, FieldError> {
    let residual = |(place, (raw, reference)): (usize, &(f64, f64))| match model.apply(*raw, Inputs::NONE) {
        Ok(made) if made.value.is_finite() => Ok(reference - made.value),
        _ => Err(FieldError::new(format!("/points/{place}"), "no model of this kind has a value near this point")),
    };
    let residuals = points.iter().enumerate().map(residual).collect::<Result<Vec<f64>, _>>()?;
    let mean = points.iter().map(|(_, reference)| reference / points.len() as f64).sum::<f64>();
    let variation = root_mean_square(points.iter().map(|(_, reference)| reference - mean));
    let rmse = root_mean_square(residuals.iter().copied());
    let worst = residuals.iter().enumerate().fold((0, 0.0), |(worst, largest), (place, residual)| {
        if residual.abs() > largest { (place, residual.abs()) } else { (worst, largest) }
    });
    Ok(Fit {
        r_squared: (variation > 0.0).then(|| 1.0 - (rmse / variation).powi(2)),
        rmse,
        worst: worst.0,
        largest: worst.1,
        residuals,
        model,
    })
}

/// √(Σ n²/count), scaled by the largest so that no square overflows.
fn root_mean_square(numbers: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let largest = numbers.clone().fold(0.0, |largest: f64, number| largest.max(number.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let count = numbers.len() as f64;
    largest * (numbers.map(|number| (number / largest).powi(2)).sum::<f64>() / count).sqrt()
}

#[cfg(test)]
mod tests;

//! Fitting a calibration model to reference points, and how well it fits.

use super::calibration::{Inputs, Model, Outside};
use super::number::storable;

mod least_squares;
mod points;
mod polynomial;
mod thermistor;
mod through;
mod unfit;
mod warning;

pub use unfit::{Shape, Unfit};
pub use warning::Warning;

/// Maximum reference points, far more than anyone measures.
const MOST_POINTS: usize = 1_000;
/// Maximum degree. A polynomial of a higher degree follows the noise of the points, and its coefficients lose all their digits.
const HIGHEST_DEGREE: usize = 9;

/// The models that can be fitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::EnumDiscriminants)]
#[strum_discriminants(
    name(FittedModel),
    doc = "Which model is fitted. As text, its name in the field `model`.",
    derive(strum::EnumString, strum::VariantNames),
    strum(serialize_all = "snake_case")
)]
pub enum Kind {
    /// A straight line by least squares.
    Linear,
    /// The same line, given by its values at the lowest and the highest raw number; for two points, the points.
    TwoPoint,
    /// Straight lines through the points; through the mean of points with the same raw number.
    Piecewise(Outside),
    /// A polynomial by least squares.
    Polynomial {
        /// The degree, 1 to 9.
        degree: usize,
    },
    /// The coefficients a, b and c of a thermistor by least squares of the temperature; points are (ohm, °C).
    SteinhartHart,
}

/// A fitted model and its deviation from the points.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    /// The model, in the form in which it can be entered as a calibration.
    pub model: Model,
    /// The residual of each point, in the order of the points: reference minus the value of the model.
    pub residuals: Vec<f64>,
    /// The root mean square of the residuals.
    pub rmse: f64,
    /// The coefficient of determination (R²); `None` when all references are equal.
    pub r_squared: Option<f64>,
    /// The index of the point with the largest absolute residual; the first one if several are equal.
    pub worst: usize,
    /// The largest absolute residual.
    pub largest: f64,
    /// Where the curve misbehaves between the points or near them: up to half the distance between the lowest and the highest raw
    /// number beyond these; for a thermistor, half the distance between their logarithms.
    pub warnings: Vec<Warning>,
}

/// Fits a model of that kind to `points`, each (raw, reference).
///
/// # Errors
/// For points that are too few, too many, not finite or do not determine the model, and for a degree that is invalid or too
/// high for them.
pub fn fit(kind: Kind, points: &[(f64, f64)]) -> Result<Fit, Unfit> {
    check(points)?;
    let model = match kind {
        Kind::Linear => Model::Linear(polynomial::line(points)?),
        Kind::TwoPoint => Model::TwoPoint(through::two(points)?),
        Kind::Piecewise(outside) => Model::Piecewise(through::all(points, outside)?),
        Kind::Polynomial { degree } => {
            if !(1..=HIGHEST_DEGREE).contains(&degree) {
                return Err(Unfit::Degree);
            }
            Model::Polynomial(polynomial::of_degree(degree, points)?)
        }
        Kind::SteinhartHart => Model::SteinhartHart(thermistor::curve(points)?),
    };
    judge(model, points)
}

fn check(points: &[(f64, f64)]) -> Result<(), Unfit> {
    if points.len() > MOST_POINTS {
        return Err(Unfit::TooMany);
    }
    for (place, (raw, reference)) in points.iter().enumerate() {
        for (side, number) in [raw, reference].into_iter().enumerate() {
            storable(*number).map_err(|refusal| Unfit::Number { place, side, detail: refusal.detail })?;
        }
    }
    Ok(())
}

/// The deviation of the model from the points, calculated with the model as it would be stored.
fn judge(model: Model, points: &[(f64, f64)]) -> Result<Fit, Unfit> {
    let residual = |(place, (raw, reference)): (usize, &(f64, f64))| match model.apply(*raw, Inputs::NONE) {
        Ok(made) if made.value.is_finite() => Ok(reference - made.value),
        _ => Err(Unfit::NoValue { place }),
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
        warnings: warning::warnings(&model, points, worst.1),
        residuals,
        model,
    })
}

/// √(Σ n²/count), scaled by the largest number so that no square overflows.
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

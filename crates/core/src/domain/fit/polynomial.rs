//! Polynomials, including straight lines, by least squares.
//!
//! The raw numbers are scaled to −1…1, and the polynomial is a sum of Chebyshev polynomials, which roughly evenly spread
//! points determine well for any degree (J. C. Mason, D. C. Handscomb, "Chebyshev Polynomials", 2003,
//! 4.6); only the result is converted to powers of raw.

use super::points::Span;
use super::unfit::{Shape, Unfit};
use crate::domain::calibration::{Linear, Polynomial, horner};

/// Maximum width of the raw numbers: wider ones have coefficients of 10⁻¹⁸ and less.
const WIDEST: f64 = 1e9;
/// Tolerated error of the conversion to powers of raw, relative to the spread of the references.
const MOST_LOST: f64 = 1e-6;
/// Tolerated error of rounding the coefficients, relative to the same spread.
const NOTHING_LOST: f64 = 1e-12;

/// The line by least squares.
pub(super) fn line(points: &[(f64, f64)]) -> Result<Linear, Unfit> {
    match powers(1, points, Shape::Line)?.as_slice() {
        [intercept, slope] => Linear::new(*slope, *intercept).map_err(|_| Unfit::Extreme),
        _ => Err(Unfit::Extreme),
    }
}

/// The polynomial of that degree by least squares.
pub(super) fn of_degree(degree: usize, points: &[(f64, f64)]) -> Result<Polynomial, Unfit> {
    let coefficients = powers(degree, points, Shape::Polynomial(degree))?;
    Polynomial::new(coefficients).map_err(|_| Unfit::Extreme)
}

fn powers(degree: usize, points: &[(f64, f64)], shape: Shape) -> Result<Vec<f64>, Unfit> {
    let span = Span::of(points, degree + 1, shape)?;
    if degree > 1 && span.width() >= WIDEST {
        return Err(Unfit::TooWide { width: span.width() });
    }
    let scaled: Vec<f64> = points.iter().map(|(raw, _)| span.scaled(*raw)).collect();
    let at = |row: usize, column: usize| scaled.get(row).map(|u| chebyshev(column, *u));
    let right: Vec<f64> = points.iter().map(|(_, reference)| *reference).collect();
    let Some(weights) = super::least_squares::dynamic(points.len(), degree + 1, at, &right) else {
        return Err(Unfit::TooUneven { shape });
    };
    written(&weights, points, &span).ok_or(Unfit::TooFar { shape, lowest: span.lowest, highest: span.highest })
}

/// The weighted sum of Chebyshev polynomials in powers of raw: with rounded coefficients if they are precise enough, else with
/// all digits; `None` if even those are not.
fn written(weights: &[f64], points: &[(f64, f64)], span: &Span) -> Option<Vec<f64>> {
    let lost = |coefficients: &[f64]| {
        let off = points.iter().map(|(raw, _)| {
            let u = span.scaled(*raw);
            let value: f64 = weights.iter().enumerate().map(|(order, weight)| weight * chebyshev(order, u)).sum();
            (horner(coefficients, *raw) - value).abs()
        });
        off.fold(0.0, |most: f64, off| if off.is_nan() { f64::INFINITY } else { most.max(off) })
    };
    let largest = points.iter().fold(0.0, |largest: f64, (_, reference)| largest.max(reference.abs()));
    let spread = spread(points);
    let exact = in_powers_of_raw(&in_powers(weights), span);
    let readable = readable(&exact, span);
    if lost(&readable) <= NOTHING_LOST * spread + 16.0 * f64::EPSILON * largest {
        return Some(readable);
    }
    (lost(&exact) <= MOST_LOST * spread).then_some(exact)
}

/// The spread of the references; if all are about equal, a millionth of their magnitude.
fn spread(points: &[(f64, f64)]) -> f64 {
    let references = points.iter().map(|(_, reference)| *reference);
    let (low, high) = references.fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(one), high.max(one)));
    (high - low).max(1e-6 * low.abs().max(high.abs())).max(f64::MIN_POSITIVE)
}

/// The Chebyshev polynomial of the first kind of that order at u.
fn chebyshev(order: usize, u: f64) -> f64 {
    let (mut before, mut now) = (1.0, u);
    for _ in 0..order {
        (before, now) = (now, 2.0 * u * now - before);
    }
    before
}

/// Σ weightᵢ·Tᵢ(u) in powers of u.
fn in_powers(weights: &[f64]) -> Vec<f64> {
    let (mut before, mut now) = (vec![1.0], vec![0.0, 1.0]);
    let mut sum = vec![0.0; weights.len()];
    for weight in weights {
        add(&mut sum, &before, *weight);
        let mut next: Vec<f64> = std::iter::once(0.0).chain(now.iter().map(|c| 2.0 * c)).collect();
        add(&mut next, &before, -1.0);
        (before, now) = (now, next);
    }
    sum
}

/// A polynomial in u = (raw − middle)/half in powers of raw.
fn in_powers_of_raw(powers: &[f64], span: &Span) -> Vec<f64> {
    powers.iter().rev().fold(Vec::new(), |sum: Vec<f64>, power| {
        let by_raw = std::iter::once(0.0).chain(sum.iter().map(|c| c / span.half()));
        let mut next: Vec<f64> = by_raw.collect();
        add(&mut next, &sum, -span.middle() / span.half());
        add(&mut next, &[*power], 1.0);
        next
    })
}

/// The coefficients with 14 digits, and 0 for terms that are only rounding errors: 1.65 instead of 1.6499999999999995.
fn readable(coefficients: &[f64], span: &Span) -> Vec<f64> {
    let farthest = span.lowest.abs().max(span.highest.abs());
    let terms = coefficients.iter().zip(0..).map(|(coefficient, power)| coefficient.abs() * farthest.powi(power));
    let terms: Vec<f64> = terms.collect();
    let largest = terms.iter().copied().fold(0.0, f64::max);
    let coefficient = |(coefficient, term): (&f64, &f64)| {
        let rounded =
            if *term < 16.0 * f64::EPSILON * largest { Ok(0.0) } else { format!("{coefficient:.13e}").parse() };
        rounded.unwrap_or(*coefficient)
    };
    coefficients.iter().zip(&terms).map(coefficient).collect()
}

fn add(to: &mut [f64], what: &[f64], times: f64) {
    for (sum, one) in to.iter_mut().zip(what) {
        *sum += one * times;
    }
}

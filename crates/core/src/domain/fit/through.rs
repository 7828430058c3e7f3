//! Straight lines through points: `two_point` and `piecewise`.

use super::points::Span;
use super::polynomial::line;
use crate::domain::FieldError;
use crate::domain::calibration::{Outside, Piecewise, TwoPoint};

/// The line through two points, or through more points by least squares, given by its values at both ends.
pub(super) fn two(points: &[(f64, f64)]) -> Result<TwoPoint, FieldError> {
    let span = Span::of(points, 2, "/points", "a line")?;
    if let [(r1, p1), (r2, p2)] = points {
        return TwoPoint::new([*r1, *r2], [*p1, *p2]);
    }
    let line = line(points)?;
    let value = |raw: f64| line.slope() * raw + line.intercept();
    TwoPoint::new([span.lowest, span.highest], [value(span.lowest), value(span.highest)])
        .map_err(|invalid| FieldError::new("/points", invalid.detail))
}

/// The lines through all points; through the mean of points with the same raw number.
pub(super) fn all(points: &[(f64, f64)], outside: Outside) -> Result<Piecewise, FieldError> {
    Span::of(points, 2, "/points", "a piecewise model")?;
    let mut sorted = points.to_vec();
    sorted.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let means = sorted.chunk_by(|(a, _), (b, _)| a == b).filter_map(|same| {
        let (raw, _) = same.first()?;
        Some((*raw, same.iter().map(|(_, reference)| reference / same.len() as f64).sum()))
    });
    Piecewise::new(means.collect(), outside).map_err(|invalid| FieldError::new("/points", invalid.detail))
}

//! Straight lines through points: `two_point` and `piecewise`.

use super::points::Span;
use super::polynomial::line;
use super::unfit::{Shape, Unfit};
use crate::domain::FieldError;
use crate::domain::aggregate::Aggregate;
use crate::domain::calibration::{Outside, Piecewise, TwoPoint};

/// The line through two points, or through more points by least squares, given by its values at both ends.
pub(super) fn two(points: &[(f64, f64)]) -> Result<TwoPoint, Unfit> {
    let span = Span::of(points, 2, Shape::Line)?;
    if let [(r1, p1), (r2, p2)] = points {
        return TwoPoint::new([*r1, *r2], [*p1, *p2]).map_err(invalid);
    }
    let line = line(points)?;
    let value = |raw: f64| line.slope() * raw + line.intercept();
    TwoPoint::new([span.lowest, span.highest], [value(span.lowest), value(span.highest)]).map_err(invalid)
}

/// The lines through all points; through the mean of points with the same raw number.
pub(super) fn all(points: &[(f64, f64)], outside: Outside) -> Result<Piecewise, Unfit> {
    Span::of(points, 2, Shape::Piecewise)?;
    Piecewise::new(means(points), outside).map_err(invalid)
}

fn invalid(refused: FieldError) -> Unfit {
    Unfit::Invalid(refused.detail)
}

/// The points in the order of their raw numbers, those of one raw number as one with the mean of their references.
pub(super) fn means(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut sorted = points.to_vec();
    sorted.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let mean = |same: &[(f64, f64)]| {
        let mut references = Aggregate::NONE;
        same.iter().for_each(|(_, reference)| references.add(*reference));
        Some((same.first()?.0, references.mean()?))
    };
    sorted.chunk_by(|(a, _), (b, _)| a == b).filter_map(mean).collect()
}

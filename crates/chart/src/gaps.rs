//! Interrupts lines where readings are missing.

use crate::plot::{Bucket, Point};

/// The runs of points in which neighbours are at most `gap` ms apart.
pub fn pieces(points: &[Point], gap: f64) -> impl Iterator<Item = &[Point]> {
    points.chunk_by(move |one, next| next.at - one.at <= gap && one.value.is_finite() && next.value.is_finite())
}

/// The runs of adjacent intervals.
pub(crate) fn runs(buckets: &[Bucket]) -> impl Iterator<Item = &[Bucket]> {
    let follows = |one: &Bucket, next: &Bucket| next.from - one.until <= (one.until - one.from) * 0.01;
    buckets.chunk_by(move |one, next| follows(one, next) && one.mean.is_finite() && next.mean.is_finite())
}

/// The quantile `share` (0 to 1) of the distances between neighbouring points, in ms: with 0.5 the median. `None` with fewer than two
/// points.
pub fn step_at(points: &[Point], share: f64) -> Option<f64> {
    let mut steps: Vec<f64> = points
        .iter()
        .zip(points.iter().skip(1))
        .map(|(one, next)| next.at - one.at)
        .filter(|step| step.is_finite() && *step > 0.0)
        .collect();
    steps.sort_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in a list; `as` saturates")]
    let place = (crate::ticks::usize_f64(steps.len()) * share) as usize;
    steps.get(place.min(steps.len().saturating_sub(1))).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::Quality;

    fn points(instants: &[f64]) -> Vec<Point> {
        instants.iter().map(|at| Point { at: *at, value: 1.0, quality: Quality::Good }).collect()
    }

    #[test]
    fn a_gap_is_where_the_next_point_is_too_far_away() {
        let points = points(&[0.0, 10.0, 20.0, 100.0, 110.0]);
        let lengths: Vec<usize> = pieces(&points, 30.0).map(<[Point]>::len).collect();
        assert_eq!(lengths, [3, 2]);
        assert_eq!((step_at(&points, 0.5), step_at(&points, 1.0)), (Some(10.0), Some(80.0)));
        assert_eq!(step_at(points.get(..1).unwrap(), 0.5), None);
    }

    #[test]
    fn a_missing_interval_interrupts_the_band() {
        let bucket = |from| Bucket { from, until: from + 60.0, mean: 1.0, low: 0.0, high: 2.0, count: 3, left_out: 0 };
        let buckets = [bucket(0.0), bucket(60.0), bucket(180.0)];
        let lengths: Vec<usize> = runs(&buckets).map(<[Bucket]>::len).collect();
        assert_eq!(lengths, [2, 1]);
    }
}

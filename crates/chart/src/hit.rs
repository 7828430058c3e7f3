//! Finds the value under the pointer.

use crate::plot::{Bucket, Point, Shown};
use crate::scale::Scale;

/// The value nearest to a pixel of the horizontal axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hit {
    /// A reading.
    Point(Point),
    /// An interval.
    Bucket(Bucket),
}

impl Hit {
    /// The instant at which it is drawn, in ms since the epoch.
    pub fn at(self) -> f64 {
        match self {
            Self::Point(point) => point.at,
            Self::Bucket(bucket) => bucket.middle(),
        }
    }

    /// The value at which it is drawn.
    pub fn value(self) -> f64 {
        match self {
            Self::Point(point) => point.value,
            Self::Bucket(bucket) => bucket.mean,
        }
    }
}

/// The value nearest to the pixel `px` of the scale, if it is at most `reach` pixels away. Takes logarithmic time, so it can be called with
/// every move of the pointer.
pub fn nearest(shown: &Shown, x: Scale, px: f64, reach: f64) -> Option<Hit> {
    let at = x.value(px);
    let found = match shown {
        Shown::Points(points) => closest(points, at, |point| point.at).map(Hit::Point),
        Shown::Buckets(buckets) => closest(buckets, at, |bucket| bucket.middle()).map(Hit::Bucket),
    };
    found.filter(|hit| (x.px(hit.at()) - px).abs() <= reach)
}

fn closest<T: Copy>(all: &[T], at: f64, of: impl Fn(&T) -> f64) -> Option<T> {
    let next = all.partition_point(|one| of(one) < at);
    let before = next.checked_sub(1).and_then(|index| all.get(index));
    let candidates = before.into_iter().chain(all.get(next));
    candidates.min_by(|one, other| (of(one) - at).abs().total_cmp(&(of(other) - at).abs())).copied()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plot::Quality;

    #[test]
    fn what_is_too_far_away_is_not_hit() {
        let shown = Shown::Points(vec![Point { at: 50.0, value: 1.0, quality: Quality::Good }]);
        let x = Scale::new((0.0, 100.0), (0.0, 100.0));
        assert!(nearest(&shown, x, 60.0, 10.0).is_some());
        assert!(nearest(&shown, x, 61.0, 10.0).is_none());
        assert!(nearest(&Shown::Points(Vec::new()), x, 60.0, 10.0).is_none());
    }

    proptest! {
        #[test]
        fn it_is_the_nearest(mut instants in prop::collection::vec(0.0..1e3, 1..50), px in 0.0..1e3) {
            instants.sort_by(f64::total_cmp);
            let points: Vec<Point> = instants.iter().map(|at| Point { at: *at, value: 0.0, quality: Quality::Good }).collect();
            let x = Scale::new((0.0, 1e3), (0.0, 1e3));
            let hit = nearest(&Shown::Points(points), x, px, 1e9).unwrap();
            let least = instants.iter().map(|at| (at - px).abs()).fold(f64::MAX, f64::min);
            prop_assert!(((hit.at() - px).abs() - least).abs() < 1e-9);
        }
    }
}

//! Reduces many points to few pixels: of each column of pixels only the first, lowest, highest and last point are kept. A line through
//! these looks like one through all points, because no extreme is lost.

use crate::plot::Point;
use crate::scale::Scale;

/// The points of one column of pixels that are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// The earliest.
    pub first: Point,
    /// The one with the least value; of several, the earliest.
    pub low: Point,
    /// The one with the greatest value; of several, the earliest.
    pub high: Point,
    /// The latest.
    pub last: Point,
    pixel: f64,
}

impl Column {
    /// Its points in order of time, without duplicates.
    pub fn path(&self) -> impl Iterator<Item = Point> + use<> {
        let (one, other) = if self.low.at <= self.high.at { (self.low, self.high) } else { (self.high, self.low) };
        let all = [Some(self.first), Some(one), Some(other), Some(self.last)];
        let mut before: Option<Point> = None;
        all.into_iter().flatten().filter(move |point| {
            let is_new =
                before.is_none_or(|before| before.at != point.at || before.value.to_bits() != point.value.to_bits());
            before = Some(*point);
            is_new
        })
    }
}

/// The columns of points in ascending order of time. `x` maps ms to pixels.
pub fn columns(points: &[Point], x: Scale) -> Vec<Column> {
    let mut found: Vec<Column> = Vec::new();
    for point in points.iter().copied().filter(|point| point.value.is_finite()) {
        let pixel = x.px(point.at).floor();
        match found.last_mut().filter(|column| column.pixel == pixel) {
            None => found.push(Column { first: point, low: point, high: point, last: point, pixel }),
            Some(column) => {
                column.last = point;
                if point.value < column.low.value {
                    column.low = point;
                }
                if point.value > column.high.value {
                    column.high = point;
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::plot::Quality;

    fn series(values: &[f64]) -> Vec<Point> {
        values
            .iter()
            .zip(0..)
            .map(|(value, at)| Point { at: f64::from(at), value: *value, quality: Quality::Good })
            .collect()
    }

    fn path(columns: &[Column]) -> Vec<Point> {
        columns.iter().flat_map(Column::path).collect()
    }

    #[test]
    fn few_points_stay_as_they_are() {
        let points = series(&[1.0, 3.0, 2.0]);
        let x = Scale::new((0.0, 3.0), (0.0, 300.0));
        assert_eq!(path(&columns(&points, x)), points);
    }

    proptest! {
        #[test]
        fn no_extreme_is_lost(values in prop::collection::vec(-1e3..1e3, 1..2_000), width in 1.0..200.0) {
            let points = series(&values);
            let x = Scale::new((0.0, f64::from(u32::try_from(values.len()).unwrap())), (0.0, width));
            let reduced = path(&columns(&points, x));
            prop_assert!(reduced.len() <= points.len());
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let most = 4 * (width as usize + 1);
            prop_assert!(reduced.len() <= most, "{} of {}", reduced.len(), most);
            // In order of time, and only points of the input.
            prop_assert!(reduced.windows(2).all(|pair| pair[0].at <= pair[1].at));
            prop_assert!(reduced.iter().all(|point| points.contains(point)));
            // Each column of pixels keeps its extremes, and its first and last point.
            let pixel = |point: &Point| x.px(point.at).floor();
            for column in points.chunk_by(|one, next| pixel(one) == pixel(next)) {
                let drawn: Vec<&Point> = reduced.iter().filter(|point| pixel(point) == pixel(&column[0])).collect();
                let of = |all: &[f64]| (all.iter().copied().fold(f64::MAX, f64::min), all.iter().copied().fold(f64::MIN, f64::max));
                let all: Vec<f64> = column.iter().map(|point| point.value).collect();
                let kept: Vec<f64> = drawn.iter().map(|point| point.value).collect();
                prop_assert_eq!(of(&all), of(&kept));
                prop_assert!(drawn.contains(&column.first().unwrap()) && drawn.contains(&column.last().unwrap()));
            }
        }
    }
}

//! The curve of a sensor, from answers of the API and messages of the live feed.

use std::collections::VecDeque;

use chart::{Bucket, Point, Quality, Shown, Span};

use super::moment;
use crate::wire::reading::{Interval, Reading};

/// The quality with this code; an unknown one counts as out of range.
pub fn quality(code: &str) -> Quality {
    match code {
        "good" => Quality::Good,
        "uncalibrated" => Quality::Uncalibrated,
        _ => Quality::OutOfRange,
    }
}

/// A reading as a point; `None` if its timestamp cannot be read.
pub fn point(reading: &Reading) -> Option<Point> {
    Some(Point { at: moment::parse(&reading.at)?, value: reading.value, quality: quality(&reading.quality) })
}

/// The readings of a sensor as points, in ascending order of time.
pub fn points(readings: &[Reading], sensor: &str) -> Vec<Point> {
    let mut found: Vec<Point> = readings.iter().filter(|one| one.sensor == sensor).filter_map(point).collect();
    found.sort_by(|one, other| one.at.total_cmp(&other.at));
    found
}

/// The intervals of a sensor, `every` ms wide, in ascending order of time.
pub fn buckets(intervals: &[Interval], sensor: &str, every: f64) -> Vec<Bucket> {
    let bucket = |interval: &Interval| {
        let from = moment::parse(&interval.at)?;
        let number = |number: Option<f64>| number.unwrap_or(f64::NAN);
        Some(Bucket {
            from,
            until: from + every,
            mean: number(interval.mean),
            low: number(interval.min),
            high: number(interval.max),
            count: interval.count,
            left_out: interval.left_out,
        })
    };
    let mut found: Vec<Bucket> = intervals.iter().filter(|one| one.sensor == sensor).filter_map(bucket).collect();
    found.sort_by(|one, other| one.from.total_cmp(&other.from));
    found
}

/// Number of readings in the intervals.
pub fn readings(buckets: &[Bucket]) -> u64 {
    buckets.iter().map(|bucket| bucket.count.saturating_add(bucket.left_out)).sum()
}

/// Maximum distance of connected points, in ms: four times the median distance, but at least twice the 95th percentile, since some devices
/// report at random, 1 s, and two and a half times `report_every`, in s.
pub fn gap(points: &[Point], report_every: Option<f64>) -> f64 {
    let usual = chart::step_at(points, 0.5).map_or(1_000.0, |step| step * 4.0);
    let rare = chart::step_at(points, 0.95).map_or(0.0, |step| step * 2.0);
    usual.max(rare).max(report_every.unwrap_or(0.0) * 2_500.0).max(1_000.0)
}

/// Adds a reading from the live feed to a curve. It replaces a point of the same instant: a reading may arrive twice, or with a
/// recalculated value. With intervals, each `every` ms wide, it updates the aggregates of its interval, which become exact when they are
/// next read.
pub fn take(shown: &mut Shown, every: f64, point: Point) {
    match shown {
        Shown::Points(points) => {
            let place = points.partition_point(|one| one.at < point.at);
            match points.get_mut(place).filter(|one| one.at == point.at) {
                Some(same) => *same = point,
                None => points.insert(place, point),
            }
        }
        Shown::Buckets(buckets) => {
            let from = (point.at / every).floor() * every;
            let place = buckets.partition_point(|one| one.from < from);
            let is_there = buckets.get(place).is_some_and(|one| one.from == from);
            if !is_there {
                let none = f64::NAN;
                let empty =
                    Bucket { from, until: from + every, mean: none, low: none, high: none, count: 0, left_out: 0 };
                buckets.insert(place, empty);
            }
            if let Some(bucket) = buckets.get_mut(place) {
                add(bucket, point);
            }
        }
    }
}

/// Those of the points that a curve lacks for certain, if they were reported while it was read. Of an interval it is not known which
/// readings it has: one that was read keeps its aggregates until it is read again.
pub fn missed(shown: &Shown, points: Vec<Point>) -> Vec<Point> {
    match shown {
        Shown::Points(_) => points,
        Shown::Buckets(buckets) => {
            let is_within = |point: &Point| buckets.iter().any(|one| (one.from..one.until).contains(&point.at));
            points.into_iter().filter(|point| !is_within(point)).collect()
        }
    }
}

/// Adds one to what is kept for the answer of a request, which may take long. Of more than `most` the oldest are dropped, which the answer
/// is the likeliest to have.
pub fn keep<T>(kept: &mut VecDeque<T>, one: T, most: usize) {
    kept.push_back(one);
    if kept.len() > most {
        kept.pop_front();
    }
}

fn add(bucket: &mut Bucket, point: Point) {
    if point.quality != Quality::Good {
        bucket.left_out = bucket.left_out.saturating_add(1);
        return;
    }
    bucket.count = bucket.count.saturating_add(1);
    // `min` and `max` return the other operand if one is NaN.
    bucket.low = bucket.low.min(point.value);
    bucket.high = bucket.high.max(point.value);
    #[expect(clippy::cast_precision_loss, reason = "counts of readings are far below 2^53")]
    let count = bucket.count as f64;
    bucket.mean = if bucket.mean.is_nan() { point.value } else { bucket.mean + (point.value - bucket.mean) / count };
}

/// Removes values before a moving span, so that a page that stays open does not grow.
pub fn forget(shown: &mut Shown, span: Span) {
    let before = span.from() - span.length() / 2.0;
    match shown {
        Shown::Points(points) => {
            let old = points.partition_point(|point| point.at < before);
            points.drain(..old);
        }
        Shown::Buckets(buckets) => {
            let old = buckets.partition_point(|bucket| bucket.until < before);
            buckets.drain(..old);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(at: &str, value: f64, quality: &str) -> Reading {
        let (sensor, at, unit) = ("ph".to_owned(), at.to_owned(), String::new());
        Reading { sensor, at, value, unit, quality: quality.to_owned(), raw: 0.0, calibration: None }
    }

    fn good(at: f64, value: f64) -> Point {
        Point { at, value, quality: Quality::Good }
    }

    #[test]
    fn readings_become_points_in_the_order_of_time() {
        let all = [
            reading("2026-11-20T06:00:02.000Z", 2.0, "good"),
            reading("2026-11-20T06:00:01.000Z", 1.0, "of_the_future"),
            reading("yesterday", 9.0, "good"),
        ];
        let found = points(&all, "ph");
        assert_eq!(found.iter().map(|point| point.value).collect::<Vec<_>>(), [1.0, 2.0]);
        assert_eq!(found[0].quality, Quality::OutOfRange);
        assert!(points(&all, "do").is_empty());
        assert_eq!((gap(&found, None), gap(&found, Some(60.0))), (4_000.0, 150_000.0));
    }

    #[test]
    fn a_reading_told_twice_is_there_once() {
        let mut shown = Shown::Points(vec![good(1.0, 1.0), good(3.0, 3.0)]);
        take(&mut shown, 0.0, good(2.0, 2.0));
        take(&mut shown, 0.0, good(2.0, 2.5));
        take(&mut shown, 0.0, good(4.0, 4.0));
        assert_eq!(shown, Shown::Points(vec![good(1.0, 1.0), good(2.0, 2.5), good(3.0, 3.0), good(4.0, 4.0)]));
    }

    #[test]
    fn what_was_reported_during_a_reading_is_not_counted_twice() {
        let told = || vec![good(61_000.0, 1.0), good(121_000.0, 2.0), good(122_000.0, 3.0)];
        assert_eq!(missed(&Shown::Points(Vec::new()), told()), told());
        let mut shown = Shown::Buckets(Vec::new());
        take(&mut shown, 60_000.0, good(61_000.0, 1.0));
        assert_eq!(missed(&shown, told()), told()[1..]);
    }

    #[test]
    fn what_is_kept_for_an_answer_is_bounded() {
        let mut kept = VecDeque::new();
        (0..5).for_each(|number| keep(&mut kept, number, 3));
        assert_eq!(kept, [2, 3, 4]);
    }

    #[test]
    fn an_interval_takes_a_reading_into_its_sums() {
        let mut shown = Shown::Buckets(Vec::new());
        for (at, value) in [(61_000.0, 1.0), (62_000.0, 3.0), (130_000.0, 7.0)] {
            take(&mut shown, 60_000.0, good(at, value));
        }
        take(&mut shown, 60_000.0, Point { at: 63_000.0, value: 99.0, quality: Quality::OutOfRange });
        let Shown::Buckets(buckets) = &shown else { panic!() };
        let first = buckets[0];
        assert_eq!((first.from, first.mean, first.low, first.high), (60_000.0, 2.0, 1.0, 3.0));
        assert_eq!((first.count, first.left_out, buckets.len(), readings(buckets)), (2, 1, 2, 4));
        forget(&mut shown, Span::new(130_000.0, 140_000.0));
        assert_eq!(shown.len(), 1);
    }

    #[test]
    fn an_interval_in_which_nothing_counts_has_no_mean() {
        let interval = Interval {
            sensor: "ph".into(),
            at: "2026-11-20T06:00:00.000Z".into(),
            mean: None,
            min: None,
            max: None,
            count: 0,
            left_out: 3,
        };
        let found = buckets(&[interval], "ph", 60_000.0);
        assert!(found[0].mean.is_nan() && readings(&found) == 3);
    }
}

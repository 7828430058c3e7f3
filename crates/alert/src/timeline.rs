//! The stored timeline of a series, as far back as an alert has to know it.

use weir_aws::AwsError;
use weir_core::domain::Timestamp;
use weir_core::domain::alert::{Point, counts};
use weir_core::domain::reading::Series;

use super::Alert;
use super::batch::earliest;

/// Minimum readings that are read in addition to the changed ones, since alerts do not consider all of them.
const SPARE: usize = 16;
/// Readings of a further page. They are small: a thousand are about 60 KB.
const PAGE: usize = 2_000;
/// Maximum readings. If more would have to be judged again, only the newest one is judged.
const MOST: usize = 20_000;

/// The part of a timeline that is judged.
pub(super) struct Timeline {
    /// All from `from` on, and those before it that judging needs.
    pub points: Vec<Point>,
    /// From when to judge; `None` when there is nothing to judge.
    pub from: Option<Timestamp>,
}

impl Alert {
    /// The points from `from` on, of which `changes` have changed, and `context` points before them; without `from`, the newest
    /// point and what is before it.
    pub(super) async fn timeline(
        &self,
        of: &Series,
        from: Option<Timestamp>,
        context: usize,
        changes: usize,
        calibrated: bool,
    ) -> Result<Timeline, AwsError> {
        let mut limit = changes.saturating_add(context).saturating_add(SPARE);
        // Newest first.
        let (mut points, mut before, mut read) = (Vec::<Point>::new(), None, 0);
        let mut from = from;
        loop {
            let (readings, more) = self.readings.backwards(of, before, limit).await?;
            read += readings.len();
            before = readings.last().map(|last| last.at).or(before);
            let counting = readings.into_iter().filter(|reading| counts(reading.quality, calibrated));
            points.extend(counting.map(|reading| Point { at: reading.at, value: reading.value }));
            let newest = points.first().map(|newest| newest.at);
            if read >= MOST && from.is_some_and(|from| before.is_some_and(|before| before > from)) {
                tracing::warn!(device = %of.device, sensor = %of.sensor, ?from, "too late to be judged");
                from = None;
            }
            let start = newest.map(|newest| earliest(from, newest));
            let known = start.map_or(0, |start| points.iter().filter(|point| point.at < start).count());
            if !more || read >= MOST || (known >= context && reached(before, start)) {
                points.reverse();
                // Where nothing counts any more, an open problem may have to be withdrawn.
                return Ok(Timeline { points, from: start.or(from) });
            }
            limit = PAGE;
        }
    }
}

/// Whether everything from `start` on has been read.
fn reached(before: Option<Timestamp>, start: Option<Timestamp>) -> bool {
    match (before, start) {
        (Some(before), Some(start)) => before <= start,
        _ => false,
    }
}

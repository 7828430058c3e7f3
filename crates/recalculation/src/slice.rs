//! One slice of a job: some readings are read, worked out anew, and replaced where there is something better.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use weir_aws::AwsError;
use weir_aws::time_series::{Better, Place, Span};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{Calibration, Inputs};
use weir_core::domain::device::Sensor;
use weir_core::domain::reading::{Reading, Series};
use weir_core::domain::recalculation::{Count, Job, Point, State, recalculate};
use weir_core::id::SensorCode;

use super::Parts;

/// So often a slice is read again because readings were stored anew meanwhile.
const ATTEMPTS: usize = 3;
/// So many values of inputs are read for a slice; where they lie denser than the sensor's own, the slice becomes shorter.
const INPUTS: usize = 10_000;
/// So many of them at once.
const PAGE: usize = 2_000;

/// Why a job does not go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// AWS failed.
    Aws(AwsError),
    /// What it is about is no longer there.
    Gone(String),
}

impl From<AwsError> for Stop {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}

/// What readings are worked out from.
pub(super) struct Sources {
    sensor: Sensor,
    versions: Vec<Arc<Calibration>>,
    inputs: BTreeSet<SensorCode>,
}

impl Sources {
    /// The sensor and its calibrations as they are now.
    pub(super) async fn of(parts: &Parts, series: &Series) -> Result<Self, Stop> {
        let device = parts.devices.get(&series.device).await?;
        let sensor = device.and_then(|device| device.sensor(&series.sensor).cloned());
        let sensor = sensor.ok_or_else(|| Stop::Gone("the sensor is not registered any more".to_owned()))?;
        let versions = parts.calibrations.history(series).await?;
        let inputs = versions.iter().flat_map(|version| version.model.input_sensors()).cloned().collect();
        Ok(Self { sensor, versions, inputs })
    }
}

/// The values of the inputs at the instants of a slice, and the first instant up to which they were read.
struct Known {
    values: BTreeMap<Timestamp, Vec<(SensorCode, f64)>>,
    until: Timestamp,
}

impl Parts {
    /// Does the next slice and says how the job stands after it.
    pub(super) async fn slice(&self, job: &Job, sources: &Sources) -> Result<Job, Stop> {
        for _ in 0..ATTEMPTS {
            let span = Span { from: job.cursor, to: job.to };
            let series = std::slice::from_ref(&job.series);
            let found = self.history.points(series, span, None, self.slice, self.clock.now()).await?;
            let mut next = found.next.map(|Place { at, .. }| at);
            let mut seen = found.items;
            let known = self.inputs(&job.series, sources, &seen).await?;
            if let Some(first) = seen.iter().map(|reading| reading.at).find(|at| *at >= known.until) {
                seen.retain(|reading| reading.at < first);
                next = Some(first);
            }
            let mut count = Count { seen: seen.len() as u64, ..Count::default() };
            let (mut better, mut reason) = (Vec::new(), job.reason.clone());
            for stored in &seen {
                let none = Vec::new();
                let inputs = known.values.get(&stored.at).unwrap_or(&none);
                let inputs: Vec<_> = inputs.iter().map(|(sensor, value)| (sensor, *value)).collect();
                match recalculate(&sources.sensor, &sources.versions, stored, Inputs::of(&inputs)) {
                    Point::Same => {}
                    Point::Better(reading) => better.push(Better { stored: stored.clone(), better: reading }),
                    Point::Refused(refusal) => {
                        count.refused += 1;
                        reason.get_or_insert_with(|| format!("{}: {}", refusal.reason, refusal.detail));
                    }
                }
            }
            let replaced = self.store.replace(&seen, &better, self.clock.as_ref()).await?;
            if replaced.overtaken > 0 {
                // A reading came to one of these places meanwhile; it may have another raw number.
                continue;
            }
            count.refused += replaced.refused as u64;
            count.changed = (better.len() - replaced.refused.min(better.len())) as u64;
            return Ok(moved(job, next, count, reason, self.clock.now()));
        }
        Err(AwsError::Contended { table: "readings", key: job.series.sensor.to_string() }.into())
    }

    /// The stored values of the inputs at the instants of these readings.
    async fn inputs(&self, of: &Series, sources: &Sources, seen: &[Reading]) -> Result<Known, AwsError> {
        let mut known = Known { values: BTreeMap::new(), until: Timestamp::from_millis(i64::MAX) };
        let (Some(first), Some(last)) = (seen.first(), seen.last()) else { return Ok(known) };
        let instants: BTreeSet<Timestamp> = seen.iter().map(|reading| reading.at).collect();
        let after = Timestamp::from_millis(last.at.millis().saturating_add(1));
        // Ascending by sensor, as `Inputs` wants them.
        for sensor in &sources.inputs {
            let series = [Series { device: of.device.clone(), sensor: sensor.clone() }];
            let (mut from, mut read) = (first.at, 0);
            while from < after && from < known.until {
                if read >= INPUTS {
                    known.until = known.until.min(from);
                    break;
                }
                let span = Span { from, to: after };
                let page = self.history.points(&series, span, None, PAGE, self.clock.now()).await?;
                read += page.items.len();
                for reading in page.items.into_iter().filter(|reading| instants.contains(&reading.at)) {
                    known.values.entry(reading.at).or_default().push((sensor.clone(), reading.value));
                }
                from = page.next.map_or(after, |place| place.at);
            }
        }
        Ok(known)
    }
}

/// The job after a slice; without anything left it is done.
fn moved(job: &Job, next: Option<Timestamp>, slice: Count, reason: Option<String>, now: Timestamp) -> Job {
    let count = Count {
        seen: job.count.seen + slice.seen,
        changed: job.count.changed + slice.changed,
        refused: job.count.refused + slice.refused,
    };
    let state = if next.is_some() { State::Running } else { State::Done };
    Job { state, cursor: next.unwrap_or(job.to), count, updated_at: now, reason, ..job.clone() }
}

//! One slice of a job: readings are read, recalculated, and replaced if a newer calibration is in force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use weir_aws::time_series::{Replacement, SeriesPosition, Span};
use weir_aws::{Attempts, AwsError};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{Calibration, Inputs};
use weir_core::domain::device::Sensor;
use weir_core::domain::reading::{Reading, Series};
use weir_core::domain::recalculation::{Count, Job, Recalculated, State, recalculate};
use weir_core::id::SensorCode;

use super::Parts;

/// Maximum attempts at a slice whose readings change while it is recalculated.
const ATTEMPTS: u32 = 3;
/// Maximum input values read for a slice; if they are denser than the readings of the sensor, the slice becomes shorter.
const INPUTS: usize = 10_000;
/// Input values per page.
const PAGE: usize = 2_000;

/// Why a job cannot continue.
#[derive(Debug)]
pub(super) enum Stop {
    /// A request to AWS failed.
    Aws(AwsError),
    /// The sensor does not exist any more.
    Gone(String),
}

impl From<AwsError> for Stop {
    fn from(error: AwsError) -> Self {
        Self::Aws(error)
    }
}

/// The calibrations with which a job recalculates.
pub(super) struct Sources {
    sensor: Sensor,
    versions: Vec<Arc<Calibration>>,
    inputs: BTreeSet<SensorCode>,
}

impl Sources {
    /// Reads the sensor and its calibrations.
    pub(super) async fn of(parts: &Parts, series: &Series) -> Result<Self, Stop> {
        let device = parts.devices.get(&series.device).await?;
        let sensor = device.and_then(|device| device.sensor(&series.sensor).cloned());
        let sensor = sensor.ok_or_else(|| Stop::Gone("the sensor is not registered any more".to_owned()))?;
        let versions = parts.calibrations.history(series).await?;
        let inputs = versions.iter().flat_map(|version| version.model.input_sensors()).cloned().collect();
        Ok(Self { sensor, versions, inputs })
    }
}

/// The values of the inputs at the instants of a slice, and the instant up to which they were read.
struct InputValues {
    values: BTreeMap<Timestamp, Vec<(SensorCode, f64)>>,
    until: Timestamp,
}

impl Parts {
    /// Recalculates the next slice and returns the job after it.
    pub(super) async fn slice(&self, job: &Job, sources: &Sources) -> Result<Job, Stop> {
        let mut attempts = Attempts::new("readings", &job.series.sensor, ATTEMPTS);
        loop {
            attempts.next().await?;
            let span = Span { from: job.cursor, to: job.to };
            let series = std::slice::from_ref(&job.series);
            let found = self.history.points(series, span, None, self.slice, self.clock.now()).await?;
            let mut next = found.next.map(|SeriesPosition { at, .. }| at);
            let mut seen = found.items;
            let known = self.inputs(&job.series, sources, &seen).await?;
            if let Some(first) = seen.iter().map(|reading| reading.at).find(|at| *at >= known.until) {
                seen.retain(|reading| reading.at < first);
                next = Some(first);
            }
            let mut count = Count { seen: seen.len() as u64, ..Count::default() };
            let (mut replacements, mut reason) = (Vec::new(), job.reason.clone());
            for stored in &seen {
                let none = Vec::new();
                let inputs = known.values.get(&stored.at).unwrap_or(&none);
                let inputs: Vec<_> = inputs.iter().map(|(sensor, value)| (sensor, *value)).collect();
                match recalculate(&sources.sensor, &sources.versions, stored, Inputs::of(&inputs)) {
                    Recalculated::Unchanged => {}
                    Recalculated::Replaced(new) => replacements.push(Replacement { stored: stored.clone(), new }),
                    Recalculated::Refused(refusal) => {
                        count.refused += 1;
                        reason.get_or_insert_with(|| format!("{}: {}", refusal.reason, refusal.detail));
                    }
                }
            }
            let replaced = self.store.replace(&seen, &replacements, self.clock.as_ref()).await?;
            if replaced.overtaken > 0 {
                // A reading was stored in the meantime, possibly with another raw number.
                continue;
            }
            count.refused += replaced.refused as u64;
            count.changed = (replacements.len() - replaced.refused.min(replacements.len())) as u64;
            return Ok(advanced(job, next, count, reason, self.clock.now()));
        }
    }

    /// The stored values of the inputs at the instants of these readings.
    async fn inputs(&self, of: &Series, sources: &Sources, seen: &[Reading]) -> Result<InputValues, AwsError> {
        let mut known = InputValues { values: BTreeMap::new(), until: Timestamp::from_millis(i64::MAX) };
        let (Some(first), Some(last)) = (seen.first(), seen.last()) else { return Ok(known) };
        let instants: BTreeSet<Timestamp> = seen.iter().map(|reading| reading.at).collect();
        let after = Timestamp::from_millis(last.at.millis().saturating_add(1));
        // In ascending order of sensors, as `Inputs` requires.
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
                from = page.next.map_or(after, |next| next.at);
            }
        }
        Ok(known)
    }
}

/// The job after a slice: done if there is no `next` instant.
fn advanced(job: &Job, next: Option<Timestamp>, slice: Count, reason: Option<String>, now: Timestamp) -> Job {
    let count = Count {
        seen: job.count.seen + slice.seen,
        changed: job.count.changed + slice.changed,
        refused: job.count.refused + slice.refused,
    };
    let state = if next.is_some() { State::Running } else { State::Done };
    Job { state, cursor: next.unwrap_or(job.to), count, updated_at: now, reason, ..job.clone() }
}

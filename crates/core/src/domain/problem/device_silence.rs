//! The silence of a device: it has reported nothing for three times as long as it should.
//!
//! Only the clock can start it. Unlike a flow sensor's silence, it is also ended by the sweep, which looks at the newest reading. So
//! `report_every` does not make the readings of a device cost more.

use super::{End, Episode, Evidence, Kind, Problem, Verdict};
use crate::domain::Timestamp;

/// Missing reports after which a device counts as silent.
const MISSING: i64 = 3;
/// The shortest and the longest time between two checks of a silent device, in seconds.
const SHORTEST: i64 = 300;
const LONGEST: i64 = 3_600;

/// The number of seconds without a report after which a device that should report every `report_every` seconds counts as silent.
pub fn silent_after(report_every: u32) -> i64 {
    i64::from(report_every).saturating_mul(MISSING)
}

/// What decides whether a device is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceSilence {
    /// The instant of its newest report, or of its registration if that is later.
    pub last: Timestamp,
    /// How often it should report, in seconds.
    pub report_every: u32,
    /// The current time.
    pub now: Timestamp,
}

impl DeviceSilence {
    /// Whether it is silent now.
    pub fn is_silent(&self) -> bool {
        self.due() <= self.now
    }

    /// When it becomes silent unless it reports: a second after the limit, since the time of the next check is stored in whole seconds.
    fn due(&self) -> Timestamp {
        Timestamp::from_seconds(self.last.seconds()).plus_seconds(silent_after(self.report_every).saturating_add(1))
    }

    /// When to check the device again.
    pub fn next_look(&self) -> Timestamp {
        if self.is_silent() {
            self.now.plus_seconds(i64::from(self.report_every).clamp(SHORTEST, LONGEST))
        } else {
            self.due()
        }
    }
}

/// Judges a device's silence by its newest report, the clock, and the problem that is `stored`. A silence that a person has
/// resolved stays resolved until the device reports again.
pub fn judge_device_silence(stored: Option<&Problem>, device: &DeviceSilence) -> Verdict {
    let mut problem =
        stored.cloned().unwrap_or(Problem { episodes: vec![], earlier: 0, acknowledged: None, note: None });
    let spoke = |silence: &Episode| device.last.seconds() > silence.began.seconds();
    if let Some(open) = problem.episodes.last_mut().filter(|last| last.end.is_none() && spoke(last)) {
        (open.end, open.changed_at) = (Some(End { at: device.last, by: None }), device.last);
    }
    if device.is_silent() && problem.episodes.last().is_none_or(spoke) {
        let (began, evidence) = (device.last, Evidence::None);
        problem.episodes.push(Episode { kind: Kind::Silent, began, end: None, evidence, changed_at: began });
    }
    problem.keep_newest(2);
    Verdict::of(stored, problem)
}

#[cfg(test)]
mod tests;

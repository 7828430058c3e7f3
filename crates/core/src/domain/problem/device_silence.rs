//! The silence of a device: it has reported nothing for three times as long as it should.
//!
//! Only the clock can start it. Unlike a flow sensor's silence, it is also ended by the sweep, which looks at the newest reading. So
//! `report_every` does not make the readings of a device cost more.

use super::{End, Episode, Evidence, Kind, Problem, REMOVED, Verdict, removed};
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
    /// The instant of its newest report or of its registration, whichever is later.
    pub last: Timestamp,
    /// How often it should report, in seconds.
    pub report_every: u32,
    /// The current time.
    pub now: Timestamp,
}

impl DeviceSilence {
    /// The same, but not before the problem that is `stored` ended because the device was disabled or should report less often: from then on
    /// it has as long to report as after its registration.
    #[must_use]
    pub fn after(self, stored: Option<&Problem>) -> Self {
        let end = stored.and_then(Problem::last).and_then(|last| last.end.as_ref());
        let ended = end.filter(|end| end.by.as_ref().is_some_and(|by| by.name == REMOVED));
        Self { last: ended.map_or(self.last, |end| self.last.max(end.at)), ..self }
    }

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
/// resolved stays resolved until the device reports again. One that is shorter than the device may now be silent ends as removed.
pub fn judge_device_silence(stored: Option<&Problem>, device: &DeviceSilence) -> Verdict {
    let device = device.after(stored);
    let mut problem =
        stored.cloned().unwrap_or(Problem { episodes: vec![], earlier: 0, acknowledged: None, note: None });
    let spoke = |silence: &Episode| device.last.seconds() > silence.began.seconds();
    let is_open = |silence: &&mut Episode| silence.end.is_none();
    match problem.episodes.last_mut().filter(is_open) {
        Some(open) if spoke(open) => {
            (open.end, open.changed_at) = (Some(End { at: device.last, by: None }), device.last);
        }
        Some(_) if !device.is_silent() => {
            return removed(problem, device.now).map_or(Verdict::Unchanged, Verdict::Write);
        }
        _ => {}
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

//! The silence of a sensor: it has reported nothing for too long.
//!
//! Only the clock can start a silence, and only a report can end it. A late report from within a silence shortens it, or
//! shows that there never was one.

use super::{End, Episode, Evidence, Kind, Problem, Verdict};
use crate::domain::Timestamp;
use crate::domain::level::{Measurement, Measurements};

/// When a sensor counts as silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilenceRule {
    /// The current time.
    pub now: Timestamp,
    /// A sensor without a report for more than this many seconds is silent.
    pub silent_after_seconds: i64,
    /// Whether a new silence may be opened. The sweep opens silences; a report only ends them.
    pub may_open: bool,
}

/// The result of judging a sensor's silence.
#[derive(Debug, Clone, PartialEq)]
pub struct SilenceVerdict {
    /// What has to be written about the silence.
    pub verdict: Verdict,
    /// When to check the sensor again; `None` when its silence is recorded, so that only a report can change anything.
    pub watch: Option<Timestamp>,
}

impl SilenceRule {
    /// Whether a sensor whose newest report is `last` is silent now.
    pub fn silent(&self, last: &Measurement) -> bool {
        self.gap(last.at, self.now)
    }

    /// When a sensor whose newest report is from `last` becomes silent. Instants are stored in whole seconds, so this is one second
    /// after the limit.
    pub fn due(&self, last: Timestamp) -> Timestamp {
        Timestamp::from_seconds(last.seconds()).plus_seconds(self.silent_after_seconds.saturating_add(1))
    }

    fn gap(&self, from: Timestamp, to: Timestamp) -> bool {
        self.due(from) <= to
    }
}

/// Judges a sensor's silence by its measurements, the clock, and the problem that is `stored`; `None` for a sensor without
/// measurements.
pub fn judge_silence(
    stored: Option<&Problem>,
    measurements: &Measurements,
    rule: &SilenceRule,
) -> Option<SilenceVerdict> {
    let last = measurements.last()?;
    let mut problem =
        stored.cloned().unwrap_or(Problem { episodes: vec![], earlier: 0, acknowledged: None, note: None });
    if let Some(open) = problem.episodes.pop_if(|episode| episode.end.is_none()) {
        end(&mut problem, open, measurements, rule);
    }
    let silent = rule.silent(last);
    // A silence that a person resolved stays resolved until the sensor reports again.
    let known = |problem: &Problem| problem.last().is_some_and(|known| known.began.seconds() == last.at.seconds());
    if silent && rule.may_open && !known(&problem) {
        problem.episodes.push(silence(last));
    }
    // Judging needs the last two.
    problem.keep_newest(2);
    let watch = if silent && known(&problem) { None } else { Some(rule.due(last.at)) };
    let verdict = match stored {
        Some(stored) if *stored == problem => Verdict::Unchanged,
        Some(_) if problem.episodes.is_empty() => Verdict::Withdraw,
        None if problem.episodes.is_empty() => Verdict::Unchanged,
        Some(_) | None => Verdict::Write(problem),
    };
    Some(SilenceVerdict { verdict, watch })
}

/// Replaces the open episode by what the measurements show now: it begins with the report before a gap, and ends with the first
/// report after it. An acknowledgement is kept.
fn end(problem: &mut Problem, open: Episode, measurements: &Measurements, rule: &SilenceRule) {
    let later = || measurements.as_slice().iter().filter(|m| m.at.seconds() > open.began.seconds());
    let ended =
        |silence: Episode, at: Timestamp| Episode { end: Some(End { at, by: None }), changed_at: at, ..silence };
    let mut silent = open.clone();
    for next in later() {
        if rule.gap(silent.began, next.at) {
            return keep(problem, &open, ended(silent, next.at));
        }
        silent = silence(next);
    }
    let first = later().next();
    let acknowledged = problem.acknowledged.as_ref().is_some_and(|note| note.episode >= open.began);
    match first {
        Some(first) if !measurements.last().is_some_and(|last| rule.silent(last)) => {
            // There never was a silence, but what a person has acknowledged or noted is not deleted.
            if acknowledged || problem.note.is_some() {
                problem.episodes.push(ended(open, first.at));
            }
        }
        Some(_) | None => keep(problem, &open, silent),
    }
}

/// Replaces `open` by `now`; an acknowledgement of it moves along with its beginning.
fn keep(problem: &mut Problem, open: &Episode, now: Episode) {
    if let Some(note) = problem.acknowledged.as_mut().filter(|note| note.episode >= open.began) {
        note.episode = note.episode.max(now.began);
    }
    problem.episodes.push(now);
}

fn silence(last: &Measurement) -> Episode {
    let evidence = Evidence::Levels { current: last.level, following: None };
    Episode { kind: Kind::Silent, began: last.at, end: None, evidence, changed_at: last.at }
}

#[cfg(test)]
mod tests;

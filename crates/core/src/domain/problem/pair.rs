//! The problem of a pair of neighbouring flow sensors, judged from the measurements of both.
//!
//! The measurements of both are merged into one timeline, which is walked from its first comparable report to its last.

use super::{End, Episode, Evidence, Kind, Problem, Rules, Verdict, compare};
use crate::domain::Timestamp;
use crate::domain::level::{Level, Measurement, Measurements};

/// Judges a pair by the measurements of both sensors and by the problem that is `stored`.
pub fn judge_pair(
    stored: Option<&Problem>,
    current: &Measurements,
    following: &Measurements,
    rules: &Rules,
) -> Verdict {
    let (current, following) = (seconds(current), seconds(following));
    let Some(start) = start(&current, &following) else {
        return Verdict::Unchanged;
    };
    let known = stored.map(|problem| problem.episodes.as_slice()).unwrap_or_default();
    // Episodes that ended before the measurements begin: the measurements cannot change them.
    let (before, within): (Vec<&Episode>, Vec<&Episode>) =
        known.iter().partition(|episode| episode.end.as_ref().is_some_and(|end| end.at < start));
    let carried = within.iter().find(|episode| episode.began < start);
    let ended = carried.and_then(|episode| episode.end.as_ref()).filter(|end| end.by.is_none()).map(|end| end.at);
    let carried = carried.map(|episode| Episode { end: None, ..(*episode).clone() });
    let manual_resolutions: Vec<End> =
        known.iter().filter_map(|e| e.end.clone()).filter(|end| end.by.is_some()).collect();

    let walked = episodes(&current, &following, rules, carried, ended, &manual_resolutions);
    let counted = u32::try_from(before.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let problem = Problem {
        episodes: before.last().map(|episode| (*episode).clone()).into_iter().chain(walked).collect(),
        earlier: stored.map_or(0, |problem| problem.earlier).saturating_add(counted),
        acknowledged: stored.and_then(|problem| problem.acknowledged.clone()),
        note: stored.and_then(|problem| problem.note.clone()),
    };
    Verdict::of(stored, problem)
}

/// The measurements at whole seconds. One that replaces another within a second must not move the start of the timeline,
/// or the problems would depend on which of the two arrived first.
fn seconds(measurements: &Measurements) -> Vec<Measurement> {
    let second = |m: &Measurement| Measurement { at: Timestamp::from_seconds(m.at.seconds()), ..*m };
    measurements.as_slice().iter().map(second).collect()
}

/// The first instant at which a level of both sensors is known. Before it the pair cannot be compared.
fn start(current: &[Measurement], following: &[Measurement]) -> Option<Timestamp> {
    Some(current.first()?.at.max(following.first()?.at))
}

/// The episodes of a pair, from the measurements of both sensors (each ascending).
///
/// `carried` is an episode that is open when the timeline starts. `ended` is when it was found to have ended by itself. Reports from
/// before the timeline contributed to that, so it stays valid unless a report in the timeline contradicts it.
/// `manual_resolutions` are the instants (ascending) at which a person declared the pair resolved.
fn episodes(
    current: &[Measurement],
    following: &[Measurement],
    rules: &Rules,
    carried: Option<Episode>,
    ended: Option<Timestamp>,
    manual_resolutions: &[End],
) -> Vec<Episode> {
    let mut walk = Walk { rules, manual_resolutions, open: carried, ended, finds: None, quiet: 0, done: Vec::new() };
    let (mut current, mut following) = (current.iter().peekable(), following.iter().peekable());
    let (mut here, mut there): (Option<&Measurement>, Option<&Measurement>) = (None, None);
    while let Some(at) = [current.peek(), following.peek()].into_iter().flatten().map(|m| m.at).min() {
        here = current.next_if(|m| m.at == at).or(here);
        there = following.next_if(|m| m.at == at).or(there);
        walk.resolve_before(at);
        if let (Some(here), Some(there)) = (here, there) {
            let difference = here.at.millis_since(there.at).saturating_abs();
            if difference <= rules.silent_after_seconds.saturating_mul(1000) {
                walk.step(at, here.level, there.level);
            }
        }
    }
    walk.finish()
}

/// Consecutive reports that found something while no episode is open.
struct Finds {
    since: Timestamp,
    reports: u32,
}

/// The state of a walk along the timeline.
struct Walk<'a> {
    rules: &'a Rules,
    manual_resolutions: &'a [End],
    open: Option<Episode>,
    ended: Option<Timestamp>,
    finds: Option<Finds>,
    quiet: u32,
    done: Vec<Episode>,
}

impl Walk<'_> {
    /// One report, with the levels of both sensors at that time.
    fn step(&mut self, at: Timestamp, current: Level, there: Level) {
        let evidence = Evidence::Levels { current, following: Some(there) };
        match (compare(current, there, self.rules.tolerance), &mut self.open) {
            (Some(kind), Some(open)) => {
                (self.quiet, self.ended) = (0, None);
                if open.kind != kind || open.evidence != evidence {
                    (open.kind, open.evidence, open.changed_at) = (kind, evidence, at);
                }
            }
            (Some(kind), None) => self.find(at, kind, evidence),
            (None, Some(open)) => {
                self.quiet += 1;
                if self.quiet >= self.rules.close_after || self.ended == Some(at) {
                    (open.evidence, open.changed_at) = (evidence, at);
                    self.close(End { at, by: None });
                }
            }
            (None, None) => self.finds = None,
        }
    }

    fn find(&mut self, at: Timestamp, kind: Kind, evidence: Evidence) {
        let finds = self.finds.get_or_insert(Finds { since: at, reports: 0 });
        finds.reports += 1;
        if finds.reports >= self.rules.open_after {
            let began = finds.since;
            self.open = Some(Episode { kind, began, end: None, evidence, changed_at: at });
            self.finds = None;
            self.quiet = 0;
        }
    }

    /// Ends the episodes that a person declared resolved before the report at `at`.
    fn resolve_before(&mut self, at: Timestamp) {
        while let Some((end, rest)) = self.manual_resolutions.split_first().filter(|(end, _)| end.at < at) {
            self.manual_resolutions = rest;
            self.resolve(end);
        }
    }

    fn resolve(&mut self, end: &End) {
        self.finds = None;
        if self.open.as_ref().is_some_and(|open| open.began <= end.at) {
            self.close(end.clone());
        }
    }

    fn close(&mut self, end: End) {
        (self.quiet, self.ended) = (0, None);
        self.done.extend(self.open.take().map(|open| Episode { end: Some(end), ..open }));
    }

    fn finish(mut self) -> Vec<Episode> {
        for end in self.manual_resolutions {
            self.resolve(end);
        }
        self.done.extend(self.open);
        self.done
    }
}

#[cfg(test)]
mod tests;

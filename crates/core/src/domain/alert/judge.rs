//! The rule: the timeline of a sensor's readings becomes the episodes of an alert's problem.
//!
//! A problem is computed from the stored readings, not from the reading that arrived last. After readings were stored or replaced,
//! the timeline is judged again from the earliest of them on; what the stored problem says of the time before stays. So every
//! order, repetition and grouping of the same readings leads to the same problem: once all of them are judged, each part of the
//! timeline was judged after its last reading had arrived.

use super::{Alert, Severity};
use crate::domain::Timestamp;
use crate::domain::problem::{End, Episode, Evidence, Kind, Problem, Verdict};

/// Episodes kept. Older ones are only counted, and readings from before the first one kept no longer change anything.
const KEPT: usize = 16;

/// A reading that alerts consider.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When it was measured.
    pub at: Timestamp,
    /// The calibrated value.
    pub value: f64,
}

/// The readings and the limit behind an episode of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Breach {
    /// The instant of the reading that opened the episode: the one that completed the required number of breaches.
    pub opened: Timestamp,
    /// The value that opened it.
    pub value: f64,
    /// The value that ended it.
    pub ending: Option<f64>,
    /// The limit that was breached.
    pub limit: f64,
    /// The unit of both; may be empty.
    pub unit: String,
    /// How urgent it is.
    pub severity: Severity,
}

impl Breach {
    /// The value that is shown: the one that opened it or, once it is over, that ended it.
    pub fn shown(&self) -> f64 {
        self.ending.unwrap_or(self.value)
    }
}

/// An alert, with what is needed to judge it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule<'a> {
    /// The alert.
    pub alert: &'a Alert,
    /// The unit of the sensor's values.
    pub unit: &'a str,
}

/// The number of points before the first judged one that judging needs: they may count towards opening a problem.
pub fn context(alert: &Alert) -> usize {
    usize::try_from(alert.count.saturating_sub(1)).unwrap_or(0)
}

/// Whether a reading that was stored or replaced can change the stored problem. `value` is `None` when alerts do not
/// consider the reading. If the answer is no, the timeline need not be read.
pub fn concerns(stored: Option<&Problem>, alert: &Alert, at: Timestamp, value: Option<f64>) -> bool {
    if too_old(stored, at) {
        return false;
    }
    let episodes = stored.map(|stored| stored.episodes.as_slice()).unwrap_or_default();
    let outdated = |open: &Episode| open.end.is_none() && open.breach().is_some_and(|of| of.severity != alert.severity);
    if episodes.last().is_some_and(outdated) {
        return true;
    }
    let around = |episode: &&Episode| episode.began <= at && episode.end.as_ref().is_none_or(|end| at <= end.at);
    match (episodes.iter().find(around), value) {
        // One that neither opened it nor ends it.
        (Some(episode), Some(value)) => {
            let inside = opened(episode) < at && episode.end.as_ref().is_none_or(|end| at < end.at);
            !inside || alert.clears(value)
        }
        (Some(_), None) => true,
        (None, Some(value)) => alert.breach(value).is_some(),
        // It may have replaced one that stood between breaches.
        (None, None) => alert.count > 1,
    }
}

/// The instant from which to judge when the timeline has changed at `from`: later than `from` if that is before the first episode
/// kept.
pub fn starts_at(stored: Option<&Problem>, from: Timestamp) -> Timestamp {
    let first = stored.filter(|stored| stored.earlier > 0).and_then(|stored| stored.episodes.first());
    first.map_or(from, |first| from.max(Timestamp::from_millis(opened(first).millis().saturating_add(1))))
}

fn too_old(stored: Option<&Problem>, at: Timestamp) -> bool {
    starts_at(stored, at) > at
}

/// Judges an alert. `timeline` has, ascending, all points from `from` on and at least [`context`] points before it, as far as
/// there are any; `stored` is the problem as it was judged before.
pub fn judge_alert(stored: Option<&Problem>, rule: &Rule<'_>, timeline: &[Point], from: Timestamp) -> Verdict {
    let from = starts_at(stored, from);
    let known = stored.map(|problem| problem.episodes.as_slice()).unwrap_or_default();
    // Episodes that ended before: no point from `from` on can change them.
    let (before, later): (Vec<&Episode>, Vec<&Episode>) =
        known.iter().partition(|episode| episode.end.as_ref().is_some_and(|end| end.at < from));
    let carried = later.iter().find(|episode| opened(episode) < from).map(|open| carried(open, rule.alert));
    let resolutions: Vec<&End> =
        later.iter().filter_map(|episode| episode.end.as_ref()).filter(|end| end.by.is_some()).collect();

    let (earlier, points) = timeline.split_at(timeline.partition_point(|point| point.at < from));
    let run = if carried.is_some() { None } else { run(earlier, rule.alert, before.last().copied()) };
    let mut walk = Walk { rule, resolutions: &resolutions, open: carried, run, done: Vec::new() };
    points.iter().for_each(|point| walk.step(point));
    let walked = walk.finish();

    let mut problem = Problem {
        episodes: before.into_iter().cloned().chain(walked).collect(),
        earlier: stored.map_or(0, |problem| problem.earlier),
        acknowledged: stored.and_then(|problem| problem.acknowledged.clone()),
        note: stored.and_then(|problem| problem.note.clone()),
    };
    problem.keep_newest(KEPT);
    Verdict::of(stored, problem)
}

/// When the reading that opened an episode was measured.
fn opened(episode: &Episode) -> Timestamp {
    episode.breach().map_or(episode.began, |breach| breach.opened)
}

/// An episode as it was while it was open. An alert may have become more urgent since.
fn carried(episode: &Episode, alert: &Alert) -> Episode {
    let mut open = Episode { end: None, changed_at: opened(episode), ..episode.clone() };
    if let Evidence::Breach(breach) = &mut open.evidence {
        (breach.ending, breach.severity) = (None, alert.severity);
    }
    open
}

/// Consecutive breaches while nothing is open.
struct Run {
    since: Timestamp,
    length: u32,
}

/// The breaches right before the points that are judged, after the episode before them.
fn run(earlier: &[Point], alert: &Alert, before: Option<&Episode>) -> Option<Run> {
    let over = before.and_then(|episode| episode.end.as_ref()).map(|end| end.at);
    let breaches = earlier.iter().rev().take(context(alert));
    let breaches =
        breaches.take_while(|point| alert.breach(point.value).is_some() && over.is_none_or(|at| point.at > at));
    breaches.fold(None, |run: Option<Run>, point| {
        Some(Run { since: point.at, length: run.map_or(0, |run| run.length) + 1 })
    })
}

/// The state of a walk along the timeline.
struct Walk<'a> {
    rule: &'a Rule<'a>,
    /// When people declared the problem resolved or its alert was removed, ascending.
    resolutions: &'a [&'a End],
    open: Option<Episode>,
    run: Option<Run>,
    done: Vec<Episode>,
}

impl Walk<'_> {
    fn step(&mut self, point: &Point) {
        let Rule { alert, unit } = *self.rule;
        while let Some((end, rest)) = self.resolutions.split_first().filter(|(end, _)| end.at < point.at) {
            self.resolutions = rest;
            self.resolve(end);
        }
        if let Some(open) = &mut self.open {
            if alert.clears(point.value) {
                if let Evidence::Breach(breach) = &mut open.evidence {
                    breach.ending = Some(point.value);
                }
                open.changed_at = point.at;
                self.close(End { at: point.at, by: None });
            }
            return;
        }
        let Some(limit) = alert.breach(point.value) else {
            self.run = None;
            return;
        };
        let run = self.run.get_or_insert(Run { since: point.at, length: 0 });
        run.length += 1;
        if run.length >= alert.count {
            let (opened, value, severity) = (point.at, point.value, alert.severity);
            let unit = unit.to_owned();
            let evidence = Evidence::Breach(Breach { opened, value, ending: None, limit, unit, severity });
            self.open = Some(Episode { kind: Kind::Limit, began: run.since, end: None, evidence, changed_at: opened });
            self.run = None;
        }
    }

    fn resolve(&mut self, end: &End) {
        self.run = None;
        if self.open.as_ref().is_some_and(|open| opened(open) <= end.at) {
            self.close(end.clone());
        }
    }

    fn close(&mut self, end: End) {
        self.done.extend(self.open.take().map(|open| Episode { end: Some(end), ..open }));
    }

    fn finish(mut self) -> Vec<Episode> {
        while let Some((end, rest)) = self.resolutions.split_first() {
            self.resolutions = rest;
            self.resolve(end);
        }
        self.done.extend(self.open);
        self.done
    }
}

#[cfg(test)]
mod tests;

//! What is to be written about a pair, from its measurements and from what is written already.

use super::{End, Episode, Problem, Rules, timeline};
use crate::domain::Timestamp;
use crate::domain::level::{Measurement, Measurements};

/// What is to be done about a pair or a sensor.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Nothing to write.
    Unchanged,
    /// This is what is known now.
    Write(Problem),
    /// A late report showed that nothing ever was wrong, and no person has had to do with it: remove it.
    Withdraw,
}

/// Judges a pair by the measurements of both and by what is `stored` about it.
pub fn judge(stored: Option<&Problem>, current: &Measurements, following: &Measurements, rules: &Rules) -> Verdict {
    let (current, following) = (seconds(current), seconds(following));
    let Some(start) = timeline::start(&current, &following) else {
        return Verdict::Unchanged;
    };
    let known = stored.map(|problem| problem.episodes.as_slice()).unwrap_or_default();
    // Over before the measurements begin: nothing they say can change it.
    let (before, within): (Vec<&Episode>, Vec<&Episode>) =
        known.iter().partition(|episode| episode.end.as_ref().is_some_and(|end| end.at < start));
    let carried = within.iter().find(|episode| episode.began < start);
    let ended = carried.and_then(|episode| episode.end.as_ref()).filter(|end| end.by.is_none()).map(|end| end.at);
    let carried = carried.map(|episode| Episode { end: None, ..(*episode).clone() });
    let cuts: Vec<End> = known.iter().filter_map(|e| e.end.clone()).filter(|end| end.by.is_some()).collect();

    let walked = timeline::episodes(&current, &following, rules, carried, ended, &cuts);
    let counted = u32::try_from(before.len().saturating_sub(1)).unwrap_or(u32::MAX);
    let mut problem = Problem {
        episodes: before.last().map(|episode| (*episode).clone()).into_iter().chain(walked).collect(),
        earlier: stored.map_or(0, |problem| problem.earlier).saturating_add(counted),
        acknowledged: stored.and_then(|problem| problem.acknowledged.clone()),
        note: stored.and_then(|problem| problem.note.clone()),
    };
    if problem.episodes.is_empty() {
        match stored.and_then(|stored| stored.touched().then(|| stored.last().cloned()).flatten()) {
            Some(last) => {
                let end = last.end.clone().unwrap_or(End { at: last.changed_at, by: None });
                problem.episodes.push(Episode { end: Some(end), ..last });
            }
            None => return if stored.is_some() { Verdict::Withdraw } else { Verdict::Unchanged },
        }
    }
    if stored == Some(&problem) { Verdict::Unchanged } else { Verdict::Write(problem) }
}

/// The measurements at whole seconds, which is what tells them apart: one that takes another's place within a second
/// must not move where the timeline starts, or the problems would depend on which of the two came first.
fn seconds(measurements: &Measurements) -> Vec<Measurement> {
    let second = |m: &Measurement| Measurement { at: Timestamp::from_seconds(m.at.seconds()), ..*m };
    measurements.as_slice().iter().map(second).collect()
}

#[cfg(test)]
mod tests;

//! A sensor that reports nothing for too long.
//!
//! Only the clock can find a silence, and only a report can end it. A report that comes late into a silence shortens it,
//! or shows that there never was one.

use super::{End, Episode, Kind, Problem, Verdict};
use crate::domain::Timestamp;
use crate::domain::level::{Measurement, Measurements};

/// How a sensor is listened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listening {
    /// Now.
    pub now: Timestamp,
    /// So many seconds without a report are a silence.
    pub silent_after_seconds: i64,
    /// Whether a silence that is not written yet may be: the sweep does that, a report only ends silences.
    pub may_open: bool,
}

/// What was made of a sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// What is to be written about its silence.
    pub verdict: Verdict,
    /// When to look again whether it is silent; `None`: it is, that is written, and only a report can change it.
    pub watch: Option<Timestamp>,
}

impl Listening {
    /// Whether a sensor whose newest report is `last` is silent now.
    pub fn silent(&self, last: &Measurement) -> bool {
        self.gap(last.at, self.now)
    }

    /// When a sensor that reported at `last`, and never again, is silent: in the second after its time is over, because
    /// instants are kept to the second.
    pub fn due(&self, last: Timestamp) -> Timestamp {
        Timestamp::from_seconds(last.seconds()).plus_seconds(self.silent_after_seconds.saturating_add(1))
    }

    fn gap(&self, from: Timestamp, to: Timestamp) -> bool {
        self.due(from) <= to
    }
}

/// Judges a sensor's silence by its measurements, the clock, and what is `stored` about it; `None` for a sensor without
/// measurements.
pub fn hear(stored: Option<&Problem>, measurements: &Measurements, listening: &Listening) -> Option<Heard> {
    let last = measurements.last()?;
    let mut problem =
        stored.cloned().unwrap_or(Problem { episodes: vec![], earlier: 0, acknowledged: None, note: None });
    if let Some(open) = problem.episodes.pop_if(|episode| episode.end.is_none()) {
        end(&mut problem, open, measurements, listening);
    }
    let silent = listening.silent(last);
    // What a person has resolved stays so until the sensor has spoken again.
    let known = |problem: &Problem| problem.last().is_some_and(|known| known.began.seconds() == last.at.seconds());
    if silent && listening.may_open && !known(&problem) {
        problem.episodes.push(silence(last));
    }
    shorten(&mut problem);
    let watch = if silent && known(&problem) { None } else { Some(listening.due(last.at)) };
    let verdict = match stored {
        Some(stored) if *stored == problem => Verdict::Unchanged,
        Some(_) if problem.episodes.is_empty() => Verdict::Withdraw,
        None if problem.episodes.is_empty() => Verdict::Unchanged,
        Some(_) | None => Verdict::Write(problem),
    };
    Some(Heard { verdict, watch })
}

/// Puts back an episode that was open, as the measurements have it now: it lasts until the first of them that comes after
/// a gap, and begins with the one before that. Whoever knew of it still does.
fn end(problem: &mut Problem, open: Episode, measurements: &Measurements, listening: &Listening) {
    let later = || measurements.as_slice().iter().filter(|m| m.at.seconds() > open.began.seconds());
    let ended =
        |silence: Episode, at: Timestamp| Episode { end: Some(End { at, by: None }), changed_at: at, ..silence };
    let mut silent = open.clone();
    for next in later() {
        if listening.gap(silent.began, next.at) {
            return keep(problem, &open, ended(silent, next.at));
        }
        silent = silence(next);
    }
    let first = later().next();
    let noticed = problem.acknowledged.as_ref().is_some_and(|note| note.episode >= open.began);
    match first {
        Some(first) if !measurements.last().is_some_and(|last| listening.silent(last)) => {
            // There never was one, but what a person has had to do with does not vanish.
            if noticed || problem.note.is_some() {
                problem.episodes.push(ended(open, first.at));
            }
        }
        Some(_) | None => keep(problem, &open, silent),
    }
}

/// Puts back `open` as it turned out to be; an acknowledgement of it goes with its beginning.
fn keep(problem: &mut Problem, open: &Episode, now: Episode) {
    if let Some(note) = problem.acknowledged.as_mut().filter(|note| note.episode >= open.began) {
        note.episode = note.episode.max(now.began);
    }
    problem.episodes.push(now);
}

fn silence(last: &Measurement) -> Episode {
    let (began, current) = (last.at, last.level);
    Episode { kind: Kind::Silent, began, end: None, current, following: None, changed_at: began }
}

/// Judging needs the last episode and the one before it; those before are only counted.
fn shorten(problem: &mut Problem) {
    let counted = problem.episodes.len().saturating_sub(2);
    problem.episodes.drain(..counted);
    problem.earlier = problem.earlier.saturating_add(u32::try_from(counted).unwrap_or(u32::MAX));
}

#[cfg(test)]
mod tests;

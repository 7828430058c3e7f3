//! A sensor that reports nothing for too long.
//!
//! Only the clock can find a silence, and only a report can end it. A report that comes late into a silence shortens it,
//! or shows that there never was one.

use super::{Acknowledgement, End, Episode, Kind, Problem, Verdict};
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

/// Puts back an episode that was open, as the measurements have it now.
fn end(problem: &mut Problem, open: Episode, measurements: &Measurements, listening: &Listening) {
    let later = measurements.as_slice().iter().find(|m| m.at.seconds() > open.began.seconds());
    let Some((next, last)) = later.zip(measurements.last()) else {
        return problem.episodes.push(open);
    };
    let closed = Episode { end: Some(End { at: next.at, by: None }), changed_at: next.at, ..open.clone() };
    if listening.gap(open.began, next.at) {
        problem.episodes.push(closed);
    } else if listening.silent(last) {
        // A late report: the silence is the same, only later. Who knew of it still does.
        let moved = silence(last);
        let noticed = problem.acknowledged.take();
        problem.acknowledged = noticed.map(|note| match note {
            Acknowledgement { episode, .. } if episode >= open.began => {
                Acknowledgement { episode: moved.began, ..note }
            }
            other => other,
        });
        problem.episodes.push(moved);
    } else if problem.acknowledged.as_ref().is_some_and(|note| note.episode >= open.began) || problem.note.is_some() {
        // There never was one, but what a person has had to do with does not vanish.
        problem.episodes.push(closed);
    }
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

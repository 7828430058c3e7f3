//! The life of a problem: what is kept of it, where it stands, and what people may do with it.

use super::{End, Episode, Person};
use crate::domain::Timestamp;

/// All that is kept about one pair, or about one sensor's silences.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The newest episodes, ascending, at least one: those the measurements can still tell of and the one before them.
    pub episodes: Vec<Episode>,
    /// How many episodes there were before those.
    pub earlier: u32,
    /// Who has taken note.
    pub acknowledged: Option<Acknowledgement>,
    /// A person's remark.
    pub note: Option<String>,
}

/// That a person has taken note of an episode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Who.
    pub by: String,
    /// When, by the clock.
    pub at: Timestamp,
    /// An instant within the episode meant: its beginning as it was known then.
    pub episode: Timestamp,
}

/// Where a problem stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Open, and nobody has taken note.
    Unresolved,
    /// Open, and somebody has.
    Acknowledged,
    /// Over.
    Resolved,
}

impl Status {
    /// Every status: what needs somebody first.
    pub const ALL: [Self; 3] = [Self::Unresolved, Self::Acknowledged, Self::Resolved];

    /// The word that is stored.
    pub const fn code(self) -> &'static str {
        match self {
            Status::Unresolved => "UNRESOLVED",
            Status::Acknowledged => "ACKNOWLEDGED",
            Status::Resolved => "RESOLVED",
        }
    }
}

impl Problem {
    /// The newest episode.
    pub fn last(&self) -> Option<&Episode> {
        self.episodes.last()
    }

    /// How many episodes there were in all.
    pub fn count(&self) -> u32 {
        self.earlier.saturating_add(u32::try_from(self.episodes.len()).unwrap_or(u32::MAX))
    }

    /// Who has taken note of the newest episode.
    pub fn noticed(&self) -> Option<&Acknowledgement> {
        let began = self.last()?.began;
        self.acknowledged.as_ref().filter(|note| note.episode >= began)
    }

    /// Where it stands.
    pub fn status(&self) -> Status {
        match self.last() {
            Some(Episode { end: None, .. }) if self.noticed().is_some() => Status::Acknowledged,
            Some(Episode { end: None, .. }) => Status::Unresolved,
            Some(_) | None => Status::Resolved,
        }
    }

    /// Whether a person has had to do with it.
    pub(super) fn touched(&self) -> bool {
        let resolved = |episode: &Episode| episode.end.as_ref().is_some_and(|end| end.by.is_some());
        self.acknowledged.is_some() || self.note.is_some() || self.episodes.iter().any(resolved)
    }
}

/// What a person wants of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// To take note of the episode that is open.
    Acknowledge,
    /// To declare it over. `known` is the newest report there was: what is reported later may contradict.
    Resolve {
        /// The newest report of the sensors concerned.
        known: Timestamp,
    },
}

/// A change that makes no sense from where the problem stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the problem is {}", .0.code())]
pub struct NoSense(pub Status);

impl Problem {
    /// The problem after a person's change.
    ///
    /// # Errors
    /// What is acknowledged cannot be acknowledged again, and what is resolved is over.
    pub fn changed(mut self, change: Change, by: Person) -> Result<Self, NoSense> {
        let status = self.status();
        let Some(last) = self.episodes.last_mut().filter(|last| last.end.is_none()) else {
            return Err(NoSense(status));
        };
        match (change, status) {
            (Change::Acknowledge, Status::Unresolved) => {
                self.acknowledged = Some(Acknowledgement { by: by.name, at: by.at, episode: last.began });
            }
            (Change::Resolve { known }, Status::Unresolved | Status::Acknowledged) => {
                // Of a sensor whose row was deleted nothing newer is known than the problem itself.
                last.end = Some(End { at: known.max(last.changed_at), by: Some(by) });
            }
            _ => return Err(NoSense(status)),
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;
    use crate::domain::level::Level;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn ann() -> Person {
        Person { name: "ann".into(), at: at(100) }
    }

    fn open(began: i64) -> Problem {
        let (current, following) = (Level::new(100.0).unwrap(), Level::new(50.0).ok());
        let episode =
            Episode { kind: Kind::Obstruction, began: at(began), end: None, current, following, changed_at: at(began) };
        Problem { episodes: vec![episode], earlier: 0, acknowledged: None, note: None }
    }

    #[test]
    fn every_transition_makes_sense_or_is_refused() {
        let resolve = Change::Resolve { known: at(9) };
        let acknowledged = open(5).changed(Change::Acknowledge, ann()).unwrap();
        let resolved = open(5).changed(resolve, ann()).unwrap();
        for (from, change, to) in [
            (&open(5), Change::Acknowledge, Ok(Status::Acknowledged)),
            (&open(5), resolve, Ok(Status::Resolved)),
            (&acknowledged, Change::Acknowledge, Err(NoSense(Status::Acknowledged))),
            (&acknowledged, resolve, Ok(Status::Resolved)),
            (&resolved, Change::Acknowledge, Err(NoSense(Status::Resolved))),
            (&resolved, resolve, Err(NoSense(Status::Resolved))),
        ] {
            let got = from.clone().changed(change, ann()).map(|problem| problem.status());
            assert_eq!(got, to, "{:?} {change:?}", from.status());
        }
        assert_eq!(resolved.last().unwrap().end, Some(End { at: at(9), by: Some(ann()) }));
    }

    #[test]
    fn an_end_is_never_before_what_it_ends() {
        let resolved = open(5).changed(Change::Resolve { known: at(3) }, ann()).unwrap();
        assert_eq!(resolved.last().unwrap().end.as_ref().map(|end| end.at), Some(at(5)));
    }

    #[test]
    fn an_acknowledgement_is_of_one_episode() {
        let mut problem = open(5).changed(Change::Acknowledge, ann()).unwrap();
        problem.episodes.push(open(8).episodes.remove(0));
        assert_eq!((problem.status(), problem.noticed()), (Status::Unresolved, None));
    }
}

//! A problem: its episodes, its status, and the changes that people make to it.

use super::{End, Episode, Evidence, Person};
use crate::domain::Timestamp;
use crate::domain::alert::Severity;

/// A problem with its episodes: of a pair, of an alert, or of the silence of a sensor or device.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// The newest episodes, ascending, at least one: those that the measurements still cover, and the one before them.
    pub episodes: Vec<Episode>,
    /// The number of episodes before those.
    pub earlier: u32,
    /// The latest acknowledgement.
    pub acknowledged: Option<Acknowledgement>,
    /// A person's note.
    pub note: Option<String>,
}

/// The acknowledgement of one episode by a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The person's name.
    pub by: String,
    /// When the person acknowledged it.
    pub at: Timestamp,
    /// An instant within the acknowledged episode: its beginning as it was known then.
    pub episode: Timestamp,
}

/// The status of a problem: that of its newest episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Open and not acknowledged.
    Unresolved,
    /// Open and acknowledged.
    Acknowledged,
    /// Over.
    Resolved,
}

impl Status {
    /// Every status, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Unresolved, Self::Acknowledged, Self::Resolved];

    /// The code in the table and in the API.
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

    /// The number of all episodes.
    pub fn count(&self) -> u32 {
        self.earlier.saturating_add(u32::try_from(self.episodes.len()).unwrap_or(u32::MAX))
    }

    /// Keeps the newest `most` episodes; earlier ones are only counted.
    pub(in crate::domain) fn keep_newest(&mut self, most: usize) {
        let counted = self.episodes.len().saturating_sub(most);
        self.episodes.drain(..counted);
        self.earlier = self.earlier.saturating_add(u32::try_from(counted).unwrap_or(u32::MAX));
    }

    /// The acknowledgement of the newest episode.
    pub fn acknowledgement(&self) -> Option<&Acknowledgement> {
        let began = self.last()?.began;
        self.acknowledged.as_ref().filter(|note| note.episode >= began)
    }

    /// How urgent the newest episode is: that of an alert as the alert says, that of a silent device `warning`. Problems of flow
    /// sensors have no severity.
    pub fn severity(&self) -> Option<Severity> {
        match &self.last()?.evidence {
            Evidence::Breach(breach) => Some(breach.severity),
            Evidence::None => Some(Severity::Warning),
            Evidence::Levels { .. } => None,
        }
    }

    /// The status of the newest episode.
    pub fn status(&self) -> Status {
        match self.last() {
            Some(Episode { end: None, .. }) if self.acknowledgement().is_some() => Status::Acknowledged,
            Some(Episode { end: None, .. }) => Status::Unresolved,
            Some(_) | None => Status::Resolved,
        }
    }

    /// Whether a person has acknowledged or resolved it, or left a note.
    pub(super) fn changed_by_person(&self) -> bool {
        let resolved = |episode: &Episode| episode.end.as_ref().is_some_and(|end| end.by.is_some());
        self.acknowledged.is_some() || self.note.is_some() || self.episodes.iter().any(resolved)
    }
}

/// A change of a problem's status by a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Acknowledges the open episode.
    Acknowledge,
    /// Ends the open episode. A report after `known` may open the problem again.
    Resolve {
        /// The newest report of the sensors that the person could know of.
        known: Timestamp,
    },
}

/// This status change is not allowed: the problem has the status given here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the problem is {}", .0.code())]
pub struct InvalidTransition(pub Status);

impl Problem {
    /// The problem after a person's change.
    ///
    /// # Errors
    /// When the problem is resolved, or acknowledged already and the change acknowledges it.
    pub fn changed(mut self, change: Change, by: Person) -> Result<Self, InvalidTransition> {
        let status = self.status();
        let Some(last) = self.episodes.last_mut().filter(|last| last.end.is_none()) else {
            return Err(InvalidTransition(status));
        };
        match (change, status) {
            (Change::Acknowledge, Status::Unresolved) => {
                self.acknowledged = Some(Acknowledgement { by: by.name, at: by.at, episode: last.began });
            }
            (Change::Resolve { known }, Status::Unresolved | Status::Acknowledged) => {
                // When the sensor's row was deleted, the problem itself is the newest that is known.
                last.end = Some(End { at: known.max(last.changed_at), by: Some(by) });
            }
            _ => return Err(InvalidTransition(status)),
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
        let evidence = Evidence::Levels { current: Level::new(100.0).unwrap(), following: Level::new(50.0).ok() };
        let episode = Episode { kind: Kind::Obstruction, began: at(began), end: None, evidence, changed_at: at(began) };
        Problem { episodes: vec![episode], earlier: 0, acknowledged: None, note: None }
    }

    #[test]
    fn every_transition_is_allowed_or_refused() {
        let resolve = Change::Resolve { known: at(9) };
        let acknowledged = open(5).changed(Change::Acknowledge, ann()).unwrap();
        let resolved = open(5).changed(resolve, ann()).unwrap();
        for (from, change, to) in [
            (&open(5), Change::Acknowledge, Ok(Status::Acknowledged)),
            (&open(5), resolve, Ok(Status::Resolved)),
            (&acknowledged, Change::Acknowledge, Err(InvalidTransition(Status::Acknowledged))),
            (&acknowledged, resolve, Ok(Status::Resolved)),
            (&resolved, Change::Acknowledge, Err(InvalidTransition(Status::Resolved))),
            (&resolved, resolve, Err(InvalidTransition(Status::Resolved))),
        ] {
            let got = from.clone().changed(change, ann()).map(|problem| problem.status());
            assert_eq!(got, to, "{:?} {change:?}", from.status());
        }
        assert_eq!(resolved.last().unwrap().end, Some(End { at: at(9), by: Some(ann()) }));
    }

    #[test]
    fn an_episode_never_ends_before_it_began() {
        let resolved = open(5).changed(Change::Resolve { known: at(3) }, ann()).unwrap();
        assert_eq!(resolved.last().unwrap().end.as_ref().map(|end| end.at), Some(at(5)));
    }

    #[test]
    fn an_acknowledgement_is_of_one_episode() {
        let mut problem = open(5).changed(Change::Acknowledge, ann()).unwrap();
        problem.episodes.push(open(8).episodes.remove(0));
        assert_eq!((problem.status(), problem.acknowledgement()), (Status::Unresolved, None));
    }
}

//! A change that a person asks for: acknowledge, resolve, another note.
//!
//! The detector writes the same rows. Each write is conditional on the revision that was read. When another writer was
//! faster, the problem is read and the request decided again, so that neither a person's change nor a report is lost.

use weir_aws::level::LevelState;
use weir_aws::problem::{JudgeNext, StoredProblem};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::problem::{Change, InvalidTransition, Person, Problem, Status, Subject};
use weir_core::domain::text::{Lines, unfit};
use weir_core::domain::{FieldError, Timestamp};
use weir_core::id::LevelId;
use weir_http::{ApiError, Caller, Preconditions};

use super::Parts;
use super::event::{Deed, of_problem};
use super::show::StatusJson;

/// Attempts to write a change while the detector and others write the same problem.
const ATTEMPTS: u32 = 20;
/// Maximum characters of a note.
const LONGEST_NOTE: usize = 1_000;

/// The change that was requested.
pub(super) struct Request {
    pub status: Option<StatusJson>,
    /// The inner `None` deletes the note.
    pub note: Option<Option<String>>,
}

impl Request {
    /// The request, if it changes something and its note is valid.
    pub(super) fn checked(self) -> Result<Self, ApiError> {
        if self.status.is_none() && self.note.is_none() {
            return Err(FieldError::new("", "must name `problem_status` or `note`").into());
        }
        let note = self.note.as_ref().and_then(|note| note.as_ref()).map(|note| note.trim());
        let wrong = note.and_then(|note| match note {
            "" => Some("must not be empty; null deletes it".to_owned()),
            note => unfit(note, LONGEST_NOTE, Lines::Many),
        });
        wrong.map_or(Ok(self), |detail| Err(FieldError::new("/note", detail).into()))
    }

    fn resolves(&self) -> bool {
        matches!(self.status, Some(StatusJson::Resolved))
    }

    /// The problem after the change. `known` is the newest report that the person can know of.
    fn apply(&self, problem: &Problem, known: Timestamp, by: &Person) -> Result<Problem, ApiError> {
        let present = problem.status();
        let change = match self.status {
            None => None,
            Some(StatusJson::Acknowledged) => Some(Change::Acknowledge),
            Some(StatusJson::Resolved) => Some(Change::Resolve { known }),
            Some(StatusJson::Unresolved) => return Err(not_allowed(present, Status::Unresolved)),
        };
        let mut changed = problem.clone();
        if let Some(change) = change {
            let to = if change == Change::Acknowledge { Status::Acknowledged } else { Status::Resolved };
            changed = changed.changed(change, by.clone()).map_err(|InvalidTransition(from)| not_allowed(from, to))?;
        }
        if let Some(note) = &self.note {
            changed.note = note.as_ref().map(|note| note.trim().to_owned());
        }
        Ok(changed)
    }
}

fn not_allowed(from: Status, to: Status) -> ApiError {
    ApiError::transition(format!("the problem is {}: it cannot become {}", from.code(), to.code()))
}

impl Parts {
    /// Carries the request out, and returns the problem after that.
    pub(super) async fn change_problem(
        &self,
        subject: &Subject,
        request: &Request,
        conditions: Option<&Preconditions>,
        caller: &Caller,
    ) -> Result<StoredProblem, ApiError> {
        // Whole seconds, as it is shown.
        let by = Person { name: caller.name(), at: Timestamp::from_seconds(self.clock.now().seconds()) };
        let logs = self.logs(subject).await?;
        // The newest report at the first attempt: the person cannot know of one that arrives during a later attempt.
        let mut known = None;
        let mut attempts = Attempts::new("problems", subject, ATTEMPTS);
        loop {
            attempts.next().await?;
            let stored = self.problems.find(subject).await?.ok_or_else(ApiError::not_found)?;
            conditions.map_or(Ok(()), |conditions| conditions.check(stored.revision))?;
            let levels = if request.resolves() { self.levels_of_subject(subject).await? } else { Vec::new() };
            let newest = levels.iter().filter_map(|(_, state)| newest_second(state)).max().map(Timestamp::from_seconds);
            // Readings of a device are known up to this moment: a later one that breaches the limit opens the problem again.
            let readings = subject.device().map(|_| by.at);
            let known = *known.get_or_insert(newest.or(readings).unwrap_or(Timestamp::from_seconds(0)));
            let changed = request.apply(&stored.problem, known, &by)?;
            if changed == stored.problem {
                return Ok(stored);
            }
            let sensors = if request.resolves() { judge_next(subject, &levels, known) } else { Vec::new() };
            let deed = Deed { by: &by.name, at: self.clock.now() };
            let events = of_problem(&logs, subject, &stored, &changed, deed);
            let events = self.events.with(&events);
            let written = self.problems.change_and_judge_next(subject, &stored, &changed, &sensors, events).await?;
            if written == WriteOutcome::Done {
                return Ok(StoredProblem { problem: changed, revision: stored.revision + 1 });
            }
        }
    }

    /// The levels of the problem's sensors, without sensors that have none.
    async fn levels_of_subject(&self, subject: &Subject) -> Result<Vec<(LevelId, LevelState)>, AwsError> {
        let ids: Vec<_> = subject.levels().cloned().collect();
        let states = self.levels.of_ids(&ids).await?.into_iter();
        states.map(|(id, state)| Ok((id, state?))).collect()
    }
}

/// The second of the newest report, which is how the timeline of a pair counts.
fn newest_second(state: &LevelState) -> Option<i64> {
    Some(state.measurements.last()?.at.seconds())
}

/// The sensors of a resolved pair. The detector has to judge the next report of each, because one with the same level as
/// before would not wake it, although it contradicts the resolution. A report that has arrived after `known` has to be
/// judged at once. The next report of a silent sensor wakes the detector in any case.
fn judge_next<'a>(subject: &Subject, levels: &'a [(LevelId, LevelState)], known: Timestamp) -> Vec<JudgeNext<'a>> {
    let levels = if matches!(subject, Subject::Pair(_)) { levels } else { &[] };
    let newer = |state| newest_second(state).is_some_and(|newest| newest > known.seconds());
    levels.iter().map(|(id, state)| JudgeNext { id, read: state, now: newer(state) }).collect()
}

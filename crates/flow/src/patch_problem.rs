//! `PATCH /problems/{id}`: somebody takes note of a problem, declares it over, or remarks something.
//!
//! The detector writes the same rows. Each write is for the revision that was read: whoever is overtaken reads again and
//! decides anew, so neither a person's word nor a report is lost.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_aws::AwsError;
use weir_aws::problem::{Stored, Write};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::FieldError;
use weir_core::domain::problem::{Change, NoSense, Person, Problem as FlowProblem, Status, Subject};
use weir_http::{ApiError, Caller, ETag, IfMatch, Member, Merge, Path, from_value};

use super::Parts;
use super::show::{ProblemJson, StatusJson};

/// So many times a change is tried against the detector and others. Each failed try means that another change went in.
const ATTEMPTS: usize = 20;
/// The most characters of a note.
const LONGEST_NOTE: usize = 1_000;

/// What is to become of the problem.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = FlowProblemPatch)]
#[serde(deny_unknown_fields)]
pub(super) struct PatchBody {
    /// `ACKNOWLEDGED` or `RESOLVED`.
    problem_status: Option<StatusJson>,
    /// A remark, 1 to 1000 characters; `null` takes it away.
    note: Option<String>,
}

/// A person's wish, read from the body.
struct Wish {
    status: Option<StatusJson>,
    /// The inner `None` takes the note away.
    note: Option<Option<String>>,
}

/// Acknowledges or resolves a problem; a note may go with it, or come alone. What the next report contradicts opens
/// again, as a new episode.
#[utoipa::path(
    patch, path = "/problems/{problem_id}", tag = "problems",
    params(("problem_id" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body(content = PatchBody, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = ProblemJson, headers(("ETag" = String))))
)]
pub(super) async fn patch_problem(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<String>,
    expected: IfMatch,
    Merge(patch): Merge,
) -> Result<impl IntoResponse, ApiError> {
    let subject = parts.seen(&caller, &id).await?;
    let noted = patch.contains_key("note");
    let PatchBody { problem_status, note } = from_value(patch.into())?;
    let wish = Wish { status: problem_status, note: noted.then_some(note) }.checked()?;
    let stored = parts.fulfil(&subject, &wish, expected, &caller).await?;
    let shown = ProblemJson::of(&subject, &stored).ok_or_else(ApiError::not_found)?;
    Ok((ETag(stored.revision), Json(shown)))
}

impl Wish {
    fn checked(self) -> Result<Self, ApiError> {
        if self.status.is_none() && self.note.is_none() {
            return Err(FieldError::new("", "must name `problem_status` or `note`").into());
        }
        let length = self.note.as_ref().and_then(|note| note.as_ref()).map(|note| note.trim().chars().count());
        if length.is_some_and(|length| !(1..=LONGEST_NOTE).contains(&length)) {
            return Err(
                FieldError::new("/note", format!("must have 1 to {LONGEST_NOTE} characters, or be null")).into()
            );
        }
        Ok(self)
    }

    /// The problem as the person wants it; `known` is the newest report they can know of.
    fn of(&self, problem: &FlowProblem, known: Timestamp, by: &Person) -> Result<FlowProblem, ApiError> {
        let present = problem.status();
        let change = match self.status {
            None => None,
            Some(StatusJson::Acknowledged) => Some(Change::Acknowledge),
            Some(StatusJson::Resolved) => Some(Change::Resolve { known }),
            Some(StatusJson::Unresolved) => return Err(senseless(present, Status::Unresolved)),
        };
        let mut wanted = problem.clone();
        if let Some(change) = change {
            let to = if change == Change::Acknowledge { Status::Acknowledged } else { Status::Resolved };
            wanted = wanted.changed(change, by.clone()).map_err(|NoSense(from)| senseless(from, to))?;
        }
        if let Some(note) = &self.note {
            wanted.note = note.as_ref().map(|note| note.trim().to_owned());
        }
        Ok(wanted)
    }
}

fn senseless(from: Status, to: Status) -> ApiError {
    ApiError::transition(format!("the problem is {}: it cannot become {}", from.code(), to.code()))
}

impl Parts {
    async fn fulfil(
        &self,
        subject: &Subject,
        wish: &Wish,
        expected: IfMatch,
        caller: &Caller,
    ) -> Result<Stored, ApiError> {
        let name = caller.email.clone().unwrap_or_else(|| caller.username.clone());
        // Kept to the second, as it is shown.
        let by = Person { name, at: Timestamp::from_seconds(self.clock.now().seconds()) };
        let resolve = matches!(wish.status, Some(StatusJson::Resolved));
        // What there was at the first look: a report that comes in meanwhile is not known to whoever decides.
        let mut known = None;
        for _ in 0..ATTEMPTS {
            let stored = self.problems.find(subject).await?.ok_or_else(ApiError::not_found)?;
            expected.check(stored.revision)?;
            let reported = if resolve { self.problems.reported(subject).await? } else { Vec::new() };
            // Kept to the second, like the timeline.
            let newest = reported.iter().filter_map(|(_, state)| Some(state.measurements.last()?.at.seconds())).max();
            let known = *known.get_or_insert(Timestamp::from_seconds(newest.unwrap_or(0)));
            let wanted = wish.of(&stored.problem, known, &by)?;
            if wanted == stored.problem {
                return Ok(stored);
            }
            let written = if resolve {
                self.problems.resolve(subject, &stored, &wanted, known, &reported).await?
            } else {
                self.problems.change(subject, &stored, &wanted).await?
            };
            if let Write::Done(revision) = written {
                return Ok(Stored { problem: wanted, revision });
            }
        }
        Err(AwsError::Contended { table: "problems", key: subject.key() }.into())
    }
}

//! `POST /problems/changes`: acknowledges or resolves several problems, or writes one note to all of them.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::{Extension, Json};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_core::domain::FieldError;
use weir_http::{ApiError, Caller, Member, Strict};
use weir_runtime::Until;

use super::Parts;
use super::change::Request;
use super::show::{ProblemJson, StatusJson};

/// Maximum problems of a request.
const MOST: usize = 50;
/// Problems that are changed concurrently.
const CONCURRENT: usize = 8;

/// A change of several problems.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[schema(as = FlowProblemChanges)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangesBody {
    /// The problems, at most 50. One that is named twice is changed once.
    #[schema(min_items = 1, max_items = 50, example = json!(["0102"]))]
    problem_ids: Vec<String>,
    /// `ACKNOWLEDGED` or `RESOLVED`.
    problem_status: Option<StatusJson>,
    /// A note of 1 to 1000 characters for all of them. Without it each keeps its own.
    #[schema(
        min_length = 1,
        max_length = 1000,
        pattern = "^[^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*[^\\s\\x00-\\x1f\\x7f-\\x9f][^\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f]*$"
    )]
    note: Option<String>,
}

/// The outcome for the problems.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = FlowProblemsChanged)]
pub(super) struct ChangedJson {
    /// Those that have the requested status and note now, in the order of their ids.
    changed: Vec<ProblemJson>,
    /// Those that were refused, with the reason that `PATCH /problems/{problem_id}` would give.
    refused: Vec<RefusedJson>,
}

/// A problem that was not changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FlowProblemRefused)]
pub(super) struct RefusedJson {
    /// The problem, as it was named.
    problem_id: String,
    /// The kind of the error, e.g. `urn:weir:problem:transition`. After `unavailable` the same request can be sent again.
    #[serde(rename = "type")]
    #[schema(example = "urn:weir:problem:transition")]
    kind: String,
    /// Its HTTP status.
    #[schema(example = 409)]
    status: u16,
    /// Why.
    detail: String,
}

/// Changes several problems in the same way. Each is changed or refused independently, and the answer lists both: a problem that
/// is already over does not affect the others.
#[utoipa::path(
    post, path = "/problems/changes", tag = "problems",
    request_body = ChangesBody,
    responses((status = 200, description = "What became of them.", body = ChangedJson))
)]
pub(super) async fn post_changes(
    State(parts): State<Parts>,
    Member(caller): Member,
    Extension(until): Extension<Until>,
    Strict(body): Strict<ChangesBody>,
) -> Result<Json<ChangedJson>, ApiError> {
    let ChangesBody { problem_ids, problem_status, note } = body;
    let ids: BTreeSet<String> = problem_ids.into_iter().collect();
    if ids.is_empty() || ids.len() > MOST {
        return Err(FieldError::new("/problem_ids", format!("must name 1 to {MOST} problems")).into());
    }
    let request = Request { status: problem_status, note: note.map(Some) }.checked()?;
    let (parts, caller, request) = (&parts, &caller, &request);
    let one = async |id: String| {
        // What is cut off is changed or not; either way the same request can be sent again.
        let ended = until.finish(parts.change_one(&id, request, caller)).await;
        let ended = ended.unwrap_or_else(|| Err(ApiError::unavailable(format!("no time left for problem {id}"))));
        (id, ended)
    };
    let ended: Vec<_> = stream::iter(ids.into_iter().map(one)).buffered(CONCURRENT).collect().await;
    let mut answer = ChangedJson::default();
    for (id, ended) in ended {
        match ended {
            Ok(problem) => answer.changed.push(problem),
            Err(error) => answer.refused.push(RefusedJson::of(id, &error)),
        }
    }
    Ok(Json(answer))
}

impl RefusedJson {
    fn of(problem_id: String, error: &ApiError) -> Self {
        if let Some(log) = error.log() {
            tracing::warn!(problem = %problem_id, error = log, "a problem was not changed");
        }
        Self {
            problem_id,
            kind: error.urn(),
            status: error.kind().status().as_u16(),
            detail: error.detail().to_owned(),
        }
    }
}

impl Parts {
    async fn change_one(&self, id: &str, request: &Request, caller: &Caller) -> Result<ProblemJson, ApiError> {
        let subject = self.seen(caller, id).await?;
        let stored = self.change_problem(&subject, request, None, caller).await?;
        ProblemJson::of(&subject, &stored.problem).ok_or_else(ApiError::not_found)
    }
}

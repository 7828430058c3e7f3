//! `DELETE /levels/{id}`: deletes a level, for example one that was registered by a report with a wrong id.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use weir_aws::Attempts;
use weir_aws::level::LevelWrite;
use weir_core::domain::Timestamp;
use weir_core::domain::problem::{Change, Person, Subject};
use weir_core::id::LevelId;
use weir_http::{Admin, ApiError, Path, Preconditions};

use super::Parts;
use super::event::{Deed, of_level, of_problem};

/// Attempts to delete a level while its sensor reports, and to resolve a problem while others write it.
const ATTEMPTS: u32 = 20;

/// Deletes the level: its measurements and its watch. Its open problems are resolved, and its history stays. Deleting it again
/// changes nothing. A later report registers it as new.
#[utoipa::path(
    delete, path = "/levels/{id}", tag = "levels",
    params(("id" = LevelId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 204, description = "Deleted, or not there."))
)]
pub(super) async fn delete_level(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(id): Path<LevelId>,
    conditions: Preconditions,
) -> Result<StatusCode, ApiError> {
    let by = Person { name: caller.name(), at: Timestamp::from_seconds(parts.clock.now().seconds()) };
    // First the row: without it the detector opens no further problem of the sensor. If the function is killed after that,
    // the next request finds no row and goes on with the problems.
    parts.delete_row(&id, &conditions, &by).await?;
    let resolved = parts.resolve_open(&id, &by).await?;
    tracing::info!(level = %id, by = caller.username, resolved, "level deleted");
    Ok(StatusCode::NO_CONTENT)
}

impl Parts {
    async fn delete_row(&self, id: &LevelId, conditions: &Preconditions, by: &Person) -> Result<(), ApiError> {
        let mut attempts = Attempts::new("levels", id, ATTEMPTS);
        let mut known = self.levels.get(id).await?;
        let logs = if known.is_some() { self.logs(&Subject::Sensor(id.clone())).await? } else { Vec::new() };
        loop {
            attempts.next().await?;
            let Some(state) = known else { return Ok(()) };
            conditions.check(state.revision.unwrap_or(0))?;
            let events = of_level(&logs, id, &state, Deed { by: &by.name, at: self.clock.now() });
            match self.levels.delete(id, state.revision, self.events.with(&events)).await? {
                LevelWrite::Done => return Ok(()),
                LevelWrite::Overtaken(now) => known = now,
            }
        }
    }

    /// Resolves the open problems of a level without a row, and returns how many there were. A level that has been registered
    /// again keeps its problems.
    async fn resolve_open(&self, id: &LevelId, by: &Person) -> Result<usize, ApiError> {
        let mut resolved = 0;
        // The list of open problems lags a little behind the table, so the present neighbours are looked up by key as well.
        let topology = self.registry.topology().await?;
        let mut subjects: BTreeSet<Subject> = topology.pairs(id).into_iter().map(Subject::Pair).collect();
        subjects.insert(Subject::Sensor(id.clone()));
        subjects.extend(self.problems.open_of(id).await?);
        for subject in subjects {
            let mut logs = None;
            let mut attempts = Attempts::new("problems", &subject, ATTEMPTS);
            loop {
                attempts.next().await?;
                let Some(stored) = self.problems.find(&subject).await? else { break };
                let change = Change::Resolve { known: by.at };
                let Ok(changed) = stored.problem.clone().changed(change, by.clone()) else { break };
                let logs = match &logs {
                    Some(logs) => logs,
                    None => logs.insert(self.logs(&subject).await?),
                };
                let deed = Deed { by: &by.name, at: self.clock.now() };
                let events = of_problem(logs, &subject, &stored, &changed, deed);
                let events = self.events.with(&events);
                if self.problems.change_without_level(&subject, &stored, &changed, id, events).await? {
                    resolved += 1;
                    break;
                }
                if self.levels.get(id).await?.is_some() {
                    return Ok(resolved);
                }
            }
        }
        Ok(resolved)
    }
}

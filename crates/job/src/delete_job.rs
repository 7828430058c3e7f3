//! `DELETE /fleet/jobs/{job}`: cancels a job.

use axum::Json;
use axum::extract::State;
use weir_aws::job::Work;
use weir_aws::{Attempts, WriteOutcome};
use weir_core::domain::job::{Ended, event};
use weir_core::id::FleetJobId;
use weir_core::wire::job::JobJson;
use weir_http::{Admin, ApiError, Path};

use super::Parts;
use super::work::ATTEMPTS;

/// Cancels a job, also for devices that have begun; a device that is already writing its flash memory finishes nevertheless.
/// Cancelling it again changes nothing.
#[utoipa::path(
    delete, path = "/fleet/jobs/{job}", tag = "fleet",
    params(("job" = FleetJobId, Path)),
    responses(
        (status = 200, description = "The job is cancelled.", body = JobJson),
        (status = 409, description = "The job has ended."),
    )
)]
pub(super) async fn delete_job(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(id): Path<FleetJobId>,
) -> Result<Json<JobJson>, ApiError> {
    let mut attempts = Attempts::new("jobs", &id, ATTEMPTS);
    let job = loop {
        attempts.next().await?;
        let before = parts.jobs.job(&id).await?.ok_or_else(ApiError::not_found)?;
        let now = parts.clock.now();
        let after = before.job.cancelled(None, now).map_err(|Ended(state)| {
            ApiError::transition(format!("the job is {} and can no longer be cancelled", state.code()))
        })?;
        if after == before.job {
            break after;
        }
        let events = [event::ended(&before.job, &after, Some(&caller.name()))];
        let work = Work { due: Some(now), ..before.work.clone() };
        if parts.jobs.change(&before, &after, &work, parts.events.with(&events)).await? == WriteOutcome::Done {
            break after;
        }
    };
    // What is not done now, the sweep does.
    parts.try_work(&id).await;
    Ok(Json(JobJson::of(&job)))
}

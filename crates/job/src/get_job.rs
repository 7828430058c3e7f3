//! `GET /fleet/jobs/{job}`: one job, with the states of its devices.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use weir_aws::iot_jobs::Execution;
use weir_core::domain::Timestamp;
use weir_core::domain::job::Counts;
use weir_core::id::{DeviceId, FleetJobId};
use weir_core::wire::job::JobJson;
use weir_core::wire::time;
use weir_http::{Admin, ApiError, ListName, Page, PageQuery, Paging, Path, list};

use super::Parts;

/// The state of a device in a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = JobDeviceState)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum StatusJson {
    /// The device is to begin: AWS IoT has notified it, or will.
    Queued,
    /// The device has begun.
    InProgress,
    /// The device has the firmware.
    Succeeded,
    /// The device could not install it.
    Failed,
    /// The device refused the job.
    Rejected,
    /// The device did not end within the job's time.
    TimedOut,
    /// The job was cancelled before the device had ended.
    Cancelled,
    /// The device was deleted before it had ended.
    Removed,
}

/// One device's part of a job.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = JobDevice)]
pub(super) struct ExecutionJson {
    /// The device.
    device: DeviceId,
    /// Its state.
    status: StatusJson,
    /// When it was notified.
    #[serde(with = "time::option", skip_serializing_if = "Option::is_none")]
    queued_at: Option<Timestamp>,
    /// When it began.
    #[serde(with = "time::option", skip_serializing_if = "Option::is_none")]
    started_at: Option<Timestamp>,
    /// When its state last changed.
    #[serde(with = "time::option", skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
}

/// A job, with the states of its devices.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = JobDetails)]
pub(super) struct DetailsJson {
    /// The job.
    #[serde(flatten)]
    job: JobJson,
    /// The states of its devices; absent while they are being gathered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    counts: Option<Counts>,
    /// Its devices, those whose state changed last first.
    executions: Page<ExecutionJson>,
}

/// The filter.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only devices in this state.
    #[param(example = "FAILED")]
    status: Option<StatusJson>,
}

impl StatusJson {
    /// AWS IoT's word for it.
    fn word(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Rejected => "REJECTED",
            Self::TimedOut => "TIMED_OUT",
            Self::Cancelled => "CANCELED",
            Self::Removed => "REMOVED",
        }
    }

    fn of(word: &str) -> Option<Self> {
        const ALL: [StatusJson; 8] = [
            StatusJson::Queued,
            StatusJson::InProgress,
            StatusJson::Succeeded,
            StatusJson::Failed,
            StatusJson::Rejected,
            StatusJson::TimedOut,
            StatusJson::Cancelled,
            StatusJson::Removed,
        ];
        ALL.into_iter().find(|status| status.word() == word)
    }
}

fn execution(execution: Execution) -> Option<ExecutionJson> {
    let Execution { device, status, queued_at, started_at, updated_at } = execution;
    Some(ExecutionJson { device, status: StatusJson::of(&status)?, queued_at, started_at, updated_at })
}

/// A job, how many of its devices are in each state, and a page of them.
#[utoipa::path(
    get, path = "/fleet/jobs/{job}", tag = "fleet",
    params(("job" = FleetJobId, Path), Filter, Paging),
    responses((status = 200, description = "The job.", body = DetailsJson))
)]
pub(super) async fn get_job(
    State(parts): State<Parts>,
    Admin(_): Admin,
    Path(id): Path<FleetJobId>,
    PageQuery { limit, next, filter: Filter { status } }: PageQuery<Filter>,
) -> Result<Json<DetailsJson>, ApiError> {
    let stored = parts.jobs.job(&id).await?.ok_or_else(ApiError::not_found)?;
    let name = ListName::new(format!("fleet/jobs/{id}")).filter("status", status.map(StatusJson::word));
    let page = list(&name, limit, next, async |limit, after: Option<String>| {
        parts.iot.executions(&id, status.map(StatusJson::word), limit, after).await
    });
    let Page { items, next } = page.await?;
    let executions = Page { items: items.into_iter().filter_map(execution).collect(), next };
    let found = parts.iot.find(&id).await?;
    let counts = found.as_ref().map(|found| found.counts);
    // If AWS IoT has not told us yet, or its message was lost.
    let stored = match found.and_then(|found| found.end).filter(|_| stored.job.state.is_open()) {
        Some(end) => parts.end(stored, &end).await?,
        None => stored,
    };
    Ok(Json(DetailsJson { job: JobJson::of(&stored.job), counts, executions }))
}

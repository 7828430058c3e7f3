//! `POST /devices/{id}/sensors/{code}/recalculate`: begins a recalculation of stored readings.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use weir_aws::recalculation::{MOST_CANCELLED, RecalculationTable};
use weir_aws::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::device::Sensor;
use weir_core::domain::event::{Event, FieldChange, Kind, diff};
use weir_core::domain::reading::Series;
use weir_core::domain::recalculation::{Count, Job, State as JobState, begins_at};
use weir_core::domain::{FieldError, Timestamp};
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::time;
use weir_http::{Admin, ApiError, Path, Strict};

use super::Parts;
use super::show::RecalculationJson;

/// Maximum attempts to begin while others begin jobs of the same series.
const ATTEMPTS: u32 = 10;
/// Versions per page when looking for the one that was entered last.
const PAGE: usize = 100;

/// The span to recalculate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecalculationBody {
    /// The first instant.
    #[serde(with = "weir_core::wire::time")]
    from: Timestamp,
    /// The first instant after the span.
    #[serde(with = "weir_core::wire::time")]
    to: Timestamp,
}

/// Recalculates the stored readings of a span from their raw numbers, in the background, each with the calibration in force at
/// its instant.
///
/// A reading changes if the version in force is newer than the one it was made with. The recalculation begins when every
/// function uses the newest version. It cancels older recalculations, at most 97, if the rest of them lies in its span; others
/// continue, with the same result. If the formula of another sensor uses this one, its readings change only when it gets
/// a new version too (of the same formula) and is recalculated after this one.
#[utoipa::path(
    post, path = "/devices/{id}/sensors/{code}/recalculate", tag = "calibrations",
    params(("id" = DeviceId, Path), ("code" = SensorCode, Path)),
    request_body = RecalculationBody,
    responses(
        (status = 202, description = "The recalculation was accepted.", body = RecalculationJson, headers(("Location" = String))),
    )
)]
pub(super) async fn post_recalculation(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path((device, sensor)): Path<(DeviceId, SensorCode)>,
    Strict(RecalculationBody { from, to }): Strict<RecalculationBody>,
) -> Result<impl IntoResponse, ApiError> {
    parts.sensor(&device, &sensor).await?;
    if from.millis() < 0 {
        return Err(FieldError::new("/from", "lies before 1970").into());
    }
    if to <= from {
        return Err(FieldError::new("/to", "must come after from").into());
    }
    let series = Series { device, sensor };
    let entered = parts.entered(&series).await?;
    let id = RecalculationTable::new_id()?;
    let mut attempts = Attempts::new("recalculations", &id, ATTEMPTS);
    loop {
        attempts.next().await?;
        let now = parts.clock.now();
        let begins_at = begins_at(now, entered, parts.cache_seconds);
        let job = Job {
            id: id.clone(),
            series: series.clone(),
            from,
            to,
            state: if begins_at > now { JobState::Waiting } else { JobState::Running },
            cursor: from,
            count: Count::default(),
            begins_at,
            by: caller.name(),
            created_at: now,
            updated_at: now,
            reason: None,
        };
        let open = parts.jobs.open(&series).await?;
        let cancelled: Vec<&Job> = open.jobs.iter().filter(|older| job.covers(older)).collect();
        if cancelled.len() > MOST_CANCELLED {
            let detail =
                format!("would cancel {} unfinished recalculations, more than {MOST_CANCELLED}", cancelled.len());
            return Err(ApiError::transition(detail));
        }
        let events = [begun(&job, &cancelled)];
        if parts.jobs.begin(&job, &open, &cancelled, parts.events.with(&events)).await? == WriteOutcome::Done {
            let Series { device, sensor } = &series;
            let location = [(LOCATION, format!("/devices/{device}/sensors/{sensor}/recalculate/{id}"))];
            return Ok((StatusCode::ACCEPTED, location, Json(RecalculationJson::of(&job))));
        }
    }
}

/// The event of a recalculation that begins, and cancels others.
fn begun(job: &Job, cancelled: &[&Job]) -> Event {
    let job_shown = json!({"from": time::text(job.from), "to": time::text(job.to)});
    let mut changes = diff(&json!({}), &job_shown);
    changes.extend(cancelled.iter().map(|older| FieldChange {
        pointer: format!("/cancelled/{}", older.id),
        before: Some(json!(older.state.code())),
        after: Some(json!(JobState::Cancelled.code())),
    }));
    let event = Event::new(Some(job.series.device.clone()), Kind::Recalculation, &job.id, job.created_at);
    event.by(&job.by).target(&job.series.sensor).detail("begun").changes(changes)
}

impl Parts {
    /// The sensor; 404 when there is none.
    pub(super) async fn sensor(&self, device: &DeviceId, code: &SensorCode) -> Result<Sensor, ApiError> {
        let device = self.devices.get(device).await?;
        device.and_then(|device| device.sensor(code).cloned()).ok_or_else(ApiError::not_found)
    }

    /// When the newest version of the sensor's calibration was entered.
    async fn entered(&self, series: &Series) -> Result<Option<Timestamp>, AwsError> {
        let (mut newest, mut after) = (None, None);
        loop {
            let (entries, next) = self.calibrations.entries(series, PAGE, after).await?;
            newest = entries.iter().map(|entry| entry.at).chain(newest).max();
            after = next;
            if after.is_none() {
                return Ok(newest);
            }
        }
    }
}

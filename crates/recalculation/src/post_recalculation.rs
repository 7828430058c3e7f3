//! `POST /devices/{id}/sensors/{code}/recalculate`: stored readings are to be worked out anew.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;
use weir_aws::AwsError;
use weir_aws::recalculation::{MOST_CANCELLED, RecalculationTable};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::FieldError;
use weir_core::domain::device::Sensor;
use weir_core::domain::reading::Series;
use weir_core::domain::recalculation::{Count, Job, State as JobState, begins_at};
use weir_core::id::{DeviceId, SensorCode};
use weir_http::{Admin, ApiError, Path, Strict};

use super::Parts;
use super::show::RecalculationJson;

/// So often a beginning is tried against others over the same series.
const ATTEMPTS: u32 = 10;
/// So many versions are looked through at once for the one that was entered last.
const PAGE: usize = 100;

/// From when to when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RecalculationBody {
    /// The first instant.
    #[serde(with = "weir_core::wire::time")]
    from: Timestamp,
    /// The first instant that no longer belongs to it.
    #[serde(with = "weir_core::wire::time")]
    to: Timestamp,
}

/// Works out the stored readings of a span anew from their raw numbers, each with the calibration in force at its own
/// instant, in the background.
///
/// A reading changes when a version is in force that is newer than the one it was made with. It begins when every
/// function uses the newest version, and takes the place of older ones of which all that is left lies within its span:
/// they are cancelled, 98 at most. Others go on beside it, which changes nothing of what comes out. Where the formula of another sensor asks for this one, that sensor's readings follow when it gets a new version too (the same
/// formula again) and is recalculated after this one.
#[utoipa::path(
    post, path = "/devices/{id}/sensors/{code}/recalculate", tag = "calibrations",
    params(("id" = DeviceId, Path), ("code" = SensorCode, Path)),
    request_body = RecalculationBody,
    responses(
        (status = 202, description = "It will be done.", body = RecalculationJson, headers(("Location" = String))),
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
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20 << attempt.min(5))).await;
        }
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
            by: caller.email.clone().unwrap_or_else(|| caller.username.clone()),
            created_at: now,
            updated_at: now,
            reason: None,
        };
        let open = parts.jobs.open(&series).await?;
        let covered = open.covered(&job).count();
        if covered > MOST_CANCELLED {
            let detail =
                format!("takes the place of {covered} others that are not done, {MOST_CANCELLED} at most can go");
            return Err(ApiError::transition(detail));
        }
        if parts.jobs.begin(&job, &open).await? {
            let Series { device, sensor } = &series;
            let location = [(LOCATION, format!("/devices/{device}/sensors/{sensor}/recalculate/{id}"))];
            return Ok((StatusCode::ACCEPTED, location, Json(RecalculationJson::of(&job))));
        }
    }
    Err(AwsError::Contended { table: "recalculations", key: id.to_string() }.into())
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

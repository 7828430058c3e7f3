//! `POST /fleet/jobs`: installs a firmware on devices.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use tokio::time;
use utoipa::ToSchema;
use weir_aws::command::RequestKey;
use weir_aws::job::{KeyedJob, StoredJob, Work};
use weir_aws::{Attempts, WriteOutcome};
use weir_core::domain::FieldError;
use weir_core::domain::firmware::{Firmware, FirmwareVersion};
use weir_core::domain::job::{self, Job, Order, Skip, Target};
use weir_core::id::FleetJobId;
use weir_core::wire::job::{JobJson, TargetJson};
use weir_http::{Admin, ApiError, Caller, ErrorKind, IdempotencyKey, Strict};

use super::Parts;

/// Maximum attempts: an overtaken request finds the job with the same key at the second one.
const ATTEMPTS: u32 = 5;
/// How long the request waits for the preparation, which the sweep continues.
const PATIENCE: Duration = Duration::from_secs(3);

/// A job to be created.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewJob)]
pub(super) struct JobBody {
    /// The firmware. Its file must have been uploaded.
    firmware: FirmwareVersion,
    /// Which devices.
    target: TargetJson,
    /// Devices that are notified each minute.
    #[serde(default = "per_minute")]
    #[schema(minimum = 1, maximum = 1000, default = 100)]
    rollout_per_minute: u32,
    /// The job is aborted when this share of the finished devices has failed, in percent. The rule applies once `100 / abort_percent`
    /// devices have finished, or all of a smaller job. With 100 it applies to the first device: if that fails, the job is aborted;
    /// if it succeeds, no later failure aborts the job.
    #[serde(default = "abort")]
    #[schema(minimum = 1, maximum = 100, default = 10)]
    abort_percent: u32,
    /// How long a device may take, in minutes.
    #[serde(default = "timeout")]
    #[schema(minimum = 1, maximum = 10080, default = 60)]
    timeout_minutes: u32,
    /// Whether devices that report this version or a later one are included.
    #[serde(default)]
    force: bool,
}

const fn per_minute() -> u32 {
    job::PER_MINUTE_DEFAULT
}

const fn abort() -> u32 {
    job::ABORT_DEFAULT
}

const fn timeout() -> u32 {
    job::TIMEOUT_DEFAULT
}

impl JobBody {
    fn order(self) -> Result<Order, Vec<FieldError>> {
        let Self { firmware, target, rollout_per_minute, abort_percent, timeout_minutes, force } = self;
        Order { firmware, target: target.into(), rollout_per_minute, abort_percent, timeout_minutes, force }.checked()
    }
}

/// Installs a firmware on devices: the named ones, the flow sensors of a tube, or all. Versions only go up: a device that reports this
/// version or a later one is refused when it is named, and left out otherwise, unless `force`. Disabled devices are left out.
///
/// A request that is repeated with the same `Idempotency-Key` within a day is answered with the job that the first one created.
/// Without a key, a repeated request is another job.
#[utoipa::path(
    post, path = "/fleet/jobs", tag = "fleet",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Names the request, so that it can be repeated.",
            min_length = 1, max_length = 128, pattern = "^[!-~]+$", example = "8e03978e-40d5-43e8-bc93-6894a57f9324"),
    ),
    request_body = JobBody,
    responses(
        (status = 202, description = "The job was made.", body = JobJson, headers(("Location" = String))),
        (status = 409, description = "The firmware has no file yet."),
    )
)]
pub(super) async fn post_job(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    IdempotencyKey(key): IdempotencyKey,
    Strict(body): Strict<JobBody>,
) -> Result<impl IntoResponse, ApiError> {
    let text = serde_json::to_string(&body).map_err(|error| ApiError::internal(error.to_string()))?;
    let key = key.map(|key| RequestKey::of(&caller.sub, &format!("job {key}"), &text));
    let order = body.order()?;
    let id = match parts.known(key.as_ref()).await? {
        Some(id) => id,
        None => parts.enter(order, key.as_ref(), &caller).await?,
    };
    if time::timeout(PATIENCE, parts.try_work(&id)).await.is_err() {
        tracing::info!(job = %id, "the sweep goes on with the preparation");
    }
    let shown = parts.jobs.job(&id).await?.ok_or_else(ApiError::not_found)?;
    let location = [(LOCATION, format!("/fleet/jobs/{id}"))];
    Ok((StatusCode::ACCEPTED, location, Json(JobJson::of(&shown.job))))
}

impl Parts {
    /// The job created by a request with this key.
    async fn known(&self, key: Option<&RequestKey>) -> Result<Option<FleetJobId>, ApiError> {
        let Some(key) = key else { return Ok(None) };
        match self.jobs.keyed(key).await? {
            KeyedJob::Unknown => Ok(None),
            KeyedJob::Same(id) => Ok(Some(id)),
            KeyedJob::Other => {
                let detail = "another request was sent with this Idempotency-Key; use a new key for another job";
                Err(ApiError::new(ErrorKind::Invalid, detail))
            }
        }
    }

    /// Stores a job, or finds the one that a concurrent request with the same key has stored.
    async fn enter(&self, order: Order, key: Option<&RequestKey>, caller: &Caller) -> Result<FleetJobId, ApiError> {
        let version = order.firmware;
        let firmware = self.jobs.firmware(version).await?;
        let unknown = || vec![FieldError::new("/firmware", format!("{version} was not announced"))];
        let Firmware { sha256, size, uploaded_at, .. } = self.checked(firmware.ok_or_else(unknown)?).await?;
        if uploaded_at.is_none() {
            return Err(ApiError::transition(format!("the file of the firmware {version} is not there yet")));
        }
        let mut attempts = Attempts::new("jobs", &version, ATTEMPTS);
        loop {
            attempts.next().await?;
            let now = self.clock.now();
            let id = FleetJobId::made(now.millis(), fastrand::u32(..));
            let job = Job::new(id.clone(), order.clone(), sha256.clone(), size, caller.name(), now);
            self.check_named(&job).await?;
            let events = [job::event::created(&job)];
            let new = StoredJob::new(job, Work { position: None, due: Some(now) });
            if self.jobs.enter(&new, key, self.events.with(&events)).await? == WriteOutcome::Done {
                return Ok(id);
            }
            if let Some(id) = self.known(key).await? {
                return Ok(id);
            }
        }
    }

    /// Checks the devices that the job names. A named device that would not get the firmware is an error.
    async fn check_named(&self, job: &Job) -> Result<(), ApiError> {
        let Target::Devices(ids) = &job.order.target else { return Ok(()) };
        let devices = self.devices.of_ids(ids).await?;
        let mut errors = Vec::new();
        for (place, id) in ids.iter().enumerate() {
            let wrong = match devices.iter().find(|device| device.id == *id) {
                None => Some(format!("there is no device {id}")),
                Some(device) => match job.takes(device) {
                    Ok(()) => None,
                    Err(Skip::Disabled) => Some(format!("{id} is disabled and cannot connect")),
                    Err(Skip::NotOlder) => {
                        let has = device.firmware.as_deref().unwrap_or_default();
                        Some(format!("{id} has {has} already; `force` is for going back"))
                    }
                },
            };
            errors.extend(wrong.map(|wrong| FieldError::new(format!("/target/devices/{place}"), wrong)));
        }
        if errors.is_empty() { Ok(()) } else { Err(errors.into()) }
    }
}

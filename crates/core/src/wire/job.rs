//! Firmwares and jobs as JSON: in the API, in the documents that boards get, and in the messages of AWS IoT.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::time;
use crate::domain::Timestamp;
use crate::domain::firmware::{Firmware, FirmwareVersion};
use crate::domain::job::{End, Job, State, Target, plain};
use crate::id::{Checksum, DeviceId, FleetJobId, Tube};

/// A firmware.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Firmware))]
pub struct FirmwareJson {
    /// Its version.
    pub version: FirmwareVersion,
    /// SHA-256 of its file.
    pub sha256: Checksum,
    /// Size of its file, in bytes.
    pub size: u64,
    /// Who announced it.
    pub by: String,
    /// When it was announced.
    #[serde(with = "time")]
    pub created_at: Timestamp,
    /// When its file was found in the bucket; absent until then.
    #[serde(default, with = "time::option", skip_serializing_if = "Option::is_none")]
    pub uploaded_at: Option<Timestamp>,
}

impl From<Firmware> for FirmwareJson {
    fn from(firmware: Firmware) -> Self {
        let Firmware { version, sha256, size, by, created_at, uploaded_at } = firmware;
        Self { version, sha256, size, by, created_at, uploaded_at }
    }
}

/// Which devices a job is for: `{"devices": ["buoy-01"]}`, `{"tube": "0"}` or `"all"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = JobTarget))]
#[serde(rename_all = "lowercase")]
pub enum TargetJson {
    /// These devices, 1 to 100.
    Devices(Vec<DeviceId>),
    /// The flow sensors of this tube.
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    Tube(Tube),
    /// Every device.
    All,
}

impl From<TargetJson> for Target {
    fn from(target: TargetJson) -> Self {
        match target {
            TargetJson::Devices(devices) => Self::Devices(devices),
            TargetJson::Tube(tube) => Self::Tube(tube),
            TargetJson::All => Self::All,
        }
    }
}

impl From<Target> for TargetJson {
    fn from(target: Target) -> Self {
        match target {
            Target::Devices(devices) => Self::Devices(devices),
            Target::Tube(tube) => Self::Tube(tube),
            Target::All => Self::All,
        }
    }
}

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = JobState))]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StateJson {
    /// Its devices are being gathered.
    Preparing,
    /// AWS IoT has it.
    InProgress,
    /// Every device has ended.
    Completed,
    /// Too many devices failed. Those that had not begun keep their firmware.
    Aborted,
    /// A person cancelled it, or it was open for 30 days.
    Cancelled,
}

impl From<State> for StateJson {
    fn from(state: State) -> Self {
        match state {
            State::Preparing => Self::Preparing,
            State::InProgress => Self::InProgress,
            State::Completed => Self::Completed,
            State::Aborted => Self::Aborted,
            State::Cancelled => Self::Cancelled,
        }
    }
}

/// A job of the fleet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Job))]
pub struct JobJson {
    /// Its id.
    pub id: FleetJobId,
    /// The firmware.
    pub firmware: FirmwareVersion,
    /// Which devices.
    pub target: TargetJson,
    /// Devices that are notified each minute.
    pub rollout_per_minute: u32,
    /// The job is aborted when this share of the finished devices has failed, in percent: see the field of the request.
    pub abort_percent: u32,
    /// How long a device may take, in minutes.
    pub timeout_minutes: u32,
    /// Whether devices that report this version or a later one are included.
    pub force: bool,
    /// The state.
    pub state: StateJson,
    /// Devices in the job so far; final once all are gathered.
    pub devices: u64,
    /// Devices of the target that were left out: disabled ones, those without a thing in AWS IoT, those that are in ten open jobs
    /// and, unless `force`, those that report this version or a later one.
    pub skipped: u64,
    /// Who made it.
    pub by: String,
    /// When it was made.
    #[serde(with = "time")]
    pub created_at: Timestamp,
    /// When it ended.
    #[serde(default, with = "time::option", skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it ended, if there is more to say than the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl JobJson {
    /// The JSON of a job.
    pub fn of(job: &Job) -> Self {
        let order = &job.order;
        Self {
            id: job.id.clone(),
            firmware: order.firmware,
            target: order.target.clone().into(),
            rollout_per_minute: order.rollout_per_minute,
            abort_percent: order.abort_percent,
            timeout_minutes: order.timeout_minutes,
            force: order.force,
            state: job.state.into(),
            devices: job.devices,
            skipped: job.skipped,
            by: job.by.clone(),
            created_at: job.created_at,
            ended_at: job.ended_at,
            detail: job.detail.clone(),
        }
    }
}

/// The document of a job, as each board gets it. AWS IoT replaces `url` by an address that is valid for an hour.
pub fn document(job: &Job, url: &str) -> Value {
    json!({
        "operation": "firmware",
        "version": job.order.firmware,
        "sha256": job.sha256,
        "size": job.size,
        "force": job.order.force,
        "url": url,
    })
}

/// A message of AWS IoT about a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// A job has ended.
    Job(FleetJobId, End),
    /// A device has ended its part of a job.
    Device {
        /// The job.
        job: FleetJobId,
        /// The device.
        device: DeviceId,
        /// Distinguishes its attempts.
        number: u64,
        /// How, in AWS IoT's words.
        status: String,
        /// What the device says about it.
        why: Option<String>,
        /// When, to the second.
        at: Option<Timestamp>,
    },
}

/// Reads a message of `$aws/events/job/#` and `$aws/events/jobExecution/#`; `None` for messages about other
/// jobs, and for those that do not say that something has ended.
///
/// # Errors
/// Why the payload is not one that AWS IoT sends.
pub fn told(topic: &str, payload: &[u8]) -> Result<Option<Told>, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Said {
        job_id: String,
        status: String,
        #[serde(default)]
        thing_arn: Option<String>,
        #[serde(default)]
        execution_number: Option<u64>,
        #[serde(default)]
        status_details: Map<String, Value>,
        #[serde(default)]
        reason_code: Option<String>,
        #[serde(default)]
        comment: Option<String>,
        /// Seconds since the epoch.
        #[serde(default)]
        timestamp: Option<i64>,
    }
    let mut parts = topic.split('/');
    let (Some("$aws"), Some("events"), Some(kind @ ("job" | "jobExecution"))) =
        (parts.next(), parts.next(), parts.next())
    else {
        return Err(format!("{:?} tells nothing of jobs", topic.chars().take(80).collect::<String>()));
    };
    let said: Said = serde_json::from_slice(payload).map_err(|error| format!("not what AWS IoT sends: {error}"))?;
    // Jobs of others have other ids.
    let Ok(job) = said.job_id.parse::<FleetJobId>() else { return Ok(None) };
    if kind == "job" {
        let end = End::of(&said.status, said.reason_code.as_deref(), said.comment.as_deref());
        return Ok(end.map(|end| Told::Job(job, end)));
    }
    let name = said.thing_arn.as_deref().and_then(|arn| arn.rsplit_once(":thing/")).map(|(_, name)| name);
    let Some(device) = name.and_then(|name| name.parse::<DeviceId>().ok()) else { return Ok(None) };
    let why = said.status_details.get("reason").and_then(Value::as_str).map(plain).filter(|why| !why.is_empty());
    let number = said.execution_number.unwrap_or(1);
    let status = plain(&said.status).to_uppercase();
    let at = said.timestamp.map(Timestamp::from_seconds);
    Ok(Some(Told::Device { job, device, number, status, why, at }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1795155884123-9f3a07c1";

    fn read(topic: &str, payload: &Value) -> Result<Option<Told>, String> {
        told(topic, payload.to_string().as_bytes())
    }

    #[test]
    fn the_end_of_a_job_is_read() {
        let canceled = json!({"eventType": "JOB", "jobId": ID, "status": "CANCELED", "reasonCode": "ABORT_CANCEL",
            "comment": "Abort criteria met", "timestamp": 1_795_155_884});
        let Told::Job(id, end) = read(&format!("$aws/events/job/{ID}/canceled"), &canceled).unwrap().unwrap() else {
            panic!("a job")
        };
        assert_eq!((id.as_str(), end.state), (ID, State::Aborted));
        for going_on in ["CANCELLATION_IN_PROGRESS", "IN_PROGRESS"] {
            assert_eq!(read("$aws/events/job/x/y", &json!({"jobId": ID, "status": going_on})), Ok(None), "{going_on}");
        }
    }

    #[test]
    fn the_end_of_a_device_is_read_with_what_it_says() {
        let failed = json!({"jobId": ID, "thingArn": "arn:aws:iot:eu-central-1:123456789012:thing/buoy-01", "status": "FAILED",
            "executionNumber": 2, "timestamp": 1_795_155_884, "statusDetails": {"reason": "checksum", "progress": "100"}});
        let told = read(&format!("$aws/events/jobExecution/{ID}/failed"), &failed).unwrap().unwrap();
        let (job, device) = (ID.parse().unwrap(), "buoy-01".parse().unwrap());
        let (why, at) = (Some("checksum".into()), Some(Timestamp::from_seconds(1_795_155_884)));
        let expected = Told::Device { job, device, number: 2, status: "FAILED".into(), why, at };
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_about_something_else_is_nothing_and_what_cannot_be_read_is_an_error() {
        let other = json!({"jobId": "backup", "status": "COMPLETED"});
        assert_eq!(read("$aws/events/job/backup/completed", &other), Ok(None));
        let no_device = json!({"jobId": ID, "status": "FAILED", "thingArn": "arn:aws:iot:eu-central-1:1:thing/a b"});
        assert_eq!(read("$aws/events/jobExecution/x/failed", &no_device), Ok(None));
        for (topic, payload) in [
            ("$aws/events/thing/x/created", json!({"jobId": ID, "status": "COMPLETED"})),
            ("", json!({"jobId": ID, "status": "COMPLETED"})),
            ("$aws/events/job/x/completed", json!({"status": "COMPLETED"})),
            ("$aws/events/job/x/completed", json!([])),
        ] {
            assert!(read(topic, &payload).is_err(), "{topic} {payload}");
        }
    }

    #[test]
    fn targets_are_written_as_the_contract_says() {
        for (target, written) in [
            (Target::All, json!("all")),
            (Target::Tube("0".parse().unwrap()), json!({"tube": "0"})),
            (Target::Devices(vec!["buoy-01".parse().unwrap()]), json!({"devices": ["buoy-01"]})),
        ] {
            assert_eq!(json!(TargetJson::from(target.clone())), written);
            let read: TargetJson = serde_json::from_value(written).unwrap();
            assert_eq!(Target::from(read), target);
        }
    }
}

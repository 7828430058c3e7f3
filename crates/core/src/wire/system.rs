//! How the system itself is, as JSON: `GET /system`.

use serde::{Deserialize, Serialize};

use super::time;
use crate::domain::Timestamp;
use crate::domain::system::{AlarmState, QueueKind, Waiting};

/// How the system is. Each part is read separately, so that one that cannot be read does not affect the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = System))]
pub struct SystemJson {
    /// When this was read. A complete answer may be reused for 10 seconds.
    #[serde(with = "time")]
    pub read_at: Timestamp,
    /// What is deployed.
    pub deployment: DeploymentJson,
    /// The alarms of the stack, raised ones first.
    pub alarms: Part<AlarmJson>,
    /// The queues of the stack, those of failed events first.
    pub queues: Part<QueueJson>,
    /// Work that waits for functions that look for it each minute.
    pub waiting: Part<WaitingJson>,
    /// The tables. Their sizes are those that DynamoDB counts about every six hours.
    pub tables: Part<TableJson>,
    /// What an environment costs independently of its use, besides its alarms: the inputs of `cargo operate bill`.
    pub bill: BillJson,
}

/// A part of the system, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Part<T> {
    /// What could be read.
    pub items: Vec<T>,
    /// What could not be read. Empty if `items` is complete.
    pub unread: Vec<UnreadJson>,
}

impl<T> Part<T> {
    /// Whether everything could be read.
    pub fn is_complete(&self) -> bool {
        self.unread.is_empty()
    }
}

/// Something that could not be read. The log of `health` says more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Unread))]
pub struct UnreadJson {
    /// Its name.
    #[cfg_attr(feature = "schema", schema(example = "ingest"))]
    pub name: String,
    /// Why.
    pub reason: UnreadReason,
}

/// Why something could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnreadReason {
    /// The service did not answer, or was too busy. It may answer next time.
    Unavailable,
    /// The service refused the request: it is not there, or `health` may not read it.
    Refused,
}

/// What is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Deployment))]
pub struct DeploymentJson {
    /// The version of Weir.
    #[cfg_attr(feature = "schema", schema(example = "0.1.0"))]
    pub version: String,
    /// The version of the function `health` that answered, which AWS Lambda increases with each deployment that
    /// changes the function.
    #[cfg_attr(feature = "schema", schema(example = "12"))]
    pub function_version: String,
    /// The first part of every resource name.
    #[cfg_attr(feature = "schema", schema(example = "weir"))]
    pub project: String,
    /// The environment.
    #[cfg_attr(feature = "schema", schema(example = "dev"))]
    pub environment: String,
    /// The region of AWS.
    #[cfg_attr(feature = "schema", schema(example = "eu-central-1"))]
    pub region: String,
    /// The store of readings: `dynamodb` or `timestream`.
    #[cfg_attr(feature = "schema", schema(example = "dynamodb"))]
    pub time_series_store: String,
    /// Which options are on.
    pub switches: SwitchesJson,
}

/// Which options are on, with the parameters of the stack that switch them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Switches))]
pub struct SwitchesJson {
    /// Notices are sent by e-mail (`NoticeFrom`).
    pub email: bool,
    /// Alarms are sent by e-mail (`AlarmEmail`).
    pub alarm_email: bool,
    /// Findings of AWS IoT Device Defender are acted on (`DeviceDefender`).
    pub device_defender: bool,
    /// Tables are copied once a day (`Backup`).
    pub backup: bool,
    /// X-Ray samples invocations (`Tracing`).
    pub tracing: bool,
    /// Everybody has to sign in with a one-time code (`Mfa`).
    pub mfa_required: bool,
    /// Levels of devices that are not registered are quarantined (`RegisteredLevelsOnly`).
    pub registered_levels_only: bool,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Alarm))]
pub struct AlarmJson {
    /// Its name, as in the template and the manual.
    #[cfg_attr(feature = "schema", schema(example = "SiteErrorsAlarm"))]
    pub name: String,
    /// What it means when it is raised.
    pub description: String,
    /// Its state.
    pub state: AlarmState,
    /// Since when it is in this state.
    #[serde(default, with = "time::option", skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The number of metrics it watches, which determines its price.
    pub metrics: u32,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Queue))]
pub struct QueueJson {
    /// Its name without project and environment.
    #[cfg_attr(feature = "schema", schema(example = "ingest"))]
    pub name: String,
    /// What it is for.
    pub kind: QueueKind,
    /// The approximate number of waiting messages.
    pub waiting: u64,
    /// The approximate number of messages that a function is working on.
    pub in_flight: u64,
}

/// Waiting work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = WaitingCount))]
pub struct WaitingJson {
    /// Its kind.
    pub what: Waiting,
    /// The number of items, counted up to 100.
    pub count: u64,
    /// Whether there are more than `count`.
    pub more: bool,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Table))]
pub struct TableJson {
    /// Its name without project and environment.
    #[cfg_attr(feature = "schema", schema(example = "devices"))]
    pub name: String,
    /// Number of rows.
    pub items: u64,
    /// Bytes of the rows.
    pub bytes: u64,
    /// Bytes of its indexes.
    pub index_bytes: u64,
}

/// What an environment is billed for independently of its use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = Bill))]
pub struct BillJson {
    /// Metrics that the functions write.
    pub metrics: u32,
    /// Dashboards of CloudWatch.
    pub dashboards: u32,
    /// Invocations by schedules in 30 days.
    pub scheduled_invocations: u32,
}

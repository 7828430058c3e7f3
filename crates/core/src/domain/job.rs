//! Jobs of the fleet: a firmware is installed on many devices, a few each minute; too many failures abort the job.
//!
//! AWS IoT Jobs does the work: it notifies the devices, counts their results, and aborts. This module has the order, the choice of
//! devices, and the states of a job.

use serde::{Deserialize, Serialize};

use super::device::Device;
use super::firmware::FirmwareVersion;
use super::{FieldError, Timestamp};
use crate::id::{Checksum, DeviceId, FleetJobId, Tube};

pub mod event;

/// Maximum devices that a job names.
pub const MOST_DEVICES: usize = 100;
/// Maximum devices a minute: AWS IoT's limit of `maximumPerMinute`.
pub const MOST_PER_MINUTE: u32 = 1_000;
/// Devices a minute unless the job says otherwise.
pub const PER_MINUTE_DEFAULT: u32 = 100;
/// The share of failures, in percent, at which a job is aborted unless it says otherwise.
pub const ABORT_DEFAULT: u32 = 10;
/// How long a device may take, in minutes, unless the job says otherwise.
pub const TIMEOUT_DEFAULT: u32 = 60;
/// Maximum time that a device may take, in minutes: 7 days, AWS IoT's limit of `inProgressTimeoutInMinutes`.
pub const MOST_TIMEOUT: u32 = 10_080;
/// How long a job is open at most, in seconds: 30 days. A device that has not begun by then keeps its firmware.
pub const OPEN_SECONDS: i64 = 30 * 86_400;

/// The devices that a job is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// These.
    Devices(Vec<DeviceId>),
    /// The flow sensors of a tube.
    Tube(Tube),
    /// Every device.
    All,
}

/// What a person asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The firmware.
    pub firmware: FirmwareVersion,
    /// Which devices.
    pub target: Target,
    /// Devices that are notified each minute.
    pub rollout_per_minute: u32,
    /// The job is aborted when this share of the finished devices has failed, in percent. The rule applies once `100 / abort_percent`
    /// devices have finished, or all of a smaller job. With 100 it applies to the first device: if that fails, the job is aborted;
    /// if it succeeds, no later failure aborts the job.
    pub abort_percent: u32,
    /// How long a device may take, in minutes.
    pub timeout_minutes: u32,
    /// Whether devices that report this version or a later one are included.
    pub force: bool,
}

impl Order {
    /// The order, if it is valid.
    ///
    /// # Errors
    /// Every violated rule, with the pointer to the field.
    pub fn checked(self) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        if let Target::Devices(devices) = &self.target {
            if !(1..=MOST_DEVICES).contains(&devices.len()) {
                errors.push(FieldError::new("/target/devices", format!("must be 1 to {MOST_DEVICES} devices")));
            }
            for (place, id) in devices.iter().enumerate() {
                if devices.iter().take(place).any(|before| before == id) {
                    errors.push(FieldError::new(format!("/target/devices/{place}"), format!("{id} is named twice")));
                }
            }
        }
        let mut within = |pointer: &str, value: u32, most: u32| {
            if !(1..=most).contains(&value) {
                errors.push(FieldError::new(pointer, format!("must be 1 to {most}")));
            }
        };
        within("/rollout_per_minute", self.rollout_per_minute, MOST_PER_MINUTE);
        within("/abort_percent", self.abort_percent, 100);
        within("/timeout_minutes", self.timeout_minutes, MOST_TIMEOUT);
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

/// The number of devices of a job in each state, of those that were notified so far. A device is in one of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = JobCounts))]
pub struct Counts {
    /// The device is to begin: AWS IoT has notified it, or will.
    pub queued: u64,
    /// The device has begun.
    pub in_progress: u64,
    /// The device has the firmware.
    pub succeeded: u64,
    /// The device could not install it.
    pub failed: u64,
    /// The device refused the job.
    pub rejected: u64,
    /// The device did not end within the job's time.
    pub timed_out: u64,
    /// The job was cancelled before the device had ended.
    pub cancelled: u64,
    /// The device was deleted before it had ended.
    pub removed: u64,
}

/// Why a device is not in a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// It reports this version, or a later one.
    NotOlder,
    /// It is disabled, and cannot connect.
    Disabled,
}

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::EnumString, strum::EnumIter)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
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

impl State {
    /// The state as it is stored and shown.
    pub fn code(self) -> &'static str {
        self.into()
    }

    /// The state with this code.
    pub fn of(code: &str) -> Option<Self> {
        code.parse().ok()
    }

    /// Whether the job goes on.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Preparing | Self::InProgress)
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id, which AWS IoT knows it by as well.
    pub id: FleetJobId,
    /// What was asked for.
    pub order: Order,
    /// SHA-256 of the file.
    pub sha256: Checksum,
    /// Size of the file, in bytes.
    pub size: u64,
    /// Who asked.
    pub by: String,
    /// When.
    pub created_at: Timestamp,
    /// Its state.
    pub state: State,
    /// Devices in the job so far; final once all are gathered.
    pub devices: u64,
    /// Devices of the target that were left out.
    pub skipped: u64,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Why it ended, if there is more to say than the state.
    pub detail: Option<String>,
}

/// The job has ended already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended(pub State);

/// The devices of a page, and how many were left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gathered {
    /// In the job.
    pub devices: u64,
    /// Left out.
    pub skipped: u64,
}

impl Job {
    /// A new job.
    pub fn new(id: FleetJobId, order: Order, sha256: Checksum, size: u64, by: String, now: Timestamp) -> Self {
        let (state, ended_at, detail) = (State::Preparing, None, None);
        Self { id, order, sha256, size, by, created_at: now, state, devices: 0, skipped: 0, ended_at, detail }
    }

    /// Checks that the device gets the firmware. A device whose version is unknown gets it and decides itself: the job document
    /// names the version.
    ///
    /// # Errors
    /// Why it does not.
    pub fn takes(&self, device: &Device) -> Result<(), Skip> {
        if !device.details.enabled {
            return Err(Skip::Disabled);
        }
        let has = device.firmware.as_deref().and_then(|text| text.parse::<FirmwareVersion>().ok());
        if !self.order.force && has.is_some_and(|has| has >= self.order.firmware) {
            Err(Skip::NotOlder)
        } else {
            Ok(())
        }
    }

    /// The job with a further page of its devices gathered.
    #[must_use]
    pub fn gathered(&self, page: Gathered) -> Self {
        let Gathered { devices, skipped } = page;
        Self { devices: self.devices + devices, skipped: self.skipped + skipped, ..self.clone() }
    }

    /// The job once all its devices are gathered: AWS IoT has it, or there is nothing to do. `made`: AWS IoT has the job, possibly
    /// from an earlier attempt that was interrupted, even if no device remains now.
    #[must_use]
    pub fn begun(&self, made: bool, now: Timestamp) -> Self {
        if made || self.devices > 0 {
            return Self { state: State::InProgress, ..self.clone() };
        }
        let detail = Some("no device is to get it".to_owned());
        Self { state: State::Completed, ended_at: Some(now), detail, ..self.clone() }
    }

    /// The job as cancelled; unchanged when it was cancelled before.
    ///
    /// # Errors
    /// When it has ended otherwise.
    pub fn cancelled(&self, detail: Option<&str>, now: Timestamp) -> Result<Self, Ended> {
        match self.state {
            State::Cancelled => Ok(self.clone()),
            State::Completed | State::Aborted => Err(Ended(self.state)),
            State::Preparing | State::InProgress => {
                let detail = detail.map(str::to_owned);
                Ok(Self { state: State::Cancelled, ended_at: Some(now), detail, ..self.clone() })
            }
        }
    }

    /// The job as ended in AWS IoT; `None` when it had ended already.
    pub fn ended(&self, end: &End, at: Timestamp) -> Option<Self> {
        if !self.state.is_open() {
            return None;
        }
        let state = end.state;
        Some(Self { state, ended_at: Some(at), detail: end.detail.clone(), ..self.clone() })
    }

    /// Whether it has been open for too long.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.state.is_open() && now >= self.created_at.plus_seconds(OPEN_SECONDS)
    }
}

/// How a job has ended in AWS IoT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// Completed, aborted or cancelled.
    pub state: State,
    /// What AWS IoT says about it.
    pub detail: Option<String>,
}

/// AWS IoT's code for the reason of a cancellation by the criteria of the job.
const ABORT: &str = "ABORT_CANCEL";
/// Maximum characters of a detail.
const MOST_DETAIL: usize = 256;

impl End {
    /// The end according to AWS IoT's status, reason code and comment; `None` while the job goes on.
    pub fn of(status: &str, reason: Option<&str>, comment: Option<&str>) -> Option<Self> {
        let detail = || comment.map(plain).filter(|text| !text.is_empty());
        match status {
            "COMPLETED" => Some(Self { state: State::Completed, detail: None }),
            "CANCELED" if reason == Some(ABORT) => Some(Self { state: State::Aborted, detail: detail() }),
            "CANCELED" => Some(Self { state: State::Cancelled, detail: detail() }),
            "DELETION_IN_PROGRESS" => {
                Some(Self { state: State::Cancelled, detail: Some("deleted in AWS IoT".to_owned()) })
            }
            _ => None,
        }
    }
}

/// A text from outside, without control characters and cut to 256 characters.
pub fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(MOST_DETAIL).collect()
}

/// The number of devices that must have finished before their share of failures counts: as many as make one failure reach the
/// limit, or all of a smaller job. Otherwise the first device that fails would abort every job.
///
/// ```
/// use weir_core::domain::job::abort_after;
///
/// assert_eq!(abort_after(5, 1_000), 20);
/// assert_eq!(abort_after(5, 3), 3);
/// assert_eq!(abort_after(100, 1_000), 1);
/// ```
pub fn abort_after(percent: u32, devices: u64) -> u32 {
    let share = 100_u32.div_ceil(percent.max(1));
    share.min(u32::try_from(devices.max(1)).unwrap_or(u32::MAX))
}

/// Whether AWS IoT aborts a job when `ended` of its devices have finished, `failed` of them without success. AWS IoT itself decides;
/// simulations use this rule.
pub fn is_aborted(percent: u32, devices: u64, ended: u64, failed: u64) -> bool {
    ended >= u64::from(abort_after(percent, devices)) && failed * 100 >= u64::from(percent) * ended
}

#[cfg(test)]
mod tests;

//! Jobs that bring firmware to devices: creating one, and its progress.

use serde_json::{Value, json};
use weir_core::domain::job::{
    ABORT_DEFAULT, Counts, MOST_DEVICES, MOST_PER_MINUTE, MOST_TIMEOUT, PER_MINUTE_DEFAULT, TIMEOUT_DEFAULT,
};
use weir_core::id::{DeviceId, Tube};
use weir_core::wire::job::{JobJson, StateJson, TargetJson};

/// The kind of a job's target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Named devices.
    Devices,
    /// The flow sensors of a tube.
    Tube,
    /// Every device.
    All,
}

impl Which {
    /// Every kind, with its name in the form.
    pub const ALL: [(&'static str, Self); 3] = [("devices", Self::Devices), ("tube", Self::Tube), ("all", Self::All)];

    /// The kind with this name; for other names, named devices.
    pub fn of(name: &str) -> Self {
        Self::ALL.iter().find(|(known, _)| *known == name).map_or(Self::Devices, |(_, which)| *which)
    }
}

/// A job as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The version of the firmware.
    pub firmware: String,
    /// The kind of target.
    pub which: Which,
    /// The ids of the devices, for [`Which::Devices`].
    pub devices: String,
    /// The tube, for [`Which::Tube`].
    pub tube: String,
    /// Number of devices that get the job each minute.
    pub per_minute: String,
    /// Share of failures that aborts the job, in percent.
    pub abort: String,
    /// Timeout of a device, in minutes.
    pub timeout: String,
    /// Whether devices that already have this version or a later one get it as well.
    pub force: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            firmware: String::new(),
            which: Which::Devices,
            devices: String::new(),
            tube: String::new(),
            per_minute: PER_MINUTE_DEFAULT.to_string(),
            abort: ABORT_DEFAULT.to_string(),
            timeout: TIMEOUT_DEFAULT.to_string(),
            force: false,
        }
    }
}

/// What is wrong with an order, checked before the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// This word is not an id of a device.
    Device(String),
    /// There are no devices, or more than a job can name.
    Devices,
    /// It is not a tube.
    Tube,
    /// A number is not between 1 and this maximum.
    Number(u32),
}

impl Order {
    /// The body of the request.
    ///
    /// # Errors
    /// The first error.
    pub fn body(&self) -> Result<Value, Wrong> {
        let target = match self.which {
            Which::All => TargetJson::All,
            Which::Tube => TargetJson::Tube(self.tube.trim().parse::<Tube>().map_err(|_| Wrong::Tube)?),
            Which::Devices => {
                let words = self.devices.split([',', ';', ' ', '\n', '\t']).filter(|word| !word.is_empty());
                let id =
                    |word: &str| word.parse::<DeviceId>().map_err(|_| Wrong::Device(word.chars().take(40).collect()));
                let devices = words.map(id).collect::<Result<Vec<_>, _>>()?;
                if !(1..=MOST_DEVICES).contains(&devices.len()) {
                    return Err(Wrong::Devices);
                }
                TargetJson::Devices(devices)
            }
        };
        let number = |text: &str, most: u32| {
            let read = text.trim().parse::<u32>().ok();
            read.filter(|number| (1..=most).contains(number)).ok_or(Wrong::Number(most))
        };
        Ok(json!({
            "firmware": self.firmware,
            "target": target,
            "rollout_per_minute": number(&self.per_minute, MOST_PER_MINUTE)?,
            "abort_percent": number(&self.abort, 100)?,
            "timeout_minutes": number(&self.timeout, MOST_TIMEOUT)?,
            "force": self.force,
        }))
    }
}

/// The progress of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Devices that have ended, with any outcome.
    pub ended: u64,
    /// Those of them that did not succeed.
    pub unsuccessful: u64,
    /// Devices of the job.
    pub total: u64,
}

/// The progress of a job. The total is the number of devices that AWS IoT knows, or of those that were gathered, whichever is greater.
pub const fn progress(counts: &Counts, devices: u64) -> Progress {
    let Counts { queued, in_progress, succeeded, failed, rejected, timed_out, cancelled, removed } = *counts;
    let unsuccessful =
        failed.saturating_add(rejected).saturating_add(timed_out).saturating_add(cancelled).saturating_add(removed);
    let ended = unsuccessful.saturating_add(succeeded);
    let known = ended.saturating_add(queued).saturating_add(in_progress);
    Progress { ended, unsuccessful, total: if known > devices { known } else { devices } }
}

/// Whether a job has not ended.
pub const fn is_open(job: &JobJson) -> bool {
    matches!(job.state, StateJson::Preparing | StateJson::InProgress)
}

/// The error message in an answer of S3, or the beginning of the answer if it has none.
pub fn said(answer: &str) -> String {
    let message = answer.split_once("<Message>").and_then(|(_, rest)| rest.split_once("</Message>"));
    message.map_or(answer, |(message, _)| message).chars().take(200).collect()
}

/// An open job that may include a device.
#[derive(Debug, Clone)]
pub struct OpenJob {
    /// The job.
    pub job: JobJson,
    /// The state of the device; `None` while the job's devices are gathered.
    pub status: Option<String>,
}

impl OpenJob {
    /// Whether the job includes the device, after searching for it. Once its devices are gathered, a job that names the device but does not
    /// list it has skipped it, for example because it already runs this version.
    pub const fn concerns(&self) -> bool {
        let is_named = matches!(self.job.target, TargetJson::Devices(_));
        self.status.is_some() || (is_named && matches!(self.job.state, StateJson::Preparing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_becomes_what_the_api_takes() {
        let order = Order { firmware: "1.4.2".into(), devices: "buoy-01, buoy-02".into(), ..Order::default() };
        let body = json!({"firmware": "1.4.2", "target": {"devices": ["buoy-01", "buoy-02"]}, "rollout_per_minute": 100,
            "abort_percent": 10, "timeout_minutes": 60, "force": false});
        assert_eq!(order.body(), Ok(body));
        let tube = Order { which: Which::Tube, tube: " 0 ".into(), force: true, ..order.clone() };
        assert_eq!(tube.body().unwrap()["target"], json!({"tube": "0"}));
        let all = Order { which: Which::of("all"), ..order };
        assert_eq!(all.body().unwrap()["target"], json!("all"));
    }

    #[test]
    fn what_cannot_be_an_order_is_told_before_the_api_is_asked() {
        let with = |devices: &str| Order { devices: devices.into(), ..Order::default() }.body().unwrap_err();
        assert_eq!((with(""), with("a *")), (Wrong::Devices, Wrong::Device("*".into())));
        let many = (0..=MOST_DEVICES).map(|number| format!("d{number}")).collect::<Vec<_>>().join(" ");
        assert_eq!(with(&many), Wrong::Devices);
        let tube = Order { which: Which::Tube, tube: "01".into(), ..Order::default() };
        assert_eq!(tube.body(), Err(Wrong::Tube));
        for (abort, timeout, most) in [("0", "60", 100), ("101", "60", 100), ("10", "x", MOST_TIMEOUT)] {
            let order = Order { which: Which::All, abort: abort.into(), timeout: timeout.into(), ..Order::default() };
            assert_eq!(order.body(), Err(Wrong::Number(most)));
        }
    }

    #[test]
    fn progress_counts_devices_that_have_ended() {
        let counts = Counts {
            queued: 5,
            in_progress: 2,
            succeeded: 10,
            failed: 1,
            rejected: 1,
            timed_out: 1,
            ..Counts::default()
        };
        assert_eq!(progress(&counts, 40), Progress { ended: 13, unsuccessful: 3, total: 40 });
        assert_eq!(progress(&counts, 0).total, 20);
        let cancelled = Counts { cancelled: 2, ..Counts::default() };
        assert_eq!(progress(&cancelled, 2), Progress { ended: 2, unsuccessful: 2, total: 2 });
    }

    #[test]
    fn the_message_of_a_refusal_is_found() {
        let answer =
            "<?xml version=\"1.0\"?><Error><Code>BadDigest</Code><Message>The digest differs.</Message></Error>";
        assert_eq!(said(answer), "The digest differs.");
        assert_eq!((said("<html>"), said("")), ("<html>".into(), String::new()));
    }

    #[test]
    fn a_device_that_a_job_has_skipped_is_not_being_prepared() {
        let open = |target: Value, state: &str, status: Option<&str>| {
            let job = json!({"id": "1767225600000-0000000a", "firmware": "1.2.0", "target": target, "rollout_per_minute": 50,
                "abort_percent": 10, "timeout_minutes": 60, "force": false, "state": state, "devices": 0, "skipped": 1,
                "by": "ann@example.com", "created_at": "2026-01-01T00:00:00Z"});
            OpenJob { job: serde_json::from_value(job).unwrap(), status: status.map(str::to_owned) }
        };
        let named = || json!({"devices": ["buoy-01"]});
        assert!(open(named(), "PREPARING", None).concerns());
        assert!(!open(named(), "IN_PROGRESS", None).concerns());
        assert!(open(named(), "IN_PROGRESS", Some("QUEUED")).concerns());
        assert!(!open(json!("all"), "PREPARING", None).concerns());
    }
}

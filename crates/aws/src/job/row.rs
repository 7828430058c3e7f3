//! Firmwares and jobs as rows. Instants are in epoch milliseconds.

use serde::{Deserialize, Serialize};

use super::super::AwsError;
use super::super::keys::{FIRMWARES, FLEET_JOBS};
use super::super::row::{Item, n};
use super::{StoredJob, TABLE, Work};
use weir_core::domain::Timestamp;
use weir_core::domain::firmware::Firmware;
use weir_core::domain::job::{Job, Order, State};
use weir_core::id::BadId;
use weir_core::wire::job::TargetJson;

/// The days after which the row of a job expires: as long as its events are kept by default.
const KEPT_DAYS: i64 = 400;

#[derive(Debug, Serialize, Deserialize)]
struct FirmwareRow {
    part: String,
    row: String,
    version: String,
    sha256: String,
    size: u64,
    by: String,
    created_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uploaded_at: Option<i64>,
}

#[derive(Debug, Serialize, Deserialize)]
struct JobRow {
    part: String,
    row: String,
    firmware: String,
    /// JSON as text, as in the API.
    target: String,
    rollout_per_minute: u32,
    abort_percent: u32,
    timeout_minutes: u32,
    force: bool,
    sha256: String,
    size: u64,
    by: String,
    created_at: i64,
    state: String,
    devices: u64,
    skipped: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position: Option<String>,
    /// The keys of the index `due`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due: Option<i64>,
    revision: u64,
}

pub(super) fn firmware_item(firmware: &Firmware) -> Result<Item, AwsError> {
    let row = FirmwareRow {
        part: FIRMWARES.to_owned(),
        row: firmware.version.sortable(),
        version: firmware.version.to_string(),
        sha256: firmware.sha256.to_string(),
        size: firmware.size,
        by: firmware.by.clone(),
        created_at: firmware.created_at.millis(),
        uploaded_at: firmware.uploaded_at.map(Timestamp::millis),
    };
    serde_dynamo::to_item(row).map_err(|error| AwsError::corrupt(TABLE, firmware.version, error))
}

pub(super) fn firmware_of(item: Item) -> Result<Firmware, AwsError> {
    let row: FirmwareRow =
        serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, "a firmware", error))?;
    let bad = |error: BadId| AwsError::corrupt(TABLE, &row.row, error);
    Ok(Firmware {
        version: row.version.parse().map_err(bad)?,
        sha256: row.sha256.parse().map_err(bad)?,
        size: row.size,
        by: row.by.clone(),
        created_at: Timestamp::from_millis(row.created_at),
        uploaded_at: row.uploaded_at.map(Timestamp::from_millis),
    })
}

pub(super) fn job_item(stored: &StoredJob, revision: u64) -> Result<Item, AwsError> {
    let StoredJob { job, work: Work { position, due }, .. } = stored;
    let corrupt = |error: String| AwsError::corrupt(TABLE, &job.id, error);
    let target = serde_json::to_string(&TargetJson::from(job.order.target.clone()));
    let row = JobRow {
        part: FLEET_JOBS.to_owned(),
        row: job.id.to_string(),
        firmware: job.order.firmware.to_string(),
        target: target.map_err(|error| corrupt(format!("target: {error}")))?,
        rollout_per_minute: job.order.rollout_per_minute,
        abort_percent: job.order.abort_percent,
        timeout_minutes: job.order.timeout_minutes,
        force: job.order.force,
        sha256: job.sha256.to_string(),
        size: job.size,
        by: job.by.clone(),
        created_at: job.created_at.millis(),
        state: job.state.code().to_owned(),
        devices: job.devices,
        skipped: job.skipped,
        ended_at: job.ended_at.map(Timestamp::millis),
        detail: job.detail.clone(),
        position: position.clone(),
        open: due.map(|_| FLEET_JOBS.to_owned()),
        due: due.map(Timestamp::millis),
        revision,
    };
    let mut item: Item = serde_dynamo::to_item(row).map_err(|error| corrupt(error.to_string()))?;
    item.insert("expires_at".to_owned(), n(job.created_at.plus_seconds(KEPT_DAYS * 86_400).seconds()));
    Ok(item)
}

pub(super) fn job_of(item: Item) -> Result<StoredJob, AwsError> {
    let id = item.get("row").and_then(|row| row.as_s().ok()).cloned().unwrap_or_default();
    let corrupt = |detail: String| AwsError::corrupt(TABLE, &id, detail);
    let bad = |error: BadId| corrupt(error.to_string());
    let row: JobRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    let target: TargetJson = serde_json::from_str(&row.target).map_err(|error| corrupt(format!("target: {error}")))?;
    let state = State::of(&row.state).ok_or_else(|| corrupt(format!("state {:?} is none", row.state)))?;
    let order = Order {
        firmware: row.firmware.parse().map_err(bad)?,
        target: target.into(),
        rollout_per_minute: row.rollout_per_minute,
        abort_percent: row.abort_percent,
        timeout_minutes: row.timeout_minutes,
        force: row.force,
    };
    let job = Job {
        id: row.row.parse().map_err(bad)?,
        order,
        sha256: row.sha256.parse().map_err(bad)?,
        size: row.size,
        by: row.by,
        created_at: Timestamp::from_millis(row.created_at),
        state,
        devices: row.devices,
        skipped: row.skipped,
        ended_at: row.ended_at.map(Timestamp::from_millis),
        detail: row.detail,
    };
    let work = Work { position: row.position, due: row.due.map(Timestamp::from_millis) };
    Ok(StoredJob { job, work, revision: row.revision })
}

#[cfg(test)]
mod tests {
    use super::super::super::row::s;
    use super::*;
    use weir_core::domain::job::Target;
    use weir_core::id::FleetJobId;

    const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);

    #[test]
    fn a_firmware_is_read_as_it_was_written() {
        let sha256 = "a".repeat(64).parse().unwrap();
        let firmware = Firmware::announced("1.4.2".parse().unwrap(), sha256, 5, "ann".into(), NOW).unwrap();
        for firmware in [firmware.clone(), Firmware { uploaded_at: Some(NOW), ..firmware }] {
            assert_eq!(firmware_of(firmware_item(&firmware).unwrap()).unwrap(), firmware);
        }
    }

    #[test]
    fn a_job_is_read_as_it_was_written_and_is_in_the_index_only_while_something_is_left_to_do() {
        for target in [Target::All, Target::Tube("0".parse().unwrap()), Target::Devices(vec!["a".parse().unwrap()])] {
            let order = Order {
                firmware: "1.4.2".parse().unwrap(),
                target,
                rollout_per_minute: 1,
                abort_percent: 2,
                timeout_minutes: 3,
                force: true,
            };
            let job = Job::new(
                FleetJobId::made(NOW.millis(), 7),
                order,
                "a".repeat(64).parse().unwrap(),
                5,
                "ann".into(),
                NOW,
            );
            let ended = job.cancelled(Some("why"), NOW).unwrap();
            for (job, work) in [(job, Work { position: Some("p".into()), due: Some(NOW) }), (ended, Work::default())] {
                let due = work.due.is_some();
                let item = job_item(&StoredJob::new(job.clone(), work.clone()), 4).unwrap();
                assert_eq!(item.contains_key("open"), due);
                assert_eq!(item.get("expires_at").unwrap(), &n(1_795_155_884 + 400 * 86_400));
                assert_eq!(job_of(item).unwrap(), StoredJob { job, work, revision: 4 });
            }
        }
    }

    #[test]
    fn a_corrupt_row_is_named() {
        let error = job_of(Item::from([("row".to_owned(), s("x"))])).unwrap_err().to_string();
        assert!(error.contains("row x of jobs"), "{error}");
    }
}

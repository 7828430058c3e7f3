//! The events of firmwares and jobs.

use serde_json::json;

use super::{Job, Target};
use crate::domain::Timestamp;
use crate::domain::event::{Event, FieldChange, Kind};
use crate::domain::firmware::Firmware;
use crate::id::{DeviceId, FleetJobId};

/// The event of a firmware that was announced.
pub fn announced(firmware: &Firmware) -> Event {
    let Firmware { version, sha256, size, by, created_at, .. } = firmware;
    // Announced anew, another file is another event.
    let key = format!("firmware-{version}-{}", sha256.as_str().get(..16).unwrap_or_default());
    let changes = [("/sha256", json!(sha256.as_str())), ("/size", json!(size))];
    Event::new(None, Kind::Job, &key, *created_at)
        .by(by)
        .target(version)
        .detail("firmware announced")
        .changes(added(changes))
}

/// The event of a job that was made.
pub fn created(job: &Job) -> Event {
    let order = &job.order;
    let target = match &order.target {
        Target::Devices(devices) => json!({"devices": devices.len()}),
        Target::Tube(tube) => json!({"tube": tube.as_str()}),
        Target::All => json!("all"),
    };
    let changes = [
        ("/firmware", json!(order.firmware.to_string())),
        ("/target", target),
        ("/rollout_per_minute", json!(order.rollout_per_minute)),
        ("/abort_percent", json!(order.abort_percent)),
        ("/timeout_minutes", json!(order.timeout_minutes)),
        ("/force", json!(order.force)),
    ];
    let event = Event::new(None, Kind::Job, &format!("{}-created", job.id), job.created_at);
    event.by(&job.by).target(&job.id).detail("created").changes(added(changes))
}

/// The event of a job that has ended: `by` is who cancelled it.
pub fn ended(before: &Job, after: &Job, by: Option<&str>) -> Event {
    let at = after.ended_at.unwrap_or(after.created_at);
    let change = FieldChange {
        pointer: "/state".to_owned(),
        before: Some(before.state.code().into()),
        after: Some(after.state.code().into()),
    };
    let event = Event::new(None, Kind::Job, &format!("{}-ended", after.id), at).target(&after.id).changes(vec![change]);
    let event = match &after.detail {
        Some(detail) => event.detail(detail),
        None => event,
    };
    match by {
        Some(by) => event.by(by),
        None => event,
    }
}

/// The event of a device that has finished its part; `number` distinguishes its attempts.
pub fn of_device(
    device: &DeviceId,
    job: &FleetJobId,
    number: u64,
    status: &str,
    why: Option<String>,
    at: Timestamp,
) -> Event {
    let change = FieldChange { pointer: "/status".to_owned(), before: None, after: Some(status.into()) };
    let key = format!("{job}-{number}-{}", status.to_lowercase());
    let event = Event::new(Some(device.clone()), Kind::Job, &key, at).target(job).changes(vec![change]);
    match why {
        Some(why) => event.detail(why),
        None => event,
    }
}

fn added<const N: usize>(fields: [(&str, serde_json::Value); N]) -> Vec<FieldChange> {
    let change =
        |(pointer, after): (&str, _)| FieldChange { pointer: pointer.to_owned(), before: None, after: Some(after) };
    fields.into_iter().map(change).collect()
}

//! Problems whose alert, sensor or device is removed or disabled.

use super::{AlertKey, End, Person, Problem, REMOVED, Subject};
use crate::domain::Timestamp;
use crate::domain::device::Device;

/// Whether a device (`None`: it is deleted) still has the alert or the `report_every` behind a problem. Problems of flow sensors do
/// not depend on the device.
pub fn has_reason(subject: &Subject, device: Option<&Device>) -> bool {
    let enabled = device.filter(|device| device.details.enabled);
    match subject {
        Subject::Pair(_) | Subject::Sensor(_) => true,
        Subject::Device(_) => enabled.is_some_and(|device| device.details.report_every.is_some()),
        Subject::Alert(AlertKey { sensor, alert, .. }) => enabled
            .and_then(|device| device.sensor(sensor))
            .is_some_and(|sensor| sensor.active_alerts().any(|known| known.id == *alert)),
    }
}

/// The problem with its open episode ended at `now`, because its alert, sensor or device is gone; `None` when no
/// episode is open.
pub fn removed(mut problem: Problem, now: Timestamp) -> Option<Problem> {
    let open = problem.episodes.last_mut().filter(|last| last.end.is_none())?;
    let by = Person { name: REMOVED.to_owned(), at: now };
    // A reading may lie some minutes ahead of the clock.
    open.end = Some(End { at: now.max(open.changed_at), by: Some(by) });
    Some(problem)
}

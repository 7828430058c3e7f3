//! The events of a person's change of a level or a problem.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_aws::AwsError;
use weir_aws::level::LevelState;
use weir_aws::problem::StoredProblem;
use weir_core::domain::Timestamp;
use weir_core::domain::event::{Event, FieldChange, Kind, diff};
use weir_core::domain::problem::{Problem, Subject};
use weir_core::id::{DeviceId, LevelId};
use weir_core::wire::problem::ProblemJson;

use super::Parts;

/// Who changes something, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deed<'a> {
    pub by: &'a str,
    pub at: Timestamp,
}

impl Parts {
    /// The devices in whose logs a problem belongs: its device, or those that are its flow sensors. If there are none, the event has
    /// no device.
    pub(super) async fn logs(&self, subject: &Subject) -> Result<Vec<Option<DeviceId>>, AwsError> {
        if let Some(device) = subject.device() {
            return Ok(vec![Some(device.clone())]);
        }
        let mut devices = BTreeSet::new();
        for level in subject.levels() {
            devices.extend(self.devices.of_level(level).await?.into_iter().map(|owner| owner.device));
        }
        Ok(if devices.is_empty() { vec![None] } else { devices.into_iter().map(Some).collect() })
    }
}

/// The events of a problem that is changed, one for each of these logs.
pub(super) fn of_problem(
    logs: &[Option<DeviceId>],
    subject: &Subject,
    stored: &StoredProblem,
    changed: &Problem,
    deed: Deed<'_>,
) -> Vec<Event> {
    let changes = diff(&told(subject, &stored.problem), &told(subject, changed));
    let revision = stored.revision.saturating_add(1);
    let key = format!("{}-{revision}", subject.key());
    let event = |device: &Option<DeviceId>| {
        let event = Event::new(device.clone(), Kind::Problem, &key, deed.at).by(deed.by).target(subject.key());
        event.changes(changes.clone())
    };
    logs.iter().map(event).collect()
}

/// The problem in the form in which events show changes.
fn told(subject: &Subject, problem: &Problem) -> Value {
    let mut shown = json!(ProblemJson::of(subject, problem));
    if let Some(fields) = shown.as_object_mut() {
        // It is the instant of the event.
        fields.remove("updated_at");
    }
    shown
}

/// The events of a level that is deleted, one for each of these logs.
pub(super) fn of_level(logs: &[Option<DeviceId>], id: &LevelId, state: &LevelState, deed: Deed<'_>) -> Vec<Event> {
    let last = state.measurements.last().map(|last| json!(last.level.to_string()));
    let change = FieldChange { pointer: "/last_value".to_owned(), before: last, after: None };
    let key = format!("{id}-{}", state.revision.unwrap_or(0));
    let event = |device: &Option<DeviceId>| {
        let event = Event::new(device.clone(), Kind::Level, &key, deed.at).by(deed.by).target(id).detail("deleted");
        event.changes(vec![change.clone()])
    };
    logs.iter().map(event).collect()
}

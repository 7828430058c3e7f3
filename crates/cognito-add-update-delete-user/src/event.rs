//! The events of changes of people.
//!
//! Cognito has no transactions, so these events are tied to what the table `users` has: that of an added user is written with the
//! profile and goes with it when the creation is undone; that of a deleted one is written with the tombstone. A change touches
//! Cognito alone; its event follows it, and the repeat of a request that was interrupted in between writes it.

use serde_json::{Map, Value, json};
use weir_core::domain::Timestamp;
use weir_core::domain::event::{Event, FieldChange, Kind, diff};
use weir_core::domain::people::Person;
use weir_core::domain::people::creation::CreationFlag;
use weir_core::id::Sub;
use weir_core::wire::person::PersonJson;

use super::body::NewUser;

/// Fields that events leave out, because they follow from the change itself.
const UNTOLD: [&str; 4] = ["sub", "username", "created_at", "updated_at"];

/// The key of the event of an added user, which a request that undoes the creation knows as well.
pub(super) fn of_creation(sub: &Sub, flag: &CreationFlag) -> Event {
    Event::new(None, Kind::People, &format!("{sub}-added"), flag.until()).target(sub).detail("added")
}

/// The event of an added user.
pub(super) fn added(sub: &Sub, flag: &CreationFlag, new: &NewUser, by: &str) -> Event {
    let after = json!({"email": new.email, "role": new.role, "devices": new.devices});
    of_creation(sub, flag).by(by).changes(diff(&json!({}), &after))
}

/// The event of a user who was changed: the fields that differ, and the requested fields that had this value already, because an
/// interrupted request may have set them.
pub(super) fn changed(sub: &Sub, before: &Value, after: &Value, asked: &Value, by: &str, at: Timestamp) -> Event {
    let mut changes = diff(&told(before), &told(after));
    for (name, value) in asked.as_object().into_iter().flatten() {
        let pointer = format!("/{name}");
        if !changes.iter().any(|change| change.pointer == pointer) {
            changes.push(FieldChange { pointer, before: None, after: Some(value.clone()) });
        }
    }
    let event = Event::new(None, Kind::People, &format!("{sub}-changed"), at);
    event.by(by).target(sub).detail("changed").changes(changes)
}

/// The event of a user who is being deleted.
pub(super) fn deleted(person: &Person, by: &str, at: Timestamp) -> Event {
    let event = Event::new(None, Kind::People, &format!("{}-deleted", person.sub), at).by(by).target(&person.sub);
    event.detail("deleted").changes(diff(&told(&json!(PersonJson::of(person))), &json!({})))
}

/// The event of a user whom Cognito did not delete after all.
pub(super) fn kept(sub: &Sub, by: &str, at: Timestamp) -> Event {
    let event = Event::new(None, Kind::People, &format!("{sub}-kept"), at);
    event.by(by).target(sub).detail("the user pool refused the deletion")
}

/// The event of a profile whose user has deleted themselves.
pub(super) fn orphan(sub: &Sub, at: Timestamp) -> Event {
    Event::new(None, Kind::People, &format!("{sub}-orphan"), at).target(sub).detail("deleted themselves")
}

fn told(person: &Value) -> Value {
    let fields = person.as_object().into_iter().flatten();
    let fields = fields.filter(|(name, _)| !UNTOLD.contains(&name.as_str()));
    fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

//! The events of changes of people.
//!
//! Cognito has no transactions, so these events are tied to what the table `users` has: that of an added user is written with the
//! profile and goes with it when the creation is undone; that of a deleted one is written with the tombstone. A change touches
//! Cognito alone; its event is written before it, so that there is no change without one, and another event says so if Cognito
//! refuses.

use serde_json::{Map, Value, json};
use weir_core::domain::Timestamp;
use weir_core::domain::event::{Event, Kind, diff};
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

/// The event of a user who is being changed; `None` when nothing differs.
pub(super) fn changed(sub: &Sub, before: &Value, after: &Value, by: &str, at: Timestamp) -> Option<Event> {
    let changes = diff(&told(before), &told(after));
    let event = Event::new(None, Kind::People, &format!("{sub}-changed"), at);
    (!changes.is_empty()).then(|| event.by(by).target(sub).detail("changed").changes(changes))
}

/// The event of a user whom Cognito did not change after all, or not completely: `after` is what was to be, `actual` what is.
pub(super) fn refused(sub: &Sub, after: &Value, actual: &Value, by: &str, at: Timestamp) -> Event {
    let event = Event::new(None, Kind::People, &format!("{sub}-refused"), at);
    let event = event.by(by).target(sub).detail("the user pool refused the change");
    // Whether a password was set cannot be read.
    let changes = diff(&told(after), &told(actual)).into_iter().filter(|change| change.pointer != "/password");
    event.changes(changes.collect())
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

//! The rows of the table `events`.

use serde::{Deserialize, Serialize};

use super::super::keys::{EVENTS, NO_DEVICE, event_place, event_row, events_of, offline, partition};
use super::super::row::Item;
use super::super::{AwsError, size};
use super::TABLE;
use weir_core::domain::Timestamp;
use weir_core::domain::event::{Event, Kind};
use weir_core::domain::presence::{Connection, Presence};
use weir_core::id::{BadId, DeviceId};
use weir_core::wire::event::{ChangeJson, changes_json, changes_of};

/// The sort key of the row that says whether a device is connected. Rows of events begin with a digit.
pub(super) const CONNECTION: &str = "connection";

const DAY: i64 = 86_400;

/// An event.
#[derive(Debug, Serialize, Deserialize)]
struct EventRow {
    device: String,
    row: String,
    id: String,
    kind: String,
    /// Epoch milliseconds.
    at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// JSON as text: written once, and shown as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    changes: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    more: Option<u64>,
    /// The key of the index `listed`.
    #[serde(default)]
    listed: String,
    #[serde(default)]
    place: String,
    /// Epoch seconds, as DynamoDB wants it.
    #[serde(default)]
    expires_at: i64,
}

/// Whether a device is connected.
#[derive(Debug, Serialize, Deserialize)]
struct ConnectionRow {
    device: String,
    row: String,
    state: String,
    /// Epoch milliseconds.
    since: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// AWS IoT's number of the connection.
    version: u64,
    /// The key of the index `offline`; only a device that is not connected has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    offline: Option<String>,
}

/// What a record of the table's stream is about.
#[derive(Debug, Clone, PartialEq)]
pub enum EventImage {
    /// An event.
    Event(Event),
    /// A device has connected or disconnected.
    Connection(DeviceId, Connection),
}

fn corrupt(device: &str, row: &str, detail: impl ToString) -> AwsError {
    AwsError::corrupt(TABLE, format!("{device}/{row}"), detail)
}

pub(super) fn item_of(event: &Event, keep_days: i64) -> Result<Item, AwsError> {
    let (device, row) = (events_of(event.device.as_ref()), event_row(event.at, &event.id));
    let changes = changes_json(&event.changes);
    let changes = (!changes.is_empty()).then(|| serde_json::to_string(&changes)).transpose();
    let item = serde_dynamo::to_item(EventRow {
        device: device.to_owned(),
        row: row.clone(),
        id: event.id.to_string(),
        kind: event.kind.code().to_owned(),
        at: event.at.millis(),
        by: event.by.clone(),
        target: event.target.clone(),
        detail: event.detail.clone(),
        changes: changes.map_err(|error| corrupt(device, &row, error))?,
        more: (event.changes.more() > 0).then(|| event.changes.more()),
        listed: partition(EVENTS, &format!("{device}#{row}")),
        place: event_place(event.at, event.device.as_ref(), &event.id),
        expires_at: event.at.plus_seconds(keep_days.saturating_mul(DAY)).seconds(),
    });
    let item: Item = item.map_err(|error: serde_dynamo::Error| corrupt(device, &row, error))?;
    let bytes = size::of(&item);
    if bytes > size::LARGEST {
        return Err(AwsError::TooLarge { table: TABLE, key: format!("{device}/{row}"), bytes });
    }
    Ok(item)
}

pub(super) fn event_of(item: Item) -> Result<Event, AwsError> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    let (device, row) = (text("device"), text("row"));
    let corrupt = |detail: String| corrupt(&device, &row, detail);
    let read: EventRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    let bad = |error: BadId| corrupt(error.to_string());
    let changes: Vec<ChangeJson> = match &read.changes {
        Some(text) => serde_json::from_str(text).map_err(|error| corrupt(format!("changes: {error}")))?,
        None => Vec::new(),
    };
    Ok(Event {
        device: (read.device != NO_DEVICE).then(|| read.device.parse()).transpose().map_err(bad)?,
        kind: Kind::of(&read.kind).ok_or_else(|| corrupt(format!("kind {:?} is none", read.kind)))?,
        id: read.id.parse().map_err(bad)?,
        at: Timestamp::from_millis(read.at),
        by: read.by,
        target: read.target,
        detail: read.detail,
        changes: changes_of(changes, read.more.unwrap_or(0)),
    })
}

pub(super) fn connection_item(device: &DeviceId, connection: &Connection) -> Result<Item, AwsError> {
    let item = serde_dynamo::to_item(ConnectionRow {
        device: device.to_string(),
        row: CONNECTION.to_owned(),
        state: connection.state.code().to_owned(),
        since: connection.since.millis(),
        reason: connection.reason.clone(),
        version: connection.version,
        offline: (connection.state == Presence::Disconnected).then(|| offline(device)),
    });
    item.map_err(|error: serde_dynamo::Error| corrupt(device.as_str(), CONNECTION, error))
}

pub(super) fn connection_of(item: Item) -> Result<(DeviceId, Connection), AwsError> {
    let device = item.get("device").and_then(|value| value.as_s().ok()).cloned().unwrap_or_default();
    let corrupt = |detail: String| corrupt(&device, CONNECTION, detail);
    let row: ConnectionRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    let id = row.device.parse().map_err(|error: BadId| corrupt(error.to_string()))?;
    let state = Presence::of(&row.state).ok_or_else(|| corrupt(format!("state {:?} is none", row.state)))?;
    let since = Timestamp::from_millis(row.since);
    Ok((id, Connection { state, since, reason: row.reason, version: row.version }))
}

/// What an image of a row in the table's stream is about.
///
/// # Errors
/// When the row is corrupt.
pub fn of_image(image: serde_dynamo::Item) -> Result<EventImage, AwsError> {
    let item: Item = image.into();
    if item.get("row").and_then(|row| row.as_s().ok()).is_some_and(|row| row == CONNECTION) {
        return connection_of(item).map(|(device, connection)| EventImage::Connection(device, connection));
    }
    event_of(item).map(EventImage::Event)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::row::s;
    use super::*;
    use weir_core::domain::event::FieldChange;

    fn event() -> Event {
        let change =
            FieldChange { pointer: "/settings/every".into(), before: None, after: Some(json!({"a": [1.5, null]})) };
        Event::new("buoy-01".parse().ok(), Kind::Settings, &7, Timestamp::from_millis(1_795_155_884_123))
            .by("ann")
            .target("ph")
            .detail("more")
            .changes(vec![change; 102])
    }

    #[test]
    fn an_event_is_read_as_it_was_written() {
        for event in [event(), Event { device: None, by: None, ..event() }.changes(Vec::new())] {
            let item = item_of(&event, 400).unwrap();
            assert_eq!(event_of(item.clone()).unwrap(), event);
            assert_eq!(of_image(serde_dynamo::Item::from(item)).unwrap(), EventImage::Event(event));
        }
        let item = item_of(&event(), 400).unwrap();
        assert_eq!(item.get("row"), Some(&s("1795155884123#settings-7")));
        assert_eq!(item.get("place"), Some(&s("1795155884123#buoy-01#settings-7")));
        assert_eq!(item.get("expires_at").unwrap().as_n().unwrap(), &(1_795_155_884 + 400 * 86_400).to_string());
    }

    #[test]
    fn only_a_device_that_is_not_connected_is_in_the_index() {
        let device: DeviceId = "buoy-01".parse().unwrap();
        for (state, listed) in [(Presence::Connected, false), (Presence::Disconnected, true)] {
            let connection = Connection { state, since: Timestamp::from_millis(5), reason: None, version: 3 };
            let item = connection_item(&device, &connection).unwrap();
            assert_eq!(item.contains_key("offline"), listed);
            assert_eq!(of_image(item.into()).unwrap(), EventImage::Connection(device.clone(), connection));
        }
    }

    #[test]
    fn a_corrupt_row_is_named_with_its_key_and_its_field() {
        let mut item = item_of(&event(), 400).unwrap();
        item.insert("kind".to_owned(), s("party"));
        let error = event_of(item).unwrap_err().to_string();
        assert!(["buoy-01/1795155884123#settings-7", "party"].iter().all(|word| error.contains(word)), "{error}");
    }
}

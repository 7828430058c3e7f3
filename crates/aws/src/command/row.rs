//! Commands and queues as rows. Instants are in epoch milliseconds.

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::AwsError;
use super::super::row::{Item, n, s};
use super::{StoredQueue, TABLE};
use weir_core::domain::Timestamp;
use weir_core::domain::command::{Command, Place, Queue, State};
use weir_core::id::{BadId, DeviceId};
use weir_core::wire::settings::{group_json, reported, reported_value, setting_json};

/// The days after which the row of a command expires.
const KEPT_DAYS: i64 = 90;

#[derive(Debug, Serialize, Deserialize)]
struct CommandRow {
    device: String,
    id: String,
    name: String,
    /// JSON as text.
    args: String,
    by: String,
    created_at: i64,
    /// When the command expires; `expires_at` is when its row does.
    deadline: i64,
    state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answered_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// JSON as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    applied: Vec<u64>,
}

/// The row of a command.
pub(super) fn item_of(command: &Command) -> Result<Item, AwsError> {
    let millis = |at: Option<Timestamp>| at.map(Timestamp::millis);
    let row = CommandRow {
        device: command.device.to_string(),
        id: command.id.to_string(),
        name: command.name.to_string(),
        args: group_json(&command.args).to_string(),
        by: command.by.clone(),
        created_at: command.created_at.millis(),
        deadline: command.expires_at.millis(),
        state: command.state.code().to_owned(),
        sent_at: millis(command.sent_at),
        answered_at: millis(command.answered_at),
        ended_at: millis(command.ended_at),
        detail: command.detail.clone(),
        result: command.result.as_ref().map(|result| setting_json(result).to_string()),
        applied: command.applied.clone(),
    };
    let mut item: Item = serde_dynamo::to_item(row).map_err(|error| AwsError::corrupt(TABLE, &command.id, error))?;
    item.insert("expires_at".to_owned(), n(command.created_at.plus_seconds(KEPT_DAYS * 86_400).seconds()));
    Ok(item)
}

/// Reads a command from its row.
pub(super) fn command_of(item: Item) -> Result<Command, AwsError> {
    let row: CommandRow =
        serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, "a command", error))?;
    command(row)
}

/// Reads a command from the image of its row in a stream record.
///
/// # Errors
/// When it is not the image of a command.
pub fn of_image(image: serde_dynamo::Item) -> Result<Command, AwsError> {
    let row: CommandRow =
        serde_dynamo::from_item(image).map_err(|error| AwsError::corrupt(TABLE, "a command", error))?;
    command(row)
}

fn command(row: CommandRow) -> Result<Command, AwsError> {
    let corrupt = |detail: String| AwsError::corrupt(TABLE, format!("{} {}", row.device, row.id), detail);
    let bad = |error: BadId| corrupt(error.to_string());
    let at = Timestamp::from_millis;
    let args: Value = serde_json::from_str(&row.args).map_err(|error| corrupt(format!("args: {error}")))?;
    let args = args.as_object().map(reported).ok_or_else(|| corrupt("args: not an object".to_owned()))?;
    let result = row.result.as_deref().map(serde_json::from_str::<Value>).transpose();
    let result = result.map_err(|error| corrupt(format!("result: {error}")))?;
    Ok(Command {
        device: row.device.parse().map_err(bad)?,
        id: row.id.parse().map_err(bad)?,
        name: row.name.parse().map_err(bad)?,
        args,
        by: row.by.clone(),
        created_at: at(row.created_at),
        expires_at: at(row.deadline),
        state: State::of_code(&row.state).ok_or_else(|| corrupt(format!("{} is not a state", row.state)))?,
        sent_at: row.sent_at.map(at),
        answered_at: row.answered_at.map(at),
        ended_at: row.ended_at.map(at),
        detail: row.detail.clone(),
        result: result.as_ref().and_then(reported_value),
        applied: row.applied.clone(),
    })
}

/// The open commands as an attribute: a list of `id` and `expires_at`.
pub(super) fn places_of(queue: &Queue) -> AttributeValue {
    let place = |place: &Place| {
        let id = ("id".to_owned(), s(place.id.as_str()));
        AttributeValue::M([id, ("expires_at".to_owned(), n(place.expires_at.millis()))].into())
    };
    AttributeValue::L(queue.places.iter().map(place).collect())
}

/// Reads a queue from its row.
pub(super) fn queue_of(device: &DeviceId, item: Item) -> Result<StoredQueue, AwsError> {
    #[derive(Deserialize)]
    struct PlaceRow {
        id: String,
        expires_at: i64,
    }
    #[derive(Deserialize)]
    struct QueueRow {
        revision: u64,
        places: Vec<PlaceRow>,
        #[serde(default)]
        last: Option<String>,
        #[serde(default)]
        pending: bool,
    }
    let corrupt = |detail: String| AwsError::corrupt(TABLE, format!("{device} queue"), detail);
    let row: QueueRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    let id = |text: &str| text.parse().map_err(|error: BadId| corrupt(error.to_string()));
    let place =
        |place: &PlaceRow| Ok(Place { id: id(&place.id)?, expires_at: Timestamp::from_millis(place.expires_at) });
    let places = row.places.iter().map(place).collect::<Result<_, AwsError>>()?;
    let last = row.last.as_deref().map(id).transpose()?;
    Ok(StoredQueue { queue: Queue { places, last }, pending: row.pending, revision: row.revision })
}

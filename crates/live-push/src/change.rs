//! What a stream record changes: the topic, and the message about it.

use aws_lambda_events::dynamodb::EventRecord;
use serde::Deserialize;
use weir_aws::event::{self, EventImage};
use weir_aws::{command, problem, quarantine, time_series};
use weir_core::domain::event::Kind;
use weir_core::domain::live::Topic;
use weir_core::domain::problem::Subject;
use weir_core::domain::reading::FILLING;
use weir_core::id::{BadId, LevelId, QuarantineId, Tube};
use weir_core::wire::command::CommandJson;
use weir_core::wire::live::{LatestLevel, Message};
use weir_core::wire::problem::ProblemJson;
use weir_core::wire::reading::Point;

use super::Tables;

/// A change of a topic.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub topic: Topic,
    /// The subject of the change: of two changes with the same subject only the later one is sent.
    pub subject: String,
    /// The instant of it, in epoch milliseconds. Changes of a topic are sent in this order.
    pub at: i64,
    /// The levels that it concerns. A watcher must see one of them.
    pub levels: Vec<LevelId>,
    /// Whether it concerns a device without a level; such changes are sent only to watchers who see all devices.
    pub of_device: bool,
    pub message: Message,
}

/// The change in a record; `None` when it concerns no topic.
///
/// # Errors
/// When the record cannot be read.
pub(super) fn of(record: EventRecord, tables: &Tables) -> Result<Option<Change>, String> {
    let arn = record.event_source_arn.clone().unwrap_or_default();
    match table_of(&arn).unwrap_or_default() {
        table if table == tables.readings => reading(record),
        table if table == tables.levels => level(record).map(Some),
        table if table == tables.problems => problem(record),
        table if table == tables.quarantine => entry(record).map(Some),
        table if table == tables.events => event(record),
        table if table == tables.commands => command(record),
        _ => Err(format!("{arn:?} is the stream of no table that is watched")),
    }
}

/// The table whose stream this is.
fn table_of(arn: &str) -> Option<&str> {
    arn.split(":table/").nth(1)?.split('/').next()
}

fn is_removed(record: &EventRecord) -> bool {
    record.event_name == "REMOVE"
}

fn reading(record: EventRecord) -> Result<Option<Change>, String> {
    // Readings expire, and that is nothing to tell.
    if is_removed(&record) {
        return Ok(None);
    }
    let reading = time_series::of_image(record.change.new_image).map_err(|error| error.to_string())?;
    // The history of a level, which is told of its tube.
    if reading.series.sensor.as_str() == FILLING {
        return Ok(None);
    }
    let topic = Topic::Device(reading.series.device.clone());
    let subject = format!("{}@{}", reading.series.sensor, reading.at.millis());
    let at = reading.at.millis();
    let message = Message::Reading { topic: topic.to_string(), reading: Point::of(reading) };
    Ok(Some(Change { topic, subject, at, levels: Vec::new(), of_device: false, message }))
}

fn command(record: EventRecord) -> Result<Option<Change>, String> {
    // Commands expire after months, and neither queues nor keys of requests are commands.
    let is_command = |record: &EventRecord| {
        let image: Result<Kept, _> = serde_dynamo::from_item(record.change.new_image.clone());
        image.is_ok_and(|image| image.state.is_some())
    };
    if is_removed(&record) || !is_command(&record) {
        return Ok(None);
    }
    let at = milliseconds(&record);
    let command = command::of_image(record.change.new_image).map_err(|error| error.to_string())?;
    let topic = Topic::Device(command.device.clone());
    let subject = format!("command {}", command.id);
    let message = Message::Command { topic: topic.to_string(), command: Box::new(CommandJson::of(&command)) };
    Ok(Some(Change { topic, subject, at, levels: Vec::new(), of_device: false, message }))
}

/// Distinguishes a command from the other rows of its table.
#[derive(Deserialize)]
struct Kept {
    state: Option<String>,
}

/// The attributes of a level's row that are sent.
#[derive(Deserialize)]
struct LevelImage {
    id: String,
    #[serde(default)]
    last_value: String,
    /// Seconds since the epoch.
    #[serde(default)]
    last_update: i64,
}

fn level(record: EventRecord) -> Result<Change, String> {
    let deleted = is_removed(&record);
    let image = if deleted { record.change.keys } else { record.change.new_image };
    let image: LevelImage = serde_dynamo::from_item(image).map_err(|error| error.to_string())?;
    let id: LevelId = image.id.parse().map_err(|error: BadId| error.to_string())?;
    let tube: Tube =
        id.as_str().chars().take(1).collect::<String>().parse().map_err(|error: BadId| error.to_string())?;
    let topic = Topic::Tube(tube);
    let at = image.last_update.saturating_mul(1000);
    let level = LatestLevel { id: id.clone(), last_value: image.last_value, last_update: image.last_update };
    let message = Message::Level { topic: topic.to_string(), level, deleted };
    Ok(Change { topic, subject: id.to_string(), at, levels: vec![id], of_device: false, message })
}

fn problem(record: EventRecord) -> Result<Option<Change>, String> {
    #[derive(Deserialize)]
    struct Key {
        problem_id: String,
    }
    let topic = Topic::Problems;
    let of = |subject: &Subject| subject.levels().cloned().collect();
    if is_removed(&record) {
        let at = milliseconds(&record);
        let key: Key = serde_dynamo::from_item(record.change.keys).map_err(|error| error.to_string())?;
        let subject = Subject::parse(&key.problem_id).ok_or_else(|| format!("{:?} is no problem", key.problem_id))?;
        let message = Message::Withdrawn { topic: topic.to_string(), problem_id: key.problem_id.clone() };
        return Ok(Some(Change {
            topic,
            subject: key.problem_id,
            at,
            levels: of(&subject),
            of_device: subject.device().is_some(),
            message,
        }));
    }
    let (subject, stored) = problem::of_image(record.change.new_image).map_err(|error| error.to_string())?;
    let Some(shown) = ProblemJson::of(&subject, &stored.problem) else { return Ok(None) };
    let at = shown.updated_at.saturating_mul(1000);
    let message = Message::Problem { topic: topic.to_string(), problem: Box::new(shown) };
    Ok(Some(Change {
        topic,
        subject: subject.key(),
        at,
        levels: of(&subject),
        of_device: subject.device().is_some(),
        message,
    }))
}

fn entry(record: EventRecord) -> Result<Change, String> {
    #[derive(Deserialize)]
    struct Key {
        id: String,
    }
    let topic = Topic::Quarantine;
    if is_removed(&record) {
        let at = milliseconds(&record);
        let key: Key = serde_dynamo::from_item(record.change.keys).map_err(|error| error.to_string())?;
        let id: QuarantineId = key.id.parse().map_err(|error: BadId| error.to_string())?;
        let message = Message::Released { topic: topic.to_string(), id };
        return Ok(Change { topic, subject: key.id, at, levels: Vec::new(), of_device: false, message });
    }
    let entry = quarantine::of_image(record.change.new_image).map_err(|error| error.to_string())?;
    let (subject, at) = (entry.id.to_string(), entry.first_seen.millis());
    let message = Message::Quarantined { topic: topic.to_string(), entry: Box::new(entry.into()) };
    Ok(Change { topic, subject, at, levels: Vec::new(), of_device: false, message })
}

/// A person whose device scope has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewScope {
    /// Cognito's id of the person.
    pub sub: String,
    /// The scope from the next token on.
    pub devices: String,
}

/// The person whose scope a record of the stream of `events` says has changed, by an admin or by themselves. A record that cannot be
/// read tells of nobody here.
pub(super) fn new_scope(record: &EventRecord, tables: &Tables) -> Option<NewScope> {
    let arn = record.event_source_arn.as_deref().unwrap_or_default();
    if table_of(arn)? != tables.events || is_removed(record) {
        return None;
    }
    let Ok(EventImage::Event(event)) = event::of_image(record.change.new_image.clone()) else { return None };
    if event.device.is_some() || event.kind != Kind::People {
        return None;
    }
    let change = event.changes.list().iter().find(|change| change.pointer == "/devices" && change.before.is_some())?;
    Some(NewScope { sub: event.target?, devices: change.after.as_ref()?.as_str()?.to_owned() })
}

fn event(record: EventRecord) -> Result<Option<Change>, String> {
    // Events expire, and that is nothing to tell; nor is it that the connection of a deleted device is forgotten.
    if is_removed(&record) {
        return Ok(None);
    }
    let (device, subject, at, message) = match event::of_image(record.change.new_image).map_err(|e| e.to_string())? {
        EventImage::Event(event) => {
            // What concerns people, or no single device, has no topic.
            let Some(device) = event.device.clone() else { return Ok(None) };
            let (subject, at) = (format!("event {}@{}", event.id, event.at.millis()), event.at.millis());
            let topic = Topic::Device(device.clone()).to_string();
            (device, subject, at, Message::Event { topic, event: Box::new(event.into()) })
        }
        EventImage::Connection(device, connection) => {
            let at = connection.since.millis();
            let topic = Topic::Device(device.clone()).to_string();
            let message = Message::Connection { topic, connection: connection.into() };
            (device, "connection".to_owned(), at, message)
        }
    };
    Ok(Some(Change { topic: Topic::Device(device), subject, at, levels: Vec::new(), of_device: false, message }))
}

/// When the change was made, to the second as streams tell it, in epoch milliseconds: where the row that is gone does not tell.
fn milliseconds(record: &EventRecord) -> i64 {
    record.change.approximate_creation_date_time.timestamp_millis()
}

//! The events: those of the repository, each time with other numbers and timestamps.

use crate::endpoint::Endpoint;
use crate::process::Program;
use crate::runtime_api::{Function, RuntimeApi};
use crate::world;
use anyhow::{Context, Result, anyhow, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the n-th event, counted from 1.
pub type Events = Box<dyn FnMut(u64) -> Result<String>>;

/// What the sources of events may use.
pub struct Stage<'a> {
    /// The root of the repository.
    pub root: &'a Path,
    /// The endpoint with the tables.
    pub endpoint: &'a Endpoint,
    /// The folder of the binaries of functions that fill the tables.
    pub helpers: &'a Path,
    /// The instant from which on devices report, in ms since the epoch: long enough ago for all events that follow.
    pub begin: i64,
}

impl Stage<'_> {
    /// An event of the repository, such as `organizer/report`.
    pub fn event(&self, name: &str) -> Result<Value> {
        let path = self.root.join("events").join(name).with_extension("json");
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
    }

    /// The current time, in ms since the epoch.
    pub fn now(&self) -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(self.begin, |since| since.as_millis() as i64)
    }

    /// Starts another function, which is not measured.
    pub fn start(&self, name: &str) -> Result<Function> {
        let program = Program { name: name.to_owned(), path: self.helpers.join(name), tool: Vec::new() };
        RuntimeApi::start()?.run(&program, &world::variables(self.endpoint, &[]))
    }
}

/// Messages for a function that does not read them.
pub fn plain(stage: &Stage<'_>) -> Result<Events> {
    let event = stage.event("organizer/report")?.to_string();
    Ok(Box::new(move |_| Ok(event.clone())))
}

/// Reports of one flow sensor, a second apart, each with another level than the previous one.
pub fn levels(stage: &Stage<'_>, id: &'static str) -> Result<Events> {
    let (event, begin, endpoint) = (stage.event("organizer/report")?, stage.begin, stage.endpoint.clone());
    Ok(Box::new(move |number| {
        if number == 2 {
            watch(&endpoint, id)?;
        }
        Ok(level(&event, id, if number % 2 == 0 { 50 } else { 100 }, second(begin, number)))
    }))
}

/// Writes the row as the detector does after a sensor's first report.
fn watch(endpoint: &Endpoint, id: &str) -> Result<()> {
    let asked = json!({"TableName": world::name("levels"), "Key": {"id": {"S": id}},
        "UpdateExpression": "SET watch = :w, listed = :l, judge = :no",
        "ExpressionAttributeValues": {":w": {"N": "9999999999"}, ":l": {"S": "level"}, ":no": {"BOOL": false}}});
    endpoint.call("UpdateItem", &asked).map(drop)
}

/// Connections of the buoy, a second apart.
pub fn connections(stage: &Stage<'_>) -> Result<Events> {
    let (event, begin) = (stage.event("twin/connected")?, stage.begin);
    Ok(Box::new(move |number| {
        let at = second(begin, number);
        Ok(message(&event, &json!({"timestamp": at, "versionNumber": number}), at + 300))
    }))
}

/// Messages with one value, a second apart.
pub fn single(stage: &Stage<'_>) -> Result<Events> {
    let (event, begin) = (stage.event("calibration/number")?, stage.begin);
    Ok(Box::new(move |number| Ok(message(&event, &json!({"value": 400 + number % 100}), second(begin, number) + 1))))
}

/// Messages with ten values at each of so many instants, 10 ms apart.
pub fn batches(stage: &Stage<'_>, instants: i64) -> Result<Events> {
    let (event, begin) = (stage.event("calibration/batch")?, stage.begin);
    Ok(Box::new(move |number| {
        let at = second(begin, number);
        // Two cases that share a sensor must not use the same instants, which would make duplicates.
        let part = |place| json!({"ts": at + 10 * place + 10 + instants, "values": values(place)});
        let batch: Vec<_> = (0..instants).map(part).collect();
        Ok(message(&event, &json!({ "batch": batch }), at + 900))
    }))
}

fn values(more: i64) -> Value {
    let value = |(place, code): (usize, &&str)| ((*code).to_owned(), json!(400 + 10 * place as i64 + more));
    world::SENSORS.iter().enumerate().map(value).collect()
}

/// Stream records of so many sensors of one tube, with their rows as written by `organizer`. All have the same level, so that no pair is a
/// problem.
pub fn quiet(stage: &Stage<'_>, tube: char, sensors: u32) -> Result<Events> {
    let (report, batch) = (stage.event("organizer/report")?, stage.event("problem-detector/changed")?);
    let mut organizer = stage.start("organizer")?;
    for number in 1..=sensors + 1 {
        deliver(&mut organizer, level(&report, &format!("{tube}{number:03}"), 100, stage.begin))?;
    }
    let row = |number| row(stage.endpoint, &format!("{tube}{number:03}"));
    let rows = (1..=sensors).map(row).collect::<Result<Vec<_>>>()?;
    Ok(Box::new(move |number| stream(&batch, &rows, number)))
}

/// With every event, the middle one of three sensors changes so that both its pairs become problems or recover.
pub fn turns(stage: &Stage<'_>) -> Result<Events> {
    let (report, batch) = (stage.event("organizer/report")?, stage.event("problem-detector/changed")?);
    let (endpoint, begin) = (stage.endpoint.clone(), stage.begin);
    let mut organizer = stage.start("organizer")?;
    for id in ["w1", "w3"] {
        deliver(&mut organizer, level(&report, id, 100, begin))?;
    }
    Ok(Box::new(move |number| {
        let filling = if number % 2 == 0 { 100 } else { 50 };
        // A second apart, because the neighbours would count as silent after three hours.
        deliver(&mut organizer, level(&report, "w2", filling, begin + 1000 * number as i64))?;
        stream(&batch, &[row(&endpoint, "w2")?], number)
    }))
}

/// Requests for one device, which is registered first.
pub fn read(stage: &Stage<'_>) -> Result<Events> {
    // Not the buoy, whose row was not written by the API.
    let create = stage.event("device/create")?.to_string().replace("buoy-09", "bench-01");
    let read = stage.event("device/read")?.to_string().replace("buoy-01", "bench-01");
    let created = stage.start("device")?.invoke(create)?.answer.map_err(|error| anyhow!("device: {error}"))?;
    let status = serde_json::from_str::<Value>(&created)?.get("statusCode").and_then(Value::as_u64);
    // Two cases may use the same device.
    ensure!(matches!(status, Some(201 | 409)), "the device was not created: {created}");
    Ok(Box::new(move |_| Ok(read.clone())))
}

fn deliver(organizer: &mut Function, event: String) -> Result<()> {
    organizer.invoke(event)?.answer.map(drop).map_err(|error| anyhow!("organizer: {error}"))
}

fn level(event: &Value, id: &str, filling: u32, at: i64) -> String {
    message(event, &json!({"id": id, "filling": filling.to_string()}), at)
}

/// The event with another payload and another time of reception.
fn message(event: &Value, payload: &Value, at: i64) -> String {
    let mut event = event.clone();
    if let Value::Object(fields) = &mut event {
        fields.insert("payload".to_owned(), STANDARD.encode(payload.to_string()).into());
        fields.insert("received_at".to_owned(), at.into());
    }
    event.to_string()
}

fn row(endpoint: &Endpoint, id: &str) -> Result<Value> {
    let asked = json!({"TableName": world::name("levels"), "Key": {"id": {"S": id}}, "ConsistentRead": true});
    endpoint.call("GetItem", &asked)?.get("Item").cloned().with_context(|| format!("organizer has not stored {id}"))
}

/// The batch with one record for each row.
fn stream(batch: &Value, rows: &[Value], number: u64) -> Result<String> {
    let first = batch.pointer("/Records/0").context("the batch has no record")?;
    let record = |(place, row): (usize, &Value)| {
        let mut record = first.clone();
        if let Some(Value::Object(change)) = record.get_mut("dynamodb") {
            change.insert("Keys".to_owned(), json!({"id": row.get("id")}));
            change.insert("NewImage".to_owned(), row.clone());
            change.insert("SequenceNumber".to_owned(), format!("{:021}", number * 1000 + place as u64).into());
        }
        record
    };
    Ok(json!({"Records": rows.iter().enumerate().map(record).collect::<Vec<_>>()}).to_string())
}

fn second(begin: i64, number: u64) -> i64 {
    begin + 1000 * number as i64
}

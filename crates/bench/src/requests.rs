//! Recorded requests of the API as events, with the rows that they read.

use crate::events::{Events, Stage};
use crate::world;
use anyhow::Result;
use serde_json::{Value, json};
use weir_aws::keys;

/// Items on a page of a list.
const PAGE: i64 = 50;
/// Seconds between the readings of a day, which make a page of 500.
const APART: i64 = 172;

/// The recorded request, always unchanged.
fn same(stage: &Stage<'_>, name: &str) -> Result<Events> {
    let event = stage.event(name)?.to_string();
    Ok(Box::new(move |_| Ok(event.clone())))
}

/// The readings of one sensor in the last day.
pub fn readings(stage: &Stage<'_>) -> Result<Events> {
    let now = stage.now();
    let row = |place: i64| {
        let at = now - (place + 1) * APART * 1_000;
        json!({"PutRequest": {"Item": {
            "sensor": {"S": "buoy-01#do"}, "at": {"N": at.to_string()}, "received_at": {"N": (at + 500).to_string()},
            "raw": {"N": "412"}, "value": {"N": "7.25"}, "unit": {"S": "mg/l"},
            "calibration": {"N": "1"}, "quality": {"S": "good"}}}})
    };
    put(stage, "readings", (0..500).map(row).collect())?;
    let mut event = stage.event("reading/points")?;
    if let Value::Object(fields) = &mut event {
        fields.insert("rawQueryString".to_owned(), "sensor=do".into());
    }
    let event = event.to_string();
    Ok(Box::new(move |_| Ok(event.clone())))
}

/// A page of levels, each with the measurements of a day.
pub fn levels(stage: &Stage<'_>) -> Result<Events> {
    let begin = stage.begin / 1_000;
    let measurement = |hour: i64| json!({"M": {"filling": {"S": "100"}, "dt": {"N": (begin + hour * 3600).to_string()}, "ms": {"N": "0"}}});
    let measurements: Vec<Value> = (0..24).map(measurement).collect();
    let row = |place: i64| {
        json!({"PutRequest": {"Item": {
            "id": {"S": format!("Q{place:03}")}, "last_value": {"S": "100"}, "last_update": {"N": (begin + 23 * 3600).to_string()},
            "measurements": {"L": measurements}, "revision": {"N": "24"}, "judge": {"BOOL": false},
            "watch": {"N": "9999999999"}, "listed": {"S": keys::partition(keys::LEVELS, &format!("Q{place:03}"))}}}})
    };
    put(stage, "levels", (0..PAGE).map(row).collect())?;
    same(stage, "flow/levels")
}

/// A page of events, as written by `twin`.
pub fn events(stage: &Stage<'_>) -> Result<Events> {
    let mut twin = stage.start("twin")?;
    let mut connections = crate::events::connections(stage)?;
    for place in 0..PAGE {
        twin.invoke(connections(place.try_into()?)?)?;
    }
    same(stage, "event/device")
}

/// A page of the quarantine, as written by `calibration`.
pub fn quarantine(stage: &Stage<'_>) -> Result<Events> {
    let mut calibration = stage.start("calibration")?;
    let event = stage.event("calibration/refused.unknown-device.json")?;
    for place in 0..PAGE {
        let mut event = event.clone();
        if let Value::Object(fields) = &mut event {
            fields.insert("received_at".to_owned(), (stage.begin + place).into());
        }
        calibration.invoke(event.to_string())?.answer.map_err(|error| anyhow::anyhow!("calibration: {error}"))?;
    }
    same(stage, "quarantine/list")
}

/// A profile, which is created first.
pub fn profile(stage: &Stage<'_>) -> Result<Events> {
    let number = ["000000000005", "000000000002"];
    let create = stage.event("user/create")?.to_string().replace(number[0], number[1]);
    // Two cases may create it.
    stage.start("user")?.invoke(create)?.answer.map_err(|error| anyhow::anyhow!("user: {error}"))?;
    same(stage, "user/read")
}

/// The role and the scope of a person.
pub fn role(stage: &Stage<'_>) -> Result<Events> {
    same(stage, "cognito-get-role/self")
}

/// One person.
pub fn person(stage: &Stage<'_>) -> Result<Events> {
    same(stage, "cognito-get-users-info/read")
}

/// A change of a person's role.
pub fn promotion(stage: &Stage<'_>) -> Result<Events> {
    same(stage, "cognito-add-update-delete-user/change.role.json")
}

/// A fit of a line through three points.
pub fn fit(stage: &Stage<'_>) -> Result<Events> {
    let event =
        stage.event("recalculation/fit")?.to_string().replace("sensors/ph", "sensors/do").replace("\"ph\"", "\"do\"");
    Ok(Box::new(move |_| Ok(event.clone())))
}

/// A ticket of the live feed.
pub fn ticket(stage: &Stage<'_>) -> Result<Events> {
    same(stage, "live/ticket")
}

/// The commands of a device without any.
pub fn commands(stage: &Stage<'_>) -> Result<Events> {
    let event = stage.event("command/list")?.to_string().replace("dispenser-123", "buoy-01");
    Ok(Box::new(move |_| Ok(event.clone())))
}

/// The configuration that the dashboard reads.
pub fn addresses(stage: &Stage<'_>) -> Result<Events> {
    same(stage, "site/config")
}

/// The state of the system.
pub fn system(stage: &Stage<'_>) -> Result<Events> {
    same(stage, "health/system")
}

/// The allow list, which is empty.
pub fn serials(stage: &Stage<'_>) -> Result<Events> {
    same(stage, "provision/list")
}

/// A schedule of `certificate`, when no certificate has to be checked.
pub fn nothing_expiring(stage: &Stage<'_>) -> Result<Events> {
    same(stage, "certificate/sweep")
}

/// The jobs of a fleet without any.
pub fn jobs(stage: &Stage<'_>) -> Result<Events> {
    same(stage, "job/jobs")
}

/// The subscriptions of a person.
pub fn subscriptions(stage: &Stage<'_>) -> Result<Events> {
    same(stage, "subscription/own")
}

/// Problems without subscribers.
pub fn untold(stage: &Stage<'_>) -> Result<Events> {
    same(stage, "notify/problems")
}

/// A batch of readings of devices that nobody follows on the live feed.
pub fn unwatched(stage: &Stage<'_>) -> Result<Events> {
    same(stage, "live-push/readings")
}

/// A reading, within limits, of a sensor with an alert; the sensor is registered first.
pub fn in_order(stage: &Stage<'_>) -> Result<Events> {
    let mut create = stage.event("device/create")?;
    let body = json!({"id": "bench-02", "sensors": [{"code": "do", "unit": "mg/l", "alerts": [{"id": "low-oxygen", "below": 4}]}]});
    if let Value::Object(fields) = &mut create {
        fields.insert("body".to_owned(), body.to_string().into());
    }
    let created = stage.start("device")?.invoke(create.to_string())?;
    let created = created.answer.map_err(|error| anyhow::anyhow!("device: {error}"))?;
    let status = serde_json::from_str::<Value>(&created)?.get("statusCode").and_then(Value::as_u64);
    anyhow::ensure!(status == Some(201), "the device was not created: {created}");
    let event = stage.event("alert/in-order")?.to_string().replace("buoy-01", "bench-02");
    Ok(Box::new(move |_| Ok(event.clone())))
}

fn put(stage: &Stage<'_>, table: &str, rows: Vec<Value>) -> Result<()> {
    for some in rows.chunks(25) {
        stage.endpoint.put(json!({"RequestItems": {world::name(table): some}}))?;
    }
    Ok(())
}

//! Registers the devices through the HTTP API, as an administrator.

use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tooling::api::Api;

use super::probes::{Probe, of_buoy};
use super::{Buoy, DISPENSER, Fleet, FlowSensor, GUEST, RETIRED};

/// Start of validity of the calibrations, long before any reading.
const SINCE: &str = "2023-11-14T22:13:20Z";
/// Maximum devices that are registered concurrently. The requests for one device are sequential.
const AT_ONCE: usize = 8;

/// A device to be registered: the body of the request, and the calibrations of its sensors.
struct Entry {
    device: Value,
    calibrations: Vec<(&'static str, Value)>,
}

/// Registers every device of the fleet, and the disabled buoy. `done` is called with the id of each. Returns their number.
///
/// # Errors
/// When the API refuses a request.
pub async fn register(api: &Api, fleet: &Fleet, mut done: impl FnMut(&str)) -> Result<usize> {
    let entries = entries(fleet);
    let (count, permits) = (entries.len(), Arc::new(Semaphore::new(AT_ONCE)));
    let mut registering = JoinSet::new();
    for entry in entries {
        let (api, permits) = (api.clone(), Arc::clone(&permits));
        registering.spawn(async move {
            let _permit = permits.acquire().await.context("the registration was aborted")?;
            put(&api, &entry).await
        });
    }
    while let Some(registered) = registering.join_next().await {
        done(&registered.context("the registration was aborted")??);
    }
    Ok(count)
}

/// The registered devices, each with its number of calibrations.
pub fn registered(fleet: &Fleet) -> Vec<(String, u64)> {
    let id = |device: &Value| device.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    entries(fleet).iter().map(|entry| (id(&entry.device), entry.calibrations.len() as u64)).collect()
}

fn entries(fleet: &Fleet) -> Vec<Entry> {
    let mut entries: Vec<Entry> = fleet
        .buoys
        .iter()
        .map(|buoy| buoy_of(&buoy.id, &format!("Buoy {}", buoy.number + 1), buoy.number, &buoy.probes))
        .collect();
    let Entry { device, calibrations } = buoy_of(RETIRED, "Retired buoy", 9, &of_buoy(0));
    entries.push(Entry { device: with(device, "enabled", json!(false)), calibrations });
    entries.extend(fleet.flow_sensors().filter(|sensor| sensor.registered).map(flow_sensor));
    entries
}

/// Registers the buoy for the person who watches.
///
/// # Errors
/// When the API refuses the request.
pub async fn register_guest(api: &Api) -> Result<()> {
    put(api, &buoy_of(GUEST, "Yours", 0, &of_buoy(0))).await.map(drop)
}

/// Registers the dispenser.
///
/// # Errors
/// When the API refuses the request.
pub async fn register_dispenser(api: &Api) -> Result<()> {
    let settings = json!({"led": false, "led_ring": {"count": 8, "color": "#0060ff"}, "dispense_time_ms": 500});
    let device =
        json!({"id": DISPENSER, "name": "Dispenser", "description": "Made by cargo xtask up", "settings": settings});
    put(api, &Entry { device, calibrations: Vec::new() }).await.map(drop)
}

/// Sets an alert on the oxygen of a buoy.
///
/// # Errors
/// When the API refuses the request.
pub async fn alert_on_oxygen(api: &Api, buoy: &Buoy, alert: &Value) -> Result<()> {
    let probe = buoy.probes.iter().find(|probe| probe.code == "do").context("the buoy has no oxygen probe")?;
    let body = with(sensor(probe), "alerts", json!([alert]));
    api.expect(&[200], "PUT", &format!("/devices/{}/sensors/{}", buoy.id, probe.code), Some(&body)).await.map(drop)
}

/// Registers a device, or updates it if it exists. A sensor that is calibrated keeps its calibration.
async fn put(api: &Api, Entry { device, calibrations }: &Entry) -> Result<String> {
    let id = device.get("id").and_then(Value::as_str).unwrap_or_default();
    let mut answer = api.expect(&[201, 409], "POST", "/devices", Some(device)).await?;
    if answer.status == 409 {
        answer = api.expect(&[200], "PUT", &format!("/devices/{id}"), Some(device)).await?;
    }
    let registered = answer.json();
    let calibrated = |code: &str| {
        let mut sensors = registered.get("sensors").and_then(Value::as_array).into_iter().flatten();
        sensors.any(|sensor| sensor.get("code") == Some(&json!(code)) && sensor.get("calibration").is_some())
    };
    for (code, model) in calibrations.iter().filter(|(code, _)| !calibrated(code)) {
        let path = format!("/devices/{id}/sensors/{code}/calibrations");
        api.expect(&[201], "POST", &path, Some(model)).await?;
    }
    Ok(id.to_owned())
}

fn buoy_of(id: &str, name: &str, number: usize, probes: &[Probe]) -> Entry {
    let calibrated = |probe: &Probe| Some((probe.code, with(probe.model.clone()?, "valid_from", json!(SINCE))));
    let location = json!({"latitude": 48.2 + 0.01 * number as f64, "longitude": 16.4 + 0.01 * number as f64});
    let device = json!({
        "id": id,
        "name": name,
        "description": "Made by cargo xtask up",
        "location": location,
        "sensors": probes.iter().map(sensor).collect::<Vec<_>>(),
        "settings": {"every": 60},
    });
    Entry { device, calibrations: probes.iter().filter_map(calibrated).collect() }
}

fn sensor(probe: &Probe) -> Value {
    let (min, max) = probe.limits;
    json!({"code": probe.code, "name": probe.name, "unit": probe.unit, "limits": {"min": min, "max": max}})
}

fn flow_sensor(sensor: &FlowSensor) -> Entry {
    let device = json!({"id": sensor.device, "name": format!("Flow sensor {}", sensor.id), "level_id": sensor.id});
    Entry { device: with(device, "followed_by", json!(sensor.followed_by)), calibrations: Vec::new() }
}

/// The object with an additional field.
fn with(mut object: Value, field: &str, value: Value) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.insert(field.to_owned(), value);
    }
    object
}

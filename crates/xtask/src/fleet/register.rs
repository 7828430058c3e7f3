//! Registration: the devices' rows, written straight to the tables, as the device API will write them later.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use weir_core::aws::CalibrationTable;
use weir_core::aws::device::DeviceTable;
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{Calibration, Interval};
use weir_core::domain::device::{Device, Sensor};
use weir_core::domain::reading::Series;
use weir_core::wire::ModelJson;

use super::probes::Probe;
use super::{Buoy, Fleet, FlowSensor, GUEST, RETIRED};
use crate::tables::Tables;

/// From when on the demonstration's calibrations are in force: long before any of its readings.
const SINCE: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// Writes every device of the fleet, and the buoy that is switched off.
///
/// # Errors
/// When a table does not take a row.
pub async fn register(tables: &Tables, fleet: &Fleet) -> Result<usize> {
    let devices = DeviceTable::new(tables.client(), tables.name("Devices")?);
    let history = CalibrationTable::new(tables.client(), tables.name("Calibrations")?);
    let mut rows = Vec::new();
    for buoy in &fleet.buoys {
        rows.push((device_of_buoy(buoy)?, about(&format!("Buoy {}", buoy.number + 1), buoy.number)));
    }
    let retired = Buoy { id: RETIRED.to_owned(), number: 0, probes: super::probes::of_buoy(0) };
    rows.push((Device { enabled: false, ..device_of_buoy(&retired)? }, about("Retired buoy", 9)));
    for sensor in fleet.flow_sensors().filter(|sensor| sensor.registered) {
        rows.push((device_of_flow_sensor(sensor)?, about(&format!("Flow sensor {}", sensor.id), 0)));
    }
    for (device, about) in &rows {
        put(&devices, &history, device, about.clone()).await?;
    }
    Ok(rows.len())
}

/// Writes the buoy that is left to whoever watches.
///
/// # Errors
/// When a table does not take a row.
pub async fn register_guest(tables: &Tables) -> Result<()> {
    let devices = DeviceTable::new(tables.client(), tables.name("Devices")?);
    let history = CalibrationTable::new(tables.client(), tables.name("Calibrations")?);
    let buoy = Buoy { id: GUEST.to_owned(), number: 0, probes: super::probes::of_buoy(0) };
    put(&devices, &history, &device_of_buoy(&buoy)?, about("Yours", 0)).await
}

/// Writes one device and the versions of its calibrations.
///
/// # Errors
/// When a table does not take a row.
pub async fn put(
    devices: &DeviceTable,
    history: &CalibrationTable,
    device: &Device,
    about: HashMap<String, Value>,
) -> Result<()> {
    devices.put(device, about).await.with_context(|| format!("cannot register {}", device.id))?;
    for sensor in &device.sensors {
        let series = Series { device: device.id.clone(), sensor: sensor.code.clone() };
        if let Some(calibration) = &sensor.latest {
            history
                .put(&series, calibration)
                .await
                .with_context(|| format!("cannot write a calibration of {}", device.id))?;
        }
    }
    Ok(())
}

/// What people and the API want to know of a device, beside what readings need.
pub fn about(name: &str, place: usize) -> HashMap<String, Value> {
    let location = json!({"latitude": 48.2 + 0.01 * place as f64, "longitude": 16.4 + 0.01 * place as f64});
    let now = jiff::Timestamp::now().as_millisecond();
    let entries = [
        ("name", json!(name)),
        ("description", json!("Made by cargo xtask up")),
        ("location", location),
        ("settings", json!({})),
        ("version", json!(1)),
        ("created_at", json!(now)),
        ("updated_at", json!(now)),
        ("updated_by", json!("xtask")),
    ];
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The first version of a calibration, from its model as it is written.
///
/// # Errors
/// When the model is refused.
pub fn calibration(model: &Value, version: u32, valid_from: Timestamp) -> Result<Calibration> {
    let written: ModelJson =
        serde_json::from_value(model.clone()).with_context(|| format!("{model} is not a model"))?;
    let (model, options) = written.parse()?;
    Ok(Calibration { version, valid_from, model, options })
}

fn device_of_buoy(buoy: &Buoy) -> Result<Device> {
    let sensors = buoy.probes.iter().map(sensor).collect::<Result<_>>()?;
    Ok(Device { id: buoy.id.parse()?, enabled: true, level_id: None, followed_by: None, sensors })
}

fn sensor(probe: &Probe) -> Result<Sensor> {
    let (min, max) = probe.limits;
    let latest = probe.model.as_ref().map(|model| calibration(model, 1, SINCE)).transpose()?;
    Ok(Sensor {
        code: probe.code.parse()?,
        unit: probe.unit.to_owned(),
        enabled: true,
        limits: Some(Interval::new(min, max)?),
        versions: u32::from(latest.is_some()),
        latest: latest.map(Arc::new),
    })
}

fn device_of_flow_sensor(sensor: &FlowSensor) -> Result<Device> {
    let followed_by =
        sensor.followed_by.as_ref().map(|ids| ids.iter().map(|id| id.parse()).collect::<Result<_, _>>()).transpose()?;
    Ok(Device {
        id: sensor.device.parse()?,
        enabled: true,
        level_id: Some(sensor.id.parse()?),
        followed_by,
        sensors: Vec::new(),
    })
}

//! The table `devices`: the registry. What readings and levels need of it stands here, what the API needs below.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use serde_json::Value;

use super::AwsError;
use super::calibration::{calibration_of, calibration_row};
use super::row::{DeviceRow, Item, LimitsRow, SensorRow, s};
use weir_core::domain::calibration::Interval;
use weir_core::domain::device::{Device, Sensor};
use weir_core::domain::topology::Topology;
use weir_core::id::{BadId, DeviceId, LevelId};

mod flow_sensor;
mod lease;
mod list;
mod record;
mod write;

pub use flow_sensor::Owner;
pub use lease::{Job, Leased, Settled};
pub use list::{Listing, Place};
pub use record::{Found, Stored};
pub use write::Write;

pub use write::token;

const TABLE: &str = "devices";
/// All that [`DeviceTable::get`] reads of a row: settings and descriptions do not travel to where messages are handled.
const LEAN: &str = "id, enabled, level_id, followed_by, sensors, deleted_at";
/// The index over devices that name what follows them, and its one partition.
const LINKS: &str = "links";
const LINK: &str = "level";

/// The registry's table.
#[derive(Debug, Clone)]
pub struct DeviceTable {
    client: Client,
    name: String,
}

impl DeviceTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Opens the connection to DynamoDB by asking for a device that no name stands for, half a read unit once in a
    /// process's life: a TLS handshake in the init phase has a whole processor, in the first event a fraction of one.
    pub async fn warm_up(&self) {
        if let Ok(nobody) = "0".parse() {
            let _ = self.get(&nobody).await;
        }
    }

    /// The device, as it stands now or up to a second ago: half a read unit per 4 KB. A deleted one is none.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row cannot be understood.
    pub async fn get(&self, id: &DeviceId) -> Result<Option<Device>, AwsError> {
        self.client
            .get_item()
            .table_name(&self.name)
            .key("id", s(id.as_str()))
            .projection_expression(LEAN)
            .send()
            .await
            .map_err(|error| AwsError::call("GetItem devices", error))?
            .item
            .filter(|item| !item.contains_key("deleted_at"))
            .map(device_of)
            .transpose()
    }

    /// Writes the device's whole row whatever stood there, with further attributes in `about`: for tests and trials.
    /// People's changes go through [`DeviceTable::write`].
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn put(&self, device: &Device, about: HashMap<String, Value>) -> Result<(), AwsError> {
        let corrupt = |error: serde_dynamo::Error| AwsError::corrupt(TABLE, &device.id, error);
        let mut item: Item = serde_dynamo::to_item(row_of(device)).map_err(corrupt)?;
        let about: Item = serde_dynamo::to_item(about).map_err(corrupt)?;
        item.extend(about);
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .send()
            .await
            .map_err(|error| AwsError::call("PutItem devices", error))?;
        Ok(())
    }

    /// What the registry says about which flow sensor follows which: one query over the devices that say something.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row cannot be understood.
    pub async fn topology(&self) -> Result<Topology, AwsError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(LINKS)
            .key_condition_expression("link = :level")
            .expression_attribute_values(":level", s(LINK))
            .into_paginator()
            .items()
            .send();
        let mut links = Vec::new();
        while let Some(item) = pages.next().await {
            links.push(link_of(item.map_err(|error| AwsError::call("Query devices links", error))?)?);
        }
        Ok(Topology::of(links))
    }
}

fn link_of(item: Item) -> Result<(LevelId, Vec<LevelId>), AwsError> {
    #[derive(serde::Deserialize)]
    struct LinkRow {
        level_id: String,
        #[serde(default)]
        followed_by: Vec<String>,
    }
    let row: LinkRow = serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, LINKS, error))?;
    let bad = |error: BadId| AwsError::corrupt(TABLE, &row.level_id, error);
    Ok((row.level_id.parse().map_err(bad)?, levels(&row.followed_by).map_err(bad)?))
}

fn levels(ids: &[String]) -> Result<Vec<LevelId>, BadId> {
    ids.iter().map(|id| id.parse()).collect()
}

fn device_of(item: Item) -> Result<Device, AwsError> {
    let key = item.get("id").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
    let corrupt = |detail: String| AwsError::corrupt(TABLE, &key, detail);
    let row: DeviceRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    let bad_id = |error: BadId| corrupt(error.to_string());
    Ok(Device {
        id: row.id.parse().map_err(bad_id)?,
        enabled: row.enabled,
        level_id: row.level_id.map(|id| id.parse()).transpose().map_err(bad_id)?,
        followed_by: row.followed_by.as_deref().map(levels).transpose().map_err(bad_id)?,
        sensors: row
            .sensors
            .into_iter()
            .map(|sensor| {
                let code = sensor.code.clone();
                sensor_of(sensor).map_err(|detail| corrupt(format!("sensor {code}: {detail}")))
            })
            .collect::<Result<_, _>>()?,
    })
}

fn sensor_of(row: SensorRow) -> Result<Sensor, String> {
    let limits = row.limits.map(|limits| Interval::new(limits.min, limits.max)).transpose();
    Ok(Sensor {
        code: row.code.parse().map_err(|error: BadId| error.to_string())?,
        unit: row.unit,
        enabled: row.enabled,
        limits: limits.map_err(|error| format!("limits{error}"))?,
        latest: row.calibration.as_ref().map(calibration_of).transpose()?.map(Arc::new),
        versions: row.calibrations,
    })
}

fn row_of(device: &Device) -> DeviceRow {
    let texts = |ids: &Vec<LevelId>| ids.iter().map(ToString::to_string).collect();
    DeviceRow {
        id: device.id.to_string(),
        enabled: device.enabled,
        level_id: device.level_id.as_ref().map(ToString::to_string),
        followed_by: device.followed_by.as_ref().map(texts),
        link: link(device.enabled, device.level_id.is_some() && device.followed_by.is_some()),
        sensors: device.sensors.iter().map(sensor_row).collect(),
        deleted_at: None,
    }
}

/// Only what a device that is switched on says of its neighbours counts: another may stand in its place.
fn link(enabled: bool, named: bool) -> Option<String> {
    (enabled && named).then(|| LINK.to_owned())
}

fn sensor_row(sensor: &Sensor) -> SensorRow {
    SensorRow {
        code: sensor.code.to_string(),
        name: String::new(),
        unit: sensor.unit.clone(),
        enabled: sensor.enabled,
        limits: sensor.limits.map(|limits| LimitsRow { min: limits.min(), max: limits.max() }),
        calibration: sensor.latest.as_deref().map(calibration_row),
        calibrations: sensor.versions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::domain::Timestamp;
    use weir_core::domain::calibration::{Calibration, Linear, Model, Options};

    fn device() -> Device {
        let calibration = Calibration {
            version: 2,
            valid_from: Timestamp::from_millis(1_700_000_000_000),
            model: Model::Linear(Linear::new(0.5, 1.0).unwrap()),
            options: Options { round: Some(2), clamp: None, valid: Some(Interval::new(0.0, 14.0).unwrap()) },
        };
        Device {
            id: "buoy-01".parse().unwrap(),
            enabled: true,
            level_id: Some("01".parse().unwrap()),
            followed_by: Some(vec!["05".parse().unwrap()]),
            sensors: vec![Sensor {
                code: "ph".parse().unwrap(),
                unit: "pH".into(),
                enabled: true,
                limits: Some(Interval::new(0.0, 14.0).unwrap()),
                latest: Some(Arc::new(calibration)),
                versions: 2,
            }],
        }
    }

    #[test]
    fn a_device_is_read_back_as_it_was_written() {
        let item: Item = serde_dynamo::to_item(row_of(&device())).unwrap();
        assert_eq!(item.get("link"), Some(&s("level")));
        assert_eq!(device_of(item).unwrap(), device());
    }

    #[test]
    fn a_corrupt_row_names_the_key_and_the_field() {
        let mut item: Item = serde_dynamo::to_item(row_of(&device())).unwrap();
        item.insert("level_id".to_owned(), s("x"));
        let error = device_of(item).unwrap_err().to_string();
        assert!(error.contains("buoy-01") && error.contains("level id"), "{error}");
    }
}

//! A device's whole row, as the API reads and writes it.

use serde_json::{Map, Value};

use super::super::AwsError;
use super::super::calibration::{entry_of, entry_row};
use super::super::row::{AboutRow, DeviceRow, Item, LimitsRow, LocationRow, SensorRow, s};
use super::{DeviceTable, TABLE, levels, link};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::Interval;
use weir_core::domain::device_record::{Calibrated, Calibrations, Content, Location, Probe, Record, Versions};
use weir_core::domain::settings::Settings;
use weir_core::id::{BadId, DeviceId};
use weir_core::wire::settings::{reported, settings_json};

/// What stands under an id.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Nothing ever did.
    Never,
    /// A device that was deleted; its numbers go on from here.
    Deleted(Versions),
    /// A device.
    Live(Box<Stored>),
}

/// A device's record and how far its settings have come.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The record.
    pub record: Record,
    /// Whether AWS IoT holds the newest settings.
    pub delivered: bool,
}

impl DeviceTable {
    /// What stands under the id at this moment: a read unit per 4 KB.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row cannot be understood.
    pub async fn find(&self, id: &DeviceId) -> Result<Found, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("id", s(id.as_str())).consistent_read(true);
        let item = request.send().await.map_err(|error| AwsError::call("GetItem devices", error))?.item;
        item.map_or(Ok(Found::Never), found)
    }
}

/// What a row says.
pub(super) fn found(item: Item) -> Result<Found, AwsError> {
    let key = item.get("id").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
    let corrupt = |detail: String| AwsError::corrupt(TABLE, &key, detail);
    let about: AboutRow = serde_dynamo::from_item(item.clone()).map_err(|error| corrupt(error.to_string()))?;
    let versions = Versions { record: about.version, settings: about.settings_version };
    if item.contains_key("deleted_at") {
        return Ok(Found::Deleted(versions));
    }
    let row: DeviceRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    let delivered = about.delivered == about.settings_version;
    let record = record_of(row, about, versions).map_err(corrupt)?;
    Ok(Found::Live(Box::new(Stored { record, delivered })))
}

fn record_of(row: DeviceRow, about: AboutRow, versions: Versions) -> Result<Record, String> {
    let bad_id = |error: BadId| error.to_string();
    let mut calibrations = Calibrations::new();
    let mut sensors = Vec::new();
    for sensor in row.sensors {
        let named = |detail: String| format!("sensor {}: {detail}", sensor.code);
        let probe = probe_of(&sensor).map_err(named)?;
        if let Some(latest) = sensor.calibration.as_ref().map(entry_of).transpose().map_err(named)? {
            calibrations.insert(probe.code.clone(), Calibrated { latest, versions: sensor.calibrations });
        }
        sensors.push(probe);
    }
    let location = about.location.map(|LocationRow { latitude, longitude }| Location { latitude, longitude });
    let content = Content {
        name: about.name,
        description: about.description,
        location,
        enabled: row.enabled,
        level_id: row.level_id.map(|id| id.parse()).transpose().map_err(bad_id)?,
        followed_by: row.followed_by.as_deref().map(levels).transpose().map_err(bad_id)?,
        sensors,
        settings: settings_of(about.settings)?,
    };
    Ok(Record {
        id: row.id.parse().map_err(bad_id)?,
        content,
        calibrations,
        versions,
        created_at: Timestamp::from_millis(about.created_at),
        updated_at: Timestamp::from_millis(about.updated_at),
        updated_by: about.updated_by,
    })
}

fn probe_of(row: &SensorRow) -> Result<Probe, String> {
    let limits = row.limits.as_ref().map(|limits| Interval::new(limits.min, limits.max)).transpose();
    Ok(Probe {
        code: row.code.parse().map_err(|error: BadId| error.to_string())?,
        name: row.name.clone(),
        unit: row.unit.clone(),
        enabled: row.enabled,
        limits: limits.map_err(|error| format!("limits{error}"))?,
    })
}

fn settings_of(stored: Value) -> Result<Settings, String> {
    let object: Map<String, Value> = match stored {
        Value::String(text) => serde_json::from_str(&text).map_err(|error| format!("settings: {error}"))?,
        Value::Object(object) => object,
        _ => Map::new(),
    };
    Ok(Settings::stored(reported(&object)))
}

/// The attributes of a record, what belongs to the delivery of its settings apart.
pub(super) fn attributes(record: &Record) -> Result<Item, AwsError> {
    let Record { id, content, versions, .. } = record;
    let corrupt = |error: serde_dynamo::Error| AwsError::corrupt(TABLE, id, error);
    let texts = |ids: &Vec<_>| ids.iter().map(ToString::to_string).collect();
    let row = DeviceRow {
        id: id.to_string(),
        enabled: content.enabled,
        level_id: content.level_id.as_ref().map(ToString::to_string),
        followed_by: content.followed_by.as_ref().map(texts),
        link: link(content.enabled, content.level_id.is_some() && content.followed_by.is_some()),
        sensors: content.sensors.iter().map(|probe| sensor_row(probe, &record.calibrations)).collect(),
        deleted_at: None,
    };
    let location = content.location.map(|Location { latitude, longitude }| LocationRow { latitude, longitude });
    let about = AboutRow {
        name: content.name.clone(),
        description: content.description.clone(),
        location,
        settings: settings_json(&content.settings).to_string().into(),
        settings_version: versions.settings,
        delivered: 0,
        version: versions.record,
        created_at: record.created_at.millis(),
        updated_at: record.updated_at.millis(),
        updated_by: record.updated_by.clone(),
    };
    let mut item: Item = serde_dynamo::to_item(row).map_err(corrupt)?;
    let about: Item = serde_dynamo::to_item(about).map_err(corrupt)?;
    item.extend(about);
    item.remove("delivered");
    let listed = super::list::listed(content.enabled);
    item.insert("listed".to_owned(), s(listed));
    if let Some(level) = &content.level_id {
        item.insert("tube".to_owned(), s(super::list::tube(level.tube(), content.enabled)));
    }
    Ok(item)
}

fn sensor_row(probe: &Probe, calibrations: &Calibrations) -> SensorRow {
    let calibrated = calibrations.get(&probe.code);
    SensorRow {
        code: probe.code.to_string(),
        name: probe.name.clone(),
        unit: probe.unit.clone(),
        enabled: probe.enabled,
        limits: probe.limits.map(|limits| LimitsRow { min: limits.min(), max: limits.max() }),
        calibration: calibrated.map(|calibrated| entry_row(&calibrated.latest)),
        calibrations: calibrated.map_or(0, |calibrated| calibrated.versions),
    }
}

//! The row of a device.
//!
//! The delivery of its settings and the state of its certificates have further attributes in the same row, see `lease.rs`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::AwsError;
use super::super::calibration::{CalibrationRow, entry_of, entry_row};
use super::super::keys;
use super::super::row::Item;
use super::{
    ClaimHash, DueCertificates, KnownCertificates, PendingDelivery, Registration, StoredDevice, StoredRotation, TABLE,
};
use weir_core::domain::calibration::{Interval, SensorCalibrations};
use weir_core::domain::certificate::Wanted;
use weir_core::domain::device::{Device, DeviceDetails, LevelFormat, Location, Sensor, Versions};
use weir_core::domain::settings::Settings;
use weir_core::domain::{FieldError, Timestamp};
use weir_core::id::{BadId, CertificateId, LevelId};
use weir_core::wire::alert::AlertJson;
use weir_core::wire::settings::{reported, settings_json};

/// A device in `devices`. Only the versions of a deleted device are kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct DeviceRow {
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<LocationRow>,
    #[serde(default = "yes")]
    enabled: bool,
    /// Epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    history_from: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    followed_by: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level_format: Option<String>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    report_every: Option<u32>,
    #[serde(default)]
    sensors: Vec<SensorRow>,
    /// JSON as text: written once, and delivered as it is.
    #[serde(default)]
    settings: Value,
    #[serde(default)]
    settings_version: u64,
    /// The version of the settings that AWS IoT has; only the delivery writes it.
    #[serde(default, skip_serializing)]
    delivered: u64,
    /// While the certificates are due: identifies the change that requested it. Only the delivery writes the following two.
    #[serde(default, skip_serializing)]
    certificates: Option<String>,
    #[serde(default, skip_serializing)]
    deactivated: Vec<String>,
    #[serde(default, skip_serializing)]
    doomed: Vec<String>,
    /// JSON as text; see `rotation.rs`.
    #[serde(default, skip_serializing)]
    rotation: Option<String>,
    /// The firmware that the device reports; only `twin` writes it.
    #[serde(default, skip_serializing)]
    firmware: Option<String>,
    /// The hash of its claim code; only changes of the code write it.
    #[serde(default, skip_serializing)]
    claim: Option<String>,
    #[serde(default)]
    version: u64,
    /// Epoch milliseconds.
    #[serde(default)]
    created_at: i64,
    /// Epoch milliseconds.
    #[serde(default)]
    updated_at: i64,
    #[serde(default)]
    updated_by: String,
    /// Epoch milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted_at: Option<i64>,
    /// The key of the index `listed`.
    #[serde(default)]
    listed: String,
    /// The key of the index `tubes`, of flow sensors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tube: Option<String>,
    /// The key of the index `links`, of enabled flow sensors with `followed_by`. A disabled one is left out, because
    /// another device may have taken its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct LocationRow {
    latitude: f64,
    longitude: f64,
}

#[derive(Debug, Serialize, Deserialize)]
struct SensorRow {
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    unit: String,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limits: Option<LimitsRow>,
    /// As in the API.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    alerts: Vec<AlertJson>,
    /// The latest version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    calibration: Option<CalibrationRow>,
    /// How many versions there are in `calibrations`.
    #[serde(default)]
    calibrations: u32,
}

#[derive(Debug, Serialize, Deserialize)]
struct LimitsRow {
    min: f64,
    max: f64,
}

fn yes() -> bool {
    true
}

pub(super) fn level_ids(ids: &[String]) -> Result<Vec<LevelId>, BadId> {
    ids.iter().map(|id| id.parse()).collect()
}

/// What is registered according to a row.
pub(super) fn registration(item: Item) -> Result<Registration, AwsError> {
    let row = row_of(item)?;
    let versions = Versions { device: row.version, settings: row.settings_version };
    if row.deleted_at.is_some() {
        return Ok(Registration::Deleted(versions));
    }
    let settings_delivered = row.delivered == row.settings_version;
    let key = row.id.clone();
    let corrupt = |detail: String| AwsError::corrupt(TABLE, &key, detail);
    let certificates_settled = row.certificates.is_none();
    let known_certificates = known(&row).map_err(|bad| corrupt(bad.to_string()))?;
    let rotation = StoredRotation::of(row.rotation.clone()).map_err(corrupt)?;
    let claim = row.claim.clone().map(ClaimHash::stored);
    let device = device_of(row, versions).map_err(corrupt)?;
    Ok(Registration::Device(Box::new(StoredDevice {
        device,
        settings_delivered,
        certificates_settled,
        known_certificates,
        rotation,
        claim,
    })))
}

/// What has to be delivered to AWS IoT according to a row.
pub(super) fn pending(item: Item) -> Result<PendingDelivery, AwsError> {
    let row = row_of(item)?;
    let known = known(&row).map_err(|bad| AwsError::corrupt(TABLE, &row.id, bad))?;
    let rotation =
        StoredRotation::of(row.rotation.clone()).map_err(|bad| AwsError::corrupt(TABLE, &row.id, bad))?.rotation;
    let wanted = match (row.deleted_at, row.enabled) {
        (Some(_), _) => Wanted::Gone,
        (None, true) => Wanted::Active,
        (None, false) => Wanted::Inactive,
    };
    let settings = match row.settings {
        _ if row.deleted_at.is_some() => None,
        Value::String(text) => Some(text),
        Value::Null => Some("{}".to_owned()),
        other => Some(other.to_string()),
    };
    Ok(PendingDelivery {
        version: row.settings_version,
        settings,
        settings_due: row.delivered != row.settings_version,
        certificates: row.certificates.map(|change| DueCertificates { change, wanted, known, rotation }),
    })
}

fn known(row: &DeviceRow) -> Result<KnownCertificates, BadId> {
    Ok(KnownCertificates { deactivated: certificate_ids(&row.deactivated)?, doomed: certificate_ids(&row.doomed)? })
}

fn certificate_ids(texts: &[String]) -> Result<BTreeSet<CertificateId>, BadId> {
    texts.iter().map(|text| text.parse()).collect()
}

fn row_of(item: Item) -> Result<DeviceRow, AwsError> {
    let key = item.get("id").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
    serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, key, error))
}

fn device_of(row: DeviceRow, versions: Versions) -> Result<Device, String> {
    let bad_id = |error: BadId| error.to_string();
    let sensor = |sensor: SensorRow| {
        let code = sensor.code.clone();
        sensor_of(sensor).map_err(|detail| format!("sensor {code}: {detail}"))
    };
    let details = DeviceDetails {
        name: row.name,
        description: row.description,
        location: row.location.map(|LocationRow { latitude, longitude }| Location { latitude, longitude }),
        enabled: row.enabled,
        history_from: row.history_from.map(Timestamp::from_millis),
        level_id: row.level_id.map(|id| id.parse()).transpose().map_err(bad_id)?,
        followed_by: row.followed_by.as_deref().map(level_ids).transpose().map_err(bad_id)?,
        level_format: row.level_format.as_deref().map(level_format).transpose()?,
        report_every: row.report_every,
        sensors: row.sensors.into_iter().map(sensor).collect::<Result<_, _>>()?,
        settings: settings_of(row.settings)?,
    };
    Ok(Device {
        id: row.id.parse().map_err(bad_id)?,
        details,
        versions,
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
        updated_by: row.updated_by,
        firmware: row.firmware,
    })
}

fn level_format(code: &str) -> Result<LevelFormat, String> {
    LevelFormat::of_code(code).ok_or_else(|| format!("level_format {code:?} is not a format"))
}

fn sensor_of(row: SensorRow) -> Result<Sensor, String> {
    let limits = row.limits.map(|limits| Interval::new(limits.min, limits.max)).transpose();
    let latest = row.calibration.map(entry_of).transpose()?;
    let alert = |alert: &AlertJson| {
        let wrong = |errors: Vec<FieldError>| errors.first().map_or_else(String::new, ToString::to_string);
        alert.alert().map_err(|errors| format!("alert {}: {}", alert.id, wrong(errors)))
    };
    Ok(Sensor {
        code: row.code.parse().map_err(|error: BadId| error.to_string())?,
        name: row.name,
        unit: row.unit,
        enabled: row.enabled,
        limits: limits.map_err(|error| format!("limits{error}"))?,
        alerts: row.alerts.iter().map(alert).collect::<Result<_, _>>()?,
        calibrations: latest.map(|latest| SensorCalibrations { latest, count: row.calibrations }),
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

/// The attributes of a device, except for those of the delivery of its settings.
pub(super) fn attributes(device: &Device) -> Result<Item, AwsError> {
    let corrupt = |error: String| AwsError::corrupt(TABLE, &device.id, error);
    let DeviceDetails { enabled, level_id, followed_by, level_format, .. } = &device.details;
    let linked = *enabled && level_id.is_some() && followed_by.is_some();
    let row = DeviceRow {
        id: device.id.to_string(),
        name: device.details.name.clone(),
        description: device.details.description.clone(),
        location: device.details.location.map(|Location { latitude, longitude }| LocationRow { latitude, longitude }),
        enabled: *enabled,
        history_from: device.details.history_from.map(Timestamp::millis),
        level_id: level_id.as_ref().map(ToString::to_string),
        followed_by: followed_by.as_ref().map(|ids| ids.iter().map(ToString::to_string).collect()),
        level_format: level_format.map(|format| format.code().to_owned()),
        report_every: device.details.report_every,
        sensors: device.details.sensors.iter().map(sensor_row).collect::<Result<_, _>>().map_err(corrupt)?,
        settings: settings_json(&device.details.settings).to_string().into(),
        settings_version: device.versions.settings,
        delivered: 0,
        certificates: None,
        deactivated: Vec::new(),
        doomed: Vec::new(),
        rotation: None,
        firmware: None,
        claim: None,
        version: device.versions.device,
        created_at: device.created_at.millis(),
        updated_at: device.updated_at.millis(),
        updated_by: device.updated_by.clone(),
        deleted_at: None,
        listed: keys::device(*enabled).to_owned(),
        tube: level_id.as_ref().map(|level| keys::tube(level.tube(), *enabled)),
        link: linked.then(|| keys::LINKS.to_owned()),
    };
    serde_dynamo::to_item(row).map_err(|error| corrupt(error.to_string()))
}

fn sensor_row(sensor: &Sensor) -> Result<SensorRow, String> {
    let calibrations = sensor.calibrations.as_ref();
    Ok(SensorRow {
        code: sensor.code.to_string(),
        name: sensor.name.clone(),
        unit: sensor.unit.clone(),
        enabled: sensor.enabled,
        limits: sensor.limits.map(|limits| LimitsRow { min: limits.min(), max: limits.max() }),
        alerts: sensor.alerts.iter().map(AlertJson::of).collect(),
        calibration: calibrations.map(|calibrations| entry_row(&calibrations.latest)).transpose()?,
        calibrations: calibrations.map_or(0, |calibrations| calibrations.count),
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::row::s;
    use super::*;
    use weir_core::domain::calibration::{Calibration, CalibrationEntry, Linear, Model, Options};
    use weir_core::domain::device::{Author, Calibrations};

    fn device() -> Device {
        let interval = Some(Interval::new(0.0, 14.0).unwrap());
        let calibration = Calibration {
            version: 2,
            valid_from: Timestamp::from_millis(1_700_000_000_000),
            model: Model::Linear(Linear::new(0.5, 1.0).unwrap()),
            options: Options { round: Some(2), clamp: None, valid: interval },
        };
        let ph = Sensor { unit: "pH".into(), limits: interval, ..Sensor::new("ph".parse().unwrap()) };
        let details = DeviceDetails {
            level_id: Some("01".parse().unwrap()),
            followed_by: Some(vec!["05".parse().unwrap()]),
            level_format: Some(LevelFormat::Byte),
            location: Some(Location { latitude: 48.2, longitude: 16.4 }),
            sensors: vec![ph],
            ..DeviceDetails::default()
        };
        let latest = CalibrationEntry::from(calibration);
        let calibrations = Calibrations::from([("ph".parse().unwrap(), SensorCalibrations { latest, count: 2 })]);
        let author = Author { by: "ann".into(), at: Timestamp::from_millis(1_795_155_884_123) };
        Device::new("buoy-01".parse().unwrap(), details, calibrations, Versions::default(), author)
    }

    #[test]
    fn a_device_is_read_as_it_was_written() {
        let item = attributes(&device()).unwrap();
        for (key, partition) in [("link", "level"), ("listed", "enabled"), ("tube", "0#enabled")] {
            assert_eq!(item.get(key), Some(&s(partition)));
        }
        assert!(!item.contains_key("delivered") && !item.contains_key("deleted_at"), "{item:?}");
        assert_eq!(registration(item).unwrap().device(), Some(device()));
    }

    #[test]
    fn a_corrupt_row_is_named_with_its_key_and_its_field() {
        let mut item = attributes(&device()).unwrap();
        item.insert("level_id".to_owned(), s("x"));
        let error = registration(item).unwrap_err().to_string();
        assert!(error.contains("buoy-01") && error.contains("level id"), "{error}");
    }

    #[test]
    fn a_corrupt_calibration_is_named_with_its_sensor_and_its_field() {
        let mut row: Value = serde_dynamo::from_item(attributes(&device()).unwrap()).unwrap();
        row["sensors"][0]["calibration"]["slope"] = "steep".into();
        let error = registration(serde_dynamo::to_item(row).unwrap()).unwrap_err().to_string();
        assert!(["buoy-01", "sensor ph", "calibration 2", "/slope"].iter().all(|word| error.contains(word)), "{error}");
    }
}

//! A device as people write it: the body of a POST or PUT, and what a PATCH comes to.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::device::{DeviceJson, LimitsJson, LocationJson, SensorJson};
use super::same::same;
use super::settings::settings;
use crate::domain::calibration::{FieldError, Interval};
use crate::domain::device_record::{Content, Location, Probe};
use crate::id::{DeviceId, LevelId, SensorCode};

const KEPT: &str = "is kept by the registry and cannot be set";

/// A sensor as people write it. What the registry keeps itself may be sent along as it was read.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SensorBody {
    /// What it measures, as in the topic. Under `/sensors/{code}` it may be left out.
    #[serde(default)]
    pub code: Option<SensorCode>,
    /// What people call it, at most 100 characters.
    #[serde(default)]
    pub name: String,
    /// The unit of its calibrated values, at most 32 characters.
    #[serde(default)]
    pub unit: String,
    /// A switched-off sensor's values are set aside; on unless said otherwise.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// A calibrated value outside is kept and marked.
    #[serde(default)]
    pub limits: Option<LimitsJson>,
    /// Kept by the registry: written through `/calibrations`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Object>, read_only))]
    pub calibration: Option<Value>,
}

impl SensorBody {
    /// The sensor called `code` in the path.
    ///
    /// # Errors
    /// Every rule that is broken, with pointers relative to the sensor.
    pub fn probe(&self, code: Option<&SensorCode>) -> Result<Probe, Vec<FieldError>> {
        let mut refused = Vec::new();
        let limits = self.limits.map(|limits| Interval::new(limits.min, limits.max)).transpose();
        let limits = limits.map_err(|mut invalid| {
            invalid.pointer = if invalid.pointer == "/0" { "/limits/min" } else { "/limits/max" }.to_owned();
            refused.push(invalid);
        });
        let code = match (code, &self.code) {
            (Some(path), Some(body)) if path != body => {
                refused.push(FieldError::new("/code", format!("is {path} in the path; a sensor keeps its code")));
                None
            }
            (Some(code), _) | (None, Some(code)) => Some(code),
            (None, None) => {
                refused.push(FieldError::new("/code", "is missing"));
                None
            }
        };
        match (code, limits) {
            (Some(code), Ok(limits)) => Ok(Probe {
                code: code.clone(),
                name: self.name.clone(),
                unit: self.unit.clone(),
                enabled: self.enabled.unwrap_or(true),
                limits,
            }),
            _ => Err(refused),
        }
    }
}

/// A device as people write it. What the registry keeps itself may be sent along as it was read.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DeviceBody {
    /// MQTT client id and thing name. Under `/devices/{id}` it may be left out.
    #[serde(default)]
    pub id: Option<DeviceId>,
    /// What people call it, at most 100 characters.
    #[serde(default)]
    pub name: String,
    /// Whatever else there is to say, at most 1,000 characters.
    #[serde(default)]
    pub description: String,
    /// Where it is.
    #[serde(default)]
    pub location: Option<LocationJson>,
    /// A switched-off device's messages are set aside; on unless said otherwise.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// The flow sensor it is, if it is one.
    #[serde(default)]
    pub level_id: Option<LevelId>,
    /// The flow sensors after it, when it is not simply the next number on its tube; empty: nothing follows.
    #[serde(default)]
    pub followed_by: Option<Vec<LevelId>>,
    /// Its sensors, at most 64; codes are unique.
    #[serde(default)]
    pub sensors: Vec<SensorBody>,
    /// Its settings: at most 4,000 bytes as compact JSON, at most 5 levels, no `null`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub settings: Map<String, Value>,
    /// Kept by the registry.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<u64>, read_only))]
    pub version: Option<Value>,
    /// Kept by the registry.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, read_only))]
    pub created_at: Option<Value>,
    /// Kept by the registry.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, read_only))]
    pub updated_at: Option<Value>,
    /// Kept by the registry.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, read_only))]
    pub updated_by: Option<Value>,
    /// Kept by the registry.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>, read_only))]
    pub delivery: Option<Value>,
}

impl DeviceBody {
    /// What it says about a device; `current` is the device as it is shown, where it exists.
    ///
    /// # Errors
    /// Every rule that is broken, with the pointer to the field.
    pub fn content(self, current: Option<&DeviceJson>) -> Result<Content, Vec<FieldError>> {
        let mut refused = self.kept(current);
        let mut sensors = Vec::new();
        for (place, sensor) in self.sensors.iter().enumerate() {
            match sensor.probe(None) {
                Ok(probe) => sensors.push(probe),
                Err(wrong) => refused.extend(under(wrong, &format!("/sensors/{place}"))),
            }
        }
        let settings = settings(&self.settings).unwrap_or_else(|wrong| {
            refused.extend(under(wrong, "/settings"));
            Default::default()
        });
        let content = Content {
            name: self.name,
            description: self.description,
            location: self.location.map(|LocationJson { latitude, longitude }| Location { latitude, longitude }),
            enabled: self.enabled.unwrap_or(true),
            level_id: self.level_id,
            followed_by: self.followed_by,
            sensors,
            settings,
        };
        match content.checked() {
            Ok(content) if refused.is_empty() => Ok(content),
            Ok(_) => Err(refused),
            Err(more) => Err(refused.into_iter().chain(more).collect()),
        }
    }
}

fn under(refused: Vec<FieldError>, prefix: &str) -> impl Iterator<Item = FieldError> {
    refused.into_iter().map(move |invalid| invalid.under(prefix))
}

impl DeviceBody {
    /// What the registry keeps itself can be sent along, as long as it says what it says now. A document that was read
    /// before somebody else's change is found out by it, even without `If-Match`.
    fn kept(&self, current: Option<&DeviceJson>) -> Vec<FieldError> {
        let mut refused = Vec::new();
        if let (Some(said), Some(current)) = (&self.id, current)
            && *said != current.id
        {
            refused.push(FieldError::new("/id", format!("is {}; a device keeps its id", current.id)));
        }
        let shown = current.and_then(|current| serde_json::to_value(current).ok()).unwrap_or_default();
        for (name, said) in [
            ("version", &self.version),
            ("created_at", &self.created_at),
            ("updated_at", &self.updated_at),
            ("updated_by", &self.updated_by),
        ] {
            let now = shown.get(name);
            if said.as_ref().is_some_and(|said| !now.is_some_and(|now| same(now, said))) {
                refused.push(FieldError::new(format!("/{name}"), KEPT));
            }
        }
        let sensors = current.map(|current| current.sensors.as_slice()).unwrap_or_default();
        for (place, sensor) in self.sensors.iter().enumerate() {
            let now = sensors.iter().find(|now| Some(&now.code) == sensor.code.as_ref());
            refused.extend(sensor.kept(now).map(|invalid| invalid.under(&format!("/sensors/{place}"))));
        }
        refused
    }
}

impl SensorBody {
    /// The same for a sensor; `current` is the sensor as it is shown, where it exists.
    pub fn kept(&self, current: Option<&SensorJson>) -> Option<FieldError> {
        let said = self.calibration.as_ref()?;
        let shown = current.and_then(|current| current.calibration.as_ref());
        let shown = shown.and_then(|shown| serde_json::to_value(shown).ok());
        let kept = shown.is_some_and(|shown| same(&shown, said));
        (!kept).then(|| FieldError::new("/calibration", "is written through /calibrations"))
    }
}

/// The document `current` with the merge patch (RFC 7396) applied.
pub fn patched(current: &DeviceJson, patch: Map<String, Value>) -> Value {
    let mut document = serde_json::to_value(current).unwrap_or_default();
    json_patch::merge(&mut document, &Value::Object(patch));
    document
}

#[cfg(test)]
mod tests;

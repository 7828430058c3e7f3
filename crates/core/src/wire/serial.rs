//! The allow list as people write it and as the API shows it, and the events of its changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::device::DeviceJson;
use super::device_body::DeviceBody;
use crate::domain::device::{Author, Calibrations, Device, DeviceDetails, Versions};
use crate::domain::event::{Event, FieldChange, Kind};
use crate::domain::serial::{Denied, ListedSerial, MOST_TEMPLATE_BYTES, SerialState};
use crate::domain::{FieldError, Timestamp};
use crate::id::{CertificateId, DeviceId, Serial};

/// Fields that the registry sets itself, and that a template must not have.
const NO_TEMPLATE: [&str; 7] = ["id", "version", "created_at", "updated_at", "updated_by", "connection", "delivery"];
const HOUR_SECONDS: i64 = 3_600;

/// A serial number that is to be listed.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(example = json!({"serial": "SN-0001", "template": {"name": "Buoy"}})))]
#[serde(deny_unknown_fields)]
pub struct SerialBody {
    /// The number, exactly as the board sends it.
    pub serial: Serial,
    /// The device that the board becomes. Default: the serial number.
    #[serde(default)]
    pub device_id: Option<DeviceId>,
    /// The details that the device is registered with, such as sensors, alerts and settings. At most 16 KB.
    #[serde(default)]
    pub template: Option<DeviceBody>,
    /// Whether boards with this number are refused. Default: false.
    #[serde(default)]
    pub blocked: bool,
    /// Whether the device gets a claim code when its board is provisioned; the answer shows it once. Default: false.
    #[serde(default)]
    pub claim_code: bool,
}

/// A serial number in the allow list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = ListedSerial))]
pub struct SerialJson {
    /// The number.
    pub serial: Serial,
    /// The device that the board becomes.
    pub device_id: DeviceId,
    #[allow(missing_docs, reason = "the type says it")]
    pub state: SerialState,
    /// The details that the device is registered with.
    #[cfg_attr(feature = "schema", schema(value_type = Object))]
    pub template: Value,
    /// The certificate that the board was last provisioned with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<CertificateId>,
    /// When the board was last provisioned.
    #[serde(with = "super::time::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<Timestamp>))]
    pub provisioned_at: Option<Timestamp>,
    /// Only in the answer that creates it: the code with which a person adds the device to their scope. It is shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_code: Option<String>,
    /// When it was listed.
    #[serde(with = "super::time")]
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it last changed.
    #[serde(with = "super::time")]
    pub updated_at: Timestamp,
    /// By whom; empty when a board was provisioned.
    pub updated_by: String,
}

/// The answer to an upload.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Upload {
    /// How many serial numbers were added.
    pub added: usize,
    /// The answer to each line after the header, in order.
    pub items: Vec<UploadLine>,
}

/// The answer to a line of an upload.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct UploadLine {
    /// The number of the line, where the header is 1.
    pub line: u64,
    /// The serial number, if the line has a valid one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<Serial>,
    #[allow(missing_docs, reason = "the type says it")]
    pub outcome: UploadOutcome,
    /// The claim code that was made for the serial number. It is shown once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_code: Option<String>,
    /// What is wrong with the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The outcome of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum UploadOutcome {
    /// The serial number was added.
    Added,
    /// It is listed already; nothing was changed.
    Exists,
    /// Another serial number has this device.
    DeviceTaken,
    /// The line cannot be read.
    Invalid,
}

impl SerialBody {
    /// The serial number as this author lists it, without a claim code.
    ///
    /// # Errors
    /// Every rule that the template violates, with its pointer.
    pub fn listed(self, author: &Author) -> Result<ListedSerial, Vec<FieldError>> {
        let device = match self.device_id {
            Some(device) => device,
            // Both follow the same rule.
            None => self.serial.as_str().parse().map_err(|_| vec![FieldError::new("/device_id", "is missing")])?,
        };
        let template = self.template.unwrap_or_default();
        if template.id.as_ref().is_some_and(|id| *id != device) {
            return Err(vec![FieldError::new("/template/id", format!("must be {device} or absent"))]);
        }
        if template.claim_code == Some(true) {
            return Err(vec![FieldError::new("/template/claim_code", "must stand beside `template`")]);
        }
        let under = |errors: Vec<FieldError>| -> Vec<FieldError> {
            errors.into_iter().map(|error| error.under("/template")).collect()
        };
        let template: DeviceDetails = template.details(None).map_err(under)?;
        if !template.enabled {
            return Err(vec![FieldError::new("/template/enabled", "must be true: use `blocked` instead")]);
        }
        let bytes = template_json(&template).to_string().len();
        if bytes > MOST_TEMPLATE_BYTES {
            let detail = format!("has {bytes} bytes as JSON, more than {MOST_TEMPLATE_BYTES}");
            return Err(vec![FieldError::new("/template", detail)]);
        }
        Ok(ListedSerial {
            serial: self.serial,
            device,
            template,
            state: if self.blocked { SerialState::Blocked } else { SerialState::Expected },
            certificate: None,
            provisioned_at: None,
            claim_code: None,
            version: 1,
            created_at: author.at,
            created_by: author.by.clone(),
            updated_at: author.at,
            updated_by: author.by.clone(),
        })
    }
}

impl SerialJson {
    /// The serial number as the API shows it.
    pub fn of(listed: &ListedSerial) -> Self {
        Self {
            serial: listed.serial.clone(),
            device_id: listed.device.clone(),
            state: listed.state,
            template: template_json(&listed.template),
            certificate: listed.certificate.clone(),
            provisioned_at: listed.provisioned_at,
            claim_code: None,
            created_at: listed.created_at,
            created_by: listed.created_by.clone(),
            updated_at: listed.updated_at,
            updated_by: listed.updated_by.clone(),
        }
    }
}

/// A template as JSON: as `POST /devices` takes it, without the id.
pub fn template_json(template: &DeviceDetails) -> Value {
    let author = Author { by: String::new(), at: Timestamp::from_millis(0) };
    // The id is left out again.
    let Ok(id) = "template".parse() else { return Value::Null };
    let device = Device::new(id, template.clone(), Calibrations::new(), Versions::default(), author);
    let mut shown = json!(DeviceJson::of(&device, &BTreeMap::new()));
    if let Some(fields) = shown.as_object_mut() {
        fields.retain(|name, _| !NO_TEMPLATE.contains(&name.as_str()));
        if template.history_from.is_none() {
            fields.remove("history_from");
        }
    }
    shown
}

/// A template from its JSON, as it was stored.
///
/// # Errors
/// What is wrong with it.
pub fn template_of(stored: Value) -> Result<DeviceDetails, String> {
    let body: DeviceBody = serde_json::from_value(stored).map_err(|error| error.to_string())?;
    let first = |errors: Vec<FieldError>| errors.first().map_or_else(String::new, ToString::to_string);
    body.details(None).map_err(first)
}

/// The event of serial numbers that were listed with one write. An event has room for 100 of them.
pub fn listed(added: &[&ListedSerial], author: &Author) -> Event {
    let first = added.first().map(|listed| listed.serial.to_string()).unwrap_or_default();
    let change = |listed: &&ListedSerial| FieldChange {
        pointer: format!("/serials/{}", listed.serial),
        before: None,
        after: Some(json!({"device_id": listed.device, "state": listed.state})),
    };
    let event = Event::new(None, Kind::Serial, &format!("listed-{first}"), author.at).by(&author.by);
    event.target(first).detail("listed").changes(added.iter().map(change).collect())
}

/// The event of a serial number that a person reset or removed.
pub fn changed(listed: &ListedSerial, detail: &'static str, state: Option<SerialState>, author: &Author) -> Event {
    let key = format!("{detail}-{}-{}", listed.serial, listed.version.saturating_add(1));
    let event = Event::new(Some(listed.device.clone()), Kind::Serial, &key, author.at).by(&author.by);
    let change = FieldChange {
        pointer: "/state".to_owned(),
        before: Some(json!(listed.state)),
        after: state.map(|state| json!(state)),
    };
    event.target(&listed.serial).detail(detail).changes(vec![change])
}

/// The event of a board that was provisioned.
pub fn provisioned(listed: &ListedSerial, certificate: &CertificateId, at: Timestamp) -> Event {
    let event = Event::new(Some(listed.device.clone()), Kind::Serial, &format!("provisioned-{certificate}"), at);
    let change = FieldChange {
        pointer: "/state".to_owned(),
        before: Some(json!(listed.state)),
        after: Some(json!(SerialState::Provisioned)),
    };
    let certificate = FieldChange { pointer: "/certificate".to_owned(), before: None, after: Some(json!(certificate)) };
    event.target(&listed.serial).detail("provisioned").changes(vec![change, certificate])
}

/// The event of a board that was refused: one for each reason and hour, so that somebody with a
/// claim certificate cannot fill the log.
pub fn denied(listed: &ListedSerial, why: Denied, at: Timestamp) -> Event {
    let hour = Timestamp::from_seconds(at.seconds().div_euclid(HOUR_SECONDS).saturating_mul(HOUR_SECONDS));
    let key = format!("refused-{}-{}", why.code(), listed.serial);
    let event = Event::new(Some(listed.device.clone()), Kind::Serial, &key, hour);
    event.target(&listed.serial).detail(format!("refused: {}", why.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_millis(1_795_155_884_123);

    fn author() -> Author {
        Author { by: "ann".into(), at: AT }
    }

    fn read(body: Value) -> Result<ListedSerial, Vec<FieldError>> {
        serde_json::from_value::<SerialBody>(body).unwrap().listed(&author())
    }

    #[test]
    fn a_template_is_stored_as_it_was_written() {
        let sensors = json!([{"code": "ph", "unit": "pH", "alerts": [{"id": "low", "below": 5}]}]);
        let template = json!({"name": "Board", "sensors": sensors, "settings": {"every": 60}, "level_id": "01"});
        let listed = read(json!({"serial": "SN-1", "device_id": "board-1", "template": template})).unwrap();
        let stored = template_json(&listed.template);
        assert_eq!(stored["settings"], json!({"every": 60}));
        assert!(NO_TEMPLATE.iter().chain(&["history_from"]).all(|name| stored.get(name).is_none()), "{stored}");
        assert_eq!(template_of(stored).unwrap(), listed.template);
        assert_eq!(read(json!({"serial": "SN-1"})).unwrap().device.as_str(), "SN-1");
    }

    #[test]
    fn a_template_that_no_device_can_have_is_refused_with_its_pointer() {
        for (template, pointer) in [
            (json!({"id": "other"}), "/template/id"),
            (json!({"enabled": false}), "/template/enabled"),
            (json!({"version": 3}), "/template/version"),
            (json!({"claim_code": true}), "/template/claim_code"),
            (json!({"sensors": [{"code": "ph"}, {"code": "ph"}]}), "/template/sensors/1/code"),
            (
                json!({"description": "x".repeat(900), "sensors": (0..64).map(|number| json!({
                "code": format!("s{number}"), "name": "n".repeat(100), "unit": "u".repeat(32),
                "alerts": [{"id": "a", "below": 1}]})).collect::<Vec<_>>()}),
                "/template",
            ),
        ] {
            let errors = read(json!({"serial": "SN-1", "template": template})).unwrap_err();
            assert_eq!(errors.first().unwrap().pointer, pointer);
        }
    }

    #[test]
    fn a_refusal_is_told_once_an_hour_for_each_reason() {
        let listed = read(json!({"serial": "SN-1"})).unwrap();
        let told = |why, seconds| denied(&listed, why, AT.plus_seconds(seconds));
        assert_eq!(told(Denied::Blocked, 0), told(Denied::Blocked, 60));
        assert_ne!(told(Denied::Blocked, 0).at, told(Denied::Blocked, 3_600).at);
        assert_ne!(told(Denied::Blocked, 0).id, told(Denied::DeviceExists, 0).id);
    }
}

//! Reads a level report in its two formats, plain JSON and an uplink of The Things Stack v3, and identifies its sensor.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use weir_aws::AwsError;
use weir_core::domain::level::Level;
use weir_core::domain::reading::{FILLING, Quality, Reading, Series};
use weir_core::domain::{Reason, Refusal, Timestamp};
use weir_core::id::{BadId, DeviceId, LevelId};
use weir_core::wire::{Envelope, instant, number};

use super::Organizer;

/// A report of an identified flow sensor.
#[derive(Debug, PartialEq)]
pub(super) struct Report {
    /// The flow sensor.
    pub id: LevelId,
    /// When it was measured.
    pub at: Timestamp,
    /// The number as sent, in percent.
    pub sent: f64,
    /// The level it stands for.
    pub level: Level,
}

/// A message that was parsed, before its sensor is identified.
#[derive(Debug, PartialEq)]
struct ParsedReport {
    sender: Sender,
    at: Timestamp,
    sent: f64,
    level: Level,
}

/// The sender as the message names it.
#[derive(Debug, PartialEq)]
enum Sender {
    /// By its level id.
    Level(LevelId),
    /// By the id of its device, whose level id is in the registry.
    Device(String),
}

/// A message that goes to quarantine.
#[derive(Debug, PartialEq)]
pub(super) struct RefusedReport {
    /// The device or level id, when the message names one.
    pub device: Option<String>,
    /// When it was measured, if the message says so.
    pub at: Option<Timestamp>,
    /// The reason.
    pub refusal: Refusal,
}

/// Why a message is not a report that can be stored.
#[derive(Debug)]
pub(super) enum ReportError {
    /// It never will be.
    Refused(RefusedReport),
    /// The registry could not be read.
    Registry(AwsError),
}

impl From<RefusedReport> for ReportError {
    fn from(refused: RefusedReport) -> Self {
        Self::Refused(refused)
    }
}

impl From<AwsError> for ReportError {
    fn from(error: AwsError) -> Self {
        Self::Registry(error)
    }
}

impl Organizer {
    /// The report in a message.
    pub(super) async fn read_report(&self, envelope: &Envelope) -> Result<Report, ReportError> {
        let ParsedReport { sender, at, sent, level } = parse(envelope)?;
        let id = match sender {
            Sender::Level(id) => id,
            Sender::Device(device) => self.level_of(&device, at, envelope.replay.is_some()).await?,
        };
        Ok(Report { id, at, sent, level })
    }

    /// The level id of a device: the one in the registry, or else the digits at the end of the device's id. A replay
    /// ignores the registry's cache.
    async fn level_of(&self, device: &str, at: Timestamp, replay: bool) -> Result<LevelId, ReportError> {
        let refused = |refusal| RefusedReport { device: Some(device.to_owned()), at: Some(at), refusal };
        let id: DeviceId = device.parse().map_err(|error| refused((Reason::BadDeviceId, error).into()))?;
        if replay {
            self.registry.forget(&id);
        }
        let registered = self.registry.device(&id).await?;
        if registered.as_ref().is_some_and(|device| !device.details.enabled) {
            let detail = format!("the device {id} is disabled");
            return Err(refused(Refusal::new(Reason::DeviceDisabled, detail)).into());
        }
        if let Some(Err(refusal)) = registered.as_ref().map(|device| device.remembers(at)) {
            return Err(refused(refusal).into());
        }
        if let Some(level) = registered.as_ref().and_then(|device| device.details.level_id.clone()) {
            return Ok(level);
        }
        trailing_digits(&id).map_err(|_| {
            let detail =
                format!("the device {id} has no level id in the registry, and its id does not end in 2 to 10 digits");
            refused(Refusal::new(Reason::BadLevelId, detail)).into()
        })
    }
}

fn trailing_digits(id: &DeviceId) -> Result<LevelId, BadId> {
    let text = id.as_str();
    text.get(text.trim_end_matches(|c: char| c.is_ascii_digit()).len()..).unwrap_or_default().parse()
}

/// The message that reports one reading again: a topic, and a payload.
pub(super) fn message_of(series: &Series, at: Timestamp, raw: f64) -> (String, Vec<u8>) {
    let payload = json!({"id": series.device.as_str(), "filling": raw, "ts": at.millis()});
    (String::new(), payload.to_string().into_bytes())
}

/// Parses a message of either format. An uplink has `end_device_ids`.
fn parse(envelope: &Envelope) -> Result<ParsedReport, RefusedReport> {
    let nobody = |refusal| RefusedReport { device: None, at: None, refusal };
    let payload = envelope.json().map_err(nobody)?;
    let received = envelope.received_at;
    let uplink = payload.contains_key("end_device_ids");
    let sender = if uplink { device(&payload) } else { level_id(&payload) }.map_err(nobody)?;
    let device = match &sender {
        Sender::Level(id) => id.to_string(),
        Sender::Device(id) => id.clone(),
    };
    let at = if uplink { uplink_instant(&payload) } else { payload.get("ts").map(instant) };
    let at = at.unwrap_or(Ok(received)).and_then(|at| at.plausible(received));
    let at = at.map_err(|refusal| RefusedReport { device: Some(device.clone()), at: None, refusal })?;
    let sent = if uplink { uplink_filling(&payload) } else { number(payload.get("filling").unwrap_or(&Value::Null)) };
    match sent.and_then(|sent| Ok((sent, Level::new(sent)?))) {
        Ok((sent, level)) => Ok(ParsedReport { sender, at, sent, level }),
        Err(refusal) => Err(RefusedReport { device: Some(device), at: Some(at), refusal }),
    }
}

impl Report {
    /// The report as a reading for the history: the series `filling` of the level id, in percent.
    ///
    /// # Errors
    /// Never in practice: every level id is a device id, and the code is a sensor code.
    pub(super) fn reading(&self, received_at: Timestamp) -> Result<Reading, AwsError> {
        let bad =
            |error: BadId| AwsError::Corrupt { table: "readings", key: self.id.to_string(), detail: error.to_string() };
        let series = Series { device: self.id.as_str().parse().map_err(bad)?, sensor: FILLING.parse().map_err(bad)? };
        Ok(Reading {
            series,
            at: self.at,
            received_at,
            raw: self.sent,
            value: self.sent,
            unit: "%".to_owned(),
            calibration: 0,
            quality: Quality::Good,
        })
    }
}

fn level_id(payload: &Map<String, Value>) -> Result<Sender, Refusal> {
    let bad = |detail: String| Refusal::new(Reason::BadLevelId, detail);
    match payload.get("id") {
        Some(Value::String(id)) => Ok(Sender::Level(id.parse().map_err(|error| (Reason::BadLevelId, error))?)),
        Some(other) => Err(bad(format!("`id` is {other}, which is not text"))),
        None => Err(bad("the report has no `id`".to_owned())),
    }
}

fn device(payload: &Map<String, Value>) -> Result<Sender, Refusal> {
    let id = payload.get("end_device_ids").and_then(|ids| ids.get("device_id")).and_then(Value::as_str);
    let missing = || Refusal::new(Reason::BadDeviceId, "the uplink has no `end_device_ids.device_id`");
    id.map(|id| Sender::Device(id.to_owned())).ok_or_else(missing)
}

fn uplink_instant(payload: &Map<String, Value>) -> Option<Result<Timestamp, Refusal>> {
    let inner = payload.get("uplink_message").and_then(|message| message.get("received_at"));
    inner.or_else(|| payload.get("received_at")).map(instant)
}

fn uplink_filling(payload: &Map<String, Value>) -> Result<f64, Refusal> {
    let message = payload.get("uplink_message").unwrap_or(&Value::Null);
    if let Some(filling) = message.get("decoded_payload").and_then(|decoded| decoded.get("filling")) {
        return number(filling);
    }
    let bad = |detail: &str| Refusal::new(Reason::BadValue, detail);
    let text = message.get("frm_payload").and_then(Value::as_str);
    let text = text.ok_or_else(|| bad("the uplink has neither `decoded_payload.filling` nor `frm_payload`"))?;
    let bytes = STANDARD.decode(text).map_err(|_| bad("`frm_payload` is not base64"))?;
    let ascii = String::from_utf8(bytes).map_err(|_| bad("`frm_payload` is not a level as ASCII text"))?;
    number(&Value::String(ascii))
}

#[cfg(test)]
mod tests;

//! What a level report says, in its two forms: plain, and as an uplink of The Things Stack v3.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use weir_aws::AwsError;
use weir_core::domain::level::Level;
use weir_core::domain::reading::{FILLING, Quality, Reading, Series};
use weir_core::domain::{Reason, Refusal, Timestamp};
use weir_core::id::LevelId;
use weir_core::wire::{Envelope, instant, number};

/// A report whose sender is known.
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

/// What a message says, before anybody has looked up who sent it.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    /// Who, in the words of the message.
    pub sender: Sender,
    /// When it was measured.
    pub at: Timestamp,
    /// The number as sent, in percent.
    pub sent: f64,
    /// The level it stands for.
    pub level: Level,
}

/// How a message names its sender.
#[derive(Debug, PartialEq)]
pub(super) enum Sender {
    /// By its level id.
    Level(LevelId),
    /// By the id of its device, for the registry to translate.
    Device(String),
}

/// A message that is refused.
#[derive(Debug, PartialEq)]
pub(super) struct Refused {
    /// The device, when the message names one.
    pub device: Option<String>,
    /// The instant it is for, when known.
    pub at: Option<Timestamp>,
    /// Why.
    pub refusal: Refusal,
}

/// The message that says one level again.
pub(super) fn single(series: &Series, at: Timestamp, raw: f64) -> (String, Vec<u8>) {
    let payload = json!({"id": series.device.as_str(), "filling": raw, "ts": at.millis()});
    (String::new(), payload.to_string().into_bytes())
}

/// Reads a message of either form; an uplink is told by its `end_device_ids`.
pub(super) fn parse(envelope: &Envelope) -> Result<Said, Refused> {
    let nobody = |refusal| Refused { device: None, at: None, refusal };
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
    let at = at.map_err(|refusal| Refused { device: Some(device.clone()), at: None, refusal })?;
    let sent = if uplink { uplink_filling(&payload) } else { number(payload.get("filling").unwrap_or(&Value::Null)) };
    match sent.and_then(|sent| Ok((sent, Level::new(sent)?))) {
        Ok((sent, level)) => Ok(Said { sender, at, sent, level }),
        Err(refusal) => Err(Refused { device: Some(device), at: Some(at), refusal }),
    }
}

impl Report {
    /// The report as a reading of the history: series `filling` of the level id, in percent.
    ///
    /// # Errors
    /// Never in practice: every level id is a device id, and the code is a sensor code.
    pub(super) fn reading(&self, received_at: Timestamp) -> Result<Reading, AwsError> {
        let bad = |error: weir_core::id::BadId| AwsError::Corrupt {
            table: "readings",
            key: self.id.to_string(),
            detail: error.to_string(),
        };
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

//! Reads a level report in its two formats, plain JSON and an uplink of The Things Stack v3, and identifies its sensor.

use weir_aws::AwsError;
use weir_core::domain::device::LevelFormat;
use weir_core::domain::level::Level;
use weir_core::domain::reading::{FILLING, Quality, Reading, Series};
use weir_core::domain::{Reason, Refusal, Timestamp};
use weir_core::id::{BadId, DeviceId, LevelId};
use weir_core::wire::{Envelope, Json, Object, number, sent_at};

use super::Organizer;
use super::uplink::{self, Sent};

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
pub(super) struct ParsedReport {
    pub sender: Sender,
    pub at: Timestamp,
    pub sent: Sent,
}

/// The sender as the message names it.
#[derive(Debug, PartialEq)]
pub(super) enum Sender {
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
    /// It cannot be stored, and never will be.
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
        let ParsedReport { sender, at, sent } = parse(envelope, self.accepted.simulated)?;
        let device = match &sender {
            Sender::Level(id) => id.to_string(),
            Sender::Device(device) => device.clone(),
        };
        let refused = |refusal| RefusedReport { device: Some(device.clone()), at: Some(at), refusal };
        let replay = envelope.replay.is_some();
        let (id, format) = match sender {
            Sender::Level(id) => {
                self.check_level(&id, replay).await?.map_err(refused)?;
                (id, LevelFormat::default())
            }
            Sender::Device(device) => self.level_of(&device, at, replay).await?.map_err(refused)?,
        };
        let sent = sent.read(format).map_err(refused)?;
        Ok(Report { id, at, sent, level: Level::new(sent).map_err(refused)? })
    }

    /// The level id of a device: the one in the registry, or else the last part of the device's id if that is digits; and
    /// how its bytes are read. A replay ignores the registry's cache.
    async fn level_of(
        &self,
        device: &str,
        at: Timestamp,
        replay: bool,
    ) -> Result<Result<(LevelId, LevelFormat), Refusal>, AwsError> {
        let id: DeviceId = match device.parse() {
            Ok(id) => id,
            Err(error) => return Ok(Err((Reason::BadDeviceId, error).into())),
        };
        if replay {
            self.registry.forget(&id);
        }
        let registered = self.registry.device(&id).await?;
        let details = registered.as_ref().map(|device| &device.details);
        if details.is_some_and(|details| !details.enabled) {
            return Ok(Err(Refusal::new(Reason::DeviceDisabled, format!("the device {id} is disabled"))));
        }
        if let Some(Err(refusal)) = registered.as_ref().map(|device| device.remembers(at)) {
            return Ok(Err(refusal));
        }
        let format = details.and_then(|details| details.level_format).unwrap_or_default();
        if let Some(level) = details.and_then(|details| details.level_id.clone()) {
            return Ok(Ok((level, format)));
        }
        if self.accepted.registered_only {
            let detail =
                format!("the device {id} has no level id in the registry, and only registered levels are taken");
            return Ok(Err(Refusal::new(Reason::UnknownDevice, detail)));
        }
        Ok(last_part(&id).map(|level| (level, format)).ok_or_else(|| {
            let detail = format!(
                "the device {id} has no level id in the registry, and the last part of its id, after a `-`, is not 2 to 10 digits"
            );
            Refusal::new(Reason::BadLevelId, detail)
        }))
    }

    /// Checks that a registered device has this level, if only such levels are accepted.
    async fn check_level(&self, id: &LevelId, replay: bool) -> Result<Result<(), Refusal>, AwsError> {
        if !self.accepted.registered_only {
            return Ok(Ok(()));
        }
        if replay {
            self.registry.forget_level(id);
        }
        Ok(match self.registry.level(id).await? {
            Some(true) => Ok(()),
            Some(false) => {
                Err(Refusal::new(Reason::DeviceDisabled, format!("every device with the level_id {id} is disabled")))
            }
            None => {
                let detail = format!("no device has the level_id {id}, and only registered levels are taken");
                Err(Refusal::new(Reason::UnknownDevice, detail))
            }
        })
    }
}

/// The level in the last part of a device's id, after a `-`: digits and nothing else. The end of a word does not count, since
/// a hexadecimal one often ends in digits.
fn last_part(id: &DeviceId) -> Option<LevelId> {
    let (_, last) = id.as_str().rsplit_once('-')?;
    last.parse().ok().filter(|_| last.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The message that reports a reading again: a topic, and a payload. There is one in each call.
pub(super) fn message_of(readings: &[(&Series, Timestamp, f64)]) -> (String, Vec<u8>) {
    let payload = readings.first().map(|(series, at, raw)| {
        serde_json::json!({"id": series.device.as_str(), "filling": raw, "ts": at.millis()}).to_string()
    });
    (String::new(), payload.unwrap_or_default().into_bytes())
}

/// Parses a message of either format. An uplink has `end_device_ids`.
fn parse(envelope: &Envelope, simulated: bool) -> Result<ParsedReport, RefusedReport> {
    let nobody = |refusal| RefusedReport { device: None, at: None, refusal };
    let payload = envelope.json().map_err(nobody)?;
    if let Some(key) = payload.repeated_key() {
        let detail = format!("the key {key:?} is there more than once: it is not known which counts");
        // Which sensor it is from is known unless its own key is repeated.
        let sensor = if key == "id" { None } else { level_id(&payload).ok() };
        let device = sensor.map(|id| id.to_string());
        return Err(RefusedReport { device, at: None, refusal: Refusal::new(Reason::DuplicateKey, detail) });
    }
    if payload.has("end_device_ids") {
        return uplink::parse(&payload, envelope.received_at, simulated);
    }
    let id = level_id(&payload).map_err(nobody)?;
    let device = id.to_string();
    let at = sent_at(&payload, envelope.received_at);
    let at = at.map_err(|refusal| RefusedReport { device: Some(device.clone()), at: None, refusal })?;
    let sent = number("filling", payload.get("filling").unwrap_or(&Json::Null));
    let refused = |refusal| RefusedReport { device: Some(device.clone()), at: Some(at), refusal };
    let sent = sent.and_then(|sent| Level::new(sent).map(|_| Sent::Number(sent))).map_err(refused)?;
    Ok(ParsedReport { sender: Sender::Level(id), at, sent })
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
            judge: false,
        })
    }
}

fn level_id(payload: &Object) -> Result<LevelId, Refusal> {
    let bad = |detail: String| Refusal::new(Reason::BadLevelId, detail);
    match payload.get("id") {
        Some(Json::Text(id)) => Ok(id.parse().map_err(|error| (Reason::BadLevelId, error))?),
        Some(other) => Err(bad(format!("`id` is {other}, which is not text"))),
        None => Err(bad("the report has no `id`".to_owned())),
    }
}

#[cfg(test)]
mod tests;

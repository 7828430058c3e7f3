//! Reads an uplink of The Things Stack v3.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use weir_core::domain::device::LevelFormat;
use weir_core::domain::level::Level;
use weir_core::domain::{Reason, Refusal, Timestamp};
use weir_core::wire::{Json, Object, instant, number, without_nul};

use super::report::{ParsedReport, RefusedReport, Sender};

/// 0001-01-01T00:00:00Z, which programs written in Go send for an unknown instant.
const GO_ZERO: Timestamp = Timestamp::from_millis(-62_135_596_800_000);

/// The level as it was sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Sent {
    /// As a number, in percent.
    Number(f64),
    /// As bytes, which are read as the registry says.
    Bytes(Vec<u8>),
}

impl Sent {
    /// The number that was sent, in percent.
    pub(super) fn read(self, format: LevelFormat) -> Result<f64, Refusal> {
        let bytes = match self {
            Self::Number(number) => return Ok(number),
            Self::Bytes(bytes) => bytes,
        };
        let bad = |detail: &str| Refusal::new(Reason::BadValue, detail);
        match (format, bytes.as_slice()) {
            (LevelFormat::Byte, [byte]) => Ok(f64::from(*byte)),
            (LevelFormat::Byte, _) => Err(bad("`frm_payload` is not one byte, as the registry says")),
            (LevelFormat::Text, bytes) => {
                let text = std::str::from_utf8(bytes).map_err(|_| bad("`frm_payload` is not a level as ASCII text"))?;
                number("frm_payload", &Json::Text(without_nul(text).to_owned()))
            }
        }
    }
}

/// Parses an uplink. Simulated ones are refused, unless `simulated` is true.
pub(super) fn parse(payload: &Object, received: Timestamp, simulated: bool) -> Result<ParsedReport, RefusedReport> {
    let device = device(payload).map_err(|refusal| RefusedReport { device: None, at: None, refusal })?;
    let refused = |at, refusal| RefusedReport { device: Some(device.clone()), at, refusal };
    let message = payload.get("uplink_message").and_then(Json::as_object);
    if !simulated && [Some(payload), message].into_iter().flatten().any(is_simulated) {
        let detail = "`simulated` is true: no device has sent this uplink";
        return Err(refused(None, Refusal::new(Reason::Simulated, detail)));
    }
    let at = received_at(payload, message).unwrap_or(Ok(received)).and_then(|at| at.plausible(received));
    let at = at.map_err(|refusal| refused(None, refusal))?;
    match message.map_or_else(|| Err(nothing()), sent) {
        Ok(sent) => Ok(ParsedReport { sender: Sender::Device(device), at, sent }),
        Err(refusal) => Err(refused(Some(at), refusal)),
    }
}

fn is_simulated(fields: &Object) -> bool {
    fields.get("simulated") == Some(&Json::Bool(true))
}

fn device(payload: &Object) -> Result<String, Refusal> {
    let id = payload.get("end_device_ids").and_then(|ids| ids.get("device_id")).and_then(Json::as_text);
    let missing = || Refusal::new(Reason::BadDeviceId, "the uplink has no `end_device_ids.device_id`");
    id.map(str::to_owned).ok_or_else(missing)
}

/// When the network received the uplink, or else when its application server did. Go's zero counts as absent.
fn received_at(payload: &Object, message: Option<&Object>) -> Option<Result<Timestamp, Refusal>> {
    let given = |fields: &Object, name| fields.get("received_at").map(|value| instant(name, value));
    let known = |at: &Result<Timestamp, Refusal>| *at != Ok(GO_ZERO);
    let inner = message.and_then(|message| given(message, "uplink_message.received_at")).filter(known);
    inner.or_else(|| given(payload, "received_at").filter(known))
}

/// The level that the payload formatter decoded, or else the bytes. A formatter without bytes returns 0, so a 0 without
/// bytes is not a report.
fn sent(message: &Object) -> Result<Sent, Refusal> {
    let bytes = match message.get("frm_payload") {
        None => None,
        Some(Json::Text(text)) if text.is_empty() => None,
        Some(Json::Text(text)) => Some(text),
        Some(other) => {
            return Err(Refusal::new(Reason::BadValue, format!("`frm_payload` is {other}, which is not text")));
        }
    };
    if let Some(filling) = message.get("decoded_payload").and_then(|decoded| decoded.get("filling")) {
        let sent = number("decoded_payload.filling", filling)?;
        if sent == 0.0 && bytes.is_none() {
            let detail = "`decoded_payload.filling` is 0, but there is no `frm_payload`: nothing was sent";
            return Err(Refusal::new(Reason::BadValue, detail));
        }
        return Level::new(sent).map(|_| Sent::Number(sent));
    }
    let decoded = STANDARD.decode(bytes.ok_or_else(nothing)?);
    decoded.map(Sent::Bytes).map_err(|_| Refusal::new(Reason::BadValue, "`frm_payload` is not base64"))
}

fn nothing() -> Refusal {
    Refusal::new(Reason::BadValue, "the uplink has neither `decoded_payload.filling` nor `frm_payload`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_the_registry_says() {
        for (format, bytes, expected) in [
            (LevelFormat::Text, &b"100"[..], Ok(100.0)),
            (LevelFormat::Text, b"100\0", Ok(100.0)),
            (LevelFormat::Text, b" 12.5 \0\0", Ok(12.5)),
            (LevelFormat::Text, b"2", Ok(2.0)),
            (LevelFormat::Text, b"\0", Err(Reason::BadValue)),
            (LevelFormat::Text, b"\xb0", Err(Reason::BadValue)),
            (LevelFormat::Text, b"1e400", Err(Reason::NumberOutOfRange)),
            (LevelFormat::Byte, b"2", Ok(50.0)),
            (LevelFormat::Byte, b"\0", Ok(0.0)),
            (LevelFormat::Byte, b"\xff", Ok(255.0)),
            (LevelFormat::Byte, b"", Err(Reason::BadValue)),
            (LevelFormat::Byte, b"50", Err(Reason::BadValue)),
        ] {
            let read = Sent::Bytes(bytes.to_vec()).read(format).map_err(|refusal| refusal.reason);
            assert_eq!(read, expected, "{format:?} {bytes:?}");
        }
    }
}

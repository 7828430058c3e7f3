//! Parsing messages into readings and refused parts.

use std::collections::BTreeSet;

use weir_core::domain::bounds::MOST_VALUES;
use weir_core::domain::reading::{FILLING, RawReading, Series};
use weir_core::domain::{Reason, Refusal, Timestamp};
use weir_core::id::{DeviceId, SensorCode};
use weir_core::wire::{Envelope, Json, Object, number, sent_at};

use super::part::{RefusedPart, group_of, number_text, payload_of};

/// Maximum characters of an invalid sensor code in a quarantine entry.
const LONGEST_SHOWN: usize = 80;

/// A message of a device.
#[derive(Debug, PartialEq)]
pub struct Message {
    /// The device, from the topic and never from the payload.
    pub device: DeviceId,
    /// The values that are valid.
    pub readings: Vec<RawReading>,
    /// The parts that are not.
    pub refused: Vec<RefusedPart>,
    /// Whether the message is one value, as on the single-sensor topic: a refused part is then the whole message.
    pub single: bool,
}

/// A message that is refused as a whole.
#[derive(Debug, PartialEq)]
pub struct RefusedMessage {
    /// The device, when the topic names one.
    pub device: Option<String>,
    /// The instant of the message, when known.
    pub at: Option<Timestamp>,
    /// Why it is refused.
    pub refusal: Refusal,
}

/// A sensor code for a quarantine entry: cut to 80 characters, since an invalid one can be long.
pub fn shown(code: &str) -> String {
    code.chars().take(LONGEST_SHOWN).collect()
}

/// The message that replays values of one device: its topic and payload.
pub fn replayed(values: &[(&Series, Timestamp, f64)]) -> (String, Vec<u8>) {
    let group =
        |(series, at, raw): &(&Series, Timestamp, f64)| group_of(*at, [(series.sensor.to_string(), number_text(*raw))]);
    let payload = match values {
        [one] => group(one).to_string(),
        several => payload_of(several.iter().map(group).collect()),
    };
    let device = values.first().map(|(series, ..)| series.device.to_string()).unwrap_or_default();
    (format!("{device}/readings"), payload.into_bytes())
}

/// Parses a message from one of the two topics: `{device}/reading/sensor/{code}` and `{device}/readings`.
///
/// # Errors
/// When no part of it is valid, a key beside the values is repeated, or it has more than 1,000 values. A replay may have more,
/// because a person has looked at it.
pub fn parse(envelope: &Envelope) -> Result<Message, RefusedMessage> {
    let topic: Vec<&str> = envelope.topic.split('/').collect();
    let (device, code) = match topic.as_slice() {
        [device, "reading", "sensor", code] => (*device, Some(*code)),
        [device, "readings"] => (*device, None),
        _ => {
            let detail = format!("{:?} is not a topic of readings", envelope.topic);
            return Err(RefusedMessage { device: None, at: None, refusal: Refusal::new(Reason::BadTopic, detail) });
        }
    };
    let refused = |refusal| RefusedMessage { device: Some(device.to_owned()), at: None, refusal };
    let id = device.parse().map_err(|error| refused((Reason::BadDeviceId, error).into()))?;
    let payload = envelope.json().map_err(refused)?;
    let received = envelope.received_at;
    let mut message = Message { device: id, readings: Vec::new(), refused: Vec::new(), single: code.is_some() };
    if let Some(code) = code {
        unrepeated(&payload, &[]).map_err(refused)?;
        let at = sent_at(&payload, received).map_err(refused)?;
        let reading = reading(code, "value", at, payload.get("value").unwrap_or(&Json::Null));
        message.readings.push(reading.map_err(|refusal| RefusedMessage { at: Some(at), ..refused(refusal) })?);
        return Ok(message);
    }
    let shape = |detail| refused(Refusal::new(Reason::Unparseable, detail));
    match (payload.get("batch"), payload.get("values")) {
        (Some(Json::List(groups)), None) => {
            unrepeated(&payload, &["batch"]).map_err(refused)?;
            let values = groups.iter().map(|group| values(group).map_or(1, |values| values.len().max(1))).sum();
            few(values, envelope).map_err(refused)?;
            groups.iter().for_each(|group| message.read(group, received));
        }
        (None, Some(found)) => {
            unrepeated(&payload, &["values"]).map_err(refused)?;
            few(found.as_object().map_or(1, Object::len), envelope).map_err(refused)?;
            message.read(&Json::Object(payload), received);
        }
        _ => return Err(shape("the payload has neither `values` nor a list `batch`, or both")),
    }
    if message.readings.is_empty() && message.refused.is_empty() {
        return Err(shape("the message has no values"));
    }
    Ok(message)
}

impl Message {
    /// Parses one group of values of the same instant.
    fn read(&mut self, group: &Json, received: Timestamp) {
        let whole = |refusal| RefusedPart { sensor: None, at: None, refusal, group: group.clone() };
        let (Some(fields), Some(values)) = (group.as_object(), values(group)) else {
            let refusal = Refusal::new(Reason::Unparseable, "a group without an object `values`");
            return self.refused.push(whole(refusal));
        };
        let at = match unrepeated(fields, &["values"]).and_then(|()| sent_at(fields, received)) {
            Ok(at) => at,
            Err(refusal) => return self.refused.push(whole(refusal)),
        };
        let repeated = values.repeated_keys();
        for code in &repeated {
            let both = values.iter().filter(|(key, _)| key == code).map(|(key, value)| (key.to_owned(), value.clone()));
            self.refused.push(RefusedPart {
                sensor: Some(shown(code)),
                at: Some(at),
                refusal: twice(code),
                group: group_of(at, both),
            });
        }
        let repeated: BTreeSet<&str> = repeated.into_iter().collect();
        for (code, value) in values.iter().filter(|(code, _)| !repeated.contains(code)) {
            match reading(code, code, at, value) {
                Ok(reading) => self.readings.push(reading),
                Err(refusal) => self.refused.push(RefusedPart {
                    sensor: Some(shown(code)),
                    at: Some(at),
                    refusal,
                    group: group_of(at, [(code.to_owned(), value.clone())]),
                }),
            }
        }
    }
}

/// The values of a group.
fn values(group: &Json) -> Option<&Object> {
    group.get("values")?.as_object()
}

/// Refuses an object with a repeated key, at any depth, but not inside the fields `except`.
fn unrepeated(fields: &Object, except: &[&str]) -> Result<(), Refusal> {
    let own = fields.repeated_keys().into_iter().next();
    let inside = || fields.iter().filter(|(key, _)| !except.contains(key)).find_map(|(_, value)| value.repeated_key());
    own.or_else(inside).map_or(Ok(()), |key| Err(twice(key)))
}

fn twice(key: &str) -> Refusal {
    let detail = format!("the key {:?} is there more than once: it is not known which counts", shown(key));
    Refusal::new(Reason::DuplicateKey, detail)
}

fn few(values: usize, envelope: &Envelope) -> Result<(), Refusal> {
    if values <= MOST_VALUES || envelope.replay.is_some() {
        return Ok(());
    }
    let detail = format!(
        "the message has {values} values, more than {MOST_VALUES}: it is kept here whole, and a replay takes it"
    );
    Err(Refusal::new(Reason::TooManyValues, detail))
}

fn reading(code: &str, field: &str, at: Timestamp, value: &Json) -> Result<RawReading, Refusal> {
    let sensor: SensorCode = code.parse().map_err(|error| (Reason::BadSensorCode, error))?;
    if sensor.as_str() == FILLING {
        // A device may have the same id as a level, and then both would be one series.
        return Err(Refusal::new(Reason::BadSensorCode, "the code is reserved for the level of a flow sensor"));
    }
    Ok(RawReading { sensor, at, raw: number(field, value)? })
}

#[cfg(test)]
mod tests;

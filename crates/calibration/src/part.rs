//! Parts of messages that are refused, and how many of them share a quarantine entry.

use std::collections::BTreeMap;

use serde_json::Value;
use weir_core::domain::refusal::together;
use weir_core::domain::{Refusal, Timestamp};
use weir_core::wire::{Json, Object};

/// A part of a message that is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusedPart {
    /// The sensor, if the part is one value.
    pub sensor: Option<String>,
    /// The instant, when known.
    pub at: Option<Timestamp>,
    /// Why it is refused.
    pub refusal: Refusal,
    /// The part as a group of values, as in `batch`.
    pub group: Json,
}

impl RefusedPart {
    /// The payload of a replay: a message with this part only.
    pub fn payload(&self) -> String {
        if self.sensor.is_some() { self.group.to_string() } else { payload_of(vec![self.group.clone()]) }
    }
}

/// Parts that share one entry: why they are refused, and the payload of a replay with all of them.
#[derive(Debug, PartialEq)]
pub struct Shared {
    /// How many there are, and for which reasons.
    pub refusal: Refusal,
    /// A message with these parts only.
    pub payload: String,
}

impl Shared {
    /// Combines parts.
    pub fn of(parts: Vec<RefusedPart>) -> Self {
        let refusal = together(parts.iter().map(|part| part.refusal.reason));
        Self { refusal, payload: payload_of(by_instant(parts)) }
    }
}

/// Combines values of one instant into one group, so that inputs shared by several values occur once.
fn by_instant(parts: Vec<RefusedPart>) -> Vec<Json> {
    let (mut groups, mut of_instant): (Vec<Json>, BTreeMap<Timestamp, Vec<Object>>) = (Vec::new(), BTreeMap::new());
    for part in parts {
        match (part.sensor, part.at, part.group.get("values").and_then(Json::as_object)) {
            (Some(_), Some(at), Some(values)) => add(of_instant.entry(at).or_default(), values),
            _ => groups.push(part.group),
        }
    }
    let group = |(at, values): (Timestamp, Vec<Object>)| values.into_iter().map(move |values| with_instant(at, values));
    groups.extend(of_instant.into_iter().flat_map(group));
    groups
}

/// Adds values to the first object in which none of them has another value; a key that is repeated needs its own object.
fn add(objects: &mut Vec<Object>, values: &Object) {
    let repeated = !values.repeated_keys().is_empty();
    let fits = |object: &&mut Object| {
        !repeated
            && object.repeated_keys().is_empty()
            && values.iter().all(|(key, value)| !object.has(key) || object.get(key) == Some(value))
    };
    match objects.iter_mut().find(fits) {
        Some(object) => object.extend(values),
        None => objects.push(values.clone()),
    }
}

/// A message with these groups.
pub fn payload_of(groups: Vec<Json>) -> String {
    let batch = Object::from_iter([("batch".to_owned(), Json::List(groups))]);
    batch.to_string()
}

/// A group of values of one instant.
pub fn group_of(at: Timestamp, values: impl IntoIterator<Item = (String, Json)>) -> Json {
    with_instant(at, values.into_iter().collect())
}

fn with_instant(at: Timestamp, values: Object) -> Json {
    let ts = Json::Number(at.millis().to_string());
    Json::Object(Object::from_iter([("ts".to_owned(), ts), ("values".to_owned(), Json::Object(values))]))
}

/// A number as JSON.
pub fn number_text(number: f64) -> Json {
    Json::from(&Value::from(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::domain::Reason;

    fn part(at: i64, values: &str) -> RefusedPart {
        let at = Timestamp::from_millis(at);
        let Json::Object(values) = Json::parse(values).unwrap() else { panic!("no object") };
        let sensor = values.iter().next().map(|(key, _)| key.to_owned());
        let refusal = Refusal::new(Reason::BadValue, "bad");
        RefusedPart { sensor, at: Some(at), refusal, group: with_instant(at, values) }
    }

    #[test]
    fn parts_share_a_message_that_says_each_once() {
        let group = Json::parse(r#"{"ts":1,"ts":2,"values":{"ph":7}}"#).unwrap();
        let refusal = Refusal::new(Reason::DuplicateKey, "ts");
        let whole = RefusedPart { sensor: None, at: None, refusal, group };
        let parts = vec![
            part(5, r#"{"a":1,"x":1E400}"#),
            part(6, r#"{"a":1}"#),
            part(5, r#"{"b":2,"x":1E400}"#),
            whole,
            part(5, r#"{"a":3}"#),
            part(5, r#"{"c":1,"c":1}"#),
        ];
        let shared = Shared::of(parts);
        assert_eq!(
            shared.payload,
            concat!(
                r#"{"batch":[{"ts":1,"ts":2,"values":{"ph":7}},{"ts":5,"values":{"a":1,"x":1E400,"b":2}},"#,
                r#"{"ts":5,"values":{"a":3}},{"ts":5,"values":{"c":1,"c":1}},{"ts":6,"values":{"a":1}}]}"#
            )
        );
        assert_eq!(shared.refusal.reason, Reason::TooManyRefused);
        assert!(shared.refusal.detail.starts_with("6 parts of one message"), "{}", shared.refusal);
        assert!(shared.refusal.detail.contains("5 bad_value"), "{}", shared.refusal);
    }
}

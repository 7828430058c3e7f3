//! Mutations of recorded events, selected by a seed: the mistakes of senders, and the attempts of attackers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fastrand::Rng;
use serde_json::{Map, Value, json};

mod odd;

pub use odd::TOKENS;
use odd::{NUMBERS, TEXTS};

/// Makes mutated copies, always the same ones for a seed.
#[derive(Debug)]
pub struct Mutator {
    rng: Rng,
}

impl Mutator {
    /// A mutator with this seed.
    pub fn of(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed) }
    }

    /// A random number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.rng.usize(..end.max(1))
    }

    /// Changes, removes, duplicates or truncates some bytes of `original`.
    pub fn bytes(&mut self, original: &[u8]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        for _ in 0..=self.below(3) {
            let place = self.below(bytes.len() + 1);
            match self.below(10) {
                0 => bytes.truncate(place),
                1 => bytes.insert(place, self.rng.u8(..)),
                2 => drop(bytes.splice(place.., [])),
                3 => {
                    let end = (place + self.below(12)).min(bytes.len());
                    bytes.drain(place..end);
                }
                4 => {
                    let piece =
                        bytes.get(place..(place + 20).min(bytes.len())).unwrap_or_default().repeat(1 + self.below(60));
                    bytes.splice(place..place, piece);
                }
                5 => {
                    let text = TEXTS[self.below(TEXTS.len())];
                    bytes.splice(place..place, text.bytes());
                }
                6 => {
                    let token = TOKENS[self.below(TOKENS.len())];
                    bytes.splice(place..place, token.bytes());
                }
                7 => self.member_twice(&mut bytes),
                8 => {
                    let depth = 1 + self.below(4_000);
                    bytes.splice(place..place, [b"[{(\""[self.below(4)]].repeat(depth));
                }
                _ => {
                    if let Some(byte) = bytes.get_mut(place) {
                        *byte ^= 1 << self.rng.u8(..8);
                    }
                }
            }
        }
        bytes
    }

    /// Repeats a member of an object, with the same or another value, which a JSON document in memory cannot represent.
    fn member_twice(&mut self, bytes: &mut Vec<u8>) {
        let starts: Vec<usize> = (0..bytes.len()).filter(|place| matches!(bytes[*place], b'{' | b',')).collect();
        let Some(start) = starts.get(self.below(starts.len())).map(|start| start + 1) else { return };
        let rest = bytes.get(start..).unwrap_or_default();
        let length = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']')).unwrap_or(rest.len());
        let mut member = rest.get(..length).unwrap_or_default().to_vec();
        if self.below(2) == 0
            && let Some(colon) = member.iter().position(|byte| *byte == b':')
        {
            member.truncate(colon + 1);
            member.extend(TOKENS[self.below(14)].bytes());
        }
        member.push(b',');
        bytes.splice(start..start, member);
    }

    /// Text mutated by [`Self::bytes`]; invalid UTF-8 is replaced, as by a transport for text.
    pub fn text(&mut self, original: &str) -> String {
        if self.below(3) == 0 {
            let place = self.below(TEXTS.len() + TOKENS.len());
            return TEXTS.iter().chain(TOKENS).nth(place).copied().unwrap_or_default().to_owned();
        }
        String::from_utf8_lossy(&self.bytes(original.as_bytes())).into_owned()
    }

    /// The document with one to three of its parts replaced, removed, renamed, duplicated or wrapped.
    pub fn json(&mut self, original: &Value) -> Value {
        let mut changed = original.clone();
        for _ in 0..=self.below(3) {
            let count = size(&changed);
            let mut place = self.below(count);
            self.at(&mut changed, &mut place);
        }
        changed
    }

    /// An event with a mutation of its document or of its contents: the payload of a message, the body of a request or of a record, a
    /// query, a header.
    pub fn event(&mut self, original: &Value) -> Value {
        let mut event = original.clone();
        if self.below(4) == 0 {
            return self.json(&event);
        }
        let mut inside = Vec::new();
        carriers(&event, &mut String::new(), &mut inside);
        if inside.is_empty() {
            return self.json(&event);
        }
        let pointer = inside[self.below(inside.len())].clone();
        let encoded = pointer.ends_with("/payload") || original["isBase64Encoded"] == json!(true);
        if let Some(Value::String(text)) = event.pointer_mut(&pointer) {
            let bytes = if encoded { STANDARD.decode(&*text).unwrap_or_default() } else { text.clone().into_bytes() };
            let changed = match serde_json::from_slice::<Value>(&bytes) {
                Ok(document) if self.below(3) > 0 => self.json(&document).to_string().into_bytes(),
                _ => self.bytes(&bytes),
            };
            *text = if encoded { STANDARD.encode(changed) } else { String::from_utf8_lossy(&changed).into_owned() };
        }
        event
    }

    fn at(&mut self, value: &mut Value, place: &mut usize) {
        if *place == 0 {
            self.replace(value);
            *place = usize::MAX;
            return;
        }
        *place -= 1;
        match value {
            Value::Array(items) => {
                for item in items.iter_mut() {
                    if *place == usize::MAX {
                        return;
                    }
                    self.at(item, place);
                }
            }
            Value::Object(members) => {
                if *place == 0 && self.below(2) == 0 {
                    self.members(members);
                    *place = usize::MAX;
                    return;
                }
                for (_, member) in members.iter_mut() {
                    if *place == usize::MAX {
                        return;
                    }
                    self.at(member, place);
                }
            }
            _ => {}
        }
    }

    fn members(&mut self, members: &mut Map<String, Value>) {
        let names: Vec<String> = members.keys().cloned().collect();
        let Some(name) = names.get(self.below(names.len())) else { return };
        match self.below(3) {
            0 => drop(members.remove(name)),
            1 => {
                let other = self.text(name);
                if let Some(value) = members.remove(name) {
                    members.insert(other, value);
                }
            }
            _ => {
                let other = self.text(name);
                let value = members.get(name).cloned().unwrap_or_default();
                members.insert(other, value);
            }
        }
    }

    fn replace(&mut self, value: &mut Value) {
        *value = match self.below(9) {
            0 => Value::Null,
            1 => json!(self.rng.bool()),
            2 => json!(NUMBERS[self.below(NUMBERS.len())]),
            3 => json!(self.rng.i64(..)),
            4 => json!(TEXTS[self.below(TEXTS.len())]),
            5 => json!("x".repeat(self.below(70_000))),
            6 => json!([value.clone(), value.clone()]),
            7 => json!({"": value.clone()}),
            _ => {
                let mut deep = value.clone();
                for _ in 0..self.below(100) {
                    deep = json!([deep]);
                }
                deep
            }
        };
    }
}

/// Number of values in a document, including itself.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum(),
        _ => 0,
    }
}

/// Finds the JSON pointers of texts that come from outside.
fn carriers(value: &Value, at: &mut String, found: &mut Vec<String>) {
    let length = at.len();
    match value {
        Value::String(_) if CARRIERS.iter().any(|name| at.ends_with(name)) || at.contains("/headers/") => {
            found.push(at.clone())
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                at.push_str(&format!("/{place}"));
                carriers(item, at, found);
                at.truncate(length);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                at.push_str(&format!("/{}", name.replace('~', "~0").replace('/', "~1")));
                carriers(member, at, found);
                at.truncate(length);
            }
        }
        _ => {}
    }
}

const CARRIERS: [&str; 5] = ["/payload", "/body", "/rawQueryString", "/rawPath", "/topic"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_the_same_changes_again_and_another_seed_others() {
        let event = json!({"payload": STANDARD.encode(r#"{"value": 7}"#), "topic": "buoy-01/reading/sensor/ph"});
        let changes = |seed| -> Vec<Value> {
            let mut mutator = Mutator::of(seed);
            (0..50).map(|_| mutator.event(&event)).collect()
        };
        assert_eq!(changes(1), changes(1));
        assert_ne!(changes(1), changes(2));
        assert!(changes(1).iter().filter(|changed| **changed != event).count() > 40);
    }

    #[test]
    fn what_an_event_carries_is_found_wherever_it_stands() {
        let event = json!({"Records": [{"body": "{}"}], "headers": {"accept": "x"}, "rawPath": "/", "other": "y"});
        let mut found = Vec::new();
        carriers(&event, &mut String::new(), &mut found);
        assert_eq!(found, ["/Records/0/body", "/headers/accept", "/rawPath"]);
    }
}

//! The quarantine: filtering and grouping entries, showing payloads, and the progress of a replay.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use weir_core::domain::Reason;

use super::address::Query;
use super::moment;
use crate::wire::quarantine::{Entry, Payload, Quarantined, Replayed};

/// Maximum entries per request of the list.
const LIST: usize = 200;
/// Maximum entries per request of a replay: few enough to show its progress.
const REPLAY: usize = 25;
/// Maximum bytes of a binary payload that are shown.
const SHOWN_BYTES: usize = 1_024;
/// Bytes per line.
const LINE: usize = 16;

/// The filter of the list.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Only those with this reason; `None`: all.
    pub reason: Option<Reason>,
    /// Only those of this device, if it is not empty.
    pub device: String,
    /// Only those that were quarantined at this instant or later, in ms since the epoch.
    pub since: Option<f64>,
}

impl Filter {
    /// The filter in the address.
    pub fn of(query: &Query) -> Self {
        Self {
            reason: query.get("reason").and_then(Reason::of),
            device: query.get("device").unwrap_or_default().to_owned(),
            since: query.get("since").and_then(moment::parse),
        }
    }

    /// The query with this filter.
    #[must_use]
    pub fn into_query(&self, query: Query) -> Query {
        query
            .with("reason", self.reason.map(Reason::code))
            .with("device", Some(self.device.trim()))
            .with("since", self.since.map(moment::rfc3339).as_deref())
    }

    /// The path of the request for a page of the entries; `next` is its cursor.
    pub fn path(&self, next: Option<&str>) -> String {
        let query = self.into_query(Query::default()).with("limit", Some(&LIST.to_string()));
        query.with("next", next).address("/quarantine")
    }
}

/// Whether an entry in the live feed belongs at the beginning of the list. The feed also reports entries that were refused again, which may
/// be listed further down or not at all.
pub fn is_new(entry: &Quarantined, listed: &[Entry], filter: &Filter) -> bool {
    let Some(at) = moment::parse(&entry.first_seen) else { return false };
    let device = filter.device.trim();
    let fits = filter.reason.is_none_or(|reason| reason.code() == entry.reason)
        && (device.is_empty() || entry.device.as_deref() == Some(device))
        && filter.since.is_none_or(|since| at >= since);
    let newest = listed.first().and_then(|first| moment::parse(&first.first_seen));
    fits && newest.is_none_or(|newest| at >= newest) && !listed.iter().any(|known| known.id == entry.id)
}

/// Entries of the same reason and device.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The code of the reason.
    pub reason: String,
    /// The device, if it is known.
    pub device: Option<String>,
    /// The entries, the newest first.
    pub entries: Vec<Entry>,
}

impl Group {
    /// The key of the group in the address.
    pub fn key(&self) -> String {
        key(&self.reason, self.device.as_deref())
    }

    /// Whether the device has to be registered before a replay can succeed.
    pub fn needs_device(&self) -> bool {
        self.reason == Reason::UnknownDevice.code() && self.device.is_some()
    }
}

fn key(reason: &str, device: Option<&str>) -> String {
    format!("{reason}:{}", device.unwrap_or_default())
}

/// Groups the entries by reason and device; the group with the newest entry comes first.
pub fn groups(entries: &[Entry]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for entry in entries {
        let own = key(&entry.reason, entry.device.as_deref());
        match groups.iter_mut().find(|group| group.key() == own) {
            Some(group) => group.entries.push(entry.clone()),
            None => groups.push(Group {
                reason: entry.reason.clone(),
                device: entry.device.clone(),
                entries: vec![entry.clone()],
            }),
        }
    }
    groups
}

/// A readable form of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// JSON, indented.
    Json(String),
    /// Another text, as it was sent.
    Text(String),
    /// Bytes that are not text, in hexadecimal digits, and the number of bytes that are left out.
    Bytes(String, usize),
}

/// The readable form of the payload of an entry with this reason. JSON with a duplicate key is shown as it was sent, since the indented
/// form would only have its last value.
pub fn shown(payload: &Payload, reason: &str) -> Shown {
    let text = payload.text.as_ref().filter(|text| !text.chars().any(is_unreadable));
    match (text, &payload.json) {
        (Some(text), Some(json)) if reason != Reason::DuplicateKey.code() => {
            Shown::Json(serde_json::to_string_pretty(json).unwrap_or_else(|_| text.clone()))
        }
        (Some(text), _) => Shown::Text(text.clone()),
        (None, _) => {
            let bytes = STANDARD.decode(&payload.base64).unwrap_or_default();
            let some: Vec<String> = bytes.iter().take(SHOWN_BYTES).map(|byte| format!("{byte:02x}")).collect();
            let lines: Vec<String> = some.chunks(LINE).map(|line| line.join(" ")).collect();
            Shown::Bytes(lines.join("\n"), bytes.len().saturating_sub(SHOWN_BYTES))
        }
    }
}

fn is_unreadable(letter: char) -> bool {
    letter.is_control() && !matches!(letter, '\n' | '\r' | '\t')
}

/// The codes of the sensors that the entries name: those of single values are in their topics.
pub fn sensors(entries: &[Entry]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in entries {
        let named = entry.topic.rsplit_once("/reading/sensor/").map(|(_, code)| code.to_owned());
        add(&mut found, named.or_else(|| entry.sensor.clone()));
    }
    found
}

/// Adds the codes of the sensors in a message with several values.
pub fn add_sensors(found: &mut Vec<String>, payload: &Value) {
    let groups = payload.get("batch").and_then(Value::as_array);
    for group in groups.into_iter().flatten().chain([payload]) {
        for code in group.get("values").and_then(Value::as_object).into_iter().flat_map(Map::keys) {
            add(found, Some(code.clone()));
        }
    }
}

fn add(found: &mut Vec<String>, code: Option<String>) {
    let valid = code.filter(|code| code.parse::<weir_core::id::SensorCode>().is_ok());
    if let Some(code) = valid.filter(|code| !found.contains(code)) {
        found.push(code);
    }
}

/// The body of a request that replays the entries of a group; `next` is the cursor to go on from.
pub fn replay(group: &Group, filter: &Filter, next: Option<&str>) -> Value {
    let mut body = json!({"reason": group.reason, "limit": REPLAY});
    if let Some(fields) = body.as_object_mut() {
        fields.extend(group.device.as_ref().map(|device| ("device".to_owned(), json!(device))));
        fields.extend(filter.since.map(|since| ("since".to_owned(), json!(moment::rfc3339(since)))));
        fields.extend(next.map(|next| ("next".to_owned(), json!(next))));
    }
    body
}

/// The progress of a group's replay.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Number of listed entries when it began.
    pub total: u64,
    /// Entries that have left the quarantine.
    pub accepted: u64,
    /// Entries that were refused again.
    pub refused: u64,
    /// Entries whose outcome is not known.
    pub failed: u64,
}

impl Progress {
    /// The progress after a further part.
    #[must_use]
    pub const fn and(self, part: &Replayed) -> Self {
        Self {
            total: self.total,
            accepted: self.accepted.saturating_add(part.accepted),
            refused: self.refused.saturating_add(part.refused),
            failed: self.failed.saturating_add(part.failed),
        }
    }

    /// Number of entries that were replayed.
    pub const fn done(self) -> u64 {
        self.accepted.saturating_add(self.refused).saturating_add(self.failed)
    }

    /// Number of entries in all. There may be more than were listed.
    pub fn total(self) -> u64 {
        self.total.max(self.done())
    }
}

/// A device to be registered, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// Its name.
    pub name: String,
    /// One sensor per line: its code, and after a space its unit.
    pub sensors: String,
    /// The id of its flow sensor, if it is one.
    pub level: String,
}

impl Draft {
    /// The body of the request that registers the device with this id.
    pub fn body(&self, id: &str) -> Value {
        let lines = self.sensors.lines().map(str::trim).filter(|line| !line.is_empty());
        let sensor = |line: &str| {
            let (code, unit) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
            json!({"code": code, "unit": unit.trim()})
        };
        let mut body = json!({"id": id, "name": self.name.trim(), "sensors": lines.map(sensor).collect::<Vec<_>>()});
        if let (Some(fields), level) = (body.as_object_mut(), self.level.trim())
            && !level.is_empty()
        {
            fields.insert("level_id".to_owned(), json!(level));
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, reason: &str, device: Option<&str>, topic: &str) -> Entry {
        serde_json::from_value(
            json!({"id": id, "reason": reason, "detail": "why", "function": "calibration", "topic": topic,
            "device": device, "at": "2026-11-20T06:24:44.123Z",
            "first_seen": "2026-11-20T06:24:45Z", "expires_at": "2026-12-20T06:24:45Z", "attempts": 0}),
        )
        .unwrap()
    }

    fn payload(bytes: &[u8]) -> Payload {
        let text = String::from_utf8(bytes.to_vec()).ok();
        let json = text.as_deref().and_then(|text| serde_json::from_str(text).ok());
        Payload { base64: STANDARD.encode(bytes), text, json }
    }

    #[test]
    fn entries_are_grouped_by_reason_and_device() {
        let entries = [
            entry("1", "unknown_device", Some("a"), "a/readings"),
            entry("2", "bad_topic", None, "x"),
            entry("3", "unknown_device", Some("b"), "b/readings"),
            entry("4", "unknown_device", Some("a"), "a/reading/sensor/ph"),
            entry("5", "unknown_device", None, "kloaka"),
        ];
        let groups = groups(&entries);
        let found: Vec<(String, usize)> = groups.iter().map(|group| (group.key(), group.entries.len())).collect();
        let expected = [("unknown_device:a", 2), ("bad_topic:", 1), ("unknown_device:b", 1), ("unknown_device:", 1)];
        assert_eq!(found, expected.map(|(key, count)| (key.to_owned(), count)));
        assert_eq!(groups.iter().map(Group::needs_device).collect::<Vec<_>>(), [true, false, true, false]);
    }

    #[test]
    fn the_filter_is_in_the_address_and_in_the_requests() {
        let query = Query::parse("reason=unknown_device&device=buoy-99&since=2026-11-20T06%3A00%3A00.000Z");
        let filter = Filter::of(&query);
        assert_eq!(filter.into_query(Query::default()), query);
        assert_eq!(
            filter.path(Some("x")),
            "/quarantine?reason=unknown_device&device=buoy-99&since=2026-11-20T06%3A00%3A00.000Z&limit=200&next=x"
        );
        assert_eq!(Filter::of(&Query::parse("reason=none&since=yesterday")), Filter::default());
        let all = groups(&[entry("1", "bad_topic", None, "x"), entry("2", "unknown_device", Some("a"), "a/readings")]);
        assert_eq!(replay(&all[0], &Filter::default(), None), json!({"reason": "bad_topic", "limit": 25}));
        assert_eq!(
            replay(&all[1], &filter, Some("x")),
            json!({"reason": "unknown_device", "device": "a", "since": "2026-11-20T06:00:00.000Z", "limit": 25, "next": "x"})
        );
    }

    #[test]
    fn only_what_would_be_listed_first_is_new() {
        let told = |id: &str, first_seen: &str| Quarantined {
            id: id.into(),
            reason: "unknown_device".into(),
            device: Some("a".into()),
            first_seen: first_seen.into(),
        };
        let later = told("2", "2026-11-20T06:25:00Z");
        let listed = [entry("1", "unknown_device", Some("a"), "a/readings")];
        let with = |query: &str| Filter::of(&Query::parse(query));
        let all = Filter::default();
        assert!(is_new(&later, &listed, &all) && is_new(&later, &[], &all));
        // Refused again: it is already listed, or older than the listed ones.
        assert!(!is_new(&told("1", "2026-11-20T06:24:45Z"), &listed, &all));
        assert!(!is_new(&told("0", "2026-11-20T06:24:44Z"), &listed, &all));
        for (query, fits) in [
            ("reason=unknown_device&device=a", true),
            ("reason=bad_topic", false),
            ("device=b", false),
            ("since=2026-11-20T06%3A25%3A00.000Z", true),
            ("since=2026-11-20T06%3A25%3A00.001Z", false),
        ] {
            assert_eq!(is_new(&later, &listed, &with(query)), fits, "{query}");
        }
    }

    #[test]
    fn a_payload_is_shown_as_what_it_is() {
        let json = payload(br#"{"value":7.02}"#);
        assert_eq!(shown(&json, "bad_value"), Shown::Json("{\n  \"value\": 7.02\n}".into()));
        assert_eq!(shown(&json, "duplicate_key"), Shown::Text("{\"value\":7.02}".into()));
        assert_eq!(shown(&payload(b"half a {"), "unparseable"), Shown::Text("half a {".into()));
        assert_eq!(shown(&payload(&[0xff, 0, b'{']), "unparseable"), Shown::Bytes("ff 00 7b".into(), 0));
        assert_eq!(shown(&payload(b"a\0b"), "unparseable"), Shown::Bytes("61 00 62".into(), 0));
        let Shown::Bytes(text, more) = shown(&payload(&[0xff; 1_030]), "unparseable") else { panic!("bytes") };
        assert_eq!((text.lines().count(), more), (64, 6));
    }

    #[test]
    fn messages_tell_which_sensors_there_are() {
        let entries = [
            entry("1", "unknown_device", Some("a"), "a/reading/sensor/ph"),
            entry("2", "unknown_device", Some("a"), "a/reading/sensor/ph"),
            entry("3", "unknown_device", Some("a"), "a/reading/sensor/NO"),
            entry("4", "unknown_device", Some("a"), "a/readings"),
        ];
        let mut found = sensors(&entries);
        add_sensors(&mut found, &json!({"ts": 1, "values": {"tmp": 4, "ph": 3}}));
        add_sensors(&mut found, &json!({"batch": [{"values": {"do": 5}}, {"values": {"tmp": 6}}, 7]}));
        add_sensors(&mut found, &json!([1]));
        assert_eq!(found, ["ph", "tmp", "do"]);
    }

    #[test]
    fn a_draft_becomes_a_device() {
        let draft =
            Draft { name: " Buoy ".into(), sensors: "ph pH\n\n tmp\n ec mS/cm at 25 °C".into(), level: " ".into() };
        let sensors = json!([{"code": "ph", "unit": "pH"}, {"code": "tmp", "unit": ""}, {"code": "ec", "unit": "mS/cm at 25 °C"}]);
        assert_eq!(draft.body("a"), json!({"id": "a", "name": "Buoy", "sensors": sensors}));
        let tube = Draft { level: "01".into(), ..Draft::default() };
        assert_eq!(tube.body("a"), json!({"id": "a", "name": "", "sensors": [], "level_id": "01"}));
    }

    #[test]
    fn progress_adds_up_and_never_passes_its_total() {
        let part = |accepted, refused, failed| Replayed { accepted, refused, failed, next: None };
        let begun = Progress { total: 30, ..Progress::default() };
        let first = begun.and(&part(20, 4, 1));
        assert_eq!((first.done(), first.total()), (25, 30));
        let last = first.and(&part(15, 0, 0));
        assert_eq!((last.done(), last.total(), last.accepted), (40, 40, 35));
    }
}

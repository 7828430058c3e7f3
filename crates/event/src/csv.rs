//! Events as CSV, for spreadsheets: a row for each change, and one for an event that changed nothing.

use serde_json::Value;
use weir_core::wire::event::{ChangeJson, EventJson};
use weir_http::{ApiError, Csv, csv_instant, csv_text};

const HEADER: [&str; 11] =
    ["at", "device", "kind", "id", "by", "target", "detail", "pointer", "before", "after", "more"];

/// The events as CSV.
///
/// # Errors
/// 500 when they cannot be written.
pub(super) fn events(events: &[EventJson]) -> Result<Vec<u8>, ApiError> {
    let mut csv = Csv::with_header(HEADER)?;
    for event in events {
        if event.changes.is_empty() {
            csv.row(row(event, None))?;
        }
        for change in &event.changes {
            csv.row(row(event, Some(change)))?;
        }
    }
    csv.finish()
}

fn row(event: &EventJson, change: Option<&ChangeJson>) -> [String; 11] {
    let text = |text: Option<&String>| csv_text(text.map(String::as_str).unwrap_or_default());
    [
        csv_instant(event.at),
        event.device.as_ref().map(ToString::to_string).unwrap_or_default(),
        event.kind.to_string(),
        event.id.to_string(),
        text(event.by.as_ref()),
        text(event.target.as_ref()),
        text(event.detail.as_ref()),
        text(change.map(|change| &change.pointer)),
        value(change.and_then(|change| change.before.as_ref())),
        value(change.and_then(|change| change.after.as_ref())),
        event.more.to_string(),
    ]
}

/// A value as JSON; a text without its quotes.
fn value(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => csv_text(text),
        // Neither a number nor a bracket begins a formula.
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::domain::Timestamp;
    use weir_core::domain::event::{Event, Kind, diff};

    fn lines(list: Vec<Event>) -> Vec<String> {
        let list: Vec<EventJson> = list.into_iter().map(EventJson::from).collect();
        let text = String::from_utf8(events(&list).unwrap()).unwrap();
        text.trim_start_matches('\u{feff}').trim_end().split("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn an_event_is_a_row_for_each_change() {
        let at = Timestamp::from_millis(1_795_155_884_123);
        let json = |text: &str| text.parse().unwrap();
        let changes = diff(&json(r#"{"a": 1, "b": "=x", "c": -1}"#), &json(r#"{"a": {"d": [1, "q"]}, "b": "y"}"#));
        let changed = Event::new("buoy-01".parse().ok(), Kind::Settings, &7, at).by("@ann").changes(changes);
        let connected = Event::new("buoy-01".parse().ok(), Kind::Connected, &3, at);
        let lines = lines(vec![changed, connected]);
        assert_eq!(
            lines[1..],
            [
                r#"2026-11-20T06:24:44.123Z,buoy-01,settings,settings-7,'@ann,,,/a,1,"{""d"":[1,""q""]}",0"#,
                "2026-11-20T06:24:44.123Z,buoy-01,settings,settings-7,'@ann,,,/b,'=x,y,0",
                "2026-11-20T06:24:44.123Z,buoy-01,settings,settings-7,'@ann,,,/c,-1,,0",
                "2026-11-20T06:24:44.123Z,buoy-01,connected,connected-3,,,,,,,0",
            ]
        );
    }
}

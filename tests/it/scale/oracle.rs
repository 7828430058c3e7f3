//! The oracle: computes the expected rows from all reports, for one sensor and one pair after the other.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use weir_core::domain::Timestamp;

use super::network::Report;

const KEPT: usize = 24;
const SILENT: i64 = 10_800;

/// All reports of each sensor, by second.
#[derive(Debug, Default)]
pub struct Oracle(BTreeMap<String, BTreeMap<i64, u8>>);

/// An episode.
struct Trouble {
    kind: &'static str,
    began: i64,
    values: (u8, Option<u8>),
    changed: i64,
    ended: Option<i64>,
}

impl Oracle {
    /// Adds a report, and tells whether it is new.
    pub fn hear(&mut self, report: &Report) -> bool {
        self.0.entry(report.id.clone()).or_default().insert(report.at, report.level).is_none()
    }

    /// The rows of `levels`.
    pub fn levels(&self) -> Vec<Value> {
        let row = |(id, reports): (&String, &BTreeMap<i64, u8>)| {
            let newest = reports.iter().skip(reports.len().saturating_sub(KEPT));
            let measurements: Vec<_> =
                newest.map(|(at, level)| json!({"filling": level.to_string(), "dt": at, "ms": 0})).collect();
            let (at, level) = reports.last_key_value().expect("a report");
            json!({"id": id, "last_value": level.to_string(), "last_update": at, "measurements": measurements})
        };
        let mut rows: Vec<_> = self.0.iter().map(row).collect();
        rows.sort_by_key(Value::to_string);
        rows
    }

    /// The rows of `problems`, without the attributes of the implementation.
    pub fn problems(&self, pairs: &[(String, String)], now: Timestamp) -> Vec<Value> {
        let of_pair = |(current, following): &(String, String)| {
            let joint = if current.len() == following.len() { "" } else { "-" };
            row(&format!("{current}{joint}{following}"), self.compare(current, following))
        };
        let of_sensor = |(id, reports): (&String, &BTreeMap<i64, u8>)| {
            row(&format!("{id}-silent"), silences(reports, now.seconds()))
        };
        pairs.iter().filter_map(of_pair).chain(self.0.iter().filter_map(of_sensor)).collect()
    }

    fn compare(&self, current: &str, following: &str) -> Vec<Trouble> {
        let none = BTreeMap::new();
        let [here, there] = [current, following].map(|id| self.0.get(id).unwrap_or(&none));
        let mut instants: Vec<i64> = here.keys().chain(there.keys()).copied().collect();
        instants.sort_unstable();
        instants.dedup();
        let mut troubles: Vec<Trouble> = Vec::new();
        for at in instants {
            let (Some(one), Some(other)) = (here.range(..=at).next_back(), there.range(..=at).next_back()) else {
                continue;
            };
            if (one.0 - other.0).abs() > SILENT {
                continue;
            }
            let values = (*one.1, Some(*other.1));
            let kind = match other.1.cmp(one.1) {
                std::cmp::Ordering::Less => Some("OBSTRUCTION"),
                std::cmp::Ordering::Greater => Some("PROBLEM"),
                std::cmp::Ordering::Equal => None,
            };
            let open = troubles.last_mut().filter(|trouble| trouble.ended.is_none());
            match (kind, open) {
                (Some(kind), None) => troubles.push(Trouble { kind, began: at, values, changed: at, ended: None }),
                (Some(kind), Some(open)) if open.kind != kind || open.values != values => {
                    (open.kind, open.values, open.changed) = (kind, values, at);
                }
                (None, Some(open)) => (open.values, open.changed, open.ended) = (values, at, Some(at)),
                _ => {}
            }
        }
        troubles
    }
}

fn silences(reports: &BTreeMap<i64, u8>, now: i64) -> Vec<Trouble> {
    let instants: Vec<i64> = reports.keys().copied().collect();
    let until = instants.iter().skip(1).copied().map(Some).chain([None]);
    let gaps = instants.iter().zip(until).filter(|(from, until)| until.unwrap_or(now) - *from > SILENT);
    gaps.map(|(from, until)| Trouble {
        kind: "SILENT",
        began: *from,
        values: (reports[from], None),
        changed: until.unwrap_or(*from),
        ended: until,
    })
    .collect()
}

fn row(id: &str, troubles: Vec<Trouble>) -> Option<Value> {
    let last = troubles.last()?;
    let mut row = Map::new();
    let mut set = |name: &str, value: Value| row.insert(name.to_owned(), value);
    set("problem_id", id.into());
    set("problem", last.kind.into());
    set("problem_time", last.began.into());
    set("problem_status", if last.ended.is_some() { "RESOLVED" } else { "UNRESOLVED" }.into());
    set("current_value", last.values.0.to_string().into());
    if let Some(following) = last.values.1 {
        set("following_value", following.to_string().into());
    }
    set("updated_at", last.changed.into());
    set("episodes", troubles.len().into());
    if let Some(ended) = last.ended {
        set("resolved_at", ended.into());
        set("resolved_by", "auto".into());
    }
    Some(row.into())
}

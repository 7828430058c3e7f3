//! Compares: every expected row has to exist with the expected values, and no other row.

use std::collections::{BTreeMap, BTreeSet};

use super::episodes;
use super::ledger::{Ledger, QuarantineEntry};
use super::observed::{EventRow, LevelRow, Observed, ProblemRow, ReadingRow};
use crate::simulate::Reading;

/// Measurements kept per sensor (template parameter `MeasurementsKept`).
const KEPT: usize = 24;

/// Every difference between the tables and the expected rows, one per line.
pub fn differences(ledger: &Ledger, pairs: &[(String, String)], observed: &Observed) -> Vec<String> {
    let mut all = Vec::new();
    if !ledger.sent.adds_up() {
        all.push(format!("the kinds of values sent do not add up: {:?}", ledger.sent));
    }
    all.extend(readings(ledger, &observed.readings));
    all.extend(levels(ledger, &observed.levels));
    all.extend(problems(ledger, pairs, &observed.problems));
    all.extend(quarantine(ledger, observed));
    all.extend(events(ledger, &observed.events));
    all
}

fn readings(ledger: &Ledger, observed: &[ReadingRow]) -> Vec<String> {
    let mut found: BTreeMap<(String, i64), &ReadingRow> =
        observed.iter().map(|row| ((row.sensor.clone(), row.at), row)).collect();
    let mut all = Vec::new();
    for (key, expected) in &ledger.readings {
        let name = format!("reading {} at {}", key.0, key.1);
        match found.remove(key) {
            None => all.push(format!("{name}: not stored")),
            Some(row) => all.extend(reading(&name, expected, row)),
        }
    }
    for (expected, from, to) in &ledger.arrivals {
        let name = format!("reading {} that arrived after {from}", expected.series);
        let arrived = |key: &&(String, i64)| key.0 == expected.series && (*from..=*to).contains(&key.1);
        let key = found.keys().find(arrived).cloned();
        match key.and_then(|key| found.remove(&key)) {
            None => all.push(format!("{name}: not stored")),
            Some(row) if row.received_at != row.at => {
                all.push(format!("{name}: its instant is not that of its arrival"))
            }
            Some(row) => all.extend(reading(&name, expected, row)),
        }
    }
    all.extend(found.keys().map(|(series, at)| format!("reading {series} at {at}: stored, but never sent")));
    all
}

fn reading(name: &str, expected: &Reading, row: &ReadingRow) -> Vec<String> {
    let mut all = Vec::new();
    let mut check = |what: &str, same: bool, expected: &dyn std::fmt::Display, found: &dyn std::fmt::Display| {
        if !same {
            all.push(format!("{name}: {what} is {found}, expected {expected}"));
        }
    };
    check("raw", row.raw == expected.raw, &expected.raw, &row.raw);
    check("value", close(row.value, expected.value), &expected.value, &row.value);
    check("unit", row.unit == expected.unit, &expected.unit, &row.unit);
    check("calibration", row.calibration == expected.calibration, &expected.calibration, &row.calibration);
    check("quality", row.quality == expected.quality, &expected.quality, &row.quality);
    all
}

/// Equal except for the last bits, which depend on the order of operations.
fn close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs()).max(1.0)
}

fn levels(ledger: &Ledger, observed: &[LevelRow]) -> Vec<String> {
    let mut all = Vec::new();
    for id in ledger.levels.keys() {
        let kept = ledger.kept(id, KEPT);
        let Some(row) = observed.iter().find(|row| row.id == *id) else {
            all.push(format!("level {id}: not registered"));
            continue;
        };
        let expected: Vec<_> =
            kept.iter().map(|level| (level.at.div_euclid(1000), level.filling.to_string())).collect();
        let found: Vec<_> = row.measurements.iter().map(|entry| (entry.dt, entry.filling.clone())).collect();
        if expected != found {
            let (missing, extra) = apart(&expected, &found);
            all.push(format!(
                "level {id}: {} measurements, expected {}; missing {missing:?}, too many {extra:?}",
                found.len(),
                expected.len()
            ));
        }
        if expected.last() != Some(&(row.last_update, row.last_value.clone())) {
            all.push(format!(
                "level {id}: last is {} at {}, expected {:?}",
                row.last_value,
                row.last_update,
                expected.last()
            ));
        }
    }
    let unknown = observed.iter().filter(|row| !ledger.levels.contains_key(&row.id));
    all.extend(unknown.map(|row| format!("level {}: registered, but never sent", row.id)));
    all
}

fn problems(ledger: &Ledger, pairs: &[(String, String)], observed: &[ProblemRow]) -> Vec<String> {
    let mut all = Vec::new();
    let mut known = BTreeSet::new();
    for (current, following) in pairs {
        let id = format!("{current}{following}");
        let row = observed.iter().find(|row| row.problem_id == id);
        known.insert(id.clone());
        match (episodes::problem(&ledger.kept(current, KEPT), &ledger.kept(following, KEPT)), row) {
            (None, None) => {}
            (None, Some(row)) => {
                all.push(format!("problem {id}: {} {}, expected none", row.problem, row.problem_status))
            }
            (Some(expected), None) => all.push(format!("problem {id}: not there, expected {expected:?}")),
            (Some(expected), Some(row)) => {
                let status = if expected.resolved { "RESOLVED" } else { "UNRESOLVED" };
                let values = (expected.levels.0.to_string(), expected.levels.1.to_string());
                let wanted =
                    (expected.kind, expected.began, status, expected.episodes, values.0.as_str(), values.1.as_str());
                let found = (
                    row.problem.as_str(),
                    row.problem_time,
                    row.problem_status.as_str(),
                    row.episodes,
                    row.current_value.as_str(),
                    row.following_value.as_str(),
                );
                if wanted != found {
                    all.push(format!("problem {id}: {found:?}, expected {wanted:?}"));
                }
            }
        }
    }
    let unknown = observed.iter().filter(|row| !known.contains(&row.problem_id));
    all.extend(unknown.map(|row| format!("problem {}: no such pair", row.problem_id)));
    all
}

fn quarantine(ledger: &Ledger, observed: &Observed) -> Vec<String> {
    let mut left: Vec<_> = observed.quarantine.iter().collect();
    let mut all = Vec::new();
    for expected in &ledger.quarantined {
        let fits = |index: &usize| {
            left.get(*index).is_some_and(|row| {
                (row.reason.as_str(), row.function.as_str(), row.topic.as_str(), row.bytes())
                    == (&expected.reason, &expected.function, &expected.topic, expected.payload.clone())
            })
        };
        match (0..left.len()).find(fits) {
            Some(index) => drop(left.swap_remove(index)),
            None => all.push(format!("quarantine: nothing like {}", shown(expected))),
        }
    }
    all.extend(left.iter().map(|row| {
        format!("quarantine: {} on {} ({}: {}), expected none", row.reason, row.topic, row.function, row.detail)
    }));
    all
}

/// Compares the number of events by device and kind, and the connection state of the devices that have connected.
fn events(ledger: &Ledger, observed: &[EventRow]) -> Vec<String> {
    let mut found: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in observed {
        let Some(kind) = &row.kind else { continue };
        *found.entry((row.device.clone(), kind.clone())).or_default() += 1;
    }
    let number = |counts: &BTreeMap<_, u64>, key| counts.get(key).copied().unwrap_or_default();
    let keys: BTreeSet<_> = ledger.events.keys().chain(found.keys()).collect();
    let differ = keys.into_iter().filter(|key| number(&ledger.events, key) != number(&found, key));
    let mut all: Vec<String> = differ
        .map(|key| {
            let (expected, found) = (number(&ledger.events, key), number(&found, key));
            format!("events {} of {}: {found}, expected {expected}", key.1, key.0)
        })
        .collect();
    let connected = ledger.events.keys().filter(|(_, kind)| kind == "connected");
    for (device, _) in connected {
        let state = observed.iter().find(|row| row.device == *device && row.kind.is_none());
        if state.and_then(|row| row.state.as_deref()) != Some("connected") {
            all.push(format!("{device}: not connected, although it is"));
        }
    }
    all
}

fn shown(entry: &QuarantineEntry) -> String {
    let payload = String::from_utf8_lossy(&entry.payload);
    format!("{} of {} on {} with {payload}", entry.reason, entry.function, entry.topic)
}

type Entries = Vec<(i64, String)>;

fn apart(expected: &Entries, found: &Entries) -> (Entries, Entries) {
    let only =
        |one: &Entries, other: &Entries| one.iter().filter(|entry| !other.contains(entry)).take(3).cloned().collect();
    (only(expected, found), only(found, expected))
}

#[cfg(test)]
mod tests;

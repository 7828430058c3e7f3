//! The comparison has to be able to fail: tables with exactly the expected rows pass, and each single change to them is found.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::account::observed::{MeasurementRow, QuarantineRow};
use crate::fleet::Fleet;
use crate::simulate::story::{Names, waves};

fn run() -> (Ledger, Vec<(String, String)>) {
    let fleet = Fleet::new(2, 2);
    let names =
        Names { level_topic: "kloaka_from_device".into(), reading_rule: "r".into(), readings_rule: "rs".into() };
    let events = [("buoy-01", "device", 1), ("buoy-01", "calibration", 10), ("buoy-01", "connected", 1)];
    let events = events.map(|(device, kind, count)| ((device.to_owned(), kind.to_owned()), count)).into();
    let mut ledger = Ledger { events, ..Ledger::default() };
    for message in waves(&fleet, &names, 1, 1_795_155_884_000).concat() {
        ledger.enter(&message, 1_795_155_884_000, 1_795_155_884_010);
    }
    (ledger, fleet.pairs())
}

/// Tables that contain exactly what is expected.
fn faithful(ledger: &Ledger, pairs: &[(String, String)]) -> Observed {
    let row = |expected: &Reading, at: i64| ReadingRow {
        sensor: expected.series.clone(),
        at,
        received_at: at,
        raw: expected.raw,
        value: expected.value,
        unit: expected.unit.clone(),
        calibration: expected.calibration,
        quality: expected.quality.to_owned(),
    };
    let dated = ledger.readings.iter().map(|((_, at), expected)| row(expected, *at));
    let arrived = ledger.arrivals.iter().map(|(expected, from, _)| row(expected, *from));
    let level = |id: &String| {
        let kept = ledger.kept(id, KEPT);
        let measurements: Vec<_> = kept
            .iter()
            .map(|level| MeasurementRow { filling: level.filling.to_string(), dt: level.at / 1000 })
            .collect();
        let last = measurements.last().unwrap().clone();
        LevelRow { id: id.clone(), last_value: last.filling, last_update: last.dt, measurements }
    };
    let problem = |(current, following): &(String, String)| {
        let expected = episodes::problem(&ledger.kept(current, KEPT), &ledger.kept(following, KEPT))?;
        Some(ProblemRow {
            problem_id: format!("{current}{following}"),
            problem: expected.kind.to_owned(),
            problem_time: expected.began,
            problem_status: if expected.resolved { "RESOLVED" } else { "UNRESOLVED" }.to_owned(),
            current: current.clone(),
            following: following.clone(),
            current_value: expected.levels.0.to_string(),
            following_value: expected.levels.1.to_string(),
            episodes: expected.episodes,
        })
    };
    let entry = |expected: &QuarantineEntry| QuarantineRow {
        id: String::new(),
        reason: expected.reason.clone(),
        detail: String::new(),
        function: expected.function.clone(),
        topic: expected.topic.clone(),
        payload: STANDARD.encode(&expected.payload),
        device_id: None,
        sensor: None,
    };
    let event = |((device, kind), count): (&(String, String), &u64)| {
        let row = EventRow { device: device.clone(), kind: Some(kind.clone()), state: None };
        vec![row; usize::try_from(*count).unwrap()]
    };
    let connected = ledger.events.keys().filter(|(_, kind)| kind == "connected");
    let state = |(device, _): &(String, String)| EventRow {
        device: device.clone(),
        kind: None,
        state: Some("connected".to_owned()),
    };
    Observed {
        events: ledger.events.iter().flat_map(event).chain(connected.map(state)).collect(),
        readings: dated.chain(arrived).collect(),
        levels: ledger.levels.keys().map(level).collect(),
        problems: pairs.iter().filter_map(problem).collect(),
        quarantine: ledger.quarantined.iter().map(entry).collect(),
    }
}

#[test]
fn the_account_balances_when_the_tables_hold_what_was_sent() {
    let (ledger, pairs) = run();
    let observed = faithful(&ledger, &pairs);
    assert_eq!(differences(&ledger, &pairs, &observed), Vec::<String>::new());
    // Otherwise the changes below would change nothing.
    assert!(observed.problems.iter().any(|row| row.problem_status == "UNRESOLVED"));
    assert!(observed.problems.iter().any(|row| row.problem_status == "RESOLVED"));
    assert!(ledger.kept("02", usize::MAX).len() > KEPT);
}

type Change = fn(&mut Observed);

#[test]
fn every_single_change_is_found() {
    let (ledger, pairs) = run();
    let changes: [(&str, Change); 17] = [
        ("not stored", |o| drop(o.readings.pop())),
        ("never sent", |o| o.readings[0].at += 1),
        ("value is", |o| o.readings[9].value += 0.01),
        ("raw is", |o| o.readings[9].raw += 0.01),
        ("unit is", |o| o.readings[9].unit.push('x')),
        ("quality is", |o| o.readings[9].quality = "unknown".into()),
        ("calibration is", |o| o.readings[9].calibration += 1),
        ("not registered", |o| drop(o.levels.pop())),
        ("measurements, expected", |o| drop(o.levels[0].measurements.remove(3))),
        ("last is", |o| o.levels[0].last_value = "1".into()),
        ("not there", |o| drop(o.problems.pop())),
        ("problem ", |o| o.problems[0].episodes += 1),
        ("nothing like", |o| o.quarantine[0].payload = STANDARD.encode("other")),
        ("events device of buoy-01: 0", |o| o.events.retain(|row| row.kind.as_deref() != Some("device"))),
        ("events calibration of buoy-01: 11", |o| {
            let row = o.events.iter().find(|row| row.kind.as_deref() == Some("calibration")).unwrap().clone();
            o.events.push(row);
        }),
        ("not connected", |o| o.events.retain(|row| row.kind.is_some())),
        ("expected none", |o| {
            let row = o.quarantine[0].clone();
            o.quarantine.push(row)
        }),
    ];
    for (word, change) in changes {
        let mut observed = faithful(&ledger, &pairs);
        change(&mut observed);
        let found = differences(&ledger, &pairs, &observed);
        assert!(found.iter().any(|line| line.contains(word)), "{word}: {found:?}");
    }
}

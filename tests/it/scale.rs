//! A network of up to ten thousand sensors for most of a day, with duplicates, late reports and silences, through
//! `organizer` and the detector. The tables are compared with an independent oracle, and the cost is measured.
//!
//! The environment sets the size: `WEIR_SCALE_REPORTS` (default 1,800) and `WEIR_SCALE_SENSORS` (default a thirtieth of that,
//! at most 10,000). The full size, which takes hours without optimization:
//! `WEIR_SCALE_REPORTS=1000000 cargo test --workspace --profile scale --test it scale -- --nocapture`.

mod network;
mod oracle;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;
use weir_runtime::Function as _;
use weir_tests::pump::stream_record;

use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::functions::{Functions, Settings};
use weir_tests::meter::{Cost, Meter};
use weir_tests::pump::Pump;

use network::{Network, Report};
use oracle::Oracle;

/// Messages between two deliveries of the stream: more than a batch.
const PUMPED: usize = 500;

fn size(name: &str, default: usize) -> usize {
    std::env::var(name).ok().map_or(default, |text| text.replace('_', "").parse().expect("a number"))
}

/// A part of the run, to see whether anything grows.
#[derive(Debug, Default)]
struct Part {
    delivered: usize,
    kept: usize,
    level_units: f64,
    level_reads: usize,
}

#[tokio::test]
async fn a_network_ends_as_the_oracle_computes_and_the_cost_of_a_report_stays_the_same() {
    let reports = size("WEIR_SCALE_REPORTS", 1_800);
    let sensors = size("WEIR_SCALE_SENSORS", (reports / 30).min(10_000)) / 20 * 20;
    let mut network = Network::new(sensors, reports / sensors, 1);
    let mut oracle = Oracle::default();
    let engine = Engine::in_file().await;
    for (from, to) in network.links() {
        engine.link(&from, &to.iter().map(String::as_str).collect::<Vec<_>>());
    }
    let meters = [Arc::new(Meter::default()), Arc::new(Meter::default())];
    let [organizer, detector] =
        meters.clone().map(|meter| Functions::by(&engine, &engine.client_over(meter), &Settings::default()));
    let (mut pump, begun) = (Pump::of(&engine), Instant::now());
    let (mut parts, mut judging, mut silent) = (vec![Part::default()], Cost::default(), 0);
    let (mut delivered, mut reads, per_part) = (0, 0, (network.rounds() / 10).max(1));
    for round in 0..network.rounds() {
        let now = network::end_of(round);
        organizer.clock.set(now);
        detector.clock.set(now);
        let messages = network.deliveries(round);
        for some in messages.chunks(PUMPED) {
            for report in some {
                let outcome = deliver(&organizer, report).await;
                let part = parts.last_mut().expect("a part");
                part.delivered += 1;
                let news = oracle.hear(report);
                assert_eq!(outcome != "duplicate", news, "{report:?}: {outcome}");
                part.kept += usize::from(news);
            }
            let cost = meters[0].take()["levels"];
            let part = parts.last_mut().expect("a part");
            part.level_units += cost.written;
            part.level_reads += cost.rows;
            delivered += some.len();
            let before = meters[1].reads();
            pump.run(async |event| detector.detector.answer(event).await).await;
            engine.forget_stream();
            reads += meters[1].reads() - before;
            add(&mut judging, &meters[1].take());
        }
        let swept = detector.detector.answer(event("problem-detector", "sweep")).await.expect("a sweep");
        assert_eq!((&swept["failed"], &swept["more"]), (&json!(0), &json!(false)));
        silent += swept["silent"].as_u64().expect("a number");
        meters[1].take();
        if (round + 1) % per_part == 0 {
            let rate = delivered as f64 / begun.elapsed().as_secs_f64();
            println!("{delivered} of {reports} reports, {rate:.0} a second: {:?}", parts.last().expect("a part"));
            parts.push(Part::default());
        }
    }
    assert_eq!(pump.on_failure, []);
    let pairs = network.pairs();
    assert_eq!(engine.rows_without("levels", &["revision", "judge", "watch", "listed"]), oracle.levels());
    let problems = engine.rows_without("problems", &["revision", "history", "place", "current", "following", "listed"]);
    assert_same(&problems, &oracle.problems(&pairs, network::end_of(network.rounds() - 1)));
    for part in parts.iter().filter(|part| part.kept > 0) {
        let each = part.level_units / part.kept as f64;
        assert!((each - 1.0).abs() < 1e-9, "a report costs {each} units: {part:?}");
        assert!(part.level_reads <= part.delivered, "more than a read for a report: {part:?}");
    }
    let records: usize = pump.calls.iter().sum();
    let per_record = reads as f64 / records as f64;
    println!(
        "{delivered} reports of {sensors} sensors on {} tubes in {:.0} s; {} problems, {silent} silences found; {records} records \
         in {} batches: {per_record:.2} requests that read, {:.2} rows, {:.2} units read for a record",
        sensors / 20,
        begun.elapsed().as_secs_f64(),
        problems.len(),
        pump.calls.len(),
        judging.rows as f64 / records as f64,
        judging.read / records as f64,
    );
    assert!(per_record <= 2.0, "{per_record} reads for a record");
    assert!(silent > 0 && problems.len() > sensors / 4, "the network was too quiet to tell anything");
}

async fn deliver(functions: &Functions, report: &Report) -> String {
    let answer = functions.organizer.answer(report.event()).await.expect("an answer");
    answer["outcome"].as_str().expect("an outcome").to_owned()
}

fn add(sum: &mut Cost, costs: &BTreeMap<String, Cost>) {
    for (_, cost) in costs.iter().filter(|(table, _)| ["levels", "problems"].contains(&table.as_str())) {
        sum.rows += cost.rows;
        sum.read += cost.read;
    }
}

/// Compares row by row, so that a difference can be read.
fn assert_same(found: &[Value], expected: &[Value]) {
    let by_id = |rows: &[Value]| -> BTreeMap<String, Value> {
        rows.iter().map(|row| (row["problem_id"].as_str().expect("an id").to_owned(), row.clone())).collect()
    };
    let (found, mut expected) = (by_id(found), by_id(expected));
    let mut wrong = Vec::new();
    for (id, row) in &found {
        match expected.remove(id) {
            Some(other) if other == *row => {}
            other => wrong.push(format!("{row}\n    expected {other:?}")),
        }
    }
    wrong.extend(expected.into_values().map(|row| format!("not there: {row}")));
    assert!(
        wrong.is_empty(),
        "{} of {} problems differ:\n  {}",
        wrong.len(),
        found.len(),
        wrong[..wrong.len().min(5)].join("\n  ")
    );
}

#[tokio::test]
async fn a_batch_of_whole_tubes_reads_two_rows_for_a_record() {
    let engine = Engine::start().await;
    let network = Network::new(100, 2, 1);
    for (from, _) in network.links() {
        engine.link(&from, &[]);
    }
    let (functions, meter) = (Functions::over(&engine), Arc::new(Meter::default()));
    let metered = Functions::by(&engine, &engine.client_over(meter.clone()), &Settings::default());
    let record = |id: &String| stream_record(id, json!({"id": {"S": id}}));
    let batch = json!({"Records": network.ids().iter().map(record).collect::<Vec<_>>()});
    for id in network.ids() {
        let at = network::end_of(0).millis();
        functions
            .organizer
            .answer(json!({"id": id, "filling": 50, "ts": at, "received_at": at}))
            .await
            .expect("an answer");
    }
    functions.detector.answer(batch.clone()).await.expect("an answer");
    metered.detector.answer(batch).await.expect("an answer");
    let cost = meter.take();
    let rows = cost["levels"].rows + cost["problems"].rows;
    assert!(rows <= 200, "{rows} rows for 100 records");
    assert!(cost["levels"].requests <= 2, "{cost:?}");
}

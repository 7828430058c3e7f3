//! From what was seen to the figures that are reported.

use crate::cases::{Allowed, Case};
use crate::report::Row;
use crate::size::Size;
use crate::start::Starts;
use crate::steady::Seen;
use crate::tally::Tally;
use std::collections::BTreeMap;
use std::time::Duration;

/// SPEC §12: times hello-world.
const START: f64 = 3.0;
/// SPEC §12: megabytes.
const ZIPPED: f64 = 3.0;
/// SPEC §12: megabytes after 1,000 events.
const MEMORY: f64 = 15.0;
const MB: f64 = 1e6;

/// Start and size of one binary; `base` is hello-world's median start.
pub fn binary(name: &str, starts: &Starts, base: Duration, size: Size) -> Vec<Row> {
    let median = at(&starts.own, 50);
    let target = |most| (name != "hello").then_some(most);
    let start = format!(
        "p90 {:.2}, with AWS's answers {:.2}, CPU {:.2}; {} starts",
        ms(at(&starts.own, 90)),
        ms(at(&starts.whole, 50)),
        ms(at(&starts.cpu, 50)),
        starts.own.len()
    );
    vec![
        Row::new(name, "", "start to first next [ms]", ms(median), 2).note(start),
        Row::new(name, "", "the same [× hello]", median.as_secs_f64() / base.as_secs_f64(), 2).at_most(target(START)),
        Row::new(name, "", "zipped [MB]", size.zipped as f64 / MB, 2)
            .at_most(target(ZIPPED))
            .note(format!("{:.2} as a file", size.plain as f64 / MB)),
    ]
}

/// All figures of one kind of event.
pub fn events(case: &Case, seen: &Seen) -> Vec<Row> {
    let row = |what, figure, digits| Row::new(case.function, case.name, what, figure, digits);
    let allowed = case.allowed;
    let memory = (case.function != "hello").then_some(MEMORY);
    let reads = seen.tally.count(|kind| ["GetItem", "BatchGetItem", "Query", "Scan"].iter().any(|r| first(kind) == *r));
    let per_event = |sum: f64| sum / seen.events as f64;
    let mut rows = vec![
        row("CPU per event [µs]", us(at(&seen.cpu, 50)), 0).at_most(allowed.cpu).note(format!(
            "p10 {:.0}, p90 {:.0}; {} events",
            us(at(&seen.cpu, 10)),
            us(at(&seen.cpu, 90)),
            seen.events
        )),
        row("time per event, p50 [ms]", ms(at(&seen.own, 50)), 2)
            .note(format!("without the time in AWS; with it {:.2} here", ms(at(&seen.whole, 50)))),
        row("time per event, p99 [ms]", ms(at(&seen.own, 99)), 2),
        row("resident memory [MB]", seen.memory.peak as f64 / MB, 1)
            .at_most(memory)
            .note(format!("at most; {:.1} after the last event", seen.memory.now as f64 / MB)),
        row("log per event [bytes]", seen.logged as f64, 0),
    ];
    let requests = seen.tally.count(|_| true);
    rows.push(
        row("AWS requests per event", per_event(requests as f64), 2).note(kinds(&seen.tally.requests, seen.events)),
    );
    rows.push(row("DynamoDB reads per event", per_event(reads as f64), 2).at_most(allowed.reads));
    if allowed.timestream.is_some() {
        let writes = seen.tally.count(|kind| first(kind) == "WriteRecords");
        rows.push(row("WriteRecords per event", per_event(writes as f64), 2).at_most(allowed.timestream));
    }
    rows.extend(units(&row, seen, allowed));
    rows
}

fn units(row: &dyn Fn(&'static str, f64, usize) -> Row, seen: &Seen, allowed: Allowed) -> Vec<Row> {
    let levels = |tally: &Tally| tally.write_units.get("levels").copied().unwrap_or_default();
    let mut rows = Vec::new();
    if let Some(most) = allowed.level_units {
        let highest = seen.marks.iter().map(|(_, tally)| levels(tally)).fold(0.0, f64::max);
        let history = seen.marks.iter().map(|(number, tally)| format!("report {number}: {}", levels(tally)));
        let note = history.collect::<Vec<_>>().join(", ");
        rows.push(row("write units of table levels", highest, 2).at_most(Some(most)).note(note));
    }
    for (what, units) in
        [("write units per event", &seen.tally.write_units), ("read units per event", &seen.tally.read_units)]
    {
        let per_event = |sum: f64| sum / seen.events as f64;
        let tables = units.iter().map(|(table, sum)| format!("{table} {}", per_event(*sum))).collect::<Vec<_>>();
        rows.push(row(what, per_event(units.values().sum()), 2).note(tables.join(", ")));
    }
    rows
}

fn kinds(requests: &BTreeMap<String, u64>, events: u64) -> String {
    let kind = |(kind, count): (&String, &u64)| format!("{} {kind}", *count as f64 / events as f64);
    requests.iter().map(kind).collect::<Vec<_>>().join(", ")
}

fn first(kind: &str) -> &str {
    kind.split(' ').next().unwrap_or_default()
}

/// The time that so many per cent are not above; the times ascend.
fn at(times: &[Duration], percent: usize) -> Duration {
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

//! Calculates the reported figures from the measurements.

use crate::cases::{Allowed, Case};
use crate::first::Firsts;
use crate::process::Memory;
use crate::report::Row;
use crate::size::{Page, Size};
use crate::start::Starts;
use crate::steady::{Asked, Seen};
use crate::tally::Tally;
use std::time::Duration;

/// Limit of the start, as a multiple of that of hello-world.
const START: f64 = 3.0;
/// Limit of the zipped size, in MB.
const ZIPPED: f64 = 3.5;
/// Limit of memory after 1,000 events, in MB.
pub const MEMORY: f64 = 15.0;
/// Bytes of a megabyte.
pub const MB: f64 = 1e6;
/// Bytes of a kilobyte.
const KB: f64 = 1e3;
/// The name of the figure for the size of a package.
pub const ZIPPED_SIZE: &str = "zipped [MB]";
/// The name of the figure for the memory of a function.
pub const MEMORY_USED: &str = "resident memory [MB]";

/// Start and size of one binary; `base` is the median start of hello-world.
pub fn binary(name: &str, starts: &Starts, base: Duration, size: Size) -> Vec<Row> {
    let median = at(&starts.own, 50);
    let target = |most| (name != "hello").then_some(most);
    let start = format!(
        "p90 {:.2}; all waiting included {:.2}; CPU {:.2}; {} starts",
        ms(at(&starts.own, 90)),
        ms(at(&starts.whole, 50)),
        ms(at(&starts.cpu, 50)),
        starts.own.len()
    );
    vec![
        Row::new(name, "", "start to first next [ms]", ms(median), 2).note(start),
        Row::new(name, "", "the same [× hello]", median.as_secs_f64() / base.as_secs_f64(), 2).at_most(target(START)),
        Row::new(name, "", ZIPPED_SIZE, size.zipped as f64 / MB, 2)
            .at_most(target(ZIPPED))
            .note(format!("{:.2} as a file", size.plain as f64 / MB)),
    ]
}

/// The transfer of the dashboard: until the first page is shown, and of a visit to every page.
pub fn page(page: Page) -> [Row; 2] {
    let row = |what, files: usize, bytes: u64| {
        Row::new("site", "the dashboard", what, bytes as f64 / KB, 0).note(format!("{files} files"))
    };
    let Page { all, parts } = page;
    [
        row("transfer of the overview, brotli [KB]", all.number - parts.number, all.bytes - parts.bytes),
        row("transfer of every page, brotli [KB]", all.number, all.bytes),
    ]
}

/// The time from the start to the end of the first event.
pub fn first(name: &str, firsts: &Firsts) -> Vec<Row> {
    let row = |(times, what): (&Vec<Duration>, &'static str)| {
        Row::new(name, "", what, ms(at(times, 50)), 2).note(format!(
            "p90 {:.2}; {} starts",
            ms(at(times, 90)),
            times.len()
        ))
    };
    let names = ["start to end of first event, TLS [ms]", "the same, AWS answers after 20 ms [ms]"];
    firsts.iter().zip(names).map(row).collect()
}

/// The name of the figure for instructions.
pub const INSTRUCTIONS: &str = "instructions per event";

/// The figure of [`crate::instructions`].
pub fn instructions(case: &Case, counted: u64) -> Row {
    Row::new(case.function, case.name, INSTRUCTIONS, counted as f64, 0)
        .note("user side of the whole process, by callgrind")
}

/// All figures of one kind of event.
pub fn events(case: &Case, seen: &Seen) -> Vec<Row> {
    let row = |what, figure, digits| Row::new(case.function, case.name, what, figure, digits);
    let Seen { asked, memory, cost, .. } = seen;
    let allowed = case.allowed;
    let tenths = [10, 90].map(|percent| format!("p{percent} {:.0}", us(at(&cost.cpu, percent))));
    let mut rows = vec![
        row("CPU per event [µs]", us(at(&cost.cpu, 50)), 0).at_most(allowed.cpu).note(format!(
            "{}; {:.0} with caches emptied by a DynamoDB engine",
            tenths.join(", "),
            us(asked.cpu)
        )),
        row("time per event, p50 [ms]", ms(at(&cost.own, 50)), 3)
            .note("without waiting for AWS or for a busy processor"),
        row("time per event, p99 [ms]", ms(at(&cost.own, 99)), 3),
        row(MEMORY_USED, memory.peak as f64 / MB, 1)
            .at_most((case.function != "hello").then_some(MEMORY))
            .note(format!("at most; {:.1} after {} events", memory.now as f64 / MB, asked.events)),
        row("log per event [bytes]", seen.logged as f64, 0),
    ];
    if case.function != "hello" {
        rows.extend(requests(&row, asked, allowed));
        rows.extend(units(&row, asked, allowed));
    }
    rows
}

/// The figure of [`crate::steady::long`].
pub fn long(case: &Case, memory: &Memory, events: u64) -> Row {
    Row::new(case.function, case.name, "memory in the long run [MB]", memory.peak as f64 / MB, 1)
        .at_most((case.function != "hello").then_some(MEMORY))
        .note(format!("at most; {:.1} after {events} events", memory.now as f64 / MB))
}

fn requests(row: &dyn Fn(&'static str, f64, usize) -> Row, asked: &Asked, allowed: Allowed) -> Vec<Row> {
    let per_event = |count: u64| count as f64 / asked.events as f64;
    let of = |operations: &[&str]| per_event(asked.tally.count(|kind| operations.contains(&operation(kind))));
    let all = per_event(asked.tally.count(|_| true));
    let kind = |(kind, count): (&String, &u64)| format!("{} {kind}", per_event(*count));
    let kinds: Vec<_> = asked.tally.requests.iter().map(kind).collect();
    let mut rows = vec![
        row("AWS requests per event", all, 2).note(kinds.join(", ")),
        row("DynamoDB reads per event", of(&["GetItem", "BatchGetItem", "Query", "Scan"]), 2).at_most(allowed.reads),
    ];
    if allowed.timestream.is_some() {
        rows.push(row("WriteRecords per event", of(&["WriteRecords"]), 2).at_most(allowed.timestream));
    }
    rows
}

fn units(row: &dyn Fn(&'static str, f64, usize) -> Row, asked: &Asked, allowed: Allowed) -> Vec<Row> {
    let levels = |tally: &Tally| tally.write_units.get("levels").copied().unwrap_or_default();
    let mut rows = Vec::new();
    if let Some(most) = allowed.level_units {
        let highest = asked.marks.iter().map(|(_, tally)| levels(tally)).fold(0.0, f64::max);
        let history = asked.marks.iter().map(|(number, tally)| format!("report {number}: {}", levels(tally)));
        let note = history.collect::<Vec<_>>().join(", ");
        rows.push(row("write units of table levels", highest, 2).at_most(Some(most)).note(note));
    }
    let tables =
        [("write units per event", &asked.tally.write_units), ("read units per event", &asked.tally.read_units)];
    for (what, units) in tables {
        let per_event = |sum: f64| sum / asked.events as f64;
        let note = units.iter().map(|(table, sum)| format!("{table} {}", per_event(*sum))).collect::<Vec<_>>();
        let all = units.values().fold(0.0, |all, sum| all + sum);
        rows.push(row(what, per_event(all), 2).note(note.join(", ")));
    }
    rows
}

fn operation(kind: &str) -> &str {
    kind.split(' ').next().unwrap_or_default()
}

/// A percentile of the times, which are in ascending order.
fn at(times: &[Duration], percent: usize) -> Duration {
    times.get((times.len() * percent / 100).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn us(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_taken_from_what_there_is() {
        let times: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!([0, 50, 99].map(|percent| at(&times, percent).as_millis()), [1, 51, 100]);
        assert_eq!(at(&times[..1], 99).as_millis(), 1);
        assert_eq!(at(&[], 50), Duration::ZERO);
    }
}

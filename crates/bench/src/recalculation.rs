//! A calibration is corrected, and stored readings are recalculated: measured from the request to the last reading, with the release
//! binaries and a real DynamoDB engine whose answers take 5 ms, as those of DynamoDB do.

use crate::endpoint::Endpoint;
use crate::events::Stage;
use crate::figures;
use crate::process::Program;
use crate::report::Row;
use crate::runtime_api::{Function, RuntimeApi};
use crate::tally::Tally;
use crate::world;
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use std::rc::Rc;
use std::time::{Duration, Instant};
use weir_core::domain::Timestamp;
use weir_core::wire::time;

/// The name of the function.
pub const NAME: &str = "recalculation";
/// The device and its sensor.
const DEVICE: &str = "bench-ph";
const SENSOR: &str = "bench-ph#ph";
/// Time between two readings, in ms.
const MINUTE: i64 = 60_000;
/// The delay of answers from the store.
const PAUSE: Duration = Duration::from_millis(5);
/// Timeout for the job to start.
const LONGEST: Duration = Duration::from_secs(120);
/// Readings per call that writes them to the table.
const PUT: i64 = 25;
/// The raw numbers repeat after this number of readings.
const ROUND: i64 = 1_000;

/// The total cost of the job's calls.
#[derive(Default)]
struct Spent {
    calls: u64,
    cpu: Duration,
    longest: Duration,
    tally: Tally,
}

/// Recalculates so many readings of a sensor, a minute apart, which were stored before it had a calibration.
pub fn measure(api: &Rc<RuntimeApi>, stage: &Stage<'_>, program: &Program, readings: i64) -> Result<Vec<Row>> {
    let now = stage.begin - stage.begin % MINUTE;
    let begin = now - (readings + 1_440) * MINUTE;
    request(&mut stage.start("device")?, &stage.event("device/create")?, "buoy-09", None, 201)?;
    eprintln!("{NAME}: storing {readings} readings");
    store(stage.endpoint, begin, readings)?;
    let text = |at| time::text(Timestamp::from_millis(at)).context("the year does not have four digits");
    let body = json!({"model": "linear", "slope": 0.01, "intercept": 1, "valid_from": text(begin)?});
    request(&mut stage.start("device")?, &stage.event("device/calibrate.linear.json")?, "buoy-01", Some(body), 201)?;
    let mut function = api.run(program, &world::variables(stage.endpoint, &[("DEVICE_CACHE_SECONDS", "0")]))?;
    let asked = stage.event("recalculation/recalculate")?;
    let (from, to) = (text(begin)?, text(begin + readings * MINUTE)?);
    let job = request(&mut function, &asked, "buoy-01", Some(json!({"from": from, "to": to})), 202)?;
    let job = job.get("job").and_then(Value::as_str).context("the answer has no id of a job")?.to_owned();
    wait(stage, &mut function, &job)?;
    eprintln!("{NAME}: {readings} readings");
    stage.endpoint.pause(PAUSE);
    let begun = Instant::now();
    let spent = work(stage, &mut function, &job);
    stage.endpoint.pause(Duration::ZERO);
    let (spent, took) = (spent?, begun.elapsed());
    let memory = function.process().memory()?;
    check(stage.endpoint, &job, begin, readings)?;
    Ok(rows(readings, &spent, took, memory.peak))
}

/// Writes the readings to the table directly, without the functions.
fn store(endpoint: &Endpoint, begin: i64, readings: i64) -> Result<()> {
    let put = |place: i64| {
        let (at, raw) = (begin + place * MINUTE, place % ROUND);
        json!({"PutRequest": {"Item": {
            "sensor": {"S": SENSOR}, "at": {"N": at.to_string()}, "received_at": {"N": (at + 500).to_string()},
            "raw": {"N": raw.to_string()}, "value": {"N": raw.to_string()}, "unit": {"S": ""},
            "calibration": {"N": "0"}, "quality": {"S": "uncalibrated"}}}})
    };
    for first in (0..readings).step_by(PUT as usize) {
        let puts: Vec<_> = (first..(first + PUT).min(readings)).map(put).collect();
        endpoint.put(json!({"RequestItems": {world::name("readings"): puts}}))?;
    }
    Ok(())
}

/// Invokes a function with a recorded request, changed to the device of this benchmark; returns the body of the answer.
fn request(function: &mut Function, event: &Value, recorded: &str, body: Option<Value>, status: u64) -> Result<Value> {
    let mut event: Value = serde_json::from_str(&event.to_string().replace(recorded, DEVICE))?;
    if let (Some(body), Value::Object(fields)) = (body, &mut event) {
        fields.insert("body".to_owned(), body.to_string().into());
    }
    let answer = function.invoke(event.to_string())?.answer.map_err(|error| anyhow!(error))?;
    let answer: Value = serde_json::from_str(&answer)?;
    ensure!(answer.get("statusCode").and_then(Value::as_u64) == Some(status), "answered with {answer}");
    Ok(serde_json::from_str(answer.get("body").and_then(Value::as_str).unwrap_or_default())?)
}

/// Invokes the function like its schedule, until the job may start because every function uses the new calibration.
fn wait(stage: &Stage<'_>, function: &mut Function, job: &str) -> Result<()> {
    let sweep = stage.event("recalculation/sweep")?.to_string();
    let begun = Instant::now();
    while state(stage.endpoint, job)? == "waiting" {
        ensure!(begun.elapsed() < LONGEST, "the job does not start in time");
        std::thread::sleep(Duration::from_secs(1));
        function.invoke(sweep.clone())?.answer.map_err(|error| anyhow!(error))?;
    }
    Ok(())
}

/// Invokes the function with the job's record, as the stream does after each step, until the job is done.
fn work(stage: &Stage<'_>, function: &mut Function, job: &str) -> Result<Spent> {
    let mut record = stage.event("recalculation/go-on")?;
    let keys = record.pointer_mut("/Records/0/dynamodb/Keys").context("the record has no keys")?;
    *keys = json!({"sensor": {"S": SENSOR}, "job": {"S": job}});
    let mut spent = Spent::default();
    stage.endpoint.take();
    while state(stage.endpoint, job)? == "running" {
        let before = function.process().scheduled()?;
        let outcome = function.invoke(record.to_string())?;
        spent.cpu += function.process().scheduled()?.since(before).used;
        let answer = outcome.answer.map_err(|error| anyhow!(error))?;
        ensure!(answer == r#"{"batchItemFailures":[]}"#, "answered with {answer}");
        spent.longest = spent.longest.max(outcome.took);
        spent.calls += 1;
        let asked = stage.endpoint.take();
        spent.tally.add(&asked);
    }
    Ok(spent)
}

fn row(endpoint: &Endpoint, table: &str, key: &Value) -> Result<Value> {
    let asked = json!({"TableName": world::name(table), "Key": key, "ConsistentRead": true});
    endpoint.call("GetItem", &asked)?.get("Item").cloned().with_context(|| format!("{table} has no {key}"))
}

fn state(endpoint: &Endpoint, job: &str) -> Result<String> {
    let row = row(endpoint, "recalculations", &json!({"sensor": {"S": SENSOR}, "job": {"S": job}}))?;
    Ok(row.pointer("/state/S").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// Checks that the job has changed all readings, and the values of the first one, the last one, and some between.
fn check(endpoint: &Endpoint, job: &str, begin: i64, readings: i64) -> Result<()> {
    let done = row(endpoint, "recalculations", &json!({"sensor": {"S": SENSOR}, "job": {"S": job}}))?;
    let number =
        |row: &Value, name: &str| -> Option<f64> { row.pointer(&format!("/{name}/N"))?.as_str()?.parse().ok() };
    for (name, expected) in [("seen", readings as f64), ("changed", readings as f64), ("refused", 0.0)] {
        ensure!(number(&done, name) == Some(expected), "not all readings were changed: {done}");
    }
    for place in (0..readings).step_by(997).chain([readings - 1]) {
        let at = (begin + place * MINUTE).to_string();
        let found = row(endpoint, "readings", &json!({"sensor": {"S": SENSOR}, "at": {"N": at}}))?;
        let expected = 0.01 * (place % ROUND) as f64 + 1.0;
        let value = number(&found, "value").context("the reading has no value")?;
        ensure!((value - expected).abs() < 1e-9, "reading {place} should be {expected}: {found}");
    }
    Ok(())
}

fn rows(readings: i64, spent: &Spent, took: Duration, memory: u64) -> Vec<Row> {
    let (case, each) = (format!("{readings} stored readings"), |sum: f64| sum / readings as f64);
    let row = |what, figure, digits| Row::new(NAME, &case, what, figure, digits);
    let requests = |(kind, count): (&String, &u64)| format!("{:.2} {kind}", 1e3 * each(*count as f64));
    let kinds: Vec<_> = spent.tally.requests.iter().map(requests).collect();
    let units = |units: &std::collections::BTreeMap<String, f64>| {
        let by_table: Vec<_> = units.iter().map(|(table, sum)| format!("{table} {:.3}", each(*sum))).collect();
        (each(units.values().sum()), by_table.join(", "))
    };
    let ((written, writes), (read, reads)) = (units(&spent.tally.write_units), units(&spent.tally.read_units));
    vec![
        row("total time [s]", took.as_secs_f64(), 1).note(format!(
            "{} calls, the longest {:.1} s; the engine's work included, each answer after {} ms",
            spent.calls,
            spent.longest.as_secs_f64(),
            PAUSE.as_millis()
        )),
        row("CPU per reading [µs]", 1e6 * each(spent.cpu.as_secs_f64()), 1),
        row("AWS requests per 1,000 readings", 1e3 * each(spent.tally.count(|_| true) as f64), 1)
            .note(kinds.join(", ")),
        row("write units per reading", written, 3).note(writes),
        row("read units per reading", read, 3).note(reads),
        row(figures::MEMORY_USED, memory as f64 / figures::MB, 1).note("at most").at_most(Some(figures::MEMORY)),
    ]
}

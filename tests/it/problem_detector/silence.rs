//! Sensors that fall silent: found by the sweep, ended by the next report.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use weir_runtime::Function as _;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::meter::Meter;
use weir_tests::pump::Pump;
use weir_tests::wire::{Answer, Interlude, Ledger, Request, Wire, answer};

use super::{judged, problem, problems, report, set_up, turned};

/// Runs a sweep: the numbers of sensors checked and found silent.
async fn swept(functions: &Functions) -> (u64, u64) {
    let answer = functions.detector.answer(event("problem-detector", "sweep")).await.unwrap();
    assert_eq!((&answer["failed"], &answer["more"]), (&json!(0), &json!(false)));
    (answer["looked"].as_u64().unwrap(), answer["silent"].as_u64().unwrap())
}

fn silent(id: &str, status: &str, episodes: u64, began: i64) -> (String, String, String, u64, i64) {
    problem(&format!("{id}-silent"), "SILENT", status, episodes, began)
}

fn later(functions: &Functions, seconds: i64) {
    functions.clock.set(NOW.plus_seconds(seconds));
}

#[tokio::test]
async fn a_sensor_silent_for_longer_than_three_hours_is_reported_once() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 50.0, 0).await;
    later(&functions, 10_800);
    assert_eq!(swept(&functions).await, (0, 0), "three hours are allowed");
    later(&functions, 10_801);
    assert_eq!(swept(&functions).await, (1, 1));
    let row = engine.row("problems");
    assert_eq!(problems(&engine), [silent("01", "UNRESOLVED", 1, 0)]);
    assert_eq!((&row["current"], &row["current_value"]), (&json!("01"), &json!("50")));
    assert!(row.get("following").is_none() && row.get("following_value").is_none(), "{row}");
    later(&functions, 100_000);
    assert_eq!(swept(&functions).await, (0, 0), "what is known is not read again");
    assert_eq!(engine.row("problems"), row);
}

#[tokio::test]
async fn the_next_report_ends_a_silence_and_the_next_silence_is_another_episode() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 50.0, -40_000).await;
    assert_eq!(swept(&functions).await, (1, 1));
    let mut pump = Pump::of(&engine);
    report(&functions, "01", 50.0, -20_000).await;
    pump.run(async |event| functions.detector.answer(event).await).await;
    assert_eq!(problems(&engine), [silent("01", "RESOLVED", 1, -40_000)]);
    let row = engine.row("problems");
    assert_eq!((&row["resolved_by"], &row["resolved_at"]), (&json!("auto"), &json!(NOW.seconds() - 20_000)));
    assert_eq!(swept(&functions).await, (1, 1));
    assert_eq!(problems(&engine), [silent("01", "UNRESOLVED", 2, -20_000)]);
}

#[tokio::test]
async fn a_sensor_that_reports_is_checked_once_in_three_hours() {
    let (engine, functions) = set_up().await;
    let mut looked = Vec::new();
    for quarter in 0..48 {
        let at = quarter * 900;
        later(&functions, at);
        let event = json!({"id": "01", "filling": 50, "ts": NOW.plus_seconds(at).millis(), "received_at": NOW.plus_seconds(at).millis()});
        functions.organizer.answer(event).await.unwrap();
        judged(&functions, &["01"]).await;
        if swept(&functions).await == (1, 0) {
            looked.push(at);
        }
    }
    assert_eq!(looked, [11_700, 23_400, 35_100], "when its time was up as far as was known");
    assert_eq!(problems(&engine), []);
}

#[tokio::test]
async fn a_late_report_moves_a_silence_or_withdraws_it() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 50.0, -30_000).await;
    turned(&functions, "02", 50.0, -30_000).await;
    assert_eq!(swept(&functions).await, (2, 2));
    turned(&functions, "01", 50.0, -25_000).await;
    assert_eq!(problems(&engine)[0], silent("01", "UNRESOLVED", 1, -25_000), "still silent, but since later");
    assert_eq!(swept(&functions).await, (0, 0));
    turned(&functions, "01", 50.0, -15_000).await;
    turned(&functions, "01", 50.0, -5000).await;
    turned(&functions, "02", 50.0, -20_000).await;
    turned(&functions, "02", 50.0, -10_000).await;
    assert_eq!(problems(&engine), [], "each report came in time, and arrived late");
    later(&functions, 802);
    assert_eq!(swept(&functions).await, (1, 1), "02 is watched again");
}

#[tokio::test]
async fn a_resolved_silence_stays_resolved_until_the_sensor_reports() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 50.0, -40_000).await;
    swept(&functions).await;
    let answer = functions.flow.answer(event("flow", "resolve.silent")).await.unwrap();
    assert_eq!(answer["statusCode"], 404, "that event is about another one");
    let mut resolve = event("flow", "resolve.silent");
    resolve["rawPath"] = "/problems/01-silent".into();
    resolve["pathParameters"]["problem_id"] = "01-silent".into();
    let answer = functions.flow.answer(resolve).await.unwrap();
    assert_eq!(answer["statusCode"], 200, "{answer}");
    later(&functions, 90_000);
    assert_eq!(swept(&functions).await, (0, 0));
    assert_eq!(problems(&engine), [silent("01", "RESOLVED", 1, -40_000)]);
    turned(&functions, "01", 50.0, -1000).await;
    assert_eq!(swept(&functions).await, (1, 1));
    assert_eq!(problems(&engine), [silent("01", "UNRESOLVED", 2, -1000)]);
}

#[tokio::test]
async fn a_disabled_device_is_never_silent_and_a_deleted_or_unknown_one_can_be() {
    let (engine, functions) = set_up().await;
    let device = |id: &str, level: &str, state: &str| json!({"id": id, "enabled": state == "enabled", "level_id": level, "sensors": [], "tube": format!("0#{state}")});
    engine.put("devices", &device("off", "01", "disabled"));
    engine.put("devices", &device("on", "02", "enabled"));
    engine.put("devices", &device("old", "03", "disabled"));
    engine.put("devices", &device("new", "03", "enabled"));
    for id in ["01", "02", "03", "04"] {
        turned(&functions, id, 50.0, -40_000).await;
    }
    assert_eq!(swept(&functions).await, (4, 3));
    let found: Vec<_> = problems(&engine).into_iter().map(|problem| problem.0).collect();
    assert_eq!(found, ["02-silent", "03-silent", "04-silent"], "04 is not registered, 03 has a successor");
    assert_eq!(swept(&functions).await, (0, 0), "not at once");
    engine.put("devices", &device("off", "01", "enabled"));
    later(&functions, 10_801);
    assert_eq!(swept(&functions).await, (1, 1), "switched on again, and still silent");
}

#[tokio::test]
async fn a_report_between_read_and_write_prevents_the_silence() {
    let engine = Arc::new(Engine::start().await);
    let quiet = Functions::over(&engine);
    turned(&quiet, "01", 50.0, -40_000).await;
    let other = Arc::new(quiet);
    let between = {
        let other = other.clone();
        Arc::new(Interlude::new("TransactWriteItems", 1, move || {
            let other = other.clone();
            Box::pin(async move { report(&other, "01", 50.0, -10).await })
        }))
    };
    let functions = Functions::by(&engine, &engine.client_over(between.clone()), &Settings::default());
    assert_eq!(swept(&functions).await, (1, 0));
    assert_eq!((between.left(), problems(&engine)), (0, vec![]));
    assert_eq!(swept(&other).await, (1, 0), "its time is set anew");
    assert_eq!(swept(&other).await, (0, 0));
}

#[tokio::test]
async fn a_report_by_a_process_that_remembers_the_sensor_as_watched_wakes_the_detector() {
    let (engine, functions) = set_up().await;
    // Often enough that the process relies on the rows it remembers.
    for second in 0..40 {
        report(&functions, "01", 50.0, second - 40_000).await;
        judged(&functions, &["01"]).await;
    }
    let mut pump = Pump::of(&engine);
    pump.run(async |_| Ok::<_, ()>(json!({"batchItemFailures": []}))).await;
    assert_eq!(swept(&functions).await, (1, 1));
    // The same level, and by its own clock not after a silence.
    report(&functions, "01", 50.0, -30_000).await;
    report(&functions, "01", 50.0, -20_000).await;
    report(&functions, "01", 50.0, -10_000).await;
    pump.run(async |event| functions.detector.answer(event).await).await;
    assert_eq!(problems(&engine), [], "in truth it was never silent");
}

#[tokio::test]
async fn concurrent_sweeps_report_a_silence_once() {
    let engine = Engine::start().await;
    let instances: Vec<_> = (0..5).map(|_| Functions::over(&engine)).collect();
    for number in 10..40 {
        turned(&instances[0], &format!("0{number}"), 50.0, -40_000).await;
    }
    let found = futures_util::future::join_all(instances.iter().map(swept)).await;
    assert_eq!(found.iter().map(|(_, silent)| silent).sum::<u64>(), 30, "{found:?}");
    assert_eq!(engine.rows("problems").len(), 30);
    let levels = engine.rows("levels");
    let level = |problem: &Value| levels.iter().find(|level| level["id"] == problem["current"]).expect("its level");
    // The same transaction counted the level, and the problem begins with one more than that had before.
    let once = engine.rows("problems").iter().all(|row| row["revision"] == level(row)["revision"]);
    assert!(once, "written once");
}

#[tokio::test]
async fn a_corrupt_row_does_not_keep_other_silences_from_being_found() {
    let (engine, functions) = set_up().await;
    for id in ["01", "02"] {
        turned(&functions, id, 50.0, -40_000).await;
    }
    let mut row = engine.rows("levels").remove(0);
    assert_eq!(row["id"], "01");
    row["measurements"][0]["filling"] = "plenty".into();
    engine.put("levels", &row);
    let answer = functions.detector.answer(event("problem-detector", "sweep")).await.unwrap();
    assert_eq!((&answer["silent"], &answer["failed"]), (&json!(1), &json!(1)));
    assert_eq!(problems(&engine), [silent("02", "UNRESOLVED", 1, -40_000)]);
}

#[tokio::test]
async fn a_sweep_reads_only_sensors_that_may_be_silent() {
    let engine = Engine::start().await;
    let (meter, ledger) = (Arc::new(Meter::default()), Arc::new(Ledger::default()));
    let functions = Functions::by(&engine, &engine.client_over(meter.clone()), &Settings::default());
    for number in 100..250 {
        turned(&functions, &format!("0{number}"), 50.0, if number < 103 { -40_000 } else { -60 }).await;
    }
    meter.take();
    assert_eq!(swept(&functions).await, (3, 3));
    let cost = meter.take();
    assert_eq!((cost["levels"].rows, cost["problems"].rows), (6, 3), "3 keys and 3 rows, and what is known of them");
    let functions = Functions::by(&engine, &engine.client_over(ledger.clone()), &Settings::default());
    assert_eq!(swept(&functions).await, (0, 0));
    let queries = [["Query devices"; 8], ["Query levels"; 8]].concat();
    assert_eq!(ledger.operations(), queries, "with nobody overdue it is one query for each partition");
}

#[tokio::test]
async fn a_report_is_one_write_unit_from_the_first_to_the_last_silences_and_sweeps_included() {
    let engine = Engine::start().await;
    let meter = Arc::new(Meter::default());
    let organizer = Functions::by(&engine, &engine.client_over(meter.clone()), &Settings::default());
    let detector = Functions::over(&engine);
    let mut pump = Pump::of(&engine);
    for place in 0..300_i64 {
        // Every fiftieth report comes after a silence, every seventh is late, every eleventh is a new level.
        let at = place * 600 + (place / 50) * 40_000 - if place % 7 == 3 { 900 } else { 0 };
        let now = NOW.plus_seconds(place * 600 + (place / 50) * 40_000);
        for functions in [&organizer, &detector] {
            functions.clock.set(now);
        }
        swept(&detector).await;
        meter.take();
        let filling = if place % 11 == 0 { 100 } else { 50 };
        let event =
            json!({"id": "01", "filling": filling, "ts": NOW.plus_seconds(at).millis(), "received_at": now.millis()});
        let answer: Value = organizer.organizer.answer(event).await.unwrap();
        let written = meter.take()["levels"].written;
        assert!((written - 1.0).abs() < f64::EPSILON, "report {place}: {written} units, {answer}");
        pump.run(async |event| detector.detector.answer(event).await).await;
    }
    assert_eq!(engine.row("problems")["episodes"], 5);
}

/// Answers the first write of `watch` as DynamoDB does while the row is in a transaction.
#[derive(Debug, Default)]
struct Busy(AtomicBool);

impl Wire for Busy {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let watches = request.body()["UpdateExpression"].as_str().is_some_and(|text| text.starts_with("SET watch"));
            if !watches || self.0.swap(true, Ordering::SeqCst) {
                return request.deliver().await;
            }
            let error = "com.amazonaws.dynamodb.v20120810#TransactionConflictException";
            answer(400, &json!({"__type": error, "message": "Transaction is ongoing for the item"}))
        })
    }
}

#[tokio::test]
async fn a_sensor_is_watched_though_its_row_was_in_a_transaction() {
    let engine = Engine::start().await;
    let busy = Arc::new(Busy::default());
    let functions = Functions::by(&engine, &engine.client_over(busy.clone()), &Settings::default());
    turned(&functions, "01", 100.0, -900).await;
    assert!(busy.0.load(Ordering::SeqCst));
    let row = engine.row("levels");
    assert!(row["watch"].is_i64() && row["listed"].is_string(), "{row}");
}

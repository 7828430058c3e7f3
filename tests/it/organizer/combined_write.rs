//! The combined write: a report and its reading in one request, once the row is known.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use weir_runtime::Function as _;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::faults::{Fault, Faults};
use weir_tests::functions::{Functions, Settings};
use weir_tests::pump::Pump;
use weir_tests::wire::{Answer, Ledger, Request, Wire, answer, opened};

use super::{handled, report};

/// Reports to one process, a second apart, until it relies on the rows that it remembers. The detector has judged the
/// first one.
pub(super) async fn relied_on(engine: &Engine, functions: &Functions) {
    let (detector, mut pump) = (Functions::over(engine).detector, Pump::of(engine));
    for second in 0..40 {
        until_done(functions, report("01", 100.0, second - 1000)).await;
        if second == 0 {
            pump.run(async |event| detector.answer(event).await).await;
        }
    }
}

/// Delivers an event until the function accepts it, as AWS does.
async fn until_done(functions: &Functions, event: Value) {
    for _ in 0..50 {
        if functions.organizer.answer(event.clone()).await.is_ok() {
            return;
        }
    }
    panic!("never done: {event}");
}

fn fillings(engine: &Engine) -> Vec<String> {
    let row = engine.row("levels");
    let filling = |m: &Value| m["filling"].as_str().unwrap().to_owned();
    row["measurements"].as_array().expect("measurements").iter().map(filling).collect()
}

#[tokio::test]
async fn a_report_whose_row_is_known_is_one_request_for_level_and_history() {
    let engine = Engine::start().await;
    let ledger = Arc::new(Ledger::default());
    let functions = Functions::by(&engine, &engine.client_over(ledger.clone()), &Settings::default());
    relied_on(&engine, &functions).await;
    let before = engine.row("levels")["revision"].as_i64().unwrap();
    ledger.take();
    assert_eq!(handled(&functions, report("01", 100.0, -500)).await, "newest");
    assert_eq!(handled(&functions, report("01", 50.0, -499)).await, "newest");
    assert_eq!(ledger.operations(), ["BatchExecuteStatement"; 2]);
    let row = engine.row("levels");
    assert_eq!((&row["last_value"], &row["judge"]), (&json!("50"), &json!(true)), "{row}");
    assert_eq!(row["revision"], before + 2);
    let kept = fillings(&engine);
    assert_eq!((kept.len(), &kept[22..]), (24, &["100".to_owned(), "50".to_owned()][..]));
    assert_eq!(engine.rows("readings").len(), 42);
}

#[tokio::test]
async fn an_overtaken_writer_notices_it_and_both_reports_are_kept() {
    let engine = Engine::start().await;
    let functions = Functions::over(&engine);
    relied_on(&engine, &functions).await;
    handled(&Functions::over(&engine), report("01", 50.0, -100)).await;
    assert_eq!(handled(&functions, report("01", 0.0, -50)).await, "newest");
    assert_eq!(fillings(&engine)[22..], ["50", "0"]);
    assert_eq!(engine.rows("readings").len(), 42);
}

#[tokio::test(start_paused = true)]
async fn with_any_faults_of_the_store_level_and_history_end_as_without() {
    let mut ends = Vec::new();
    let mut met: HashMap<Fault, usize> = HashMap::new();
    for (seed, percent) in [(0, 0), (1, 6), (2, 6), (3, 12), (4, 12)] {
        let engine = Engine::start().await;
        let faults = Faults::of(seed, percent);
        let functions = Functions::by(&engine, &engine.client_over(faults.clone()), &Settings::default());
        relied_on(&engine, &functions).await;
        for second in 0..300_i64 {
            until_done(&functions, report("01", f64::from(u8::try_from(second % 3).unwrap()) * 50.0, second - 900))
                .await;
        }
        faults.met().into_iter().for_each(|(fault, times)| *met.entry(fault).or_default() += times);
        let row = engine.row("levels");
        ends.push((row["measurements"].clone(), row["last_value"].clone(), engine.rows("readings")));
    }
    assert!(met.len() >= 6, "{met:?}");
    assert!(ends.iter().all(|end| *end == ends[0]));
    assert_eq!(ends[0].2.len(), 340);
}

/// Rejects every `UPDATE` statement, as a DynamoDB that does not support this form.
#[derive(Debug, Default)]
struct Refuses(AtomicUsize);

impl Wire for Refuses {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let mut body = request.body();
            let Some(statements) = body["Statements"].as_array_mut() else { return request.deliver().await };
            let all = statements.len();
            statements.retain(|one| one["Statement"].as_str().is_some_and(|text| text.starts_with("INSERT")));
            let refused = all - statements.len();
            self.0.fetch_add(refused, Ordering::SeqCst);
            let (status, mut said) = opened(request.with_body(&body).deliver().await?).await;
            let no = json!({"Error": {"Code": "ValidationError", "Message": "no such statement"}});
            said["Responses"].as_array_mut().expect("responses").extend(vec![no; refused]);
            answer(status, &said)
        })
    }
}

#[tokio::test]
async fn a_store_that_rejects_the_statement_gets_two_requests_from_then_on() {
    let engine = Engine::start().await;
    let refuses = Arc::new(Refuses::default());
    let functions = Functions::by(&engine, &engine.client_over(refuses.clone()), &Settings::default());
    relied_on(&engine, &functions).await;
    for second in 0..5 {
        assert_eq!(handled(&functions, report("01", 50.0, second - 500)).await, "newest");
    }
    assert_eq!(fillings(&engine)[18..], ["100", "50", "50", "50", "50", "50"]);
    assert_eq!(engine.rows("readings").len(), 45);
    assert_eq!(refuses.0.load(Ordering::SeqCst), 1, "and never again in that form");
}

/// The log of this test program, run for one test with a function's name in the environment.
fn log_of(test: &str) -> String {
    let mut program = std::process::Command::new(std::env::current_exe().expect("a program"));
    program.args([test, "--exact", "--nocapture"]).env("AWS_LAMBDA_FUNCTION_NAME", "weir-dev-organizer");
    let output = program.output().expect("a log");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn a_report_is_counted_whichever_way_it_was_stored() {
    let log = log_of("organizer::combined_write::reports_that_are_counted");
    let metrics = log.lines().filter_map(|line| serde_json::from_str::<Value>(line.get(line.find('{')?..)?).ok());
    let mut sums = [0, 0, 0];
    for line in metrics.filter(|line| line["function"] == "organizer") {
        for (sum, name) in sums.iter_mut().zip(["Stored", "Duplicates", "NewLevels"]) {
            *sum += line[name].as_u64().unwrap_or_default();
        }
    }
    assert_eq!(sums, [42, 1, 1], "{log}");
}

/// Run by the test above. Without a function's name nothing is counted.
#[tokio::test]
async fn reports_that_are_counted() {
    let engine = Engine::start().await;
    let functions = Functions::over(&engine);
    relied_on(&engine, &functions).await;
    assert_eq!(handled(&functions, report("01", 50.0, -500)).await, "newest");
    assert_eq!(handled(&functions, report("01", 50.0, -500)).await, "duplicate");
    // Sums are logged with the first report after ten seconds.
    functions.clock.set(weir_tests::functions::NOW.plus_seconds(10));
    assert_eq!(handled(&functions, report("01", 50.0, -400)).await, "newest");
}

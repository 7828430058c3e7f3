//! `cargo operate redrive` against the deployed stack: all forms of failed messages, and a kill in the middle.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::Mutex;
use tooling::cloud;
use weir_tests::local::{Local, now};

/// The queues are the stack's, so one test after the other has them.
static QUEUES: Mutex<()> = Mutex::const_new(());

/// The command, which `cargo xtask test` has built; what it had in hand when it was killed comes back after two seconds.
fn redrive(local: &Local, from: &[&str]) -> Command {
    let program: PathBuf = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("operate");
    let mut command = Command::new(program);
    let name = local.stack.function("calibration").unwrap();
    command.args(["redrive", "--hold", "2", "--stack", name.strip_suffix("-calibration").unwrap()]);
    command.args(["--endpoint", &local.stack.endpoint]);
    for from in from {
        command.args(["--from", from]);
    }
    cloud::only(&mut command, &local.stack.cloud());
    command.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped());
    command
}

/// Runs it to its end: whether nothing is left, and what it said.
async fn run(local: &Local, from: &[&str]) -> (bool, String) {
    let ended = redrive(local, from).output().await.unwrap();
    (ended.status.success(), String::from_utf8_lossy(&ended.stdout).into_owned())
}

/// What Lambda puts into the queue when a function has failed three times.
fn given_up(event: &Value) -> String {
    let context = json!({"requestId": "r", "functionArn": "arn:aws:lambda:…", "condition": "RetriesExhausted", "approximateInvokeCount": 3});
    json!({"version": "1.0", "timestamp": "2026-11-20T06:24:44.123Z", "requestContext": context, "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "call again"}})
    .to_string()
}

fn message(topic: &str, payload: &Value, received_at: i64) -> Value {
    json!({"payload": STANDARD.encode(payload.to_string()), "topic": topic, "received_at": received_at})
}

#[tokio::test]
async fn every_form_of_a_failed_message_is_delivered_and_what_cannot_be_stays() {
    let _alone = QUEUES.lock().await;
    let local = Local::running();
    local.register(&json!({"id": "redrive-01", "sensors": [{"code": "ph"}]})).await;
    let at = now() - 60_000;
    let event = message("redrive-01/reading/sensor/ph", &json!({"value": 1}), at);
    local.send("CalibrationOnFailureQueueUrl", &given_up(&event)).await;
    // The same message failed twice: as Lambda tells it, and once more as a dead letter of the ingest queue.
    local.send("IngestDeadLetterQueueUrl", &event.to_string()).await;
    let payload = STANDARD.encode(json!({"values": {"ph": 2}}).to_string());
    let failures = json!([{"failedAction": "LambdaAction", "failedResource": "…", "errorMessage": "throttled"}]);
    let rule = json!({"ruleName": "weir_local_readings", "topic": "redrive-01/readings", "cloudwatchTraceId": "t", "clientId": "redrive-01",
        "sourceIp": "127.0.0.1", "base64OriginalPayload": payload, "failures": failures});
    let sent = now();
    local.send("CalibrationOnFailureQueueUrl", &rule.to_string()).await;
    let level = message("kloaka_from_device", &json!({"id": "R1", "filling": 100}), at);
    local.send("OrganizerOnFailureQueueUrl", &given_up(&level)).await;
    let (good, said) = run(&local, &["calibration", "organizer", "ingest"]).await;
    assert!(good, "{said}");
    let rows = local.readings("redrive-01#ph").await;
    assert_eq!(rows.len(), 2, "{rows:?}");
    assert_eq!((rows[0].at, rows[0].value, rows[1].value), (at, 1.0, 2.0));
    assert!((sent - 2_000..=now()).contains(&rows[1].at), "as of when the rule gave it up");
    assert_eq!(local.level("R1").await.map(|level| level.last_update), Some(at / 1000));

    // Nothing that is here can make sense of this, so it stays.
    local.send("OrganizerOnFailureQueueUrl", "not ours").await;
    for _ in 0..2 {
        let (good, said) = run(&local, &["organizer"]).await;
        assert!(!good && said.contains("not ours") && said.contains("1 left"), "{said}");
    }
    local.purge("OrganizerOnFailureQueueUrl").await;
}

#[tokio::test]
async fn for_given_up_records_of_the_stream_every_level_is_judged_again() {
    let _alone = QUEUES.lock().await;
    let local = Local::running();
    let at = now() / 1000;
    for (id, filling) in [("S1", "100"), ("S2", "0")] {
        // Written past the function, and marked so that the stream wakes nobody: as if its records had been given up.
        let row = json!({"id": id, "last_value": filling, "last_update": at, "revision": 1, "judge": false,
            "measurements": [{"filling": filling, "dt": at, "ms": 0}]});
        local.tables.put("Levels", &row).await.unwrap();
    }
    let batch = json!({"shardId": "shardId-000", "startSequenceNumber": "1", "endSequenceNumber": "9", "batchSize": 9,
        "streamArn": "arn:aws:dynamodb:…"});
    let record = json!({"requestContext": {"condition": "RetryAttemptsExhausted", "approximateInvokeCount": 11}, "version": "1.0",
        "timestamp": "2026-11-20T06:24:44.123Z", "DDBStreamBatchInfo": batch});
    local.send("ProblemDetectorOnFailureQueueUrl", &record.to_string()).await;
    assert!(local.problem("S1S2").await.is_none());
    let (good, said) = run(&local, &["problem-detector"]).await;
    assert!(good && said.contains("1 delivered again"), "{said}");
    assert_eq!(local.problem("S1S2").await.map(|row| row.problem), Some("OBSTRUCTION".to_owned()));
}

#[tokio::test]
async fn killed_in_the_middle_and_run_again_nothing_is_lost_and_nothing_counts_twice() {
    let _alone = QUEUES.lock().await;
    // More than three runs deliver until they are killed.
    const MESSAGES: i64 = 240;
    let local = Local::running();
    local.register(&json!({"id": "redrive-02", "sensors": [{"code": "ph"}]})).await;
    let at = now() - 600_000;
    for place in 0..MESSAGES {
        let event = message("redrive-02/reading/sensor/ph", &json!({"value": place}), at + place);
        local.send("CalibrationOnFailureQueueUrl", &given_up(&event)).await;
    }
    let mut killed = 0;
    for _ in 0..3 {
        let mut run = redrive(&local, &["calibration"]).spawn().unwrap();
        let stored = local.readings("redrive-02#ph").await.len();
        // As soon as it has done something, it is killed without a word.
        for _ in 0..400 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            if local.readings("redrive-02#ph").await.len() > stored || run.try_wait().unwrap().is_some() {
                break;
            }
        }
        killed += usize::from(run.try_wait().unwrap().is_none());
        run.kill().await.unwrap();
    }
    let partly = local.readings("redrive-02#ph").await.len();
    assert!(killed > 0 && partly < MESSAGES as usize, "{killed} runs were killed in the middle, at {partly}");
    let (good, said) = run(&local, &["calibration"]).await;
    assert!(good, "{said}");
    let rows = local.readings("redrive-02#ph").await;
    let found: Vec<_> = rows.iter().map(|row| (row.at, row.value, row.received_at)).collect();
    assert_eq!(found, (0..MESSAGES).map(|place| (at + place, place as f64, at + place)).collect::<Vec<_>>());
    assert!(local.quarantine("redrive-02/reading/sensor/ph").await.is_empty());
    let (good, said) = run(&local, &["calibration"]).await;
    assert!(good && said.contains("nothing to do"), "{said}");
}

#[tokio::test]
async fn the_quarantine_of_a_device_is_replayed_when_it_is_named() {
    let _alone = QUEUES.lock().await;
    let local = Local::running();
    let at = now() - 600_000;
    for place in 0..3 {
        let payload = json!({"value": place, "ts": at + place}).to_string();
        local.invoke("calibration", "redrive-03/reading/sensor/ph", payload.as_bytes()).await;
    }
    local.register(&json!({"id": "redrive-03", "sensors": [{"code": "ph"}]})).await;
    let ended = redrive(&local, &["quarantine"]).args(["--device", "redrive-03"]).output().await.unwrap();
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success() && said.contains("3 accepted"), "{said}");
    assert_eq!(
        local.readings("redrive-03#ph").await.iter().map(|row| row.at).collect::<Vec<_>>(),
        [at, at + 1, at + 2]
    );
    assert!(local.quarantine("redrive-03/reading/sensor/ph").await.is_empty());
}

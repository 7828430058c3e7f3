//! One device floods, and another one's readings and the API are there all the same.
//!
//! What this shows: no common queue and no common row stands between the devices, so a flood does not hold up what it does not
//! belong to. What it cannot show: the emulator has no reserved concurrency, no limit for a connection and no limit for a
//! partition; docs/operations.md says what they do in AWS. It is one process, which a flood of one connection saturates with a few
//! messages a second, so this is the worst that it can be asked. Pages of the quarantine are not asked for: the emulator reads all
//! entries for each of them, some 16 s in this flood, where DynamoDB reads eight short ranges.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};
use weir_tests::local::{Local, bytes, now};

/// How long a reading or an answer may take while somebody floods, on a computer that may be compiling meanwhile.
const SOON: Duration = Duration::from_secs(60);
/// How often the other device sends and the API is asked.
const ROUNDS: usize = 5;

/// A message of sixty values that are all refused: as many entries as one message can cause.
fn worst() -> Vec<u8> {
    let values: Map<String, Value> = (0..60).map(|place| (format!("x{place}"), json!(1))).collect();
    bytes(&json!({"values": values}))
}

#[tokio::test(flavor = "multi_thread")]
async fn while_one_device_floods_the_readings_of_another_arrive_and_the_api_answers() {
    let local = Local::running();
    local.register(&json!({"id": "flood-1", "sensors": [{"code": "ph"}]})).await;
    local.register(&json!({"id": "calm-1", "sensors": [{"code": "ph"}]})).await;
    let api = local.admin().await;
    let (mut hostile, mut calm) = (local.connect("flood-1").await, local.connect("calm-1").await);
    let (over, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let flood = tokio::spawn({
        let (over, sent) = (over.clone(), sent.clone());
        async move {
            // As fast as the broker takes them: each is sent when the one before is acknowledged.
            while !over.load(Ordering::SeqCst) {
                hostile.publish("flood-1/readings", worst()).await.expect("the broker takes it");
                sent.fetch_add(1, Ordering::SeqCst);
            }
        }
    });
    let (mut slowest_reading, mut slowest_answer) = (Duration::ZERO, Duration::ZERO);
    for round in 0..ROUNDS {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (at, began) = (now() - 1_000, Instant::now());
        calm.publish("calm-1/reading/sensor/ph", bytes(&json!({"value": round, "ts": at}))).await.unwrap();
        while !local.readings("calm-1#ph").await.iter().any(|row| row.at == at) {
            assert!(
                began.elapsed() < SOON,
                "reading {round} is not there after {SOON:?}, {sent:?} messages into the flood"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        slowest_reading = slowest_reading.max(began.elapsed());
        for path in ["/devices?limit=5", "/devices/calm-1", "/devices/calm-1/readings/latest", "/problems?limit=5"] {
            // "Temporarily unavailable: retry" is what the API says when the emulator, a single process, takes seconds for a read.
            let began = Instant::now();
            while api.call("GET", path, None).await.expect("the API answers").status != 200 {
                assert!(began.elapsed() < SOON, "{path} took {:?}", began.elapsed());
            }
            slowest_answer = slowest_answer.max(began.elapsed());
        }
    }
    over.store(true, Ordering::SeqCst);
    flood.await.expect("the flood ends");
    let sent = sent.load(Ordering::SeqCst);
    eprintln!("{sent} messages of the flood; slowest reading {slowest_reading:?}, slowest answer {slowest_answer:?}");
    assert!(sent > ROUNDS, "{sent} messages are no flood");
    // Not that the flood was lost on the way: its messages are in quarantine, or will be.
    assert!(!local.quarantine("flood-1/readings").await.is_empty());
}

//! The cost of notices.

use std::sync::Arc;

use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::meter::Meter;
use weir_tests::pump::stream_record;

use super::{ANN, Over, World, function};

#[tokio::test]
async fn a_problem_nobody_subscribed_to_costs_one_read_and_one_that_is_told_what_the_page_of_costs_says() {
    let mut world = World::new().await;
    let meter = Arc::new(Meter::default());
    let over = Over { client: world.alert.engine.client_over(meter.clone()), ..world.over() };
    let notify = function(&over, world.alert.functions.clock.clone());
    world.later(60);
    world.judged(3.0).await;
    let record = stream_record("1", json!({"problem_id": {"S": "buoy-01:do:low-oxygen"}}));
    let batch = json!({"Records": [record, stream_record("2", json!({"problem_id": {"S": "0102"}}))]});
    notify.answer(batch.clone()).await.unwrap();
    let cost = meter.take();
    assert_eq!(cost.keys().collect::<Vec<_>>(), ["subscriptions"], "{cost:?}");
    assert_eq!((meter.reads(), cost["subscriptions"].requests), (1, 1));
    // Subscriptions of other devices add nothing but their rows, 300 bytes each.
    for _ in 0..5 {
        world.subscribe(ANN, &json!({"filter": {"devices": ["buoy-02"]}, "channel": {"email": {}}})).await;
    }
    let alone = json!({"Records": [stream_record("1", json!({"problem_id": {"S": "buoy-01:do:low-oxygen"}}))]});
    notify.answer(alone.clone()).await.unwrap();
    let cost = meter.take();
    assert_eq!((cost.len(), cost["subscriptions"].requests, cost["subscriptions"].read), (1, 1, 0.5));
    // The schedule, while nothing is due: the bill, crates/tooling/bill/usage.toml.
    notify.answer(weir_tests::events::event("notify", "sweep")).await.unwrap();
    let cost = meter.take();
    let (written, read) = cost.values().fold((0.0, 0.0), |(w, r), cost| (w + cost.written, r + cost.read));
    assert!(written == 0.0 && read <= 8.0, "{cost:?}");
    // One webhook.
    world.later(60);
    world.judged(9.0).await;
    world.later(60);
    world.subscribe(2, &world.hook()).await;
    world.later(60);
    world.judged(3.0).await;
    meter.take();
    notify.answer(alone).await.unwrap();
    assert_eq!(world.told(), ["opened"]);
    let cost = meter.take();
    let (written, read) = cost.values().fold((0.0, 0.0), |(w, r), cost| (w + cost.written, r + cost.read));
    // The figures of docs/costs-and-figures.md.
    assert_eq!((written, read), (WRITTEN, READ), "{cost:?}");
}

/// Write units of one notice by webhook.
const WRITTEN: f64 = 21.0;
/// Read units of it.
const READ: f64 = 7.0;

//! Readings in Timestream, which has no stream.

use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::timestream_query::{Recording, rows};

use super::{USER, World, event, of_type};

#[tokio::test]
async fn a_snapshot_says_that_no_readings_follow_and_levels_do() {
    let world = World::new().await;
    world.open("c1", USER).await;
    // As many as there are questions: some for each sensor, and the state is looked at twice.
    let timestream = Recording::of(vec![rows(&[("sensor", "VARCHAR")], &[]); 100]).await;
    let live = world.live_over(&world.engine.client(), timestream.history());
    let body = json!({"action": "subscribe", "topics": ["device/buoy-01", "tube/2"]}).to_string();
    live.answer(event("$default", "c1", json!({"body": body}))).await.unwrap();
    let told = world.gateway.messages("c1");
    let said: Vec<_> =
        of_type(&told, "snapshot").iter().map(|told| (told["topic"].clone(), told["live"].clone())).collect();
    assert_eq!(said, [(json!("device/buoy-01"), json!(false)), (json!("tube/2"), json!(true))], "{told:?}");
    // The same over DynamoDB.
    let told = world.subscribe("c1", &["device/buoy-01"]).await;
    assert_eq!(of_type(&told, "snapshot")[0]["live"], json!(true));
}

//! Alerts that are tried on stored readings.

use serde_json::{Value, json};
use weir_runtime::Function as _;

use super::{SIX, World, reading};
use crate::http::ask::{Ask, body, status};

/// What trying an alert on the acidity of `buoy-01` answers.
async fn tried(world: &World, alert: &Value, from: &Value, to: &str) -> Value {
    let asked = json!({"alert": alert, "from": from, "to": to});
    let ask = Ask::new("POST", "/devices/buoy-01/sensors/ph/alerts/try").user("buoy-01").json(&asked);
    let answer = world.function().answer(ask.event()).await.unwrap();
    assert_eq!(status(&answer), 200, "{answer}");
    body(&answer)
}

#[tokio::test]
async fn an_alert_is_tried_on_the_readings_of_a_span_alone() {
    let world = World::new().await;
    // 7 at six, an eighth more with each minute until 10.
    let high = json!({"id": "high", "above": 8, "clear": 7.5, "for": 2});
    let answer = tried(&world, &high, &json!("2026-11-20T06:00:00Z"), "2026-11-20T07:00:00Z").await;
    assert_eq!((&answer["readings"], &answer["complete"]), (&json!(25), &json!(true)));
    let episode = json!({
        "began": "2026-11-20T06:09:00.000Z", "opened": "2026-11-20T06:10:00.000Z", "value": 8.25, "limit": 8.0,
    });
    assert_eq!(answer["episodes"], json!([episode]));
    let before = tried(&world, &high, &json!("2026-11-20T06:00:00Z"), "2026-11-20T06:10:00Z").await;
    assert_eq!((&before["readings"], &before["episodes"]), (&json!(10), &json!([])), "it opens at the end of the span");
}

#[tokio::test]
async fn a_long_span_is_tried_in_parts() {
    let world = World::new().await;
    // The evening before, one each second; the value is too high for ten seconds of each thousand.
    let value = |second: i64| if second % 1_000 < 10 { 9.0 } else { 7.0 };
    let all: Vec<_> = (0..20_005)
        .map(|second| reading("buoy-01", "ph", SIX.plus_seconds(second - 30_000), value(second), "pH"))
        .collect();
    world.write(&all).await;
    let high = json!({"id": "high", "above": 8});
    let first = tried(&world, &high, &json!("2026-11-19T21:40:00Z"), "2026-11-20T06:00:00Z").await;
    assert_eq!((&first["readings"], &first["complete"]), (&json!(20_000), &json!(false)));
    assert_eq!(first["episodes"].as_array().unwrap().len(), 20);
    assert_eq!(first["to"], json!("2026-11-20T03:13:20.000Z"), "the instant of the next reading");
    let rest = tried(&world, &high, &first["to"], "2026-11-20T06:00:00Z").await;
    assert_eq!((&rest["readings"], &rest["complete"]), (&json!(5), &json!(true)));
    assert_eq!(rest["episodes"][0]["began"], first["to"]);
}

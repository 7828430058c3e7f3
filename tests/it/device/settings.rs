//! Settings over HTTP: delivered, compared with those that the device reports, with entity tags of the shown content.

use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::events::event;

use super::World;
use super::iot::Fate;
use crate::http::ask::{Ask, body, status};

#[tokio::test]
async fn settings_show_the_difference_until_the_device_reports() {
    let world = World::registered().await;
    let desired = json!({"every": 30, "sensors": {"ph": {"gain": 2}}});
    let answer = body(&world.send("set").await);
    assert_eq!(answer, json!({"version": 2, "desired": desired, "delivery": "delivered"}));
    let shown = world.get("/devices/buoy-01/settings").await;
    assert_eq!((&shown["difference"], &shown["reported"]), (&desired, &json!({})));
    world.cloud.report("buoy-01", &json!({"version": 1, "settings": {"every": 30, "firmware": "1.4"}}));
    let shown = world.get("/devices/buoy-01/settings").await;
    assert_eq!(shown["difference"], json!({"sensors": {"ph": {"gain": 2}}}));
    world.cloud.report("buoy-01", &json!({"version": 2, "settings": desired}));
    let shown = world.get("/devices/buoy-01/settings").await;
    assert_eq!(
        (&shown["difference"], &shown["version"], &shown["delivery"]),
        (&json!({}), &json!(2), &json!("delivered"))
    );
}

#[tokio::test]
async fn settings_that_are_accepted_can_be_read_whatever_numbers_they_hold() {
    let world = World::registered().await;
    // As compact JSON just below the limit: written as the double that prints as 1e-23.
    let number = "999999999999999936e-41,";
    let compact = 600 * "1e-23,".len() + r#"{"n":[0],"t":""}"#.len();
    let text = format!(r#"{{"n": [{}0], "t": "{}"}}"#, number.repeat(600), "x".repeat(4_000 - compact));
    let put = Ask::new("PUT", "/devices/buoy-01/settings").user("buoy-01").body("application/json", &text);
    assert_eq!(status(&world.ask(put).await), 200);
    for path in ["/devices/buoy-01", "/devices/buoy-01/settings", "/devices"] {
        world.get(path).await;
    }
    // Nor does a row that breaks a rule of today take its device away.
    let mut row = world.engine.rows("devices").into_iter().find(|row| row["id"] == "buoy-01").unwrap();
    row["settings"] = json!({"a": null, "b": "x".repeat(5_000)}).to_string().into();
    world.engine.put("devices", &row);
    assert_eq!(world.get("/devices/buoy-01").await["settings"], json!({"b": "x".repeat(5_000)}));
    let mended = Ask::new("PUT", "/devices/buoy-01/settings").admin().json(&json!({"every": 1}));
    assert_eq!(status(&world.ask(mended).await), 200);
}

#[tokio::test]
async fn the_tag_of_settings_changes_with_what_is_shown() {
    let world = World::registered().await;
    let get = || Ask::new("GET", "/devices/buoy-01/settings").admin();
    let first = world.ask(get()).await;
    let tag = first["headers"]["etag"].as_str().unwrap().to_owned();
    assert!(tag.starts_with("\"3-"), "{tag}");
    assert_eq!(status(&world.ask(get().header("if-none-match", &tag)).await), 304);
    world.cloud.report("buoy-01", &json!({"settings": {"every": 60}}));
    assert_eq!(status(&world.ask(get().header("if-none-match", &tag)).await), 200, "the device has reported since");
    let put = |tag: &str| {
        Ask::new("PUT", "/devices/buoy-01/settings").admin().header("if-match", tag).json(&json!({"every": 1}))
    };
    assert_eq!(status(&world.ask(put("\"3-zz\"")).await), 412);
    assert_eq!(status(&world.ask(put(&tag)).await), 200);
    assert_eq!(status(&world.ask(put(&tag)).await), 412);
    assert_eq!(status(&world.ask(put("\"4\"")).await), 200);
}

#[tokio::test]
async fn settings_are_written_while_aws_iot_is_down_and_seen() {
    let world = World::registered().await;
    world.cloud.next("Publish", Fate::Lost);
    assert_eq!(body(&world.send("set").await)["delivery"], "pending");
    world.cloud.next("GetThingShadow", Fate::Refused(503));
    let shown = world.get("/devices/buoy-01/settings").await;
    assert_eq!(
        (&shown["desired"]["every"], &shown["delivery"], shown.get("reported")),
        (&json!(30), &json!("pending"), None)
    );
    world.later(31);
    world.function().answer(event("device", "sweep")).await.unwrap();
    assert_eq!(world.get("/devices/buoy-01/settings").await["delivery"], "delivered");
}

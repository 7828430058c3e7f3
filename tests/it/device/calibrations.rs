//! Calibrations over HTTP: a history that only grows, and the applicable version.

use std::sync::Arc;
use weir_runtime::Function as _;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use weir_tests::events::event;
use weir_tests::wire::{Answer, Request, Wire, answer};

use super::{NOW, World};
use crate::http::ask::{Ask, body, status};

#[tokio::test]
async fn calibrations_are_a_history_and_the_one_in_force_is_shown() {
    let world = World::registered().await;
    let path = "/devices/buoy-01/sensors/ph/calibrations";
    let versions = |page: &Value| -> Vec<u64> {
        page["items"].as_array().unwrap().iter().map(|item| item["version"].as_u64().unwrap()).collect()
    };
    assert_eq!(versions(&world.get(path).await), [2, 1]);
    let added = world.send("calibrate.linear").await;
    assert_eq!(added["headers"]["etag"], "\"4\"");
    assert_eq!(
        body(&added),
        json!({"version": 3, "valid_from": "2026-11-20T06:00:00.000Z", "model": "linear", "slope": 0.5, "intercept": 1.0,
            "round": 2, "clamp": [0.0, 14.0], "valid": [0.0, 14.0], "by": "ann@example.com",
            "at": "2026-11-20T06:24:44.123Z", "note": "after cleaning"})
    );
    world.send("calibrate.in-the-past").await;
    world.send("calibrate.in-the-future").await;
    let page = world.get(path).await;
    assert_eq!(versions(&page), [5, 3, 2, 1, 4], "by the beginning, newest first");
    let sensor = world.get("/devices/buoy-01/sensors/ph").await;
    assert_eq!(sensor["calibration"]["version"], 3, "the one set ahead is not in force yet");
    let first = world.send("calibrations.page").await;
    assert_eq!(versions(&body(&first)), [5]);
    assert_eq!(versions(&body(&world.send("calibrations.next").await)), [4], "it begins after version 1");
    // When its time comes it is shown, and "not modified" is not said of what has changed.
    let get = || Ask::new("GET", "/devices/buoy-01/sensors/ph").admin().header("if-none-match", "\"6\"");
    assert_eq!(status(&world.ask(get()).await), 200);
    world.clock.set(weir_core::domain::Timestamp::from_millis(1_900_000_000_000));
    assert_eq!(body(&world.ask(get()).await)["calibration"]["version"], 5);
}

#[tokio::test]
async fn what_was_read_can_be_written_back_by_whoever_writes_whole_numbers_without_a_point() {
    let world = World::registered().await;
    world.send("calibrate.linear").await;
    for path in ["/devices/buoy-01", "/devices/buoy-01/sensors/ph"] {
        let read = world.get(path).await.to_string();
        let written = read.replace(".0,", ",").replace(".0]", "]").replace(".0}", "}");
        assert!(written.len() < read.len(), "{read}");
        let back = world.ask(Ask::new("PUT", path).admin().body("application/json", &written)).await;
        assert_eq!(status(&back), 200, "{back}");
        let other = read.replace("14.0", "14.5");
        let refused = world.ask(Ask::new("PUT", "/devices/buoy-01").admin().body("application/json", &other)).await;
        assert_eq!(status(&refused), 422, "{refused}");
    }
}

#[tokio::test]
async fn calibrations_entered_at_once_get_numbers_of_their_own() {
    let world = Arc::new(World::registered().await);
    let entry = || {
        let world = Arc::clone(&world);
        tokio::spawn(async move { body(&world.send("calibrate.identity").await)["version"].as_u64().unwrap() })
    };
    let mut versions = Vec::new();
    for entry in (0..10).map(|_| entry()).collect::<Vec<_>>() {
        versions.push(entry.await.unwrap());
    }
    versions.sort();
    assert_eq!(versions, (3..=12).collect::<Vec<_>>());
    assert_eq!(world.engine.rows("calibrations").len(), 13, "with the one of the device that is gone");
}

/// Cancels every transaction for this reason.
#[derive(Debug)]
struct Cancelling(&'static str);

impl Wire for Cancelling {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        if request.operation() != "TransactWriteItems" {
            return Box::pin(request.deliver());
        }
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        let message =
            format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}, None]", self.0);
        let reasons = json!([{"Code": self.0, "Message": "x"}, {"Code": "None"}]);
        let refused = answer(400, &json!({"__type": kind, "message": message, "CancellationReasons": reasons}));
        Box::pin(async { refused })
    }
}

#[tokio::test]
async fn a_table_that_is_too_busy_for_a_transaction_is_told_with_when_to_ask_again() {
    let world = World::registered().await;
    for (reason, expected) in
        [("ThrottlingError", 503), ("ProvisionedThroughputExceeded", 503), ("ValidationError", 500)]
    {
        let function = world.function_over(Arc::new(Cancelling(reason)));
        let answer = function.answer(event("device", "calibrate.identity")).await.unwrap();
        assert_eq!((status(&answer), answer["headers"].get("retry-after").is_some()), (expected, expected == 503));
    }
}

#[tokio::test]
async fn a_sensor_made_anew_finds_its_calibrations() {
    let world = World::registered().await;
    world.send("delete-sensor").await;
    assert_eq!(status(&world.ask(Ask::new("GET", "/devices/buoy-01/sensors/ph/calibrations").admin()).await), 404);
    let again = world.ask(Ask::new("PUT", "/devices/buoy-01/sensors/ph").admin().json(&json!({}))).await;
    assert_eq!((status(&again), &body(&again)["calibration"]["version"]), (201, &json!(2)));
    assert_eq!(body(&world.send("calibrate.identity").await)["version"], 3);
}

/// Adds a calibration that is valid from so many seconds from now on; the status, and the field that was refused.
async fn calibrate(world: &World, sensor: &str, seconds: i64, mut model: Value) -> (u16, Value) {
    model["valid_from"] = weir_core::wire::time::text(NOW.plus_seconds(seconds)).into();
    let path = format!("/devices/air-01/sensors/{sensor}/calibrations");
    let answer = world.ask(Ask::new("POST", &path).admin().json(&model)).await;
    (status(&answer), body(&answer)["errors"][0]["pointer"].clone())
}

fn made_of(input: &str) -> Value {
    json!({"model": "expression", "formula": "x + i", "inputs": {"i": input}})
}

#[tokio::test]
async fn no_formula_is_made_of_itself_by_a_version_that_ends_or_begins_later() {
    // `pm25` is made of `hum`: until tomorrow, then of `tmp` for a day.
    let world = World::with_formula().await;
    let identity = || json!({"model": "identity"});
    assert_eq!(calibrate(&world, "pm25", 86_400, made_of("tmp")).await.0, 201);
    assert_eq!(calibrate(&world, "pm25", 172_800, identity()).await.0, 201);
    let circle = || (422, json!("/inputs/i"));
    assert_eq!(calibrate(&world, "hum", 0, made_of("pm25")).await, circle(), "today");
    assert_eq!(calibrate(&world, "tmp", 0, made_of("pm25")).await, circle(), "tomorrow");
    assert_eq!(calibrate(&world, "tmp", 86_400, made_of("pm25")).await, circle(), "from tomorrow on");
    assert_eq!(calibrate(&world, "hum", -86_400, made_of("pm25")).await, circle(), "in the past");
    // Over two sensors, none of whose versions make a circle by themselves.
    assert_eq!(calibrate(&world, "hum", 43_200, made_of("pm10")).await.0, 201);
    assert_eq!(calibrate(&world, "pm10", 43_200, made_of("pm25")).await, circle());
    // What the sensor was made of before it begins does not matter.
    assert_eq!(calibrate(&world, "tmp", 172_800, made_of("pm25")).await.0, 201);
    // Nor can a sensor go that only a version in between needs.
    let gone = world.ask(Ask::new("DELETE", "/devices/air-01/sensors/tmp").admin()).await;
    assert_eq!(status(&gone), 409, "{gone}");
}

#[tokio::test]
async fn a_sensor_comes_back_only_when_the_formula_it_had_finds_its_inputs() {
    let world = World::with_formula().await;
    let sensor = async |method: &str, code: &str| {
        let ask = Ask::new(method, &format!("/devices/air-01/sensors/{code}")).admin();
        let answer = world.ask(if method == "PUT" { ask.json(&json!({})) } else { ask }).await;
        (status(&answer), answer["body"].as_str().unwrap_or_default().to_owned())
    };
    for code in ["pm25", "hum"] {
        assert_eq!(sensor("DELETE", code).await.0, 204);
    }
    let (refused, error) = sensor("PUT", "pm25").await;
    assert!(refused == 422 && error.contains("the device has no sensor hum"), "{error}");
    for code in ["hum", "pm25"] {
        assert_eq!(sensor("PUT", code).await.0, 201);
    }
    // The same of a whole device.
    world.remove("air-01").await;
    let register = async |codes: &[&str]| {
        let sensors: Vec<_> = codes.iter().map(|code| json!({"code": code})).collect();
        status(
            &world.ask(Ask::new("POST", "/devices").admin().json(&json!({"id": "air-01", "sensors": sensors}))).await,
        )
    };
    assert_eq!((register(&["pm25"]).await, register(&["pm25", "hum"]).await), (422, 201));
}

#[tokio::test]
async fn a_device_with_more_than_a_row_holds_is_refused_in_so_many_words() {
    let world = World::new().await;
    // 40 such tables are as much as a row holds.
    let table = world.create_large("full", 64).await;
    let post = || Ask::new("POST", "/devices/full/sensors/s40/calibrations").admin();
    let answer = world.ask(post().json(&table)).await;
    let error = body(&answer);
    assert_eq!((status(&answer), &error["errors"][0]["pointer"]), (422, &json!("")), "{error}");
    assert!(error["detail"].as_str().unwrap().contains("there is room for 399"), "{error}");
    // What was refused left nothing behind, and what is smaller still fits.
    assert!(world.engine.rows("calibrations").is_empty());
    assert_eq!(status(&world.ask(post().json(&json!({"model": "identity"}))).await), 201);
}

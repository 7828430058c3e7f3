//! `If-Match` and `If-None-Match` on existing and missing resources.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_runtime::Function as _;

use super::{Api, ENTRY, bob, operation, operations};
use crate::device;
use crate::http::ask::{Ask, status};
use crate::people::BOB;

/// Every operation that takes a precondition, on something that exists, with the body that it needs.
fn writes() -> Vec<(&'static str, String, Value)> {
    let none = Value::Null;
    vec![
        ("PUT", "/devices/buoy-01".into(), json!({})),
        ("PATCH", "/devices/buoy-01".into(), json!({"name": "B"})),
        ("DELETE", "/devices/buoy-01".into(), none.clone()),
        ("PUT", "/devices/buoy-01/settings".into(), json!({"every": 5})),
        ("PUT", "/devices/buoy-01/sensors/ph".into(), json!({})),
        ("DELETE", "/devices/buoy-01/sensors/ph".into(), none.clone()),
        ("POST", "/devices/buoy-01/sensors/ph/calibrations".into(), json!({"model": "identity"})),
        ("DELETE", "/devices/dispenser-123/commands/1795155884123".into(), none.clone()),
        ("PATCH", "/problems/0102".into(), json!({"note": "x"})),
        ("DELETE", "/levels/01".into(), none.clone()),
        ("DELETE", format!("/quarantine/{ENTRY}"), none.clone()),
        ("POST", format!("/quarantine/{ENTRY}/replay"), none.clone()),
        ("PUT", bob(), json!({})),
        ("PATCH", bob(), json!({"name": "Rob"})),
        ("DELETE", bob(), none.clone()),
        ("PATCH", "/users/me".into(), json!({"name": "Ann"})),
        ("PATCH", format!("/users/me/subscriptions/{}", crate::subscription::ID), json!({"remind_hours": 2})),
        ("DELETE", format!("/users/me/subscriptions/{}", crate::subscription::ID), none.clone()),
        ("PATCH", format!("/cognito/users/{BOB}"), json!({"devices": "*"})),
        ("DELETE", format!("/cognito/users/{BOB}"), none),
    ]
}

fn ask(method: &str, path: &str, body: &Value) -> Ask {
    let ask = Ask::new(method, path);
    if body.is_null() { ask } else { ask.json(body) }
}

#[test]
fn every_operation_with_a_precondition_is_asked() {
    let conditional = |operation: &Value| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters.into_iter().any(|parameter| parameter["name"] == "If-Match")
    };
    let asked: BTreeSet<_> = writes().iter().map(|(method, path, _)| operation(method, path)).collect();
    // Reads honour them as well.
    let writes = operations(conditional).into_iter().filter(|operation| !operation.starts_with("GET "));
    assert_eq!(asked, writes.collect());
}

#[tokio::test]
async fn what_exists_is_not_changed_by_who_expects_nothing() {
    let mut api = Api::default();
    let mut wrong = Vec::new();
    for (method, path, body) in writes() {
        for (header, value, expected) in [
            ("if-none-match", "*", 412),
            ("if-none-match", "\"not-its-tag\"", 0),
            ("if-match", "*", 0),
            ("if-match", "\"not-its-tag\"", 412),
            ("if-match", "W/\"1\", W/\"2\", W/\"3\", W/\"4\", W/\"5\"", 412),
            ("if-none-match", "no tag", 400),
            ("if-match", "no tag", 400),
        ] {
            let answer = api.answer(ask(method, &path, &body).header(header, value)).await;
            let code = status(&answer);
            let right = if expected == 0 { code < 300 } else { code == expected };
            if !right {
                wrong.push(format!("{method} {path} {header}: {value}: {answer}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_tag_is_compared_as_characters() {
    // The device is in its third version.
    for (header, value, expected) in [
        ("if-match", "\"3\"", 200),
        ("if-match", "\"03\"", 412),
        ("if-match", "\"+3\"", 412),
        ("if-match", "\"3 \"", 412),
        ("if-match", "W/\"3\"", 412),
        ("if-match", "\"1\", \"3\"", 200),
        ("if-match", "\"1\",\"2\"", 412),
        ("if-match", "W/\"3\", \"2\"", 412),
        ("if-match", "\"a,b\" , \"3\"", 200),
        ("if-match", "\"3-0123456789abcdef\"", 412),
        ("if-match", "*", 200),
        ("if-match", "*, \"3\"", 400),
        ("if-match", "3", 400),
        ("if-match", "\"3", 400),
        ("if-match", "w/\"3\"", 400),
        ("if-match", "", 412),
        ("if-none-match", "", 200),
        ("if-none-match", "\"3\"", 412),
        ("if-none-match", "W/\"3\"", 412),
        ("if-none-match", "\"1\", \"3\"", 412),
        ("if-none-match", "\"03\"", 200),
        ("if-none-match", "\"2\"", 200),
    ] {
        let world = device::World::registered().await;
        let before = world.read("buoy-01").await;
        let ask = Ask::new("PATCH", "/devices/buoy-01").json(&json!({"name": "B"})).header(header, value).admin();
        let answer = world.function().answer(ask.event()).await.unwrap();
        assert_eq!(status(&answer), expected, "{header}: {value}: {answer}");
        assert_eq!(world.read("buoy-01").await == before, expected != 200, "{header}: {value}");
    }
}

#[tokio::test]
async fn the_tag_of_the_settings_is_a_version_and_a_hash() {
    let mut api = Api::default();
    for (header, value, expected) in [
        ("if-match", "\"3\"", 200),
        ("if-match", "\"3-0123456789abcdef\"", 200),
        ("if-match", "\"1\", \"3-0123456789abcdef\"", 200),
        ("if-match", "W/\"3-0123456789abcdef\"", 412),
        ("if-match", "\"03-0123456789abcdef\"", 412),
        ("if-match", "\"3-xyz\"", 412),
        ("if-none-match", "\"3-0123456789abcdef\"", 412),
        ("if-none-match", "*", 412),
        ("if-none-match", "\"2-0123456789abcdef\"", 200),
    ] {
        let ask = Ask::new("PUT", "/devices/buoy-01/settings").json(&json!({"every": 5})).header(header, value);
        let answer = api.answer(ask).await;
        assert_eq!(status(&answer), expected, "{header}: {value}: {answer}");
    }
}

#[tokio::test]
async fn a_sensor_is_created_only_if_there_is_none() {
    let mut api = Api::default();
    for (code, header, value, expected) in [
        ("new", "if-none-match", "*", 201),
        ("ph", "if-none-match", "*", 412),
        // There is nothing yet that could have a tag, except the device.
        ("new", "if-match", "*", 412),
        ("new", "if-match", "\"3\"", 201),
        ("new", "if-match", "\"2\"", 412),
        ("new", "if-none-match", "\"2\"", 201),
    ] {
        let path = format!("/devices/buoy-01/sensors/{code}");
        let answer = api.answer(Ask::new("PUT", &path).json(&json!({})).header(header, value)).await;
        assert_eq!(status(&answer), expected, "{code} {header}: {value}: {answer}");
    }
}

#[tokio::test]
async fn a_read_honours_both_headers() {
    let mut api = Api::default();
    for (header, value, expected) in [
        ("if-none-match", "\"3\"", 304),
        ("if-none-match", "W/\"3\"", 304),
        ("if-none-match", "*", 304),
        ("if-none-match", "\"03\"", 200),
        // What cannot be read is ignored: the answer is whole, as without the header.
        ("if-none-match", "no tag", 200),
        ("if-match", "\"3\"", 200),
        ("if-match", "*", 200),
        ("if-match", "\"2\"", 412),
        ("if-match", "W/\"3\"", 412),
    ] {
        for path in ["/devices/buoy-02", "/devices/buoy-01/settings"] {
            let version = if path.ends_with("settings") { "3" } else { "1" };
            let value = value.replace('3', version);
            // The tag of the settings has a hash behind the version, which a read does not leave out.
            if path.ends_with("settings") && value.contains(version) && expected != 412 {
                continue;
            }
            let answer = api.answer(Ask::new("GET", path).header(header, &value)).await;
            assert_eq!(status(&answer), expected, "{path} {header}: {value}: {answer}");
        }
    }
}

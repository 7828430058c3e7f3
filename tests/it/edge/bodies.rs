//! Unusual bodies: encoded, with a byte-order mark, or with a duplicate field.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Api, ENTRY, bob, operation, operations};
use crate::http::ask::{Ask, body, status};
use crate::people::{ANN, BOB};

const FORMULA: &str = r#"{"model": "linear", "slope": 2, "intercept": 0}"#;

/// Every operation that takes a body, with one that it accepts; its first field has the value behind it.
fn requests() -> Vec<(&'static str, String, String)> {
    let request = |method, path: &str, body: &str| (method, path.to_owned(), body.to_owned());
    vec![
        request("POST", "/devices", r#"{"id": "new-01", "name": "N"}"#),
        request("PUT", "/devices/buoy-01", r#"{"name": "N"}"#),
        request("PATCH", "/devices/buoy-01", r#"{"name": "N"}"#),
        request("PUT", "/devices/buoy-01/settings", r#"{"every": 5}"#),
        request("PUT", "/devices/buoy-01/sensors/ph", r#"{"name": "N"}"#),
        request("POST", "/devices/buoy-01/sensors/ph/calibrations", FORMULA),
        request("POST", "/devices/b/sensors/ph/calibrations/fit", r#"{"model": "linear", "points": [[0, 0], [1, 1]]}"#),
        request(
            "POST",
            "/devices/b/sensors/ph/recalculate",
            r#"{"from": "2026-11-01T00:00:00Z", "to": "2026-11-02T00:00:00Z"}"#,
        ),
        request("POST", "/devices/buoy-01/sensors/ph/alerts/try", r#"{"alert": {"id": "a", "above": 1}}"#),
        request("POST", "/devices/dispenser-123/commands", r#"{"name": "dispense"}"#),
        request("POST", "/fleet/serials", r#"{"serial": "SN-0010", "device_id": "board-0010"}"#),
        request(
            "POST",
            "/fleet/firmware",
            &format!(r#"{{"version": "3.0.0", "sha256": "{}", "size": 5}}"#, "a".repeat(64)),
        ),
        request("POST", "/fleet/jobs", r#"{"firmware": "1.4.2", "target": "all"}"#),
        request("POST", "/users/me/devices", &format!(r#"{{"claim_code": "{}"}}"#, crate::people::claims::CODE)),
        request("PATCH", "/problems/0102", r#"{"note": "x"}"#),
        request("POST", "/problems/changes", r#"{"problem_ids": ["0102"], "note": "x"}"#),
        request("POST", "/quarantine/replay", r#"{"limit": 1}"#),
        request("POST", "/users", &format!(r#"{{"sub": "{ANN}"}}"#)),
        request("PUT", &bob(), r#"{"name": "N"}"#),
        request("PATCH", &bob(), r#"{"name": "N"}"#),
        request("PATCH", "/users/me", r#"{"name": "N"}"#),
        request("POST", "/users/me/subscriptions", r#"{"channel": {"email": {}}}"#),
        request("PATCH", &format!("/users/me/subscriptions/{}", crate::subscription::ID), r#"{"remind_hours": 2}"#),
        request("POST", "/cognito/users", r#"{"email": "new@example.com", "role": "user"}"#),
        request("PATCH", &format!("/cognito/users/{BOB}"), r#"{"devices": "*"}"#),
    ]
}

#[test]
fn every_operation_with_a_body_is_asked() {
    let asked: BTreeSet<_> = requests().iter().map(|(method, path, _)| operation(method, path)).collect();
    assert_eq!(asked, operations(|operation| operation.get("requestBody").is_some()));
}

fn ask(method: &str, path: &str, body: &str) -> Ask {
    Ask::new(method, path).body("application/json", body)
}

#[tokio::test]
async fn a_body_is_accepted_as_it_is_and_with_a_byte_order_mark() {
    let mut api = Api::default();
    for (method, path, body) in requests() {
        for body in [body.clone(), format!("\u{feff}{body}"), format!("\u{feff} {body}")] {
            let answer = api.answer(ask(method, &path, &body)).await;
            assert!(status(&answer) < 300, "{method} {path} {body}: {answer}");
        }
        // Only one, and only in front.
        for body in [format!("\u{feff}\u{feff}{body}"), format!("{body}\u{feff}")] {
            assert_eq!(status(&api.answer(ask(method, &path, &body)).await), 400, "{method} {path} {body}");
        }
    }
}

#[tokio::test]
async fn a_field_that_is_given_twice_is_named() {
    let mut api = Api::default();
    for (method, path, whole) in requests() {
        let fields: Value = serde_json::from_str(&whole).unwrap();
        let (name, value) = fields.as_object().unwrap().iter().next().unwrap();
        let twice = format!("{{\"{name}\": {value}, {}", whole.strip_prefix('{').unwrap());
        let answer = api.answer(ask(method, &path, &twice)).await;
        assert_eq!(status(&answer), 422, "{method} {path} {twice}: {answer}");
        let named = json!([{"pointer": format!("/{name}"), "detail": "is given twice"}]);
        assert_eq!(body(&answer)["errors"], named, "{method} {path} {twice}");
    }
}

#[tokio::test]
async fn a_field_that_is_given_twice_is_named_at_any_depth() {
    let mut api = Api::default();
    for (method, path, body, pointer) in [
        ("POST", "/devices/buoy-01/sensors/ph/calibrations", r#"{"model":"linear","slope":1,"slope":2}"#, "/slope"),
        (
            "POST",
            "/devices/buoy-01/sensors/ph/calibrations",
            r#"{"model":"chain","steps":[{"model":"linear","slope":1,"intercept":0,"intercept":1}]}"#,
            "/steps/0/intercept",
        ),
        (
            "PATCH",
            "/devices/buoy-01",
            r#"{"location":{"latitude":1,"longitude":2,"latitude":3}}"#,
            "/location/latitude",
        ),
        ("PATCH", "/devices/buoy-01", r#"{"settings":{"a":{"b":null,"b":1}}}"#, "/settings/a/b"),
        (
            "PUT",
            "/devices/buoy-01",
            r#"{"sensors":[{"code":"ph"},{"code":"do","unit":"a","unit":"b"}]}"#,
            "/sensors/1/unit",
        ),
        ("PUT", "/devices/buoy-01/settings", r#"{"a":[{"b":1,"\u0062":2}]}"#, "/a/0/b"),
        ("PATCH", "/users/me", r#"{"preferences":{"theme":"dark","theme":"light"}}"#, "/preferences/theme"),
    ] {
        assert_eq!(
            api.refused(ask(method, path, body)).await,
            (422, vec![pointer.to_owned()]),
            "{method} {path} {body}"
        );
    }
}

#[tokio::test]
async fn an_encoded_body_is_415_and_names_the_header() {
    let mut api = Api::default();
    for (method, path, whole) in requests() {
        for encoding in ["gzip", "br", "deflate", "identity, gzip", "GZIP", "x-custom"] {
            let answer = api.answer(ask(method, &path, &whole).header("content-encoding", encoding)).await;
            assert_eq!(status(&answer), 415, "{method} {path} {encoding}: {answer}");
            let detail = body(&answer)["detail"].as_str().unwrap().to_owned();
            assert!(detail.contains("Content-Encoding"), "{detail}");
        }
        for encoding in ["identity", "Identity", "", "identity, identity"] {
            let answer = api.answer(ask(method, &path, &whole).header("content-encoding", encoding)).await;
            assert!(status(&answer) < 300, "{method} {path} {encoding}: {answer}");
        }
        let answer = api.answer(Ask::new(method, &path).body("text/plain", &whole)).await;
        assert_eq!(status(&answer), 415, "{method} {path}: {answer}");
        assert!(body(&answer)["detail"].as_str().unwrap().contains("Content-Type"), "{answer}");
    }
}

#[tokio::test]
async fn a_compressed_body_is_415_although_it_is_no_json() {
    let mut event = ask("PATCH", "/devices/buoy-01", "").header("content-encoding", "gzip").admin().event();
    // gzip of `{"name": "a"}`, as API Gateway hands over what is no text.
    event["body"] = json!("H4sIAAAAAAAAA6tWykvMTVWyUlBKVKoFAGgZbtwNAAAA");
    event["isBase64Encoded"] = json!(true);
    let world = crate::device::World::registered().await;
    let answer = weir_runtime::Function::answer(&world.function(), event).await.unwrap();
    assert_eq!(status(&answer), 415, "{answer}");
}

#[tokio::test]
async fn a_replay_of_one_entry_needs_no_body() {
    let mut api = Api::default();
    let answer = api.answer(Ask::new("POST", &format!("/quarantine/{ENTRY}/replay"))).await;
    assert_eq!(status(&answer), 200, "{answer}");
}

//! Control characters in texts.

use super::{Api, bob};
use crate::http::ask::Ask;

/// Every text for people in a body: the request up to the text, what follows it, and its pointer.
const TEXTS: [(&str, &str, &str, &str, &str, Lines); 21] = [
    ("POST", "/devices", r#"{"id":"new","name":""#, r#""}"#, "/name", Lines::One),
    ("POST", "/devices", r#"{"id":"new","description":""#, r#""}"#, "/description", Lines::Many),
    ("PUT", "/devices/buoy-01", r#"{"sensors":[{"code":"ph","name":""#, r#""}]}"#, "/sensors/0/name", Lines::One),
    ("PUT", "/devices/buoy-01", r#"{"sensors":[{"code":"ph","unit":""#, r#""}]}"#, "/sensors/0/unit", Lines::One),
    ("PATCH", "/devices/buoy-01", r#"{"name":""#, r#""}"#, "/name", Lines::One),
    ("PATCH", "/devices/buoy-01", r#"{"description":""#, r#""}"#, "/description", Lines::Many),
    ("PUT", "/devices/buoy-01/sensors/ph", r#"{"name":""#, r#""}"#, "/name", Lines::One),
    ("PUT", "/devices/buoy-01/sensors/ph", r#"{"unit":""#, r#""}"#, "/unit", Lines::One),
    (
        "POST",
        "/devices/buoy-01/sensors/ph/calibrations",
        r#"{"model":"identity","note":""#,
        r#""}"#,
        "/note",
        Lines::Many,
    ),
    ("POST", "/fleet/serials", r#"{"serial":"S","template":{"name":""#, r#""}}"#, "/template/name", Lines::One),
    ("PATCH", "/problems/0102", r#"{"note":"a"#, r#"b"}"#, "/note", Lines::Many),
    ("POST", "/problems/changes", r#"{"problem_ids":["0102"],"note":"a"#, r#"b"}"#, "/note", Lines::Many),
    ("PUT", "bob", r#"{"name":""#, r#""}"#, "/name", Lines::One),
    ("PUT", "bob", r#"{"organisation":""#, r#""}"#, "/organisation", Lines::One),
    ("PATCH", "bob", r#"{"name":""#, r#""}"#, "/name", Lines::One),
    ("PATCH", "/users/me", r#"{"name":""#, r#""}"#, "/name", Lines::One),
    ("PATCH", "/users/me", r#"{"organisation":""#, r#""}"#, "/organisation", Lines::One),
    (
        "POST",
        "/cognito/users",
        r#"{"email":"new@example.com","role":"user","profile":{"name":""#,
        r#""}}"#,
        "/profile/name",
        Lines::One,
    ),
    ("POST", "/devices/dispenser-123/commands", r#"{"name":"x","args":{""#, r#"":1}}"#, "/args/", Lines::One),
    ("PUT", "/devices/buoy-01/settings", r#"{"a":1,""#, r#"":1}"#, "/", Lines::One),
    ("PATCH", "/users/me", r#"{"preferences":{""#, r#"":1}}"#, "/preferences/", Lines::One),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Many,
}

#[tokio::test]
async fn a_control_character_is_refused_in_every_text() {
    let mut api = Api::default();
    let mut wrong = Vec::new();
    for (method, path, before, after, pointer, lines) in TEXTS {
        let path = if path == "bob" { bob() } else { path.to_owned() };
        for (text, break_only) in [
            ("x", None),
            ("\\u0000", Some(false)),
            ("a\\u0000b\\u001b[2J", Some(false)),
            ("\\u007f", Some(false)),
            ("\\u009b", Some(false)),
            ("a\\nb", Some(true)),
            ("a\\tb", Some(true)),
        ] {
            let fits = match break_only {
                None => true,
                Some(break_only) => break_only && lines == Lines::Many,
            };
            let ask = Ask::new(method, &path).body("application/json", &format!("{before}{text}{after}"));
            let (code, named) = api.refused(ask).await;
            // A name of a setting is in the pointer itself.
            let right = if fits {
                code < 300
            } else {
                code == 422 && named.len() == 1 && named.iter().all(|named| named.starts_with(pointer))
            };
            if !right {
                wrong.push(format!("{method} {path} {pointer} {text}: {code} {named:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

//! Recorded requests with their expected responses.

use serde_json::Value;

use super::ask::{body, status};

/// The event, the status, the kind of the error if any, and the pointers or parameters in it.
pub type Expected = (&'static str, u16, &'static str, &'static [&'static str]);

/// How the response to the event differs from the expected one.
pub fn wrong((name, expected, kind, fields): &Expected, answer: &Value) -> Option<String> {
    let told = |what: &str| Some(format!("{name}: {what}: {answer}"));
    if status(answer) != *expected {
        return told(&format!("{expected} expected"));
    }
    if *expected < 400 {
        return None;
    }
    let error = body(answer);
    if error["type"] != format!("urn:weir:problem:{kind}") {
        return told(&format!("{kind} expected"));
    }
    let text = |error: &Value| error["pointer"].as_str().or(error["parameter"].as_str()).unwrap_or_default().to_owned();
    let named: Vec<String> = error["errors"].as_array().into_iter().flatten().map(text).collect();
    if named != *fields { told(&format!("{fields:?} expected")) } else { None }
}

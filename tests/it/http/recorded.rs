//! Recorded requests: what each is to be answered with.

use serde_json::Value;

use super::ask::{body, status};

/// The event, the status, for a refusal the kind, and the pointers or parameters it names.
pub type Expected = (&'static str, u16, &'static str, &'static [&'static str]);

/// What is wrong with the answer of a function to the event.
pub fn wrong((name, expected, kind, fields): &Expected, answer: &Value) -> Option<String> {
    let told = |what: &str| Some(format!("{name}: {what}: {answer}"));
    if status(answer) != *expected {
        return told(&format!("{expected} expected"));
    }
    if *expected < 400 {
        return None;
    }
    let problem = body(answer);
    if problem["type"] != format!("urn:weir:problem:{kind}") {
        return told(&format!("{kind} expected"));
    }
    let text = |error: &Value| error["pointer"].as_str().or(error["parameter"].as_str()).unwrap_or_default().to_owned();
    let named: Vec<String> = problem["errors"].as_array().into_iter().flatten().map(text).collect();
    if named != *fields { told(&format!("{fields:?} expected")) } else { None }
}

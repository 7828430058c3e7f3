//! Inputs of the targets, made from the recorded events: the initial corpus of libFuzzer, and the inputs of every run of the tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::api::{ROUTES, Route, asks, requests};
use crate::events::{event, names};
use crate::mutate::TOKENS;

/// The inputs of a target: `message`, `record`, `request` or `formula`.
///
/// # Panics
/// When there is no such target.
pub fn corpus(target: &str) -> Vec<Vec<u8>> {
    let events = |function: &str| names(function).into_iter().map(|name| event(function, &name)).collect::<Vec<_>>();
    match target {
        "message" => {
            let mut all = events("calibration");
            all.extend(events("organizer"));
            all.extend(events("twin"));
            all.iter().filter_map(message).collect()
        }
        "record" => {
            let records = |event: &Value| event["Records"].as_array().cloned().unwrap_or_default();
            events("problem-detector").iter().flat_map(records).map(|record| record.to_string().into_bytes()).collect()
        }
        "request" => requests().filter_map(|route| request(&route)).collect(),
        "formula" => FORMULAS.iter().map(|formula| formula.as_bytes().to_vec()).collect(),
        other => panic!("there is no target {other}"),
    }
}

/// The dictionary of libFuzzer, with one token per line.
pub fn dictionary() -> String {
    let quoted = |token: &&str| {
        let byte = |byte: u8| match byte {
            b'"' | b'\\' => format!("\\{}", char::from(byte)),
            b' '..=b'~' => char::from(byte).to_string(),
            _ => format!("\\x{byte:02X}"),
        };
        format!("\"{}\"\n", token.bytes().map(byte).collect::<String>())
    };
    TOKENS.iter().map(quoted).collect()
}

/// Formulas as people write them, and some that nobody should write.
const FORMULAS: [&str; 10] = [
    "0.524*x - 0.0862*t + 5.75",
    "x",
    "t",
    "-x^2 + 3*x - 1",
    "sqrt(x) / ln(x)",
    "max(x, t) - min(x, t)",
    "sin(x) * cos(t)",
    "((((x))))",
    "1e308 * 1e308 - 1e308 * 1e308",
    "x / (x - x)",
];

fn message(event: &Value) -> Option<Vec<u8>> {
    let payload = STANDARD.decode(event["payload"].as_str()?).ok()?;
    let topic = event["topic"].as_str()?;
    let kind = if topic.ends_with("/documents") {
        4
    } else if topic.contains("/presence/") {
        5
    } else if topic.contains("/reading/") {
        0
    } else if topic.ends_with("/readings") {
        1
    } else if topic.ends_with("/up") {
        3
    } else {
        2
    };
    Some([&[kind], payload.as_slice()].concat())
}

fn request((function, event): &Route) -> Option<Vec<u8>> {
    let place = ROUTES.iter().position(|(name, route)| name == function && asks(route) == asks(event))?;
    let query = event["rawQueryString"].as_str().unwrap_or_default();
    let body = event["body"].as_str().unwrap_or_default();
    Some([&u16::try_from(place).ok()?.to_le_bytes(), query.as_bytes(), b"\n", body.as_bytes()].concat())
}

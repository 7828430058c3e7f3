//! A request for each function that works in any stack: it changes nothing, or has the same effect however often it is repeated.

use serde_json::{Value, json};
use tooling::ask::field;

/// The device of all messages of the smoke tests. It is never registered.
pub const NOBODY: &str = "weir-smoke";

/// A message of an unregistered device; {"value": 1}.
const STRANGER: &str = r#"{"topic": "weir-smoke/reading/sensor/ph", "payload": "eyJ2YWx1ZSI6IDF9", "device_id": "weir-smoke", "received_at": 1767225600000}"#;
/// A report of an invalid level id; {"id": "?", "filling": "0"}.
const NO_LEVEL: &str =
    r#"{"topic": "weir-smoke", "payload": "eyJpZCI6ICI/IiwgImZpbGxpbmciOiAiMCJ9", "received_at": 1767225600000}"#;

/// A connection of an unregistered device; {"timestamp": 1767225600000, "versionNumber": 0}.
const NO_DEVICE: &str = r#"{"topic": "$aws/events/presence/connected/weir-smoke", "payload": "eyJ0aW1lc3RhbXAiOiAxNzY3MjI1NjAwMDAwLCAidmVyc2lvbk51bWJlciI6IDB9", "received_at": 1767225600000}"#;

/// A request for a function.
#[derive(Debug, Clone, PartialEq)]
pub enum Probe {
    /// An event, and the complete expected answer.
    Event(&'static str, Value),
    /// A request without a token that has not passed API Gateway's authorizer; the function has to refuse it itself.
    Request(&'static str, &'static str),
    /// A request to a function that anybody may call, and the expected status.
    Open(&'static str, &'static str, u16),
}

/// The request for the function with this name in the template, without `Function`.
pub fn probe(function: &str) -> Option<Probe> {
    Some(match function {
        "Calibration" => Probe::Event(STRANGER, json!({"stored": 0, "duplicate": 0, "quarantined": 1})),
        "Organizer" => Probe::Event(NO_LEVEL, json!({"outcome": "quarantined"})),
        "ProblemDetector" => Probe::Event(r#"{"Records": []}"#, json!({"batchItemFailures": []})),
        "Alert" => Probe::Event(r#"{"Records": []}"#, json!({"batchItemFailures": []})),
        "Certificate" => Probe::Request("GET", "/devices/weir-smoke/certificates"),
        "Command" => Probe::Request("GET", "/devices/weir-smoke/commands"),
        "Device" => Probe::Request("GET", "/devices"),
        "Health" => Probe::Request("GET", "/system"),
        "Job" => Probe::Request("GET", "/fleet/jobs"),
        "Reading" => Probe::Request("GET", "/devices/weir-smoke/readings/latest"),
        "Recalculation" => Probe::Request("GET", "/devices/weir-smoke/sensors/ph/recalculate/1"),
        "Event" => Probe::Request("GET", "/events"),
        "Twin" => Probe::Event(NO_DEVICE, json!({"outcome": "ignored"})),
        "Flow" => Probe::Request("GET", "/levels"),
        "Live" => Probe::Request("POST", "/live/tickets"),
        "LivePush" => Probe::Event(r#"{"Records": []}"#, json!({"batchItemFailures": []})),
        "Notify" => Probe::Event(r#"{"Records": []}"#, json!({"batchItemFailures": []})),
        "Subscription" => Probe::Request("GET", "/users/me/subscriptions"),
        "Site" => Probe::Open("POST", "/app/", 405),
        "Provision" => Probe::Request("GET", "/fleet/serials"),
        "Quarantine" => Probe::Request("GET", "/quarantine"),
        "User" => Probe::Request("GET", "/users/me"),
        "CognitoGetUsersInfo" => Probe::Request("GET", "/cognito/users"),
        "CognitoGetRole" => Probe::Request("GET", "/cognito/users/weir-smoke/role"),
        // It has no read-only route. A request without a body creates no user, whoever sends it.
        "CognitoAddUpdateDeleteUser" => Probe::Request("POST", "/cognito/users"),
        _ => return None,
    })
}

impl Probe {
    /// The event for invoking the function.
    pub fn event(&self) -> String {
        match self {
            Self::Event(event, _) => (*event).to_owned(),
            Self::Request(method, path) | Self::Open(method, path, _) => request(method, path, "", None).to_string(),
        }
    }

    /// Whether the function's answer is as expected.
    pub fn fits(&self, answer: &Value) -> bool {
        match self {
            Self::Event(_, expected) => answer == expected,
            Self::Open(_, _, status) => field(answer, "statusCode") == *status,
            Self::Request(..) => {
                let kind = answer.pointer("/headers/content-type").and_then(Value::as_str).unwrap_or_default();
                field(answer, "statusCode") == 401 && kind.starts_with("application/problem+json")
            }
        }
    }

    /// The expected answer, in words.
    pub fn expected(&self) -> String {
        match self {
            Self::Event(_, expected) => expected.to_string(),
            Self::Open(method, path, status) => format!("{status} to {method} {path}"),
            Self::Request(method, path) => format!("401 to {method} {path} without a token"),
        }
    }
}

/// A request in the format of API Gateway, by a caller with these claims.
pub fn request(method: &str, path: &str, query: &str, claims: Option<&Value>) -> Value {
    let mut event = json!({
        "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": query,
        "headers": {"accept": "*/*"}, "isBase64Encoded": false,
        "requestContext": {
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "smoke"},
            "requestId": "smoke", "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1_767_225_600_000_i64,
        },
    });
    if let Some(claims) = claims {
        event["requestContext"]["authorizer"] = json!({"jwt": {"claims": claims, "scopes": null}});
    }
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::Template;

    #[test]
    fn every_function_of_the_template_is_named_in_its_outputs_and_asked() {
        let template = Template::read(&crate::root());
        let functions = template.resources("AWS::Serverless::Function");
        assert!(!functions.is_empty());
        for id in functions.keys() {
            assert!(template.section("Outputs").contains_key(&format!("{id}Name")), "{id} is in no output");
            let word = id.strip_suffix("Function").expect("the ids of functions end so");
            assert!(probe(word).is_some(), "nobody knows how to call {id}");
        }
    }

    #[test]
    fn a_function_that_lets_in_whoever_has_no_token_does_not_pass() {
        let asked = Probe::Request("GET", "/devices");
        let refusal = json!({"statusCode": 401, "headers": {"content-type": "application/problem+json"}});
        assert!(asked.fits(&refusal));
        for answer in [json!({"statusCode": 200, "headers": {}}), json!({"statusCode": 401}), Value::Null] {
            assert!(!asked.fits(&answer), "{answer}");
        }
    }
}

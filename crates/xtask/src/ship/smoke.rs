//! `cargo xtask smoke`: is what was deployed alive and joined up? It calls every function and the API with what changes nothing, or
//! the same thing however often: one message of a device that nobody has, which ends in quarantine as one row.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::ask::{Aws, field};
use crate::deploy::Settings;
use crate::place::Place;
use crate::progress::Progress;
use crate::stack::{self, Stack};
use crate::tools::{self, Set};

/// How the outputs end that name functions.
const FUNCTION: &str = "FunctionName";
/// What the API answers to whoever has no token.
const PAGES: [(&str, u64); 2] = [("/openapi.json", 200), ("/devices", 401)];
/// A message of a device that is never registered; {"value": 1}.
const STRANGER: &str = r#"{"topic": "weir-smoke/reading/sensor/ph", "payload": "eyJ2YWx1ZSI6IDF9", "device_id": "weir-smoke", "received_at": 1767225600000}"#;
/// A report of a level id that there is not; {"id": "?", "filling": "0"}.
const NO_LEVEL: &str =
    r#"{"topic": "weir-smoke", "payload": "eyJpZCI6ICI/IiwgImZpbGxpbmciOiAiMCJ9", "received_at": 1767225600000}"#;

/// Tests the stack of an environment; without one, that of the local cloud that `cargo xtask up` runs.
///
/// # Errors
/// When something does not answer as it has to; the message says what.
pub async fn run(environment: Option<&str>, region: Option<&str>) -> Result<ExitCode> {
    let place = Place::of_run("smoke")?;
    let progress = Progress::new();
    tools::install(&place, &[Set::Sam], &progress).await?;
    let (aws, environment) = match (environment, region) {
        (Some(environment), Some(region)) => (Aws::of_the_caller(&place, region), environment),
        _ => {
            let stack = Stack::read(&Place::of_run("up")?.run(stack::FILE))?;
            (Aws::emulated(&place, &stack.endpoint, &stack.region), "local")
        }
    };
    let settings = Settings::of(&place, environment, &[])?;
    check(&aws, &settings.stack, &progress).await?;
    Ok(ExitCode::SUCCESS)
}

/// Tests a stack.
///
/// # Errors
/// As [`run`].
pub async fn check(aws: &Aws, stack: &str, progress: &Progress) -> Result<()> {
    let described = aws.ask("cloudformation", "describe_stacks", &json!({ "StackName": stack })).await?;
    let outputs =
        described.pointer("/Stacks/0/Outputs").and_then(Value::as_array).context("the stack has no outputs")?;
    let text = |output: &Value, key: &str| field(output, key).as_str().unwrap_or_default().to_owned();
    let outputs: BTreeMap<String, String> =
        outputs.iter().map(|output| (text(output, "OutputKey"), text(output, "OutputValue"))).collect();
    let step = progress.step("smoke test");
    let functions: Vec<_> =
        outputs.iter().filter_map(|(key, name)| Some((key.strip_suffix(FUNCTION)?, name))).collect();
    ensure!(!functions.is_empty(), "the stack {stack} names no function in its outputs");
    for (word, name) in &functions {
        step.note(name);
        let probe = probe(word).with_context(|| format!("the smoke test does not know how to call {name}"))?;
        let answer = call(aws, name, &probe.event()).await?;
        ensure!(probe.fits(&answer), "{name} answers {answer}, not {}", probe.expected());
    }
    let api = outputs.get("ApiUrl").with_context(|| format!("the stack {stack} has no output ApiUrl"))?;
    for (path, expected) in PAGES {
        step.note(path);
        let (status, body) = aws.fetch(&format!("{api}{path}")).await?;
        ensure!(status == expected, "GET {api}{path} answers {status}, not {expected}: {body}");
    }
    step.done(&format!("{} functions and the API answer as they have to", functions.len()));
    Ok(())
}

/// What a function is asked.
enum Probe {
    /// An event, and the whole answer to it.
    Event(&'static str, Value),
    /// A request of somebody without a token, as it comes when API Gateway has not looked for one; the function looks itself.
    Request(&'static str, &'static str),
}

/// What the function is asked that is called so in the template.
fn probe(function: &str) -> Option<Probe> {
    Some(match function {
        "Calibration" => Probe::Event(STRANGER, json!({"stored": 0, "duplicate": 0, "quarantined": 1})),
        "Organizer" => Probe::Event(NO_LEVEL, json!({"outcome": "quarantined"})),
        "ProblemDetector" => Probe::Event(r#"{"Records": []}"#, json!({"batchItemFailures": []})),
        "Device" => Probe::Request("GET", "/devices"),
        "Reading" => Probe::Request("GET", "/devices/weir-smoke/readings/latest"),
        "Recalculation" => Probe::Request("GET", "/devices/weir-smoke/sensors/ph/recalculate/1"),
        "Flow" => Probe::Request("GET", "/levels"),
        "Quarantine" => Probe::Request("GET", "/quarantine"),
        "User" => Probe::Request("GET", "/users/me"),
        "CognitoGetUsersInfo" => Probe::Request("GET", "/cognito/users"),
        "CognitoGetRole" => Probe::Request("GET", "/cognito/users/weir-smoke/role"),
        // Has no route that only reads; one without a body adds nobody, whoever asks.
        "CognitoAddUpdateDeleteUser" => Probe::Request("POST", "/cognito/users"),
        _ => return None,
    })
}

impl Probe {
    fn event(&self) -> String {
        match self {
            Self::Event(event, _) => (*event).to_owned(),
            Self::Request(method, path) => json!({"version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path,
                "rawQueryString": "", "headers": {"accept": "*/*"}, "isBase64Encoded": false,
                "requestContext": {"http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                    "userAgent": "smoke"}, "requestId": "smoke", "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000",
                    "timeEpoch": 1_767_225_600_000_i64}})
            .to_string(),
        }
    }

    fn fits(&self, answer: &Value) -> bool {
        match self {
            Self::Event(_, expected) => answer == expected,
            Self::Request(..) => {
                let kind = answer.pointer("/headers/content-type").and_then(Value::as_str).unwrap_or_default();
                field(answer, "statusCode") == 401 && kind.starts_with("application/problem+json")
            }
        }
    }

    fn expected(&self) -> String {
        match self {
            Self::Event(_, expected) => expected.to_string(),
            Self::Request(method, path) => format!("401 to {method} {path} without a token"),
        }
    }
}

/// Calls a function by the alias that everything else calls it by.
async fn call(aws: &Aws, function: &str, event: &str) -> Result<Value> {
    let ask = json!({"FunctionName": function, "Qualifier": "live", "Payload": event});
    let answer = aws.ask("lambda", "invoke", &ask).await?;
    let payload = field(&answer, "Payload").as_str().unwrap_or_default();
    ensure!(answer.get("FunctionError").is_none(), "{function} fails: {payload}");
    serde_json::from_str(payload).with_context(|| format!("{function} answers no JSON: {payload}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_template_is_named_and_asked() {
        let template = std::fs::read_to_string(crate::place::root().unwrap().join("template.yaml")).unwrap();
        let lines: Vec<&str> = template.lines().collect();
        let functions = lines.windows(2).filter(|pair| pair[1] == "    Type: AWS::Serverless::Function");
        let words: Vec<&str> = functions.map(|pair| pair[0].trim().strip_suffix("Function:").unwrap()).collect();
        assert!(!words.is_empty());
        for word in words {
            assert!(
                template.contains(&format!("\n  {word}{FUNCTION}: ")),
                "{word} is in no output, so nobody calls it"
            );
            assert!(probe(word).is_some(), "nobody knows how to call {word}");
        }
    }

    #[test]
    fn a_function_that_lets_in_whoever_has_no_token_does_not_pass() {
        let asked = Probe::Request("GET", "/devices");
        let problem = json!({"statusCode": 401, "headers": {"content-type": "application/problem+json"}});
        assert!(asked.fits(&problem));
        for answer in [json!({"statusCode": 200, "headers": {}}), json!({"statusCode": 401}), Value::Null] {
            assert!(!asked.fits(&answer), "{answer}");
        }
    }
}

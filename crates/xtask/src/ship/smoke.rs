//! `cargo xtask smoke`: is what was deployed alive and joined up? It calls every function and the API with what changes nothing, or
//! the same thing however often: one message of a device that nobody has, which ends in quarantine as one row.

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::ask::{Aws, field};
use crate::deploy::Settings;
use crate::place::Place;
use crate::progress::Progress;
use crate::tools::{self, Set};

/// A message of a device that is never registered; {"value": 1}.
const STRANGER: &str = r#"{"topic": "weir-smoke/reading/sensor/ph", "payload": "eyJ2YWx1ZSI6IDF9", "device_id": "weir-smoke", "received_at": 1767225600000}"#;
/// A report of a level id that there is not; {"id": "?", "filling": "0"}.
const NO_LEVEL: &str =
    r#"{"topic": "weir-smoke", "payload": "eyJpZCI6ICI/IiwgImZpbGxpbmciOiAiMCJ9", "received_at": 1767225600000}"#;

/// Tests the stack of an environment.
///
/// # Errors
/// When something does not answer as it has to; the message says what.
pub async fn run(environment: &str, region: &str) -> Result<ExitCode> {
    let place = Place::of_run("smoke")?;
    let progress = Progress::new();
    tools::install(&place, &[Set::Sam], &progress).await?;
    let settings = Settings::of(&place, environment, &[])?;
    check(&Aws::of_the_caller(&place, region), &settings.stack, &progress).await?;
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
    let output = |key: &str| {
        let found = outputs.iter().find(|output| field(output, "OutputKey") == key);
        found
            .and_then(|output| field(output, "OutputValue").as_str())
            .with_context(|| format!("the stack has no output {key}"))
    };
    let step = progress.step("smoke test");
    for (key, event, expected) in [
        ("CalibrationFunctionName", STRANGER, json!({"stored": 0, "duplicate": 0, "quarantined": 1})),
        ("OrganizerFunctionName", NO_LEVEL, json!({"outcome": "quarantined"})),
        ("ProblemDetectorFunctionName", r#"{"Records": []}"#, json!({"batchItemFailures": []})),
    ] {
        let name = output(key)?;
        step.note(name);
        let answer = call(aws, name, event).await?;
        ensure!(answer == expected, "{name} answers {answer}, not {expected}");
    }
    let device = output("DeviceFunctionName")?;
    step.note(device);
    let request = |path: &str| {
        json!({"version": "2.0", "routeKey": format!("GET {path}"), "rawPath": path, "rawQueryString": "", "headers": {"accept": "*/*"},
            "requestContext": {"http": {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "smoke"},
                "requestId": "smoke", "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1_767_225_600_000_i64},
            "isBase64Encoded": false})
    };
    let document = call(aws, device, &request("/openapi.json").to_string()).await?;
    ensure!(field(&document, "statusCode") == 200, "{device} does not give its document: {document}");
    let refused = call(aws, device, &request("/devices").to_string()).await?;
    ensure!(field(&refused, "statusCode") == 401, "{device} lets in whoever has no token: {refused}");
    step.done("every function answers as it has to");
    Ok(())
}

/// Calls a function by the alias that everything else calls it by.
async fn call(aws: &Aws, function: &str, event: &str) -> Result<Value> {
    let ask = json!({"FunctionName": function, "Qualifier": "live", "Payload": event});
    let answer = aws.ask("lambda", "invoke", &ask).await?;
    let payload = field(&answer, "Payload").as_str().unwrap_or_default();
    ensure!(answer.get("FunctionError").is_none(), "{function} fails: {payload}");
    serde_json::from_str(payload).with_context(|| format!("{function} answers no JSON: {payload}"))
}

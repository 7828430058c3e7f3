//! Counts the runs of a function from its log: Lambda writes one REPORT line after each run.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tooling::stack::Stack;

/// Finished runs of the function since the stack was deployed; counts up to 10,000.
///
/// # Errors
/// When the local cloud does not answer.
pub async fn ended(stack: &Stack, function: &str) -> Result<u64> {
    let group = format!("/aws/lambda/{}", stack.function(function)?);
    let body = json!({"logGroupName": group, "filterPattern": "\"REPORT RequestId\""});
    let headers = [("x-amz-target", "Logs_20140328.FilterLogEvents"), ("content-type", "application/x-amz-json-1.1")];
    let answer = stack.cloud().json("logs", "POST", "/", &headers, Some(&body)).await?;
    let events = answer.get("events").and_then(Value::as_array).context("the log has no list of events")?;
    Ok(events.len() as u64)
}

//! A second copy of a deployed function in the local cloud, with other environment variables: for tests of what it does where something
//! is missing or elsewhere.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::cloud::Call;
use crate::stack::Stack;

/// Adds a copy of `function` called `<its name>-<suffix>`, whose environment is that of the original with `variables` on
/// top, and answers with its name. The variables of the original are given to `variables`.
///
/// # Errors
/// When the local cloud refuses a step.
pub async fn add(
    stack: &Stack,
    function: &str,
    suffix: &str,
    variables: impl FnOnce(&mut Map<String, Value>),
) -> Result<String> {
    let cloud = stack.cloud();
    let original = stack.function(function)?.to_owned();
    let path = format!("/2015-03-31/functions/{original}");
    let known = cloud.json("lambda", "GET", &path, &[], None).await?;
    let configuration = known.get("Configuration").context("a function has a configuration")?;
    let own = configuration.pointer("/Environment/Variables").and_then(Value::as_object);
    let mut environment = own.with_context(|| format!("{function} has no environment"))?.clone();
    variables(&mut environment);

    let code = known.pointer("/Code/Location").and_then(Value::as_str).context("a function has code")?;
    // The address names a host; only the path is needed.
    let path = code.split("://").last().and_then(|rest| rest.split_once('/')).map(|(_, path)| format!("/{path}"));
    let path = path.with_context(|| format!("{code} is no address"))?;
    let zip = cloud.bytes(Call { service: "lambda", method: "GET", path: &path, ..Call::default() }).await?;

    let copy = format!("{original}-{suffix}");
    let new = json!({
        "FunctionName": copy,
        "Runtime": "provided.al2023",
        "Handler": "bootstrap",
        "Role": configuration.get("Role"),
        "Timeout": configuration.get("Timeout"),
        "Environment": {"Variables": environment},
        "Code": {"ZipFile": STANDARD.encode(zip)},
    });
    cloud.json("lambda", "POST", "/2015-03-31/functions", &[], Some(&new)).await?;
    Ok(copy)
}

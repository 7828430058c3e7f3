//! `cargo xtask invoke` passes a recorded event to a function of the running local cloud.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tooling::cloud::Call;
use tooling::place;
use tooling::stack::Stack;

/// Invokes the function with `events/<function>/<event>.json`, and prints the messages and the answer.
///
/// # Errors
/// When there is no such event, or the local cloud does not run or answer.
pub async fn run(function: &str, event: Option<&str>) -> Result<ExitCode> {
    let folder = place::root()?.join("events").join(function);
    let Some(event) = event else {
        println!("{}", names(&folder, function)?.join("\n"));
        return Ok(ExitCode::SUCCESS);
    };
    let event = event.trim_end_matches(".json");
    let file = folder.join(format!("{event}.json"));
    let Ok(text) = std::fs::read_to_string(&file) else {
        bail!("there is no event {event}. events/{function} has:\n  {}", names(&folder, function)?.join("\n  "));
    };
    let recorded: Value = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", file.display()))?;
    let stack = Stack::running()?;

    println!("event    events/{function}/{event}.json, to {} at {}", stack.function(function)?, stack.endpoint);
    for message in messages(&recorded) {
        println!("message  {message}");
    }
    let path = format!("/2015-03-31/functions/{}/invocations", stack.function(function)?);
    let started = Instant::now();
    let call = Call { service: "lambda", method: "POST", path: &path, body: text.into_bytes(), ..Call::default() };
    let answer = stack.cloud().bytes(call).await?;
    let millis = started.elapsed().as_secs_f64() * 1000.0;
    println!("answer   {}   ({millis:.0} ms)", String::from_utf8_lossy(&answer));
    let failed = serde_json::from_slice::<Value>(&answer).is_ok_and(|answer| answer.get("errorMessage").is_some());
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The device messages in an event, as text: of a rule, or of a batch of a queue. A batch of a stream has none.
fn messages(event: &Value) -> Vec<String> {
    match event.get("Records").and_then(Value::as_array) {
        None => readable(event).into_iter().collect(),
        Some(records) => {
            let bodies = records.iter().filter_map(|record| record.get("body")?.as_str());
            bodies.filter_map(|body| readable(&serde_json::from_str(body).ok()?)).collect()
        }
    }
}

fn readable(message: &Value) -> Option<String> {
    let topic = message.get("topic").and_then(Value::as_str).unwrap_or("no topic");
    let bytes = STANDARD.decode(message.get("payload")?.as_str()?).ok()?;
    let text = String::from_utf8(bytes).unwrap_or_else(|broken| broken.as_bytes().escape_ascii().to_string());
    Some(format!("{topic}  {text}"))
}

fn names(folder: &Path, function: &str) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(folder)
        .with_context(|| format!("there are no events for {function}; `ls events` shows the functions"))?;
    let stem = |entry: std::io::Result<std::fs::DirEntry>| {
        Some(entry.ok()?.file_name().to_str()?.strip_suffix(".json")?.to_owned())
    };
    let mut names: Vec<String> = entries.filter_map(stem).collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn payloads_are_shown_as_the_device_sent_them() {
        let event = json!({"topic": "b/readings", "payload": STANDARD.encode(r#"{"values": {"ph": 7}}"#)});
        assert_eq!(messages(&event), [r#"b/readings  {"values": {"ph": 7}}"#]);
        let batch = json!({"Records": [{"body": event.to_string()}, {"body": "x"}]});
        assert_eq!(messages(&batch).len(), 1);
        assert_eq!(messages(&json!({"topic": "t", "payload": "//4="})), [r"t  \xff\xfe"]);
        assert!(messages(&json!({"Records": [{"dynamodb": {}}]})).is_empty());
    }
}

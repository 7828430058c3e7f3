//! `cargo xtask watch TOPIC…` follows topics of the live feed in the terminal, as an administrator of the running local cloud.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;
use tooling::people::People;
use tooling::stack::Stack;

use crate::follow::Follower;

/// Time after which a silent connection is checked.
const LOOK: Duration = Duration::from_secs(30);

/// Follows the topics until Ctrl-C, or until the local cloud stops.
///
/// # Errors
/// When no local cloud runs, or it no longer answers.
pub async fn run(topics: &[String]) -> Result<ExitCode> {
    let stack = Stack::running()?;
    let admin = People::read(&stack.people)?.admin;
    let mut follower = Follower::open(&stack, &admin, topics.to_vec()).await?;
    loop {
        for message in follower.next(LOOK).await? {
            match writeln!(std::io::stdout(), "{}", line(&message)) {
                // The reader has closed the pipe, as `head` does.
                Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
                written => written?,
            }
        }
    }
}

/// A message as a line.
fn line(message: &Value) -> String {
    let text = |name: &str| {
        message.get(name).map_or_else(String::new, |value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    };
    let list = |name: &str| message.get(name).and_then(Value::as_array).map_or(0, Vec::len);
    let topic = text("topic");
    match text("type").as_str() {
        "reading" => format!(
            "{topic}  {}  {} = {} {} ({})",
            text("at"),
            text("sensor"),
            text("value"),
            text("unit"),
            text("quality")
        ),
        "level" if message.get("deleted").is_some() => format!("{topic}  {} deleted", text("id")),
        "level" => format!("{topic}  {} = {} %", text("id"), text("last_value")),
        "problem" => format!("{topic}  {} {} {}", text("problem_id"), text("problem"), text("problem_status")),
        "snapshot" => {
            let count: usize = ["readings", "levels", "problems", "entries"].map(list).iter().sum();
            let live = if message.get("live") == Some(&Value::Bool(true)) { "" } else { ", and no changes follow" };
            format!("{topic}  {count} to begin with{live}")
        }
        _ => message.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_a_line_and_one_that_is_not_known_is_shown_as_it_is() {
        let reading = json!({"type": "reading", "topic": "device/a", "at": "t", "sensor": "ph", "value": 7.02, "unit": "pH",
            "quality": "good"});
        assert_eq!(line(&reading), "device/a  t  ph = 7.02 pH (good)");
        let snapshot = json!({"type": "snapshot", "topic": "tube/0", "live": false, "levels": [{}, {}]});
        assert_eq!(line(&snapshot), "tube/0  2 to begin with, and no changes follow");
        let pong = json!({"type": "pong"});
        assert_eq!(line(&pong), pong.to_string());
    }
}

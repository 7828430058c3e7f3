//! `cargo xtask watch TOPIC…`: follows topics of the live feed in the terminal, as an administrator of the running local cloud.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tooling::api::Api;
use tooling::feed::Feed;
use tooling::people::People;
use tooling::stack::Stack;

/// Time between two renewals: a token is valid for 15 minutes.
const RENEW: Duration = Duration::from_secs(10 * 60);
/// Time between two pings: API Gateway closes a connection in which nothing was said for ten minutes.
const PING: Duration = Duration::from_secs(5 * 60);

/// Follows the topics until Ctrl-C, or until the connection is closed.
///
/// # Errors
/// When there is no local cloud, or the connection breaks.
pub async fn run(topics: &[String]) -> Result<ExitCode> {
    let stack = Stack::running()?;
    let mut feed = Feed::open(&signed_in(&stack).await?).await?;
    feed.subscribe(&topics.iter().map(String::as_str).collect::<Vec<_>>()).await?;
    let (mut renewed, mut said) = (Instant::now(), Instant::now());
    loop {
        for message in feed.next(Duration::from_secs(60)).await?.unwrap_or_default() {
            println!("{}", line(&message));
        }
        if renewed.elapsed() > RENEW {
            let answer = signed_in(&stack).await?.expect(&[201], "POST", "/live/tickets", None).await?.json();
            let ticket = answer.get("ticket").context("a ticket")?.clone();
            feed.say(&json!({"action": "renew", "ticket": ticket})).await?;
            (renewed, said) = (Instant::now(), Instant::now());
        } else if said.elapsed() > PING {
            said = Instant::now();
            feed.say(&json!({"action": "ping"})).await?;
        }
    }
}

async fn signed_in(stack: &Stack) -> Result<Api> {
    let people = People::read(&stack.people)?;
    Api::of(stack, Some(&people.admin.sign_in(stack).await?.id))
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

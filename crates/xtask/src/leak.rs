//! Searches the functions' logs in the local cloud for secrets: tokens, tickets, passwords, keys.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tooling::ask::field;
use tooling::people::People;
use tooling::stack::Stack;

/// Searches the log of every function, and returns the number of lines.
///
/// # Errors
/// When a log contains a secret (the message names the place, not the secret), or all logs are empty.
pub async fn look(stack: &Stack) -> Result<usize> {
    let people = People::read(&stack.people)?;
    let passwords = [people.admin.password, people.user.password, stack.key.secret.clone()];
    let mut lines = 0;
    let functions = stack.outputs.iter().filter(|(key, _)| key.ends_with("FunctionName"));
    for (_, function) in functions {
        for line in log(stack, function).await? {
            lines += 1;
            let found = secret(&line, &passwords);
            ensure!(found.is_none(), "the log of {function} contains {}", found.unwrap_or_default());
        }
    }
    ensure!(lines > 0, "no function has logged anything, so there was nothing to search");
    Ok(lines)
}

async fn log(stack: &Stack, function: &str) -> Result<Vec<String>> {
    let headers = [("x-amz-target", "Logs_20140328.FilterLogEvents"), ("content-type", "application/x-amz-json-1.1")];
    let mut lines = Vec::new();
    let mut ask = json!({ "logGroupName": format!("/aws/lambda/{function}") });
    loop {
        let page = stack.cloud().json("logs", "POST", "/", &headers, Some(&ask)).await?;
        let events = field(&page, "events").as_array().context("the log has no list of events")?;
        lines.extend(events.iter().filter_map(|event| field(event, "message").as_str()).map(str::to_owned));
        match field(&page, "nextToken") {
            Value::String(next) if !events.is_empty() => {
                ask = json!({ "logGroupName": format!("/aws/lambda/{function}"), "nextToken": next });
            }
            _ => return Ok(lines),
        }
    }
}

/// The kind of secret that a line contains.
fn secret(line: &str, passwords: &[String]) -> Option<&'static str> {
    let words = || line.split(|letter: char| !(letter.is_ascii_alphanumeric() || "-_.".contains(letter)));
    // A token has three parts in base64, of which the first two are JSON objects.
    if words().any(|word| word.starts_with("eyJ") && word.split('.').nth(1).is_some_and(|part| part.starts_with("eyJ")))
    {
        return Some("a token");
    }
    if passwords.iter().any(|password| line.contains(password.as_str())) {
        return Some("a password");
    }
    // Tickets of the live feed: in an address, in an answer, or in a message.
    if ["ticket=", "\"ticket\":"].iter().any(|name| line.contains(name)) {
        return Some("a ticket");
    }
    line.contains("PRIVATE KEY").then_some("a key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_a_password_and_a_key_are_found_and_a_payload_is_none() {
        let passwords = ["Correct-Horse-1!".to_owned()];
        let found = |line: &str| secret(line, &passwords);
        assert_eq!(found(r#"{"authorization":"Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"}"#), Some("a token"));
        assert_eq!(found("signed in with Correct-Horse-1!"), Some("a password"));
        assert_eq!(found("-----BEGIN RSA PRIVATE KEY-----"), Some("a key"));
        assert_eq!(found("wss://live.example/live?ticket=0f8fad5bd9cb469fa16570867728950e"), Some("a ticket"));
        assert_eq!(found(r#"{"action":"renew","ticket":"0f8fad5bd9cb469fa16570867728950e"}"#), Some("a ticket"));
        assert_eq!(found(r#"{"payload":"eyJ2YWx1ZSI6IDF9","topic":"a.b"}"#), None);
    }
}

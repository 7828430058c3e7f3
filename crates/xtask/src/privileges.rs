//! `cargo xtask privileges`: what the functions' roles allow. It runs the local-cloud tests where roles and policies are enforced, so that
//! a function that asks for more than its role names fails as it would in AWS; and then the other direction: an action that is taken away is missed by some test.

use std::collections::BTreeMap;
use std::process::{ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::cloud::Call;
use crate::emulator::Ports;
use crate::people::People;
use crate::place::Place;
use crate::process::cargo;
use crate::progress::Progress;
use crate::ship::ask::field;
use crate::stack::{self, Stack};
use crate::timestream::Timestream;
use crate::tools::{self, Set};
use crate::{port, prepare};

/// Actions that the emulator never asks for, so that only AWS can miss them: it writes the logs of functions itself, and polls queues and
/// streams for them itself.
const ONLY_IN_AWS: [&str; 10] = [
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:SendMessage",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
];

/// A function's role in the local cloud.
struct Role {
    function: String,
    name: String,
    policy: String,
    document: Value,
}

/// The emulator asks for another action where AWS asks for `dynamodb:PartiQLInsert` on a table: every role that has AWS's gets the
/// emulator's as well.
///
/// # Errors
/// When the local cloud refuses a step.
pub async fn emulate(stack: &Stack) -> Result<()> {
    for role in roles(stack).await? {
        if role.document.to_string().contains("dynamodb:PartiQL") {
            let document = json!({"Version": "2012-10-17", "Statement":
                [{"Effect": "Allow", "Action": "dynamodb:BatchExecuteStatement", "Resource": "*"}]});
            iam(
                stack,
                "PutRolePolicy",
                &[("RoleName", &role.name), ("PolicyName", "emulator"), ("PolicyDocument", &document.to_string())],
            )
            .await?;
        }
    }
    Ok(())
}

async fn roles(stack: &Stack) -> Result<Vec<Role>> {
    let mut roles = Vec::new();
    let functions =
        stack.outputs.iter().filter(|(key, _)| key.ends_with("FunctionName") && !key.starts_with("Timestream"));
    for (_, name) in functions {
        let path = format!("/2015-03-31/functions/{name}/configuration");
        let known = stack.cloud().json("lambda", "GET", &path, &[], None).await?;
        let arn = field(&known, "Role").as_str().with_context(|| format!("{name} has no role"))?;
        let role = arn.rsplit('/').next().unwrap_or(arn).to_owned();
        let policy = name.splitn(3, '-').last().unwrap_or(name).to_owned();
        let answer = iam(stack, "GetRolePolicy", &[("RoleName", &role), ("PolicyName", &policy)]).await?;
        let document = between(&answer, "<PolicyDocument>", "</PolicyDocument>").context("a policy has a document")?;
        let document =
            serde_json::from_str(&decoded(document)).with_context(|| format!("the policy {policy} is not JSON"))?;
        roles.push(Role { function: policy.clone(), name: role, policy, document });
    }
    ensure!(!roles.is_empty(), "the stack has no functions");
    Ok(roles)
}

async fn iam(stack: &Stack, action: &str, parameters: &[(&str, &str)]) -> Result<String> {
    let mut body = format!("Action={action}&Version=2010-05-08");
    for (name, value) in parameters {
        body.push_str(&format!("&{name}={}", encoded(value)));
    }
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let call = Call { service: "iam", method: "POST", path: "/", headers: &headers, body: body.into_bytes() };
    Ok(String::from_utf8_lossy(&stack.cloud().bytes(call).await?).into_owned())
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(inner, _)| inner)
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// The text of a URL-encoded or XML-escaped document.
fn decoded(text: &str) -> String {
    let text = text.replace("&quot;", "\"").replace("&amp;", "&");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (first, hex) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Every way to take one action away from a document: what is taken, and what is left.
fn without_each(document: &Value) -> Vec<(String, Value)> {
    let statements = field(document, "Statement").as_array().cloned().unwrap_or_default();
    let mut ways = Vec::new();
    for (place, statement) in statements.iter().enumerate() {
        let actions: Vec<&str> = match &field(statement, "Action") {
            Value::String(one) => vec![one.as_str()],
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        for action in &actions {
            let rest: Vec<&&str> = actions.iter().filter(|other| *other != action).collect();
            let mut left = statements.clone();
            if rest.is_empty() {
                left.remove(place);
            } else if let Some(statement) = left.get_mut(place) {
                statement.as_object_mut().map(|statement| statement.insert("Action".to_owned(), json!(rest)));
            }
            let name = format!("{action} ({})", field(statement, "Sid").as_str().unwrap_or_default());
            ways.push((name, json!({"Version": "2012-10-17", "Statement": left})));
        }
    }
    ways
}

/// Takes away one action after the other and runs the local-cloud tests each time; fails when one is missed by no test.
///
/// # Errors
/// When the local cloud cannot be made, or its tests fail with everything allowed.
pub async fn run(only: Option<&str>) -> Result<ExitCode> {
    let place = Place::of_run("privileges")?;
    let progress = Progress::new();
    tools::install(&place, &[Set::Emulator, Set::Sam, Set::Moto], &progress).await?;
    let ports = Ports { gateway: port::any_free()?, mqtt: port::any_free()? };
    let mut cloud = prepare::local_cloud(&place, ports, &["DeviceCacheSeconds=1".to_owned()], &progress).await?;
    let _timestream = Timestream::start(&place, &mut cloud.stack, port::any_free()?, &progress).await?;
    People::make(&cloud.stack, "").await?;
    cloud.stack.write(&place.run(stack::FILE))?;
    let tests = test_program(&place).await?;
    println!("With everything allowed:");
    ensure!(passes(&place, &tests).await?.0, "the tests fail with everything allowed: cargo xtask test --only local");
    let mut missed_by_none: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for role in roles(&cloud.stack).await?.iter().filter(|role| only.is_none_or(|only| role.function == only)) {
        for (action, left) in without_each(&role.document) {
            if ONLY_IN_AWS.iter().any(|only| action.starts_with(only)) {
                println!("only AWS   {:<20} {action}", role.function);
                continue;
            }
            let partiql = action.starts_with("dynamodb:PartiQL");
            set(&cloud.stack, role, &left).await?;
            if partiql {
                iam(&cloud.stack, "DeleteRolePolicy", &[("RoleName", &role.name), ("PolicyName", "emulator")]).await?;
            }
            let started = Instant::now();
            let (passed, failed) = passes(&place, &tests).await?;
            set(&cloud.stack, role, &role.document).await?;
            if partiql {
                emulate(&cloud.stack).await?;
            }
            let word = if passed { "NO TEST" } else { "missed by" };
            println!("{word:<10} {:<20} {action}  {failed}  ({:.0} s)", role.function, started.elapsed().as_secs_f64());
            if passed {
                missed_by_none.entry(role.function.clone()).or_default().push(action);
            }
        }
    }
    if missed_by_none.is_empty() {
        println!("\nNo action can be taken away without a test that misses it.");
        return Ok(ExitCode::SUCCESS);
    }
    println!("\nActions that no test of the local cloud misses: {missed_by_none:?}");
    Ok(ExitCode::FAILURE)
}

async fn set(stack: &Stack, role: &Role, document: &Value) -> Result<()> {
    let parameters =
        [("RoleName", role.name.as_str()), ("PolicyName", &role.policy), ("PolicyDocument", &document.to_string())];
    iam(stack, "PutRolePolicy", &parameters).await.map(drop)
}

/// The program of the local-cloud tests, built.
async fn test_program(place: &Place) -> Result<std::path::PathBuf> {
    let mut command = cargo();
    command.current_dir(place.root()).args([
        "test",
        "--workspace",
        "--test",
        "local",
        "--no-run",
        "--message-format",
        "json",
    ]);
    let output = command.stderr(Stdio::inherit()).stdin(Stdio::null()).output().await.context("cannot start cargo")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut built = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let program = built.by_ref().rfind(|line| line.pointer("/target/name").is_some_and(|name| name == "local"));
    let path = program
        .as_ref()
        .and_then(|line| field(line, "executable").as_str())
        .context("cargo built no tests called local")?;
    Ok(path.into())
}

/// Whether the tests pass, and the first that does not.
async fn passes(place: &Place, tests: &std::path::Path) -> Result<(bool, String)> {
    let mut command = Command::new(tests);
    command.current_dir(place.root().join("tests")).stdin(Stdio::null()).kill_on_drop(true);
    // A missing effect is noticed sooner: with everything allowed none takes that long.
    command.env("WEIR_LOCAL", place.run(stack::FILE)).env("WEIR_PATIENCE", "8");
    command.arg("--include-ignored");
    let output = command.output().await.context("cannot start the tests")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut failed = text.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    Ok((output.status.success(), failed.next().unwrap_or_default().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_taken_away_once_and_the_rest_stays() {
        let document = json!({"Statement": [
            {"Sid": "One", "Effect": "Allow", "Action": "a:X", "Resource": "r"},
            {"Sid": "Two", "Effect": "Allow", "Action": ["b:Y", "b:Z"], "Resource": "r"},
        ]});
        let ways = without_each(&document);
        let taken: Vec<_> = ways.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(taken, ["a:X (One)", "b:Y (Two)", "b:Z (Two)"]);
        assert_eq!(ways[0].1["Statement"].as_array().unwrap().len(), 1);
        assert_eq!(ways[1].1["Statement"][1]["Action"], json!(["b:Z"]));
    }

    #[test]
    fn a_document_survives_its_way_through_a_form() {
        let text = r#"{"Sid": "a+b", "x": "ü%"}"#;
        assert_eq!(decoded(&encoded(text)), text);
        assert_eq!(decoded("{&quot;a&quot;:1}"), r#"{"a":1}"#);
    }
}

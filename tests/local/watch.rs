//! Functions that cargo-lambda runs from the source beside the local cloud, as docs/development.md says, answer as those that are
//! deployed.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::process::Command;
use tooling::build::{functions, path_with};
use tooling::place::Place;
use tooling::port;
use tooling::process::{Running, cargo, tail};
use tooling::tools::Set;
use weir_tests::local::Local;

/// How long the first answer of a function may take: it is linked, if it is not yet, and started.
const PATIENCE: Duration = Duration::from_secs(120);

/// An event of every function. What they read and write is the same for the deployed function and for the one of cargo-lambda.
const EVENTS: [(&str, &str); 25] = [
    ("calibration", "number"),
    ("organizer", "report"),
    ("problem-detector", "sweep"),
    ("alert", "unknown-device"),
    ("flow", "levels.tube"),
    ("quarantine", "read.refused-unknown"),
    ("command", "answer.nothing"),
    ("device", "read"),
    ("recalculation", "progress.refused-unknown"),
    ("user", "read.refused-unknown"),
    ("cognito-get-users-info", "read.refused-unknown"),
    ("cognito-get-role", "refused-other-unknown"),
    ("cognito-add-update-delete-user", "change.refused-unknown"),
    ("reading", "latest.one"),
    ("live", "ticket.refused-no-token"),
    ("live-push", "levels"),
    ("twin", "connected.unknown-device"),
    ("event", "list.refused-not-admin"),
    ("notify", "sweep"),
    ("subscription", "list.refused-not-admin"),
    ("certificate", "list.refused-unknown"),
    ("provision", "remove.refused-unknown"),
    ("job", "job.refused-unknown"),
    ("health", "refused-not-admin"),
    ("site", "refused-elsewhere"),
];

/// `cargo lambda` with the pinned cargo-lambda in PATH.
fn cargo_lambda(place: &Place, words: &[&str]) -> Command {
    let mut command = cargo();
    let tools = Set::Lambda.program(place, "cargo-lambda");
    command.env("PATH", path_with(tools.parent().unwrap()).unwrap()).arg("lambda").args(words);
    command.current_dir(place.root()).stdin(Stdio::null());
    command
}

/// `cargo lambda watch`, which ends when this is dropped.
async fn watch(place: &Place, environment: &Path, port: &str, log: &Path) -> Running {
    let file = environment.to_str().unwrap();
    let words = ["watch", "--env-file", file, "--invoke-address", "127.0.0.1", "--invoke-port", port];
    let mut command = cargo_lambda(place, &words);
    let output = std::fs::File::create(log).unwrap();
    command.stderr(output.try_clone().unwrap()).stdout(output);
    let mut running = Running::start("cargo lambda watch", command).unwrap();
    let started = Instant::now();
    while TcpStream::connect(format!("127.0.0.1:{port}")).await.is_err() {
        assert!(running.ended().is_none() && started.elapsed() < PATIENCE, "{}", tail(log, 20));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    running
}

async fn invoke(place: &Place, port: &str, function: &str, file: &Path) -> Result<Value, String> {
    let file = file.to_str().unwrap();
    let words = ["invoke", function, "--invoke-address", "127.0.0.1", "--invoke-port", port, "--data-file", file];
    let mut command = cargo_lambda(place, &words);
    command.kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, command.output()).await.map_err(|_| "no answer".to_owned())?.unwrap();
    let said = [output.stdout.as_slice(), &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    serde_json::from_str(said[0].trim()).map_err(|_| said.concat())
}

/// An answer without what is new in each: the id of the request.
fn same(answer: &Value) -> Value {
    let mut body: Value = answer["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    body.as_object_mut().map(|body| body.remove("instance"));
    match answer.get("statusCode") {
        Some(status) => json!({"status": status, "body": body}),
        None => answer.clone(),
    }
}

#[tokio::test]
async fn every_function_that_cargo_lambda_runs_answers_as_the_deployed_one() {
    let local = Local::running();
    let place = Place::of_run("watch").unwrap();
    let file = PathBuf::from(std::env::var_os("WEIR_LOCAL").unwrap()).with_file_name("local.env");
    let (port, log) = (port::any_free().unwrap().to_string(), place.run("watch.log"));
    let _watch = watch(&place, &file, &port, &log).await;
    let buoy = json!({"id": "buoy-01", "sensors": [{"code": "ph"}]});
    local.admin().await.expect(&[201, 409], "POST", "/devices", Some(&buoy)).await.expect("the device of the events");

    let mut wrong = Vec::new();
    for (function, event) in EVENTS {
        let file = weir_tests::root().join(format!("events/{function}/{event}.json"));
        let recorded = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let name = local.stack.function(function).unwrap();
        // Twice: what the first does, such as storing a reading, is known as done to the second and to the third.
        local.call(name, &recorded).await;
        let deployed = same(&local.call(name, &recorded).await);
        match invoke(&place, &port, function, &file).await {
            Ok(answer) if same(&answer) == deployed => {}
            Ok(answer) => wrong.push(format!("{function} {event}: deployed {deployed}, here {}", same(&answer))),
            Err(said) => wrong.push(format!("{function} {event}: {said}")),
        }
    }
    assert!(wrong.is_empty(), "{}\nThe end of {}:\n{}", wrong.join("\n"), log.display(), tail(&log, 20));
    let known: Vec<&str> = EVENTS.iter().map(|(function, _)| *function).collect();
    let missing = functions(&place).unwrap().into_iter().filter(|name| !known.contains(&name.as_str()));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<String>::new(), "functions without an event");
}

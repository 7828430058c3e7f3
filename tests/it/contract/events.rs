//! Every route that changes something writes an event about it: each writing operation of the document is called on the real functions, and
//! has to have written its event. The table in docs/events.md has the same routes with the same kinds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::document;
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::root;

use crate::http::ask::{Ask, status};
use crate::notify::{ANN, sub};
use crate::people::{BOB, EVE};
use crate::{command, device, flow, job, people, provision, quarantine, recalculation, subscription};

/// What changes nothing that lasts, and why.
const WITHOUT: &[&str] = &[
    // They only compute.
    "POST /devices/{id}/sensors/{code}/calibrations/fit",
    "POST /devices/{id}/sensors/{code}/alerts/try",
    // It sends one notice that says it is a test.
    "POST /users/me/subscriptions/{id}/test",
    // A ticket is valid for seconds, and changes nothing that anybody else sees.
    "POST /live/tickets",
];

/// A request, and the events that it wrote.
struct Deed {
    operation: &'static str,
    kinds: &'static [&'static str],
    by: String,
    events: Vec<Value>,
    /// Parts of the request that no event may have.
    secrets: Vec<String>,
}

/// What no event may contain, whatever the request: the passwords of the recorded ones, and the beginning of each secret that webhooks
/// are signed with.
const SECRETS: [&str; 2] = ["Horse", "whsec_"];

/// The secrets of a request: the path of a webhook's address, and the token that unsubscribes.
fn secrets(request: &Value) -> Vec<String> {
    let body: Value = request["body"].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let url = body.pointer("/channel/webhook/url").and_then(Value::as_str);
    let hook = url.and_then(|url| url.splitn(4, '/').nth(3)).map(|path| format!("/{path}"));
    let token = request["rawPath"].as_str().and_then(|path| path.strip_prefix("/unsubscribe/")).map(str::to_owned);
    hook.into_iter().chain(token).collect()
}

fn rows(engine: &Engine) -> Vec<Value> {
    engine.rows("events").into_iter().filter(|row| row["row"] != "connection").collect()
}

/// The events that `answer` writes.
async fn deed(
    operation: &'static str,
    kinds: &'static [&'static str],
    engine: &Engine,
    event: Value,
    answer: impl AsyncFnOnce(Value) -> Value,
) -> Deed {
    // Who unsubscribes by the link in an e-mail is not signed in; the link is Ann's.
    let by = event["requestContext"]["authorizer"]["jwt"]["claims"]["email"]
        .as_str()
        .map_or_else(|| sub(ANN).to_string(), str::to_owned);
    let (before, secrets) = (rows(engine), secrets(&event));
    let answered = answer(event).await;
    assert!(status(&answered) < 300, "{operation}: {answered}");
    let events = rows(engine).into_iter().filter(|row| !before.contains(row)).collect();
    Deed { operation, kinds, by, events, secrets }
}

async fn of_devices() -> Vec<Deed> {
    let mut all = Vec::new();
    let certificate = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let doomed = format!("/devices/buoy-01/certificates/{certificate}");
    let sensors = json!([{"code": "ph", "alerts": [{"id": "low", "below": 5}]}, {"code": "do"}]);
    for (operation, kinds, path, body) in [
        ("POST /devices", &["device"][..], "/devices", json!({"id": "new-01", "settings": {"a": 1}})),
        ("PUT /devices/{id}", &["device", "settings"], "/devices/buoy-01", json!({"name": "New"})),
        ("PATCH /devices/{id}", &["alert", "device"], "/devices/buoy-01", json!({"name": "N", "sensors": sensors})),
        ("DELETE /devices/{id}", &["device"], "/devices/buoy-01", Value::Null),
        ("PUT /devices/{id}/settings", &["settings"], "/devices/buoy-01/settings", json!({"led": true})),
        ("PUT /devices/{id}/sensors/{code}", &["device"], "/devices/buoy-01/sensors/tmp", json!({"unit": "°C"})),
        ("DELETE /devices/{id}/sensors/{code}", &["device"], "/devices/buoy-01/sensors/do", Value::Null),
        (
            "POST /devices/{id}/sensors/{code}/calibrations",
            &["calibration"],
            "/devices/buoy-01/sensors/ph/calibrations",
            json!({"model": "linear", "slope": 0.5, "intercept": 1}),
        ),
        ("DELETE /devices/{id}/certificates/{certificate}", &["certificate"], &doomed, Value::Null),
    ] {
        let world = device::World::registered().await;
        world.cloud.attach("buoy-01", &format!("arn:aws:iot:eu-central-1:123456789012:cert/{certificate}"));
        let ask = Ask::new(operation.split(' ').next().unwrap(), path).admin();
        let ask = if body.is_null() { ask } else { ask.json(&body) };
        let (function, certificate) = (world.function(), world.certificate());
        let answer = async |event| match path.contains("/certificates/") {
            true => certificate.answer(event).await.unwrap(),
            false => function.answer(event).await.unwrap(),
        };
        all.push(deed(operation, kinds, &world.engine, ask.event(), answer).await);
    }
    for (operation, name) in [
        ("POST /fleet/serials", "add"),
        ("POST /fleet/serials", "add.csv"),
        ("DELETE /fleet/serials/{serial}", "remove"),
        ("POST /fleet/serials/{serial}/reset", "reset"),
    ] {
        let world = provision::World::recorded().await;
        let answer = async |event| world.function().answer(event).await.unwrap();
        all.push(deed(operation, &["serial"], &world.engine, event("provision", name), answer).await);
    }
    all
}

async fn of_the_rest() -> Vec<Deed> {
    let mut all = Vec::new();
    let world = recalculation::World::new(5).await;
    world.linear(1, 0, 2.0);
    let ask = Ask::new("POST", recalculation::PH).admin().json(&recalculation::span(0, 5)).event();
    let answer = async |event| world.function().answer(event).await.unwrap();
    let operation = "POST /devices/{id}/sensors/{code}/recalculate";
    all.push(deed(operation, &["recalculation"], &world.engine, ask, answer).await);

    for (operation, kinds, name) in [
        ("PATCH /problems/{problem_id}", &["problem"][..], "acknowledge"),
        ("PATCH /problems/{problem_id}", &["problem"], "resolve"),
        ("PATCH /problems/{problem_id}", &["problem"], "note"),
        // Of three, one was acknowledged already and one is over.
        ("POST /problems/changes", &["problem"], "changes"),
        // Its open problem ends with it.
        ("DELETE /levels/{id}", &["level", "problem"], "delete-level"),
    ] {
        let world = flow::World::operated().await;
        let answer = async |event| world.functions.flow.answer(event).await.unwrap();
        all.push(deed(operation, kinds, &world.engine, event("flow", name), answer).await);
    }

    for (operation, kinds, name) in [
        ("DELETE /quarantine/{id}", &["quarantine"][..], "delete"),
        ("POST /quarantine/{id}/replay", &["quarantine"], "replay"),
        ("POST /quarantine/{id}/replay", &["quarantine"], "replay.again"),
        ("POST /quarantine/replay", &["quarantine", "quarantine"], "replay-all"),
    ] {
        let world = quarantine::World::recorded().await;
        let function = world.function();
        let answer = async |event| function.answer(event).await.unwrap();
        all.push(deed(operation, kinds, &world.engine, event("quarantine", name), answer).await);
    }
    all
}

async fn of_people() -> Vec<Deed> {
    const PEOPLE: &[&str] = &["people"];
    let admin = |method: &str, path: &str| Ask::new(method, path).admin();
    let bob = format!("/users/{BOB}");
    let recorded = |name: &str| event("cognito-add-update-delete-user", name);
    let mut all = Vec::new();
    for (operation, function, event) in [
        ("POST /users", "user", admin("POST", "/users").json(&json!({"sub": EVE, "name": "Eve"})).event()),
        ("PUT /users/{sub}", "user", admin("PUT", &bob).json(&json!({"name": "Rob"})).event()),
        ("PATCH /users/{sub}", "user", admin("PATCH", &bob).json(&json!({"name": "Rob"})).event()),
        ("DELETE /users/{sub}", "user", admin("DELETE", &bob).event()),
        ("PATCH /users/me", "user", admin("PATCH", "/users/me").json(&json!({"name": "Ada"})).event()),
        ("POST /cognito/users", "cognito-add-update-delete-user", recorded("add")),
        ("POST /cognito/users", "cognito-add-update-delete-user", recorded("add.permanent")),
        ("PATCH /cognito/users/{username}", "cognito-add-update-delete-user", recorded("change.devices")),
        ("PATCH /cognito/users/{username}", "cognito-add-update-delete-user", recorded("change.permanent-password")),
        ("DELETE /cognito/users/{username}", "cognito-add-update-delete-user", recorded("delete")),
    ] {
        let world = people::World::new().await;
        let answer = async |event| world.handle(function, event).await;
        all.push(deed(operation, PEOPLE, &world.engine, event, answer).await);
    }
    all
}

async fn of_subscriptions() -> Vec<Deed> {
    const SUBSCRIPTION: &[&str] = &["subscription"];
    let mut all = Vec::new();
    for (operation, name) in [
        ("POST /users/me/subscriptions", "subscribe.webhook"),
        ("POST /users/me/subscriptions", "subscribe.email"),
        ("PATCH /users/me/subscriptions/{id}", "patch"),
        ("DELETE /users/me/subscriptions/{id}", "delete"),
        ("POST /notices/{id}/retry", "retry"),
    ] {
        let world = subscription::World::recorded().await;
        let answer = async |event| world.api().answer(event).await.unwrap();
        let engine = &world.notified.alert.engine;
        all.push(deed(operation, SUBSCRIPTION, engine, event("subscription", name), answer).await);
    }
    let world = subscription::World::new().await;
    let stored = world.notified.subscribe_as(ANN, world.id(), &json!({"channel": {"email": {}}})).await;
    let answer = async |event| world.api().answer(event).await.unwrap();
    let ask = Ask::new("POST", &world.link(&stored)).claims(None).event();
    all.push(deed("POST /unsubscribe/{token}", SUBSCRIPTION, &world.notified.alert.engine, ask, answer).await);
    all
}

async fn of_commands() -> Vec<Deed> {
    const COMMAND: &[&str] = &["command"];
    let mut all = Vec::new();
    for (operation, name) in
        [("POST /devices/{id}/commands", "press"), ("DELETE /devices/{id}/commands/{command}", "cancel")]
    {
        let world = command::World::recorded().await;
        let function = world.function();
        let answer = async |event| function.answer(event).await.unwrap();
        all.push(deed(operation, COMMAND, &world.engine, event("command", name), answer).await);
    }
    all
}

async fn of_jobs() -> Vec<Deed> {
    const JOB: &[&str] = &["job"];
    let mut all = Vec::new();
    for (operation, name) in
        [("POST /fleet/firmware", "announce"), ("POST /fleet/jobs", "make"), ("DELETE /fleet/jobs/{job}", "cancel")]
    {
        let world = job::World::recorded().await;
        let function = world.function();
        let answer = async |event| function.answer(event).await.unwrap();
        all.push(deed(operation, JOB, &world.engine, event("job", name), answer).await);
    }
    all
}

async fn of_claims() -> Vec<Deed> {
    let mut all = Vec::new();
    for (operation, kinds, name) in [
        // Of the device, of the scope, and of the profile that the person had none of.
        ("POST /users/me/devices", &["device", "people"][..], "claim"),
        ("DELETE /users/me/devices/{id}", &["device", "people"], "give-back"),
    ] {
        let world = people::World::new().await;
        let answer = async |event| world.handle("cognito-add-update-delete-user", event).await;
        all.push(deed(operation, kinds, &world.engine, event("cognito-add-update-delete-user", name), answer).await);
    }
    all
}

/// The operations of the document that write.
fn writing() -> BTreeSet<String> {
    let document = document::whole();
    let items = document["paths"].as_object().unwrap();
    let of_path = |(path, item): (&String, &Value)| -> Vec<String> {
        let methods = item.as_object().unwrap().keys().filter(|method| *method != "get");
        methods.map(|method| format!("{} {path}", method.to_uppercase())).collect()
    };
    items.iter().flat_map(of_path).collect()
}

/// The operations in the table of docs/events.md, with what it says about their kinds. A path that begins with `…` is the one operation
/// that ends like this.
fn told_routes() -> BTreeMap<String, String> {
    let page = std::fs::read_to_string(root().join("docs/events.md")).unwrap();
    let section = page.split_once("## Which change is which event\n").expect("the section").1;
    let section = section.split_once("\n## ").map_or(section, |(section, _)| section);
    let mut routes = BTreeMap::new();
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        for route in cells[1].split('`').skip(1).step_by(2) {
            let (methods, path) = route.rsplit_once(' ').expect("methods and a path");
            for method in methods.split(' ') {
                let operation = match path.strip_prefix('…') {
                    None => format!("{method} {path}"),
                    Some(end) => {
                        let known: Vec<_> = writing()
                            .into_iter()
                            .filter(|one| one.starts_with(&format!("{method} ")) && one.ends_with(end))
                            .collect();
                        assert_eq!(known.len(), 1, "{route} stands for {known:?}");
                        known.concat()
                    }
                };
                assert_eq!(routes.insert(operation.clone(), cells[2].to_owned()), None, "{operation} is there twice");
            }
        }
    }
    routes
}

#[tokio::test]
async fn every_route_that_changes_something_writes_its_event() {
    let mut deeds = of_devices().await;
    deeds.extend(of_the_rest().await);
    deeds.extend(of_people().await);
    deeds.extend(of_subscriptions().await);
    deeds.extend(of_commands().await);
    deeds.extend(of_jobs().await);
    deeds.extend(of_claims().await);
    let mut wrong = Vec::new();
    for Deed { operation, kinds, by, events, secrets } in &deeds {
        let mut found: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
        found.sort_unstable();
        if found != *kinds {
            wrong.push(format!("{operation}: {found:?}, and not {kinds:?}"));
        }
        for event in events {
            let told = event["changes"].is_string() || event["detail"].is_string();
            if event["by"] != by.as_str() || !told {
                wrong.push(format!("{operation}: {event}"));
            }
            let (text, secrets) = (event.to_string(), secrets.iter().map(String::as_str));
            for secret in secrets.chain(SECRETS).filter(|secret| text.contains(secret)) {
                wrong.push(format!("{operation}: the secret {secret} in {event}"));
            }
        }
    }
    for operation in ["POST /users/me/subscriptions", "POST /unsubscribe/{token}"] {
        let of: Vec<_> = deeds.iter().filter(|deed| deed.operation == operation).collect();
        assert!(of.iter().any(|deed| !deed.secrets.is_empty()), "{operation} has no secret to look for");
    }
    let page = told_routes();
    for Deed { operation, kinds, .. } in &deeds {
        let said = page.get(*operation).map(String::as_str).unwrap_or_default();
        let missing = kinds.iter().filter(|kind| !said.contains(&format!("`{kind}`")));
        wrong.extend(missing.map(|kind| format!("docs/events.md: {operation} has {kind}, and not {said}")));
    }
    for (operation, said) in &page {
        if said.starts_with("none") != WITHOUT.contains(&operation.as_str()) {
            wrong.push(format!("docs/events.md: {operation} has {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let asked: BTreeSet<String> =
        deeds.iter().map(|deed| deed.operation.to_owned()).chain(WITHOUT.iter().map(|one| (*one).to_owned())).collect();
    assert_eq!(writing(), asked, "left the document, right what is asked here");
    assert_eq!(writing(), page.into_keys().collect(), "left the document, right docs/events.md");
}

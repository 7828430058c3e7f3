//! Commands in the local cloud: from the request over the shadow to a device with a certificate, and back through the rule.

use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tooling::api::Api;
use tooling::certificate::Identity;
use tooling::feed::Feed;
use tooling::mqtt::Connection;
use tooling::patience::patience;
use tooling::place::Place;
use tooling::process::Running;
use tooling::tools::Set;
use weir_tests::events::event;
use weir_tests::local::{Local, bytes, until};

/// As long as an attempt without an answer may still arrive: the lease in the row of the queue.
const LEASE: Duration = Duration::from_secs(30);

async fn press(api: &Api, device: &str, args: &Value, expires_in: i64) -> Value {
    let order = json!({"name": "dispense", "args": args, "expires_in": expires_in});
    let answer = api.expect(&[202], "POST", &format!("/devices/{device}/commands"), Some(&order)).await.unwrap();
    let pressed = answer.json();
    let path = format!("/devices/{device}/commands/{}", pressed["id"].as_str().unwrap());
    assert_eq!(answer.header("location"), path);
    pressed
}

async fn read(api: &Api, device: &str, id: &Value) -> Value {
    let path = format!("/devices/{device}/commands/{}", id.as_str().unwrap());
    api.expect(&[200], "GET", &path, None).await.unwrap().json()
}

/// Waits until the command has this state.
async fn comes_to(api: &Api, device: &str, id: &Value, state: &str) -> Value {
    until(state, async || {
        let command = read(api, device, id).await;
        (command["state"] == state).then_some(command)
    })
    .await
}

async fn says(device: &mut Connection, name: &str, command: Value) {
    let update = json!({"state": {"reported": {"command": command}}});
    device.publish(&format!("$aws/things/{name}/shadow/update"), bytes(&update)).await.unwrap();
}

#[tokio::test]
async fn a_user_presses_the_device_does_it_and_whoever_watches_is_told() {
    let local = Local::running();
    local.register(&json!({"id": "cmd-01"})).await;
    local.register(&json!({"id": "cmd-02"})).await;
    let api = local.user("cmd-01-user", "cmd-01").await;
    let mut device = local.connect("cmd-01").await;
    device.subscribe("$aws/things/cmd-01/shadow/update/delta").await.unwrap();
    let mut feed = Feed::open(&api).await.unwrap();
    feed.subscribe(&["device/cmd-01"]).await.unwrap();

    let (first, second) =
        (press(&api, "cmd-01", &json!({"ml": 30}), 120).await, press(&api, "cmd-01", &json!({}), 120).await);
    assert_eq!([&first["state"], &second["state"]], ["SENT", "QUEUED"]);
    let delta: Value = serde_json::from_slice(&device.message().await.unwrap().payload).unwrap();
    let found = &delta["state"]["command"];
    assert_eq!((&found["id"], &found["name"], &found["args"]), (&first["id"], &json!("dispense"), &json!({"ml": 30})));
    assert!(found["expires_at"].is_i64());

    says(&mut device, "cmd-01", json!({"id": first["id"], "status": "ACCEPTED"})).await;
    comes_to(&api, "cmd-01", &first["id"], "ACCEPTED").await;
    says(&mut device, "cmd-01", json!({"id": "1795155800000", "status": "SUCCEEDED"})).await;
    says(&mut device, "cmd-01", json!({"id": first["id"], "status": "SUCCEEDED", "result": {"ml": 29.5}})).await;
    let done = comes_to(&api, "cmd-01", &first["id"], "SUCCEEDED").await;
    assert_eq!(done["result"], json!({"ml": 29.5}));
    comes_to(&api, "cmd-01", &second["id"], "SENT").await;
    says(&mut device, "cmd-01", json!({"id": second["id"], "status": "FAILED", "detail": "empty"})).await;
    comes_to(&api, "cmd-01", &second["id"], "FAILED").await;
    until("the shadow asks for nothing", async || {
        let shadow = local.shadow("cmd-01").await?;
        shadow.pointer("/state/desired/command").is_none().then_some(())
    })
    .await;

    let (mut told, deadline) = (Vec::<Value>::new(), Instant::now() + patience());
    let state =
        |told: &[Value], id: &Value, state: &str| told.iter().any(|one| one["id"] == *id && one["state"] == state);
    while !(state(&told, &first["id"], "SUCCEEDED") && state(&told, &second["id"], "FAILED")) {
        assert!(Instant::now() < deadline, "not told within 20 s: {told:?}");
        let messages = feed.next(Duration::from_millis(100)).await.unwrap().unwrap_or_default();
        told.extend(messages.into_iter().filter(|message| message["type"] == "command"));
    }
    assert!(told.iter().all(|message| message["topic"] == "device/cmd-01"), "{told:?}");

    for path in ["/devices/cmd-02/commands", "/devices/nowhere/commands"] {
        let refused = api.call("POST", path, Some(&json!({"name": "dispense"}))).await.unwrap();
        assert_eq!((refused.status, &refused.json()["type"]), (404, &json!("urn:weir:problem:not_found")));
    }
}

#[tokio::test]
async fn commands_are_listed_and_cancelled_and_a_repeated_request_is_the_same_command() {
    let local = Local::running();
    local.register(&json!({"id": "cmd-03"})).await;
    let api = local.user("cmd-03-user", "cmd-03").await;
    let order = json!({"name": "dispense", "expires_in": 300});
    let keyed = async || {
        let headers = [("idempotency-key", "the-same-press")];
        api.call_with("POST", "/devices/cmd-03/commands", &headers, Some(&order)).await.unwrap().json()["id"].clone()
    };
    let (first, again) = (keyed().await, keyed().await);
    assert_eq!(first, again);
    let second = press(&api, "cmd-03", &json!({}), 300).await;
    let page = api.expect(&[200], "GET", "/devices/cmd-03/commands", None).await.unwrap().json();
    let ids: Vec<_> = page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect();
    assert_eq!(ids, [second["id"].clone(), first.clone()]);
    let path = format!("/devices/cmd-03/commands/{}", first.as_str().unwrap());
    let cancelled = api.expect(&[200], "DELETE", &path, None).await.unwrap().json();
    assert_eq!(cancelled["state"], "CANCELLED");
    comes_to(&api, "cmd-03", &second["id"], "SENT").await;
    let shadow = local.shadow("cmd-03").await.unwrap();
    assert_eq!(shadow["state"]["desired"]["command"]["id"], second["id"]);
}

#[tokio::test]
async fn a_command_that_was_entered_while_aws_iot_is_not_there_is_sent_later_or_expires() {
    let local = Local::running();
    local.register(&json!({"id": "cmd-04"})).await;
    let api = local.user("cmd-04-user", "cmd-04").await;
    let cut_off = local.copy("command", "cut-off", &[("AWS_ENDPOINT_URL_IOT_DATA_PLANE", "http://127.0.0.1:9")]).await;
    let mut ids = Vec::new();
    for expires_in in [5, 600] {
        let mut request = event("command", "press");
        request["rawPath"] = "/devices/cmd-04/commands".into();
        request["requestContext"]["http"]["path"] = "/devices/cmd-04/commands".into();
        request["pathParameters"]["id"] = "cmd-04".into();
        request["requestContext"]["authorizer"]["jwt"]["claims"]["custom:devices"] = "cmd-04".into();
        request["body"] = json!({"name": "dispense", "expires_in": expires_in}).to_string().into();
        let answer = local.call(&cut_off, &request).await;
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!((&answer["statusCode"], &body["state"]), (&json!(202), &json!("QUEUED")), "{answer}");
        ids.push(body["id"].clone());
    }
    tokio::time::sleep(LEASE).await;
    let function = local.stack.function("command").unwrap();
    until("the delivery", async || {
        local.call(function, &event("command", "sweep")).await;
        (read(&api, "cmd-04", &ids[1]).await["state"] == "SENT").then_some(())
    })
    .await;
    assert_eq!(read(&api, "cmd-04", &ids[0]).await["state"], "EXPIRED");
    assert_eq!(local.shadow("cmd-04").await.unwrap()["state"]["desired"]["command"]["id"], ids[1]);
}

/// The recipe for firmware in Python, as a process of its own.
struct Recipe {
    running: Running,
    lines: tokio::sync::watch::Receiver<Vec<String>>,
}

impl Recipe {
    async fn start(local: &Local, identity: &Identity) -> Self {
        let (place, id) = (Place::of_run("test").unwrap(), identity.name.as_str());
        let mut command = Command::new(Set::Clients.program(&place, "python"));
        command.arg(weir_tests::root().join("docs/clients/dispenser.py"));
        command.args([id, "127.0.0.1", &local.stack.mqtt_port.to_string()]);
        command.arg(&local.stack.ca).arg(&identity.certificate).arg(&identity.key);
        command.arg(place.run(&format!("{id}.flash")));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut running = Running::start("dispenser.py", command).unwrap();
        let output = running.child().stdout.take().unwrap();
        let (sender, lines) = tokio::sync::watch::channel(Vec::new());
        tokio::spawn(async move {
            let mut read = BufReader::new(output).lines();
            while let Ok(Some(line)) = read.next_line().await {
                sender.send_modify(|all: &mut Vec<String>| all.push(line));
            }
        });
        Self { running, lines }
    }
}

#[tokio::test]
async fn the_recipe_in_python_does_commands_once_and_says_when_it_was_interrupted() {
    let local = Local::running();
    local.register(&json!({"id": "cmd-05", "settings": {"led": true, "dispense_time_ms": 100}})).await;
    let api = local.user("cmd-05-user", "cmd-05").await;
    let identity = local.identity("cmd-05").await;
    let mut recipe = Recipe::start(&local, &identity).await;
    let mut ids = Vec::new();
    for ml in [30, 40, 50] {
        ids.push(press(&api, "cmd-05", &json!({ "ml": ml }), 120).await["id"].clone());
    }
    for id in &ids {
        comes_to(&api, "cmd-05", id, "SUCCEEDED").await;
    }
    assert_eq!(*recipe.lines.borrow(), ["dispensed 30", "dispensed 40", "dispensed 50"]);
    let settings = "/devices/cmd-05/settings";
    until("the settings are applied", async || {
        let seen = api.expect(&[200], "GET", settings, None).await.unwrap().json();
        (seen["difference"] == json!({})).then_some(())
    })
    .await;

    // It loses its power while it dispenses.
    api.expect(&[200], "PUT", settings, Some(&json!({"dispense_time_ms": 20_000}))).await.unwrap();
    until("the long time is applied", async || {
        let seen = api.expect(&[200], "GET", settings, None).await.unwrap().json();
        (seen["difference"] == json!({})).then_some(())
    })
    .await;
    let cut = press(&api, "cmd-05", &json!({"ml": 60}), 120).await;
    comes_to(&api, "cmd-05", &cut["id"], "ACCEPTED").await;
    recipe.running.end();
    let mut again = Recipe::start(&local, &identity).await;
    let failed = comes_to(&api, "cmd-05", &cut["id"], "FAILED").await;
    assert_eq!(failed["detail"], "interrupted by a restart");
    assert!(again.lines.borrow().is_empty(), "it is not done again");
    again.running.end();
}

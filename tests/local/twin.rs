//! What happens to a device over real MQTT is in its log, and whether it is connected is known.

use serde_json::{Value, json};
use tooling::api::Api;
use weir_tests::local::{Local, bytes, until};

/// The events of a device, the oldest first.
async fn events(api: &Api, device: &str) -> Vec<Value> {
    let path = format!("/devices/{device}/events?limit=200");
    let page = api.expect(&[200], "GET", &path, None).await.unwrap().json();
    let mut items = page["items"].as_array().unwrap().clone();
    items.reverse();
    items
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

/// Until the device has so many events of a kind.
async fn of_kind(api: &Api, device: &str, kind: &str, count: usize) -> Vec<Value> {
    until(&format!("{count} times {kind} of {device}"), async || {
        let mut found = events(api, device).await;
        found.retain(|event| event["kind"] == kind);
        (found.len() >= count).then_some(found)
    })
    .await
}

/// Until the device shows this state of its connection.
async fn shown(api: &Api, device: &str, state: &str) -> Value {
    until(&format!("{device} is {state}"), async || {
        let shown = api.expect(&[200], "GET", &format!("/devices/{device}"), None).await.unwrap().json();
        (shown["connection"]["state"] == state).then(|| shown["connection"].clone())
    })
    .await
}

async fn listed(api: &Api, query: &str) -> Vec<String> {
    let page = api.expect(&[200], "GET", &format!("/devices?limit=200&{query}"), None).await.unwrap().json();
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_device_that_connects_reports_and_goes_leaves_all_of_it_in_its_log() {
    let local = Local::running();
    let admin = local.admin().await;
    local.register(&json!({"id": "twin-01", "settings": {"led": false}})).await;
    of_kind(&admin, "twin-01", "desired", 1).await;
    let mut device = local.connect("twin-01").await;
    let connection = shown(&admin, "twin-01", "connected").await;
    assert_eq!(connection.get("reason"), None);
    assert!(listed(&admin, "connected=true").await.contains(&"twin-01".to_owned()));

    let user = local.user("twin-user", "twin-01").await;
    user.expect(&[200], "PUT", "/devices/twin-01/settings", Some(&json!({"led": true}))).await.unwrap();
    let settings = of_kind(&admin, "twin-01", "settings", 1).await.remove(0);
    assert!(settings["by"].as_str().is_some_and(|by| by.contains("twin-user")), "{settings}");
    assert_eq!(settings["changes"], json!([{"pointer": "/settings/led", "before": false, "after": true}]));
    of_kind(&admin, "twin-01", "desired", 2).await;

    // The device reports twice, and the second time the same.
    let report = bytes(&json!({"state": {"reported": {"version": 2, "settings": {"led": true}}}}));
    for _ in 0..2 {
        device.publish("$aws/things/twin-01/shadow/update", report.clone()).await.unwrap();
    }
    let reported = of_kind(&admin, "twin-01", "reported", 1).await;
    assert_eq!(reported[0]["changes"][0]["pointer"], "/settings", "{reported:?}");
    device
        .publish("$aws/things/twin-01/shadow/update", bytes(&json!({"state": {"reported": {"n": 7}}})))
        .await
        .unwrap();
    let reported = of_kind(&admin, "twin-01", "reported", 2).await;
    assert_eq!(reported[1]["changes"], json!([{"pointer": "/n", "after": 7}]), "what is the same is no event");

    drop(device);
    let gone = shown(&admin, "twin-01", "disconnected").await;
    assert!(gone["reason"].is_string(), "{gone}");
    until("the index", async || listed(&admin, "connected=false").await.contains(&"twin-01".to_owned()).then_some(()))
        .await;
    // The user of the device sees the same log; another one nothing.
    let all = events(&user, "twin-01").await;
    for kind in ["device", "desired", "connected", "settings", "reported", "disconnected"] {
        assert!(kinds(&all).contains(&kind), "{kind}: {all:?}");
    }
    let other = local.user("twin-other", "twin-02").await;
    other.expect(&[404], "GET", "/devices/twin-01/events", None).await.unwrap();
    other.expect(&[403], "GET", "/events", None).await.unwrap();
    until("the list of all", async || {
        let page = admin.expect(&[200], "GET", "/events?kind=settings&limit=200", None).await.unwrap().json();
        page["items"].as_array().unwrap().iter().any(|event| event["device"] == "twin-01").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_takeover_by_the_same_client_leaves_the_device_connected() {
    let local = Local::running();
    let admin = local.admin().await;
    local.register(&json!({"id": "twin-03"})).await;
    let first = local.connect("twin-03").await;
    of_kind(&admin, "twin-03", "connected", 1).await;
    // The same client id: the broker ends the first connection.
    let second = local.connect("twin-03").await;
    of_kind(&admin, "twin-03", "connected", 2).await;
    drop(first);
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let connection = shown(&admin, "twin-03", "connected").await;
    let newest = of_kind(&admin, "twin-03", "connected", 2).await.remove(1);
    assert_eq!(connection["since"], newest["at"]);
    drop(second);
    shown(&admin, "twin-03", "disconnected").await;
}

#[tokio::test]
async fn who_is_no_device_leaves_nothing() {
    let local = Local::running();
    let admin = local.admin().await;
    let stranger = local.connect("twin-99").await;
    local.register(&json!({"id": "twin-04"})).await;
    let known = local.connect("twin-04").await;
    of_kind(&admin, "twin-04", "connected", 1).await;
    assert_eq!(events(&admin, "twin-99").await, Vec::<Value>::new());
    drop((stranger, known));
}

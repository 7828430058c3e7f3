//! Settings on their way to a device: retained and in its shadow, also when AWS IoT was not there at first.

use std::time::Duration;

use serde_json::{Value, json};
use weir_tests::events::event;
use weir_tests::local::{Local, bytes, until};

/// As long as an attempt without an answer may still arrive: the lease in the device's row.
const LEASE: Duration = Duration::from_secs(30);

fn said(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap()
}

#[tokio::test]
async fn a_device_that_connects_later_finds_its_settings_and_says_when_it_has_taken_them() {
    let local = Local::running();
    let admin = local.admin().await;
    local.register(&json!({"id": "s-01", "settings": {"every": 60}})).await;
    let path = "/devices/s-01/settings";
    let set = admin.expect(&[200], "PUT", path, Some(&json!({"every": 30, "sleep": true}))).await.unwrap().json();
    assert_eq!(set, json!({"version": 2, "desired": {"every": 30, "sleep": true}, "delivery": "delivered"}));

    // Only now the device wakes up.
    let mut device = local.connect("s-01").await;
    device.subscribe("s-01/config").await.unwrap();
    let waiting = device.message().await.unwrap();
    let expected = json!({"version": 2, "settings": {"every": 30, "sleep": true}});
    assert_eq!(
        (waiting.topic.as_str(), waiting.retained, said(&waiting.payload)),
        ("s-01/config", true, expected.clone())
    );
    device.subscribe("$aws/things/s-01/shadow/get/accepted").await.unwrap();
    device.publish("$aws/things/s-01/shadow/get", Vec::new()).await.unwrap();
    let shadow = said(&device.message().await.unwrap().payload);
    assert_eq!(shadow["state"]["desired"], expected, "the shadow says the same, in the same version");

    // While it is awake it hears of a change at once.
    admin.expect(&[200], "PUT", path, Some(&json!({"every": 10}))).await.unwrap();
    let live = device.message().await.unwrap();
    let expected = json!({"version": 3, "settings": {"every": 10}});
    assert_eq!((live.retained, said(&live.payload)), (false, expected.clone()));
    assert_eq!(local.retained("s-01/config").await, Some(expected.clone()));

    let seen = admin.expect(&[200], "GET", path, None).await.unwrap().json();
    assert_eq!((&seen["reported"], &seen["difference"]), (&json!({}), &json!({"every": 10})));
    let report = json!({"state": {"reported": expected}});
    device.publish("$aws/things/s-01/shadow/update", bytes(&report)).await.unwrap();
    until("the report", async || {
        let seen = admin.expect(&[200], "GET", path, None).await.unwrap().json();
        (seen["difference"] == json!({}) && seen["reported"] == json!({"every": 10})).then_some(())
    })
    .await;
}

#[tokio::test]
async fn settings_written_while_aws_iot_is_not_there_are_delivered_later_the_newest_only() {
    let local = Local::running();
    local.register(&json!({"id": "s-02", "settings": {"every": 60}})).await;
    // The same function, to whom AWS IoT does not answer: nobody listens there.
    let cut_off = local.copy("device", "cut-off", &[("AWS_ENDPOINT_URL_IOT_DATA_PLANE", "http://127.0.0.1:9")]).await;
    for every in [30, 20] {
        let answer = local.call(&cut_off, &put_settings("s-02", &json!({"every": every}))).await;
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!((&answer["statusCode"], &body["delivery"]), (&json!(200), &json!("pending")), "{answer}");
    }
    let admin = local.admin().await;
    let seen = admin.expect(&[200], "GET", "/devices/s-02/settings", None).await.unwrap().json();
    assert_eq!((&seen["desired"], &seen["delivery"]), (&json!({"every": 20}), &json!("pending")));
    assert_eq!(local.retained("s-02/config").await, Some(json!({"version": 1, "settings": {"every": 60}})));

    tokio::time::sleep(LEASE).await;
    let function = local.stack.function("device").unwrap();
    until("the delivery", async || {
        local.call(function, &event("device", "sweep")).await;
        let seen = admin.expect(&[200], "GET", "/devices/s-02/settings", None).await.unwrap().json();
        (seen["delivery"] == "delivered").then_some(())
    })
    .await;
    let expected = json!({"version": 3, "settings": {"every": 20}});
    assert_eq!(local.retained("s-02/config").await, Some(expected.clone()));
    assert_eq!(local.shadow("s-02").await.unwrap()["state"]["desired"], expected);
}

/// The request as API Gateway hands it over, from the recorded one.
fn put_settings(id: &str, settings: &Value) -> Value {
    let mut request = event("device", "set");
    let path = format!("/devices/{id}/settings");
    request["rawPath"] = path.as_str().into();
    request["requestContext"]["http"]["path"] = path.into();
    request["requestContext"]["authorizer"]["jwt"]["claims"]["custom:devices"] = "*".into();
    request["pathParameters"]["id"] = id.into();
    request["body"] = settings.to_string().into();
    request
}

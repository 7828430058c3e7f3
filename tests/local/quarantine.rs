//! The quarantine through the API: a device that nobody registered gets its whole past.

use serde_json::{Value, json};
use tooling::api::Api;
use weir_tests::local::{Local, bytes, now, until};

/// The items of a list.
async fn list(api: &Api, query: &str) -> Vec<Value> {
    let answer = api.expect(&[200], "GET", &format!("/quarantine?{query}"), None).await.unwrap();
    let page: Value = serde_json::from_slice(&answer.bytes).unwrap();
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn registering_a_device_and_replaying_its_quarantine_recovers_its_whole_past() {
    let local = Local::running();
    let admin = local.admin().await;
    let start = now() - 3_600_000;
    let mut device = local.connect("q-01").await;
    // Every form of a message: one value with and without an instant, several values, and several instants.
    let single = "q-01/reading/sensor/ph";
    device.publish(single, bytes(&json!({"value": 1, "ts": start}))).await.unwrap();
    let before = now();
    device.publish(single, bytes(&json!({"value": "2"}))).await.unwrap();
    let after = now();
    device.publish("q-01/readings", bytes(&json!({"ts": start + 1000, "values": {"ph": 3, "tmp": 4}}))).await.unwrap();
    let batch =
        json!({"batch": [{"ts": start + 2000, "values": {"ph": 5}}, {"ts": start + 3000, "values": {"tmp": 6}}]});
    device.publish("q-01/readings", bytes(&batch)).await.unwrap();
    let known = until("four messages in quarantine", async || {
        Some(list(&admin, "device=q-01&reason=unknown_device").await).filter(|items| items.len() == 4)
    })
    .await;
    assert!(known.iter().all(|item| item["function"] == "calibration" && item["attempts"] == 0), "{known:?}");
    assert!(local.readings("q-01#ph").await.is_empty());

    // Somebody else's device stays where it is.
    let mut other = local.connect("q-02").await;
    other.publish("q-02/reading/sensor/ph", bytes(&json!({"value": 7}))).await.unwrap();
    until("the other device", async || list(&admin, "device=q-02").await.pop()).await;

    local.register(&json!({"id": "q-01", "sensors": [{"code": "ph"}, {"code": "tmp"}]})).await;
    let replayed = admin.expect(&[200], "POST", "/quarantine/replay", Some(&json!({"device": "q-01"}))).await.unwrap();
    let replayed: Value = serde_json::from_slice(&replayed.bytes).unwrap();
    assert_eq!(replayed, json!({"accepted": 4, "refused": 0, "failed": 0}));

    assert!(list(&admin, "device=q-01").await.is_empty());
    let ph = local.readings("q-01#ph").await;
    let (now_read, fixed): (Vec<_>, Vec<_>) = ph.iter().partition(|row| row.value == 2.0);
    let fixed: Vec<_> = fixed.iter().map(|row| (row.at, row.value)).collect();
    assert_eq!(fixed, [(start, 1.0), (start + 1000, 3.0), (start + 2000, 5.0)]);
    assert_eq!(now_read.len(), 1);
    let slack = 2_000;
    let received = now_read[0].at;
    assert!((before - slack..=after + slack).contains(&received), "as of its reception, not of its replay");
    assert_eq!(now_read[0].received_at, received);
    let tmp: Vec<_> = local.readings("q-01#tmp").await.iter().map(|row| (row.at, row.value)).collect();
    assert_eq!(tmp, [(start + 1000, 4.0), (start + 3000, 6.0)]);
    assert_eq!(list(&admin, "device=q-02").await.len(), 1);
}

#[tokio::test]
async fn an_entry_is_looked_at_replayed_alone_and_deleted() {
    let local = Local::running();
    let admin = local.admin().await;
    let mut device = local.connect("q-03").await;
    device.publish("q-03/readings", vec![0xff, 0x00, b'{']).await.unwrap();
    let item = until("the entry", async || list(&admin, "device=q-03&reason=unparseable").await.pop()).await;
    let path = format!("/quarantine/{}", item["id"].as_str().unwrap());
    let shown = admin.expect(&[200], "GET", &path, None).await.unwrap();
    let shown: Value = serde_json::from_slice(&shown.bytes).unwrap();
    assert_eq!(shown["payload"], json!({"base64": "/wB7"}));
    for query in ["limit=200", "reason=unparseable&limit=200"] {
        let all = list(&admin, query).await;
        assert!(all.iter().any(|other| other["id"] == item["id"]), "{query}: {all:?}");
    }

    let again = admin.expect(&[200], "POST", &format!("{path}/replay"), None).await.unwrap();
    let again: Value = serde_json::from_slice(&again.bytes).unwrap();
    assert_eq!((&again["outcome"], &again["entry"]["attempts"]), (&"refused".into(), &1.into()), "{again}");

    let user = local.user("q-user", "q-03").await;
    assert_eq!(user.call("GET", &path, None).await.unwrap().status, 403);
    assert_eq!(local.nobody().call("GET", "/quarantine", None).await.unwrap().status, 401);
    admin.expect(&[204], "DELETE", &path, None).await.unwrap();
    assert_eq!(admin.call("GET", &path, None).await.unwrap().status, 404);
}

#[tokio::test]
async fn a_level_from_a_device_that_was_switched_off_is_replayed_when_it_is_on_again() {
    let local = Local::running();
    let admin = local.admin().await;
    local.register(&json!({"id": "q-sewer", "level_id": "Q1", "enabled": false})).await;
    let mut gateway = local.connect("things-q").await;
    let uplink = json!({"end_device_ids": {"device_id": "q-sewer", "application_ids": {"application_id": "sewer"}},
        "received_at": "2026-11-20T06:24:45Z",
        "uplink_message": {"received_at": "2026-11-20T06:24:44Z", "decoded_payload": {"filling": 50}}});
    gateway.publish("v3/sewer@tenant/devices/q-sewer/up", bytes(&uplink)).await.unwrap();
    let item = until("the entry", async || list(&admin, "device=q-sewer&reason=device_disabled").await.pop()).await;
    assert_eq!(item["function"], "organizer");

    admin.expect(&[200], "PATCH", "/devices/q-sewer", Some(&json!({"enabled": true}))).await.unwrap();
    let path = format!("/quarantine/{}", item["id"].as_str().unwrap());
    let replayed = admin.expect(&[200], "POST", &format!("{path}/replay"), None).await.unwrap().json();
    assert_eq!(replayed["outcome"], "accepted", "{replayed}");
    assert_eq!(local.level("Q1").await.map(|level| level.last_update), Some(1_795_155_884));
    assert_eq!(admin.call("GET", &path, None).await.unwrap().status, 404);
}

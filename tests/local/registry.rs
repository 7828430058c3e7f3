//! The registry from the API to the functions that use it.

use serde_json::json;
use weir_tests::local::{Local, bytes, now, until};

/// A little longer than functions remember devices: the tests' stack is deployed with DeviceCacheSeconds=1.
const FORGOTTEN: std::time::Duration = std::time::Duration::from_millis(1_100);

#[tokio::test]
async fn a_formula_is_entered_over_the_api_and_used_with_the_other_sensors_of_a_message() {
    let local = Local::running();
    local.register(&json!({"id": "g-01", "sensors": [{"code": "pm25", "unit": "µg/m³"}, {"code": "hum"}]})).await;
    let formula =
        json!({"model": "expression", "formula": "0.524*x - 0.0862*RH + 5.75", "inputs": {"RH": "hum"}, "round": 2});
    local.calibrate("g-01", "pm25", &formula).await;
    let at = now() - 5_000;
    let mut device = local.connect("g-01").await;
    device.publish("g-01/readings", bytes(&json!({"ts": at, "values": {"pm25": 30, "hum": 50}}))).await.unwrap();
    let row = until("the reading", async || local.readings("g-01#pm25").await.pop()).await;
    assert_eq!((row.at, row.raw, row.value, row.calibration), (at, 30.0, 17.16, 1));

    let admin = local.admin().await;
    let circle = json!({"model": "expression", "formula": "x + p", "inputs": {"p": "pm25"}});
    let refused = admin.call("POST", "/devices/g-01/sensors/hum/calibrations", Some(&circle)).await.unwrap();
    assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &json!("/inputs/p")));
    let needed = admin.call("DELETE", "/devices/g-01/sensors/hum", None).await.unwrap();
    assert_eq!((needed.status, &needed.json()["type"]), (409, &json!("urn:weir:problem:in_use")));
}

#[tokio::test]
async fn a_deleted_device_leaves_its_readings_and_nothing_that_is_sent_to_it() {
    let local = Local::running();
    let admin = local.admin().await;
    local.register_buoy("g-02", &json!({"model": "identity"})).await;
    admin.expect(&[200], "PUT", "/devices/g-02/settings", Some(&json!({"every": 5}))).await.unwrap();
    let mut device = local.connect("g-02").await;
    device.publish("g-02/reading/sensor/ph", bytes(&json!({"value": 7}))).await.unwrap();
    until("the reading", async || local.readings("g-02#ph").await.pop()).await;
    assert!(local.retained("g-02/config").await.is_some() && local.shadow("g-02").await.is_some());

    admin.expect(&[204], "DELETE", "/devices/g-02", None).await.unwrap();
    assert_eq!(admin.call("GET", "/devices/g-02", None).await.unwrap().status, 404);
    assert_eq!((local.retained("g-02/config").await, local.shadow("g-02").await), (None, None));
    assert_eq!(local.readings("g-02#ph").await.len(), 1);

    tokio::time::sleep(FORGOTTEN).await;
    // A message that was under way: the device itself has no certificate any more.
    local.invoke("calibration", "g-02/reading/sensor/ph", &bytes(&json!({"value": 8}))).await;
    let row = until("the row in quarantine", async || local.quarantine("g-02/reading/sensor/ph").await.pop()).await;
    assert_eq!((row.reason.as_str(), row.device_id.as_deref()), ("unknown_device", Some("g-02")));
    assert_eq!(local.readings("g-02#ph").await.len(), 1);
}

#[tokio::test]
async fn an_administrator_finds_devices_in_the_list_and_by_their_tube_and_sees_what_calibrations_there_were() {
    let local = Local::running();
    let admin = local.admin().await;
    local.register_buoy("g-03", &json!({"model": "identity"})).await;
    local.register(&json!({"id": "g-sewer", "level_id": "G1"})).await;
    let ids = async |path: &str| {
        let (mut ids, mut next) = (Vec::new(), String::new());
        loop {
            let page = admin.expect(&[200], "GET", &format!("{path}{next}"), None).await.unwrap().json();
            let items = page["items"].as_array().unwrap().iter();
            ids.extend(items.map(|device| device["id"].as_str().unwrap().to_owned()));
            match page["next"].as_str() {
                Some(cursor) => next = format!("&next={cursor}"),
                None => return ids,
            }
        }
    };
    let all = ids("/devices?limit=5").await;
    assert!(all.contains(&"g-03".to_owned()) && all.contains(&"g-sewer".to_owned()), "{all:?}");
    assert_eq!(ids("/devices?tube=G").await, ["g-sewer"]);

    local.calibrate("g-03", "ph", &json!({"model": "linear", "slope": 2, "intercept": 1})).await;
    let path = "/devices/g-03/sensors/ph/calibrations";
    let history = admin.expect(&[200], "GET", path, None).await.unwrap().json();
    let versions: Vec<_> = history["items"].as_array().unwrap().iter().map(|one| one["version"].clone()).collect();
    assert_eq!(versions, [json!(2), json!(1)]);
}

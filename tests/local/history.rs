//! Readings asked for over the deployed API, after they came over MQTT.

use serde_json::{Value, json};
use tooling::api::Api;
use weir_tests::local::{LEVEL_TOPIC, Local, bytes, now, until};

const HOUR: i64 = 3_600_000;

async fn items(api: &Api, path: &str) -> Vec<Value> {
    let answer = api.expect(&[200], "GET", path, None).await.unwrap().json();
    answer["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_came_over_mqtt_is_read_over_the_api() {
    let local = Local::running();
    local.register_buoy("h-01", &json!({"model": "linear", "slope": 0.5, "intercept": 1})).await;
    // Three days ago at noon, so that the hour and the day are closed.
    let noon = now() / (24 * HOUR) * 24 * HOUR - 3 * 24 * HOUR + 12 * HOUR;
    let group = |minute: i64| json!({"ts": noon + minute * 60_000, "values": {"ph": 2 * minute, "tmp": minute}});
    let batch = json!({"batch": (0..4).map(group).collect::<Vec<_>>()});
    let mut device = local.connect("h-01").await;
    device.publish("h-01/readings", bytes(&batch)).await.unwrap();
    until("the readings", async || Some(local.readings("h-01#tmp").await).filter(|rows| rows.len() == 4)).await;

    let user = local.user("h-01", "h-01").await;
    let span = format!("from={noon}&to={}", noon + HOUR);
    let points = items(&user, &format!("/devices/h-01/readings?{span}")).await;
    let seen: Vec<_> =
        points.iter().map(|point| (point["sensor"].as_str().unwrap(), point["value"].as_f64().unwrap())).collect();
    let expected: Vec<_> =
        [("ph", 1.0), ("ph", 2.0), ("ph", 3.0), ("ph", 4.0), ("tmp", 0.0), ("tmp", 1.0), ("tmp", 2.0), ("tmp", 3.0)]
            .into();
    assert_eq!(seen, expected);
    let first = user.expect(&[200], "GET", &format!("/devices/h-01/readings?{span}&limit=5"), None).await.unwrap();
    let link = first.header("link").to_owned();
    let next = link.strip_prefix('<').and_then(|link| link.split('>').next()).expect("a link");
    assert_eq!(items(&user, next).await, points[5..]);

    // The first time they are added up, the second time read from what is kept; then one comes late.
    let days = format!("/devices/h-01/readings?from={}&sensor=ph&every=1d&agg=mean,count", noon - 24 * HOUR);
    for (count, mean) in [(4, 2.5), (4, 2.5)] {
        let day = items(&user, &days).await.remove(0);
        assert_eq!((&day["count"], &day["mean"]), (&json!(count), &json!(mean)));
    }
    // Kept of the day whose readings came late, which had a row already, and of the one after, which had none.
    let kept: Vec<Value> = local.tables.all("Rollups").await.expect("the table can be read");
    for midnight in [noon - 12 * HOUR, noon + 12 * HOUR] {
        let cell = format!("day#{midnight}");
        let row = kept.iter().find(|row| row["sensor"] == "h-01#ph" && row["cell"] == cell.as_str());
        assert!(row.is_some_and(|row| row["aggregates"].is_string()), "{cell}: {kept:?}");
    }
    device.publish("h-01/readings", bytes(&json!({"ts": noon + 5 * 60_000, "values": {"ph": 13}}))).await.unwrap();
    let late =
        until("the late reading", async || Some(items(&user, &days).await.remove(0)).filter(|day| day["count"] == 5))
            .await;
    assert_eq!(late["mean"], 3.5);

    let latest = items(&user, "/devices/h-01/readings/latest").await;
    assert_eq!((latest.len(), &latest[0]["value"], &latest[1]["unit"]), (2, &json!(7.5), &json!("°C")));
    let path = format!("/devices/h-01/readings?{span}");
    let sheet = user.call_with("GET", &path, &[("accept", "text/csv")], None).await.unwrap();
    let text = String::from_utf8(sheet.bytes.clone()).unwrap();
    assert_eq!((text.starts_with("\u{feff}at,sensor,value,unit,"), text.lines().count()), (true, 10), "{text}");

    let stranger = local.user("h-02", "h-02").await;
    for path in [days.as_str(), "/devices/h-01/readings/latest", "/devices/h-02/readings"] {
        assert_eq!(stranger.call("GET", path, None).await.unwrap().status, 404, "{path}");
    }
    assert_eq!(local.nobody().call("GET", "/devices/h-01/readings", None).await.unwrap().status, 401);
}

#[tokio::test]
async fn a_levels_history_is_read_as_the_sensor_filling_of_its_device() {
    let local = Local::running();
    local.register(&json!({"id": "h-level", "level_id": "H7"})).await;
    let mut gateway = local.connect("gateway-h").await;
    let at = now() - 2_000;
    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "H7", "filling": 50, "ts": at}))).await.unwrap();
    until("the level's history", async || local.readings("H7#filling").await.pop()).await;
    let user = local.user("h-level", "h-level").await;
    let points = items(&user, "/devices/h-level/readings").await;
    assert_eq!((points.len(), &points[0]["sensor"], &points[0]["value"]), (1, &json!("filling"), &json!(50.0)));
}

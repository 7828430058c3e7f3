//! A wrong calibration is corrected after the fact, over the deployed API and through the stream.

use std::time::Duration;

use serde_json::json;
use weir_tests::events::event;
use weir_tests::local::{Local, bytes, now, until};

const HOUR: i64 = 3_600_000;
/// The tests' stack is deployed with DeviceCacheSeconds=1, and a function may be under way for 30 s.
const BEGINS: Duration = Duration::from_secs(31);

#[tokio::test]
async fn stored_readings_are_worked_out_anew_once_every_function_uses_the_new_version() {
    let local = Local::running();
    local.register_buoy("c-01", &json!({"model": "linear", "slope": 0.5, "intercept": 1})).await;
    // Long enough ago that the hour is closed and its rollup is stored.
    let begin = now() / HOUR * HOUR - 4 * HOUR;
    let group = |place: i64| json!({"ts": begin + place * 1000, "values": {"ph": place}});
    let mut device = local.connect("c-01").await;
    for part in 0..4 {
        let batch = json!({"batch": (part * 250..part * 250 + 250).map(group).collect::<Vec<_>>()});
        device.publish("c-01/readings", bytes(&batch)).await.unwrap();
    }
    until("the readings", async || Some(local.readings("c-01#ph").await).filter(|rows| rows.len() == 1_000)).await;

    let admin = local.admin().await;
    let sums = format!("/devices/c-01/readings?from={begin}&to={}&every=1h&agg=mean,count", begin + HOUR);
    let hour = async || admin.expect(&[200], "GET", &sums, None).await.unwrap().json()["items"][0].clone();
    for _ in 0..2 {
        let seen = hour().await;
        assert_eq!((&seen["count"], &seen["mean"]), (&json!(1_000), &json!(250.75)), "added up, then kept");
    }

    local.calibrate("c-01", "ph", &json!({"model": "linear", "slope": 2, "intercept": 0})).await;
    let (from, to) = ("2026-01-01T00:00:00Z", "2100-01-01T00:00:00Z");
    let body = json!({"from": from, "to": to});
    let answer = admin.expect(&[202], "POST", "/devices/c-01/sensors/ph/recalculate", Some(&body)).await.unwrap();
    assert_eq!(answer.json()["state"], "waiting", "a function may still use the version before");
    let job = answer.header("location").to_owned();
    tokio::time::sleep(BEGINS).await;
    let function = local.stack.function("recalculation").unwrap();
    local.call(function, &event("recalculation", "sweep")).await;
    let done = until("the end of it", async || {
        let job = admin.expect(&[200], "GET", &job, None).await.unwrap().json();
        (job["state"] == "done").then_some(job)
    })
    .await;
    assert_eq!((&done["seen"], &done["changed"], &done["refused"]), (&json!(1_000), &json!(1_000), &json!(0)));
    for row in local.readings("c-01#ph").await {
        assert_eq!((row.value, row.calibration), (row.raw * 2.0, 2), "at {}", row.at);
    }
    assert_eq!(hour().await["mean"], 999.0, "what was kept of the hour counts no more");
}

#[tokio::test]
async fn a_model_is_fitted_over_the_api() {
    let local = Local::running();
    local.register(&json!({"id": "c-02", "sensors": [{"code": "ph"}]})).await;
    let body = json!({"model": "linear", "points": [[0, 1], [2, 2], [4, 3]]});
    let admin = local.admin().await;
    let path = "/devices/c-02/sensors/ph/calibrations/fit";
    let fit = admin.expect(&[200], "POST", path, Some(&body)).await.unwrap().json();
    assert_eq!(
        (&fit["model"]["slope"], &fit["model"]["intercept"], &fit["rmse"]),
        (&json!(0.5), &json!(1.0), &json!(0.0))
    );
}

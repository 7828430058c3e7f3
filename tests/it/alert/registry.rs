//! Alerts that are removed, disabled or changed, and the effect on their open problems.

use std::sync::Arc;

use ::certificate::Certificate;
use ::device::Parts;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use weir_aws::CalibrationTable;
use weir_aws::device::{Deliver, DeviceTable};
use weir_aws::level::LevelTable;
use weir_aws::problem::ProblemTable;
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::wire::Interlude;

use super::{PROBLEM, World, buoy, low_oxygen, problem};
use crate::device::iot::Cloud;
use crate::device::{author, details, device};
use crate::http::ask::{Ask, body, status};

impl World {
    /// The function `device` over the same tables.
    fn registry(&self) -> ::device::Device {
        let (cloud, clock) = (Cloud::default(), self.functions.clock.clone());
        let levels = LevelTable::new(self.engine.client(), self.engine.name("levels"));
        let certificates = weir_tests::lambda::certificate(Certificate::new(::certificate::Parts {
            devices: self.devices(),
            events: self.engine.events(),
            iot: cloud.iot(),
            certificates: cloud.certificates(),
            policy: "weir-dev-device".into(),
            renew_days: 30,
            most_days: 365,
            clock: clock.clone(),
        }));
        ::device::Device::new(Parts {
            devices: self.devices(),
            calibrations: CalibrationTable::new(self.engine.client(), self.engine.name("calibrations")),
            problems: ProblemTable::new(self.engine.client(), self.engine.name("problems"), levels),
            events: self.engine.events(),
            delivery: ::device::Delivery::new(self.devices(), cloud.iot(), certificates, clock.clone()),
            clock,
        })
    }

    async fn opened() -> Self {
        let mut world = Self::new().await;
        world.turned(3.0, -100).await;
        assert_eq!(world.problems(), [problem("UNRESOLVED", 1, -100)]);
        world
    }
}

/// Every way in which an alert loses its reason: the request, and what the device is after it; nothing if it is deleted.
fn removals() -> Vec<(&'static str, &'static str, Option<Value>, Option<Value>)> {
    let disabled = |what: &str| {
        let mut body = buoy(&json!([low_oxygen()]));
        match what {
            "device" => body["enabled"] = false.into(),
            "sensor" => body["sensors"][0]["enabled"] = false.into(),
            _ => body["sensors"][0]["alerts"][0]["enabled"] = false.into(),
        }
        body
    };
    let put = |body: &Value| ("PUT", "/devices/buoy-01", Some(body.clone()), Some(body.clone()));
    let other = buoy(&json!([{"id": "other", "below": 4}]));
    vec![
        put(&buoy(&json!([]))),
        put(&other),
        put(&json!({})),
        put(&disabled("alert")),
        put(&disabled("sensor")),
        put(&disabled("device")),
        ("PATCH", "/devices/buoy-01", Some(json!({"enabled": false})), Some(disabled("device"))),
        ("PUT", "/devices/buoy-01/sensors/do", Some(json!({"unit": "mg/L"})), Some(buoy(&json!([])))),
        ("DELETE", "/devices/buoy-01/sensors/do", None, Some(json!({"sensors": [{"code": "ph"}]}))),
        ("DELETE", "/devices/buoy-01", None, None),
    ]
}

fn ended(world: &World) {
    let row = world.engine.row("problems");
    assert_eq!((&row["problem_status"], &row["resolved_by"]), (&json!("RESOLVED"), &json!("removed")), "{row}");
    assert_eq!(row["resolved_at"], NOW.seconds());
}

#[tokio::test]
async fn removing_or_disabling_an_alert_its_sensor_or_its_device_ends_the_problem_at_once() {
    for (method, path, request, _) in removals() {
        let world = World::opened().await;
        let ask = Ask::new(method, path).admin();
        let ask = match &request {
            Some(request) => ask.json(request),
            None => ask,
        };
        let answer = world.registry().answer(ask.event()).await.unwrap();
        assert!(status(&answer) < 300, "{method} {path}: {answer}");
        ended(&world);
        let before = world.engine.rows("problems");
        world.swept().await;
        assert_eq!(world.engine.rows("problems"), before, "the sweep finds it done");
        assert!(world.engine.row("devices").get("watch").is_none(), "and looks no more");
    }
}

#[tokio::test]
async fn what_a_killed_request_has_left_undone_the_sweep_does() {
    for (method, path, _, body) in removals() {
        let world = World::opened().await;
        match &body {
            Some(body) => world.change("buoy-01", body).await,
            None => {
                let before = world.read("buoy-01").await;
                let event = weir_core::wire::device_event::deleted(&before, &author());
                world.devices().remove(&before, author(), &world.engine.events(), &event).await.unwrap();
            }
        }
        assert_eq!(world.problems(), [problem("UNRESOLVED", 1, -100)]);
        let swept = world.swept().await;
        assert_eq!((&swept["looked"], &swept["failed"]), (&json!(1), &json!(0)), "{method} {path}");
        ended(&world);
        assert_eq!(world.swept().await["looked"], 0);
    }
}

#[tokio::test]
async fn a_change_that_keeps_the_alert_leaves_its_problem_and_an_alert_that_comes_back_opens_again() {
    let mut world = World::opened().await;
    let mut renamed = buoy(&json!([low_oxygen()]));
    renamed["name"] = "Buoy".into();
    let put = |body: &Value| Ask::new("PUT", "/devices/buoy-01").admin().json(body).event();
    assert_eq!(status(&world.registry().answer(put(&renamed)).await.unwrap()), 200);
    assert_eq!(world.problems(), [problem("UNRESOLVED", 1, -100)]);
    assert!(world.engine.row("devices").get("watch").is_none(), "nothing to look at");
    world.registry().answer(put(&buoy(&json!([])))).await.unwrap();
    world.registry().answer(put(&renamed)).await.unwrap();
    world.functions.clock.set(NOW.plus_seconds(120));
    world.turned(2.0, -50).await;
    assert_eq!(world.problems(), [problem("RESOLVED", 1, -100)], "measured before it was removed");
    world.turned(2.0, 60).await;
    assert_eq!(world.problems(), [problem("UNRESOLVED", 2, 60)]);
}

/// The cache of the function still has the alert when it is removed between its read and its write.
#[tokio::test]
async fn nothing_opens_for_an_alert_that_was_removed_meanwhile() {
    let World { engine, functions, .. } = World::new().await;
    let engine = Arc::new(engine);
    let between = {
        let engine = engine.clone();
        Interlude::new("TransactWriteItems", 1, move || -> BoxFuture<'static, ()> {
            let engine = engine.clone();
            Box::pin(async move { remove_alert(&engine).await })
        })
    };
    let between = Arc::new(between);
    let overtaken = Functions::by(&engine, &engine.client_over(between.clone()), &Settings::default());
    super::store(&functions, "do", 3.0, -100).await;
    let mut pump = weir_tests::pump::Pump::through(&engine, "AlertReadingsMapping", "readings");
    pump.run(async |event| overtaken.alert.answer(event).await).await;
    assert_eq!((between.left(), super::problems(&engine)), (0, vec![]));
}

async fn remove_alert(engine: &Engine) {
    let devices = DeviceTable::new(engine.client(), engine.name("devices"));
    let before = devices.get(&device("buoy-01")).await.unwrap().unwrap();
    let changed = before.with_details(details(&buoy(&json!([]))), Default::default(), author());
    devices.write(&changed, Deliver::NOTHING).await.unwrap();
}

#[tokio::test]
async fn problems_of_devices_are_listed_by_scope_kind_device_and_severity() {
    let mut world = World::opened().await;
    let mut body_of = buoy(&json!([{"id": "high", "above": 9, "severity": "info"}]));
    body_of["report_every"] = 60.into();
    body_of["level_id"] = "01".into();
    world.register("buoy-02", &body_of).await;
    let mut message = super::message("do", 10.0, -5_000);
    message["topic"] = "buoy-02/reading/sensor/do".into();
    world.functions.calibration.answer(message).await.unwrap();
    world.streamed().await;
    // A pair of which one is buoy-02.
    for (id, filling, seconds) in [("01", 100, -900), ("02", 50, -800)] {
        let report = json!({"id": id, "filling": filling, "ts": NOW.plus_seconds(seconds).millis(), "received_at": NOW.millis()});
        world.functions.organizer.answer(report).await.unwrap();
        let record = weir_tests::pump::stream_record("1", json!({"id": {"S": id}}));
        world.functions.detector.answer(json!({"Records": [record]})).await.unwrap();
    }
    world.functions.clock.set(NOW.plus_seconds(1_000));
    world.swept().await;
    let ids = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|item| item["problem_id"].as_str().unwrap().to_owned()).collect()
    };
    let all = ["buoy-02:silent", PROBLEM, "0102", "buoy-02:do:high"];
    for (query, expected) in [
        ("", &all[..]),
        ("?kind=LIMIT", &[all[1], all[3]]),
        ("?kind=SILENT", &[all[0]]),
        ("?kind=OBSTRUCTION", &[all[2]]),
        ("?kind=PROBLEM", &[]),
        ("?severity=critical", &[all[1]]),
        ("?severity=info", &[all[3]]),
        ("?severity=warning", &[all[0]]),
        ("?device=buoy-02", &[all[0], all[2], all[3]]),
        ("?device=buoy-02&kind=LIMIT", &[all[3]]),
        ("?device=buoy-02&kind=LIMIT&severity=critical", &[]),
        ("?device=buoy-77", &[]),
        ("?status=RESOLVED", &[]),
    ] {
        assert_eq!(ids(&world.get(&format!("/problems{query}")).await), expected, "{query}");
    }
    for (devices, query, expected) in [
        ("buoy-01", "", &all[1..2]),
        ("buoy-02", "", &[all[0], all[2], all[3]]),
        ("buoy-01", "?device=buoy-02", &[]),
        ("buoy-01 buoy-02", "?device=buoy-02&kind=SILENT", &[all[0]]),
        ("buoy-03", "", &[]),
    ] {
        let page = world.ask(Ask::new("GET", &format!("/problems{query}")).user(devices)).await;
        assert_eq!(ids(&body(&page)), expected, "{devices} {query}");
    }
    for (devices, id, expected) in
        [("buoy-01", PROBLEM, 200), ("buoy-02", PROBLEM, 404), ("buoy-02", "buoy-02:silent", 200)]
    {
        let answer = world.ask(Ask::new("GET", &format!("/problems/{id}")).user(devices)).await;
        assert_eq!(status(&answer), expected, "{devices} {id}");
    }
    // Page by page.
    for limit in 1..4 {
        for query in ["", "&kind=LIMIT", "&device=buoy-02"] {
            let whole = ids(&world.get(&format!("/problems?limit=100{query}")).await);
            let (mut found, mut next) = (Vec::new(), String::new());
            loop {
                let page = world.get(&format!("/problems?limit={limit}{query}{next}")).await;
                found.extend(ids(&page));
                let Some(cursor) = page["next"].as_str() else { break };
                next = format!("&next={cursor}");
            }
            assert_eq!(found, whole, "{limit} {query}");
        }
    }
}

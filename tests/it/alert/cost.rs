//! The cost of alerts: nothing for sensors without alerts, and little while no alert opens or ends.

use std::sync::Arc;

use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::meter::Meter;
use weir_tests::pump::Pump;
use weir_tests::wire::Ledger;

use super::{World, buoy, low_oxygen, message};

#[tokio::test]
async fn a_reading_of_a_sensor_without_alerts_costs_nothing_more() {
    let world = World::new().await;
    world.register("buoy-02", &json!({"sensors": [{"code": "ph", "unit": "pH"}]})).await;
    let (meter, ledger) = (Arc::new(Meter::default()), Arc::new(Ledger::default()));
    let functions = Functions::by(&world.engine, &world.engine.client_over(meter.clone()), &Settings::default());
    let counted = Functions::by(&world.engine, &world.engine.client_over(ledger.clone()), &Settings::default());
    let mut costs = Vec::new();
    // Beside a sensor with alerts, and on a device that has none.
    for device in ["buoy-01", "buoy-02"] {
        let of = |seconds: i64| {
            let mut message = message("ph", 7.0, seconds);
            message["topic"] = format!("{device}/reading/sensor/ph").into();
            message
        };
        // The device is remembered from now on.
        functions.calibration.answer(of(-100)).await.unwrap();
        counted.calibration.answer(of(-99)).await.unwrap();
        meter.take();
        ledger.take();
        functions.calibration.answer(of(-98)).await.unwrap();
        counted.calibration.answer(of(-97)).await.unwrap();
        let cost = meter.take();
        assert_eq!(cost.keys().collect::<Vec<_>>(), ["readings"], "{cost:?}");
        assert_eq!(ledger.operations(), ["BatchExecuteStatement"]);
        costs.push((
            cost["readings"].requests,
            cost["readings"].written.to_string(),
            cost["readings"].read.to_string(),
        ));
    }
    assert_eq!(costs, vec![(1, "1".to_owned(), "0".to_owned()); 2]);
    let mut pump = Pump::through(&world.engine, "AlertReadingsMapping", "readings");
    pump.run(async |_| Ok::<_, ()>(json!({"batchItemFailures": []}))).await;
    assert_eq!(pump.calls, [0; 0], "and it wakes nobody");
}

#[tokio::test]
async fn readings_in_order_cost_one_read_for_a_batch_whether_the_alert_is_open_or_not() {
    let more = json!([low_oxygen(), {"id": "much", "above": 12, "for": 3}]);
    let mut world = World::of(&buoy(&more)).await;
    world.turned(6.0, -900).await;
    let meter = Arc::new(Meter::default());
    let metered = Functions::by(&world.engine, &world.engine.client_over(meter.clone()), &Settings::default());
    let mut pump = Pump::through(&world.engine, "AlertReadingsMapping", "readings");
    // The device is remembered from now on.
    pump.run(async |event| metered.alert.answer(event).await).await;
    let mut at = -800;
    for (open, value) in [(false, 6.0), (true, 3.0), (false, 7.0)] {
        // The first one may open or end it.
        world.measured(value, at).await;
        pump.run(async |event| metered.alert.answer(event).await).await;
        let opened = world.problems().iter().any(|(_, status, ..)| status == "UNRESOLVED");
        assert_eq!(opened, open);
        for _ in 0..20 {
            at += 1;
            world.measured(value, at).await;
        }
        meter.take();
        pump.run(async |event| metered.alert.answer(event).await).await;
        let cost = meter.take();
        assert_eq!(cost.keys().collect::<Vec<_>>(), ["problems"], "{value}: {cost:?}");
        let cost = cost["problems"];
        assert_eq!((cost.requests, cost.rows), (1, 2), "{value}: one request, the problem of each alert");
        assert!(cost.written == 0.0 && cost.read <= 2.0, "{value}: {cost:?}");
        at += 10;
    }
    assert_eq!(pump.calls, [1, 1, 20, 1, 20, 1, 20], "a batch each");
}

#[tokio::test]
async fn a_device_that_says_how_often_it_reports_pays_nothing_for_its_readings() {
    let mut body = buoy(&json!([]));
    body["report_every"] = 60.into();
    let world = World::of(&body).await;
    let meter = Arc::new(Meter::default());
    let functions = Functions::by(&world.engine, &world.engine.client_over(meter.clone()), &Settings::default());
    functions.calibration.answer(message("do", 7.0, -100)).await.unwrap();
    meter.take();
    for seconds in 0..10 {
        functions.calibration.answer(message("do", 7.0, seconds - 90)).await.unwrap();
    }
    let cost = meter.take();
    assert_eq!((cost.len(), cost["readings"].requests, cost["readings"].written.to_string()), (1, 10, "10".to_owned()));
    // Looked at once in three minutes: a key, its row, the newest reading of each sensor, what is known, and when to look next.
    functions.clock.set(NOW.plus_seconds(100));
    let sweep = weir_tests::events::event("problem-detector", "sweep");
    functions.detector.answer(sweep.clone()).await.unwrap();
    meter.take();
    functions.detector.answer(sweep).await.unwrap();
    let cost = meter.take();
    assert!(cost.values().all(|cost| cost.written == 0.0 && cost.rows == 0), "not due: {cost:?}");
    // The bill: crates/tooling/bill/usage.toml.
    assert!(cost.values().map(|cost| cost.read).sum::<f64>() <= 8.0, "{cost:?}");
}

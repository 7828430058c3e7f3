//! The other store: the queries to Timestream, and the records written to it.

use std::sync::Arc;
use weir_runtime::Function as _;

use ::recalculation::{Parts, Recalculation};
use serde_json::json;
use weir_core::domain::Timestamp;
use weir_core::domain::reading::{Quality, Reading, Series};
use weir_tests::timestream::{Timestream, accepted, records, rejected};
use weir_tests::timestream_query::{Recording, rows};

use super::{BEGIN, World};

#[tokio::test]
async fn a_better_reading_is_a_record_of_a_higher_version_and_one_that_is_better_known_stays() {
    let world = World::new(0).await;
    world.linear(2, 0, 3.0);
    let job = world.post(0, 25).await;
    let columns = [
        ("sensor", "VARCHAR"),
        ("time", "TIMESTAMP"),
        ("raw", "DOUBLE"),
        ("value", "DOUBLE"),
        ("unit", "VARCHAR"),
        ("calibration", "BIGINT"),
        ("quality", "VARCHAR"),
        ("received_at", "TIMESTAMP"),
    ];
    let row = |second: i64, calibration: i64| {
        let time = format!("2026-11-18 11:06:{:02}.000000000", 40 + second);
        json!(["ph", time, 4.0, 4.0, "pH", calibration, "good", time])
    };
    let asked = Recording::of(vec![rows(&columns, &[row(0, 1), row(1, 2), row(2, 1)])]).await;
    let timestream = Timestream::answering(|number, request| match number {
        0 => rejected(&[(1, "A higher version is stored", Some(i64::MAX))]),
        _ => accepted(request),
    });
    let parts = world.parts(&world.engine.client(), world.clock.clone());
    let parts = Parts { history: Arc::new(asked.history()), store: Arc::new(timestream.store()), ..parts };
    let function = Recalculation::new(parts);
    world.pump().run(async |event| function.answer(event).await).await;

    let done = world.job(&job).await;
    assert_eq!((&done["state"], &done["seen"], &done["refused"]), (&json!("done"), &json!(3), &json!(0)), "{done}");
    let sent = timestream.take();
    assert_eq!(sent.iter().map(|request| records(request).len()).collect::<Vec<_>>(), [2, 1]);
    let expected = Reading {
        series: Series { device: "b".parse().unwrap(), sensor: "ph".parse().unwrap() },
        at: Timestamp::from_millis(BEGIN),
        received_at: Timestamp::from_millis(BEGIN),
        raw: 4.0,
        value: 12.0,
        unit: "pH".into(),
        calibration: 2,
        quality: Quality::Good,
        judge: false,
    };
    let record = &records(&sent[0])[0];
    assert_eq!(record["Time"], BEGIN.to_string());
    assert_eq!(record["Version"].to_string().trim_matches('"'), expected.rank().to_string());
    let value = record["MeasureValues"].as_array().unwrap().iter().find(|measure| measure["Name"] == "value").unwrap();
    assert_eq!(value["Value"], "12");
}

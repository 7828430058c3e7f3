//! Writing readings to Timestream: the requests, and how each answer is handled.

mod refusals;
mod requests;

use std::sync::Arc;

use calibration::Calibration;
use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW};
use weir_tests::timestream::Timestream;

/// An engine with the devices registered, and `calibration` writing into that Timestream.
async fn into(timestream: &Arc<Timestream>) -> (Engine, Calibration) {
    let engine = Engine::start().await;
    engine.register();
    let calibration = Functions::calibration_into(&engine, timestream.store());
    (engine, calibration)
}

/// A message of 100 values of `ph`, the n-th measured n seconds before [`NOW`].
fn hundred() -> Value {
    let group = |place: i64| json!({"ts": NOW.plus_seconds(-place).millis(), "values": {"ph": 400 + place}});
    let batch: Vec<_> = (0..100).map(group).collect();
    json!({"batch": batch, "topic": "buoy-01/readings", "received_at": NOW.millis()})
}

/// The `Time` of the n-th of them.
fn time(place: i64) -> Value {
    NOW.plus_seconds(-place).millis().to_string().into()
}

fn counts(stored: u32, duplicate: u32, quarantined: u32) -> Value {
    json!({"stored": stored, "duplicate": duplicate, "quarantined": quarantined})
}

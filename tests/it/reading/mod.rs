//! The function `reading` on a real engine: access, recorded requests, and the formats of responses.

mod access;
mod answers;
mod events;
mod sheets;
mod trial;

use std::sync::Arc;
use weir_runtime::Function as _;
use weir_runtime::clock::SetClock;
use weir_tests::engine::Engine;
use weir_tests::functions::NOW;

use ::reading::{Parts, Reading as Function};
use serde_json::Value;
use weir_aws::quarantine::QuarantineTable;
use weir_aws::time_series::{History, QuarantineWriter, ReadingTable, TimeSeries, Written};
use weir_core::domain::Timestamp;
use weir_core::domain::reading::{Quality, Reading, Series};

use crate::device;
use crate::http::ask::Ask;

/// 2026-11-20T06:00Z.
pub const SIX: Timestamp = Timestamp::from_millis(1_795_154_400_000);

/// The devices of the function `device`, with readings.
pub struct World {
    pub registry: device::World,
}

fn table(engine: &Engine) -> ReadingTable {
    ReadingTable::new(engine.client(), engine.name("readings"), engine.name("rollups"), 0)
}

/// Stores readings that are in order.
pub async fn write(engine: &Engine, readings: &[Reading]) {
    let quarantine = QuarantineTable::new(engine.client(), engine.name("quarantine"), 30);
    let message = |_: &[(&Series, Timestamp, f64)]| (String::new(), Vec::new());
    let quarantine = QuarantineWriter {
        table: &quarantine,
        clock: &SetClock::new(NOW),
        function: "calibration",
        message,
        replayed: &[],
        origins: &Default::default(),
    };
    let written = TimeSeries::DynamoDb(table(engine)).write(readings, &quarantine).await;
    assert!(written.iter().all(|written| matches!(written, Ok(Written::Stored))), "{written:?}");
}

/// A good reading; its raw number is a hundred times the value.
pub fn reading(device: &str, sensor: &str, at: Timestamp, value: f64, unit: &str) -> Reading {
    Reading {
        series: Series { device: device.parse().unwrap(), sensor: sensor.parse().unwrap() },
        at,
        received_at: at.plus_seconds(1),
        raw: value * 100.0,
        value,
        unit: unit.into(),
        calibration: 1,
        quality: Quality::Good,
        judge: false,
    }
}

impl World {
    /// Readings of `buoy-01`: `ph` each minute from six on, and Thursday's at noon; one of `do`, out of range; one of
    /// `tds`, which it no longer has; the level `03` of `kloaka-03`; and one of the deleted `buoy-gone`.
    pub async fn new() -> Self {
        let world = Self { registry: device::World::registered().await };
        let mut all: Vec<_> = (0..25)
            .map(|minute| reading("buoy-01", "ph", SIX.plus_seconds(60 * minute), 7.0 + minute as f64 / 8.0, "pH"))
            .collect();
        all.push(reading("buoy-01", "ph", SIX.plus_seconds(-18 * 3_600), 6.5, "pH"));
        all.push(Reading { quality: Quality::OutOfRange, ..reading("buoy-01", "do", SIX, 99.0, "mg/L") });
        all.push(reading("buoy-01", "tds", SIX.plus_seconds(-60), 12.0, "=ppm"));
        all.push(Reading { calibration: 0, ..reading("03", "filling", SIX, 50.0, "%") });
        all.push(reading("buoy-gone", "ph", SIX, 7.0, "pH"));
        world.write(&all).await;
        world
    }

    pub async fn write(&self, readings: &[Reading]) {
        write(&self.registry.engine, readings).await;
    }

    pub fn function(&self) -> Function {
        self.function_over(History::DynamoDb(table(&self.registry.engine)))
    }

    pub fn function_over(&self, history: History) -> Function {
        let (devices, clock) = (self.registry.devices(), self.registry.clock.clone());
        Function::new(Parts { devices, history: Arc::new(history), clock })
    }

    /// What somebody who may see `buoy-01` and `kloaka-03` is answered.
    pub async fn get(&self, path: &str) -> Value {
        self.function().answer(Ask::new("GET", path).user("buoy-01 kloaka-03").event()).await.unwrap()
    }
}

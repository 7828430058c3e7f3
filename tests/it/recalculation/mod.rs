//! The function `recalculation` on a real engine: jobs over the API, their work through the stream, and interruptions.

mod access;
mod cut_off;
mod events;
mod jobs;
mod timestream;
mod work;

use std::sync::Arc;
use weir_runtime::Function as _;

use ::recalculation::{Parts, Recalculation};
use aws_sdk_dynamodb::Client;
use serde_json::{Value, json};
use weir_aws::CalibrationTable;
use weir_aws::device::DeviceTable;
use weir_aws::recalculation::RecalculationTable;
use weir_aws::time_series::{History, ReadingTable, TimeSeries};
use weir_core::domain::Timestamp;
use weir_runtime::clock::{Clock, SetClock};
use weir_tests::engine::Engine;
use weir_tests::functions::NOW;
use weir_tests::pump::Pump;

use crate::http::ask::{Ask, body, status};

/// Long before the clock of these tests, so that the hours in it are closed.
pub const BEGIN: i64 = 1_795_000_000_000;
const MINUTE: i64 = 60_000;
pub const PH: &str = "/devices/b/sensors/ph/recalculate";

/// A device `b` with readings of `ph`, a minute apart, stored without a calibration.
pub struct World {
    pub engine: Engine,
    pub clock: Arc<SetClock>,
    pub slice: usize,
}

impl World {
    pub async fn new(readings: i64) -> Self {
        let world = Self { engine: Engine::start().await, clock: Arc::new(SetClock::new(NOW)), slice: 10 };
        let sensors = json!([{"code": "ph", "unit": "pH", "enabled": true, "limits": {"min": 0, "max": 14}},
            {"code": "hum", "unit": "%", "enabled": true}]);
        world.engine.put("devices", &json!({"id": "b", "enabled": true, "sensors": sensors}));
        (0..readings).for_each(|place| world.store("ph", BEGIN + place * MINUTE, place as f64));
        world
    }

    /// Stores a raw number as it came when nothing was calibrated.
    pub fn store(&self, sensor: &str, at: i64, raw: f64) {
        let row = json!({"sensor": format!("b#{sensor}"), "at": at, "received_at": at + 500, "raw": raw, "value": raw,
            "unit": "", "calibration": 0, "quality": "uncalibrated"});
        self.engine.put("readings", &row);
    }

    /// Enters a version, an hour ago.
    pub fn calibrate(&self, version: u32, valid_from: i64, model: Value) {
        let mut row = model;
        (row["version"], row["valid_from"]) = (version.into(), valid_from.into());
        row["at"] = NOW.plus_seconds(-3_600).millis().into();
        self.engine.put_calibration("b#ph", &row);
    }

    /// raw · slope, as a version from `valid_from` on.
    pub fn linear(&self, version: u32, valid_from: i64, slope: f64) {
        self.calibrate(version, valid_from, json!({"model": "linear", "slope": slope, "intercept": 0}));
    }

    pub fn function(&self) -> Recalculation {
        self.function_by(&self.engine.client(), self.clock.clone())
    }

    pub fn function_by(&self, client: &Client, clock: Arc<dyn Clock>) -> Recalculation {
        Recalculation::new(self.parts(client, clock))
    }

    pub fn parts(&self, client: &Client, clock: Arc<dyn Clock>) -> Parts {
        let (name, table) = (
            |noun: &str| self.engine.name(noun),
            || ReadingTable::new(client.clone(), self.engine.name("readings"), self.engine.name("rollups"), 0),
        );
        Parts {
            devices: DeviceTable::new(client.clone(), name("devices")),
            calibrations: CalibrationTable::new(client.clone(), name("calibrations")),
            jobs: RecalculationTable::new(client.clone(), name("recalculations")),
            events: self.engine.events_by(client.clone()),
            history: Arc::new(History::DynamoDb(table())),
            store: Arc::new(TimeSeries::DynamoDb(table())),
            cache_seconds: 60,
            slice: self.slice,
            clock,
        }
    }

    /// Asks for the recalculation of the readings from one place on and before another.
    pub async fn post(&self, from: i64, to: i64) -> Value {
        let ask = Ask::new("POST", PH).admin().json(&span(from, to));
        let answer = self.function().answer(ask.event()).await.unwrap();
        assert_eq!(status(&answer), 202, "{answer}");
        body(&answer)
    }

    /// How the job stands.
    pub async fn job(&self, job: &Value) -> Value {
        let path = format!("{PH}/{}", job["job"].as_str().unwrap());
        let answer = self.function().answer(Ask::new("GET", &path).admin().event()).await.unwrap();
        assert_eq!(status(&answer), 200, "{answer}");
        body(&answer)
    }

    pub fn pump(&self) -> Pump {
        Pump::through(&self.engine, "RecalculationJobsMapping", "recalculations")
    }

    /// Lets the stream do its work from its beginning.
    pub async fn run(&self) -> Pump {
        let (mut pump, function) = (self.pump(), self.function());
        pump.run(async |event| function.answer(event).await).await;
        assert!(pump.on_failure.is_empty(), "{:?}", pump.on_failure);
        pump
    }

    /// Instant, value and version of every stored `ph`.
    pub fn stored(&self) -> Vec<(i64, f64, u64)> {
        let mut rows = self.engine.rows("readings");
        rows.retain(|row| row["sensor"] == "b#ph");
        let number = |row: &Value, name: &str| row[name].as_f64().unwrap();
        let one = |row: &Value| (number(row, "at") as i64, number(row, "value"), number(row, "calibration") as u64);
        let mut all: Vec<_> = rows.iter().map(one).collect();
        all.sort_by_key(|(at, ..)| *at);
        all
    }
}

/// The body that names the readings from one place on and before another.
pub fn span(from: i64, to: i64) -> Value {
    let text = |place: i64| {
        let seconds = Timestamp::from_millis(BEGIN + place * MINUTE).seconds();
        // 2026-11-18T11:06:40Z is the beginning.
        let (day, rest) = ((seconds - 1_794_960_000) / 86_400, seconds % 86_400);
        format!("2026-11-{:02}T{:02}:{:02}:{:02}Z", 18 + day, rest / 3600, rest / 60 % 60, rest % 60)
    };
    json!({"from": text(from), "to": text(to)})
}

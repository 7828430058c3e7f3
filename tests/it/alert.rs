//! The function `alert` on a real engine: readings are stored by `calibration`, and their stream opens and ends problems.

mod cost;
mod events;
mod faults;
mod registry;
mod rule;
mod silence;
mod timestream;

use serde_json::{Value, json};
use weir_aws::WriteOutcome;
use weir_aws::device::{Deliver, DeviceTable, Registration};
use weir_core::domain::device::{Calibrations, Device, DeviceDetails, Versions};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW};
use weir_tests::pump::Pump;

use crate::device::{author, details, device};
use crate::http::ask::{Ask, body, status};

/// The id of the alert's problem.
const PROBLEM: &str = "buoy-01:do:low-oxygen";

/// An engine with `buoy-01`, whose oxygen has an alert, and the functions over it.
pub(crate) struct World {
    pub engine: Engine,
    pub functions: Functions,
    pump: Pump,
}

/// The alert as people write it.
pub(crate) fn low_oxygen() -> Value {
    json!({"id": "low-oxygen", "below": 4, "clear": 4.5, "severity": "critical"})
}

/// A buoy with oxygen, which has these alerts, and acidity, which has none.
pub(crate) fn buoy(alerts: &Value) -> Value {
    json!({"sensors": [{"code": "do", "unit": "mg/L", "alerts": alerts}, {"code": "ph", "unit": "pH"}]})
}

impl World {
    pub async fn new() -> Self {
        Self::of(&buoy(&json!([low_oxygen()]))).await
    }

    pub async fn of(body: &Value) -> Self {
        let engine = Engine::start().await;
        let functions = Functions::over(&engine);
        let pump = Pump::through(&engine, "AlertReadingsMapping", "readings");
        let world = Self { engine, functions, pump };
        world.register("buoy-01", body).await;
        world
    }

    fn devices(&self) -> DeviceTable {
        DeviceTable::new(self.engine.client(), self.engine.name("devices"))
    }

    pub async fn register(&self, id: &str, body: &Value) {
        let new = Device::new(device(id), details(body), Calibrations::new(), Versions::default(), author());
        let deliver = Deliver { problems: new.details.report_every.is_some(), ..Deliver::NOTHING };
        assert_eq!(self.devices().write(&new, deliver).await.unwrap(), WriteOutcome::Done);
    }

    /// Somebody changes the device; only its row is written, as when the request is killed after that.
    pub async fn change(&self, id: &str, body: &Value) {
        let before = self.read(id).await;
        let after = DeviceDetails { settings: before.details.settings.clone(), ..details(body) };
        let problems = after.changes_problems(&before.details);
        let changed = before.with_details(after, Calibrations::new(), author());
        let deliver = Deliver { problems, ..Deliver::NOTHING };
        assert_eq!(self.devices().write(&changed, deliver).await.unwrap(), WriteOutcome::Done);
    }

    async fn read(&self, id: &str) -> Device {
        match self.devices().find(&device(id)).await.unwrap() {
            Registration::Device(stored) => stored.device,
            other => panic!("{id} is no device: {other:?}"),
        }
    }

    /// Oxygen is measured `seconds` after [`NOW`], and stored.
    pub async fn measured(&self, value: f64, seconds: i64) {
        store(&self.functions, "do", value, seconds).await;
    }

    /// The stream is handed to the function.
    pub async fn streamed(&mut self) {
        let alert = &self.functions.alert;
        self.pump.run(async |event| alert.answer(event).await).await;
        assert!(self.pump.on_failure.is_empty(), "{:?}", self.pump.on_failure);
    }

    /// Oxygen is measured, and the function sees it at once.
    pub async fn turned(&mut self, value: f64, seconds: i64) {
        self.measured(value, seconds).await;
        self.streamed().await;
    }

    /// The sweep of `problem-detector`.
    pub async fn swept(&self) -> Value {
        let sweep = weir_tests::events::event("problem-detector", "sweep");
        self.functions.detector.answer(sweep).await.unwrap()
    }

    async fn ask(&self, ask: Ask) -> Value {
        self.functions.flow.answer(ask.event()).await.unwrap()
    }

    async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Ask::new("GET", path).admin()).await;
        assert_eq!(status(&answer), 200, "{path}: {answer}");
        body(&answer)
    }

    /// Every problem as (id, status, episodes, seconds after [`NOW`] when the last one began).
    fn problems(&self) -> Vec<(String, String, u64, i64)> {
        problems(&self.engine)
    }
}

fn problems(engine: &Engine) -> Vec<(String, String, u64, i64)> {
    let text = |row: &Value, name: &str| row[name].as_str().expect(name).to_owned();
    let problem = |row: &Value| {
        let began = row["problem_time"].as_i64().expect("problem_time") - NOW.seconds();
        let episodes = row["episodes"].as_u64().expect("episodes");
        (text(row, "problem_id"), text(row, "problem_status"), episodes, began)
    };
    let mut problems: Vec<_> = engine.rows("problems").iter().map(problem).collect();
    problems.sort();
    problems
}

/// The alert's problem, as [`World::problems`] shows it.
fn problem(status: &str, episodes: u64, began: i64) -> (String, String, u64, i64) {
    (PROBLEM.to_owned(), status.to_owned(), episodes, began)
}

/// A value of a sensor of `buoy-01`, as its rule sends it.
fn message(sensor: &str, value: f64, seconds: i64) -> Value {
    let at = NOW.plus_seconds(seconds).millis();
    let topic = format!("buoy-01/reading/sensor/{sensor}");
    json!({"value": value, "ts": at, "topic": topic, "received_at": NOW.plus_seconds(seconds.max(0)).millis()})
}

pub(crate) async fn store(functions: &Functions, sensor: &str, value: f64, seconds: i64) {
    let answer = functions.calibration.answer(message(sensor, value, seconds)).await.unwrap();
    assert_eq!(answer["quarantined"], 0, "{answer}");
}

//! The function `flow` on a real engine: access, lists, and changes of problems.

mod access;
mod changes;
mod delete;
mod events;
mod life;
mod lists;
mod overview;
mod throttled;

use serde_json::{Value, json};
use weir_aws::WriteOutcome;
use weir_aws::device::DeviceTable;
use weir_core::domain::device::{Calibrations, Device, Versions};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::functions::{Functions, NOW};
use weir_tests::pump::stream_record;

use crate::device::{author, details, device};
use crate::http::ask::{Ask, body, status};

/// The tables and the functions over them.
pub struct World {
    pub engine: Engine,
    pub functions: Functions,
}

impl World {
    pub async fn new() -> Self {
        let engine = Engine::start().await;
        let functions = Functions::over(&engine);
        Self { engine, functions }
    }

    /// The problems in the recorded events: `0102` open, `0203` acknowledged, `0304` resolved, and `11` silent. `kloaka-01`
    /// and `kloaka-03` are the sensors `01` and `03`; `buoy-01` is none.
    pub async fn operated() -> Self {
        let world = Self::new().await;
        for (id, level) in [("kloaka-01", Some("01")), ("kloaka-03", Some("03")), ("buoy-01", None)] {
            world.register(id, level).await;
        }
        for (id, filling, seconds) in [
            ("01", 100, -900),
            ("02", 50, -800),
            ("03", 100, -700),
            ("04", 0, -600),
            ("04", 100, -500),
            ("11", 50, -20_000),
        ] {
            world.turned(id, filling, seconds).await;
        }
        world.functions.detector.answer(event("problem-detector", "sweep")).await.unwrap();
        world.patch("0203", &json!({"problem_status": "ACKNOWLEDGED", "note": "seen"})).await;
        world
    }

    pub async fn register(&self, id: &str, level: Option<&str>) {
        self.register_as(id, &level.map_or(json!({}), |level| json!({"level_id": level}))).await;
    }

    /// A device with these details, which the registry does not have yet.
    pub async fn register_as(&self, id: &str, body: &Value) {
        let devices = DeviceTable::new(self.engine.client(), self.engine.name("devices"));
        let new = Device::new(device(id), details(body), Calibrations::new(), Versions::default(), author());
        assert_eq!(devices.write(&new, weir_aws::device::Deliver::NOTHING).await.unwrap(), WriteOutcome::Done);
    }

    /// A report measured `seconds` after [`NOW`], which the detector judges at once.
    pub async fn turned(&self, id: &str, filling: u8, seconds: i64) {
        self.report(id, filling, seconds).await;
        let record = stream_record("1", json!({"id": {"S": id}}));
        let answer = self.functions.detector.answer(json!({"Records": [record]})).await.unwrap();
        assert_eq!(answer, json!({"batchItemFailures": []}));
    }

    pub async fn report(&self, id: &str, filling: u8, seconds: i64) {
        let report = json!({"id": id, "filling": filling, "ts": NOW.plus_seconds(seconds).millis(), "received_at": NOW.millis()});
        self.functions.organizer.answer(report).await.unwrap();
    }

    pub async fn ask(&self, ask: Ask) -> Value {
        self.functions.flow.answer(ask.event()).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Ask::new("GET", path).admin()).await;
        assert_eq!(status(&answer), 200, "{path}: {answer}");
        body(&answer)
    }

    /// An admin changes a problem; this must succeed.
    pub async fn patch(&self, id: &str, patch: &Value) -> Value {
        let answer = self.ask(Ask::new("PATCH", &format!("/problems/{id}")).admin().json(patch)).await;
        assert_eq!(status(&answer), 200, "{id} {patch}: {answer}");
        body(&answer)
    }
}

/// The ids in a page.
pub fn ids(page: &Value) -> Vec<&str> {
    let id = |item: &'_ Value| item.get("problem_id").or_else(|| item.get("id")).and_then(Value::as_str).map(str::len);
    let items = page["items"].as_array().unwrap();
    assert!(items.iter().all(|item| id(item).is_some()), "{page}");
    items.iter().filter_map(|item| item.get("problem_id").or_else(|| item.get("id"))?.as_str()).collect()
}

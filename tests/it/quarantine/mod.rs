//! The function `quarantine` together with the functions that write to the quarantine, all on a real engine.

mod access;
mod cost;
mod events;
mod list;
mod replay;
mod rivals;

use std::sync::Arc;
use weir_runtime::Function as _;

use ::quarantine::{Functions as Names, Parts, Quarantine};
use aws_sdk_dynamodb::Client;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use weir_aws::quarantine::QuarantineTable;
use weir_core::domain::Timestamp;
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW};
use weir_tests::lambda::Lambda;

use crate::http::ask::{Ask, body, status};

/// The ids in the recorded events.
const KNOWN: &str = "7dcf887bbe815f8e3047ff2c84bd7c3c";
const BROKEN: &str = "baa658ab4d4062c71d73803ea3fa9dab";

/// The functions that write to the quarantine, and the one that replays from it.
pub struct World {
    pub engine: Engine,
    pub functions: Arc<Functions>,
    pub lambda: Lambda,
}

impl World {
    /// With the devices of the recorded events.
    pub async fn new() -> Self {
        let engine = Engine::start().await;
        engine.register();
        let functions = Arc::new(Functions::over(&engine));
        let lambda = Lambda::over(functions.clone());
        Self { engine, functions, lambda }
    }

    /// What the recorded events speak of: a value of the unknown device `buoy-99`, which has been registered since, and bytes
    /// of `buoy-01` that are no JSON.
    pub async fn recorded() -> Self {
        let world = Self::new().await;
        for (id, seen, device, reason, topic, payload) in [
            (KNOWN, 600, "buoy-99", "unknown_device", "buoy-99/reading/sensor/ph", "eyJ2YWx1ZSI6NDEyfQ=="),
            (BROKEN, 500, "buoy-01", "unparseable", "buoy-01/readings", "//4A"),
        ] {
            let seen = 1_795_155_884_000_i64 + seen;
            let event = json!({"payload": payload, "topic": topic, "received_at": seen - 100});
            world.functions.clock.set(Timestamp::from_millis(seen));
            world.functions.calibration.answer(event).await.unwrap();
            assert!(world.ids().contains(&id.to_owned()), "{topic} is {:?}, not {id}", world.ids());
            let row = world.engine.rows("quarantine").into_iter().find(|row| row["id"] == id).unwrap();
            assert_eq!((&row["reason"], &row["device_id"]), (&reason.into(), &device.into()));
        }
        world.later(0);
        world.register("buoy-99", &["ph"]);
        world
    }

    pub fn function(&self) -> Quarantine {
        self.function_by(self.engine.client(), &self.lambda)
    }

    pub fn function_by(&self, client: Client, lambda: &Lambda) -> Quarantine {
        let quarantine = QuarantineTable::new(client.clone(), self.engine.name("quarantine"), 30);
        let events = self.engine.events_by(client);
        let functions = Names { calibration: "calibration".into(), organizer: "organizer".into(), twin: "twin".into() };
        let (invoker, clock) = (lambda.invoker(), self.functions.clock.clone());
        Quarantine::new(Parts { quarantine, events, invoker, functions, clock })
    }

    /// A device publishes something, which its rule hands over.
    pub async fn publish(&self, topic: &str, payload: &Value, received_at: Timestamp) -> Value {
        let payload = STANDARD.encode(payload.to_string());
        let event = json!({"payload": payload, "topic": topic, "received_at": received_at.millis()});
        self.functions.calibration.answer(event).await.unwrap()
    }

    /// Registers a device with these sensors.
    pub fn register(&self, id: &str, sensors: &[&str]) {
        let sensors: Vec<_> = sensors.iter().map(|code| json!({"code": code, "enabled": true})).collect();
        self.engine.put("devices", &json!({"id": id, "enabled": true, "sensors": sensors}));
    }

    /// An admin asks; the status and the answer.
    pub async fn ask(&self, method: &str, path: &str) -> (u16, Value) {
        self.send(Ask::new(method, path)).await
    }

    /// An admin asks with a body.
    pub async fn ask_with(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        self.send(Ask::new(method, path).json(body)).await
    }

    pub async fn send(&self, ask: Ask) -> (u16, Value) {
        let answer = self.function().answer(ask.admin().event()).await.unwrap();
        let said = if answer["body"].as_str().unwrap_or_default().is_empty() { Value::Null } else { body(&answer) };
        (status(&answer), said)
    }

    /// The ids in quarantine, sorted.
    pub fn ids(&self) -> Vec<String> {
        let rows = self.engine.rows("quarantine");
        let mut ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    }

    /// The only id in quarantine.
    pub fn id(&self) -> String {
        self.engine.row("quarantine")["id"].as_str().unwrap().to_owned()
    }

    pub fn later(&self, seconds: i64) {
        self.functions.clock.set(NOW.plus_seconds(seconds));
    }
}

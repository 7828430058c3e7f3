//! The function `provision` on a real engine: the allow list over the API, and the decision whether a board may become a device.

mod access;
mod claims;
mod events;
mod faults;
mod hook;
mod routes;

use std::sync::Arc;

use ::provision::{Parts, Provision};
use aws_sdk_dynamodb::Client;
use serde_json::{Value, json};
use weir_aws::device::DeviceTable;
use weir_aws::event::EventTable;
use weir_aws::serial::SerialTable;
use weir_core::domain::Timestamp;
use weir_runtime::Function as _;
use weir_runtime::clock::{Clock as _, SetClock};
use weir_tests::engine::Engine;
use weir_tests::events::event;

use crate::http::ask::{Ask, body, status};

/// When these tests begin.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);
/// The allow list.
pub const SERIALS: &str = "/fleet/serials";

/// An allow list, and a registry.
pub struct World {
    pub engine: Engine,
    pub clock: Arc<SetClock>,
}

impl World {
    pub async fn new() -> Self {
        Self { engine: Engine::start().await, clock: Arc::new(SetClock::new(NOW)) }
    }

    /// What the recorded events speak of: `SN-0001` is expected, with a claim code, `SN-0002` blocked, and `SN-0003` provisioned.
    pub async fn recorded() -> Self {
        let world = Self::new().await;
        for listed in [
            json!({"serial": "SN-0001", "device_id": "board-0001", "claim_code": true, "template": {"name": "One", "sensors": [{"code": "ph"}]}}),
            json!({"serial": "SN-0002", "blocked": true}),
            json!({"serial": "SN-0003", "device_id": "board-0003"}),
        ] {
            assert_eq!(status(&world.add(&listed).await), 201);
        }
        assert!(world.provision("SN-0003", 'b').await);
        world
    }

    pub fn function(&self) -> Provision {
        self.function_by(&self.engine.client())
    }

    pub fn function_by(&self, client: &Client) -> Provision {
        function(&self.engine, client, self.clock.clone())
    }

    pub async fn ask(&self, ask: Ask) -> Value {
        self.function().answer(ask.admin().event()).await.unwrap()
    }

    pub async fn add(&self, listed: &Value) -> Value {
        self.ask(Ask::new("POST", SERIALS).json(listed)).await
    }

    /// The state of a number.
    pub async fn state(&self, serial: &str) -> Option<String> {
        let page = body(&self.ask(Ask::new("GET", SERIALS)).await);
        let items = page["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["serial"] == serial)?;
        Some(item["state"].as_str().unwrap().to_owned())
    }

    /// A board asks, with the certificate whose id is this digit over and over.
    pub async fn provision(&self, serial: &str, certificate: char) -> bool {
        let answer = self.function().answer(question(serial, certificate)).await.unwrap();
        let allowed = answer["allowProvisioning"].as_bool().expect("a decision");
        assert!(allowed || answer == json!({"allowProvisioning": false}), "a refusal says nothing: {answer}");
        allowed
    }

    pub fn later(&self, seconds: i64) {
        self.clock.set(self.clock.now().plus_seconds(seconds));
    }

    /// The row of a device.
    pub fn device(&self, id: &str) -> Option<Value> {
        self.engine.rows("devices").into_iter().find(|row| row["id"] == id)
    }

    /// What the events say of the device, oldest first.
    pub fn told(&self, device: &str) -> Vec<String> {
        let mut rows: Vec<Value> =
            self.engine.rows("events").into_iter().filter(|row| row["device"] == device).collect();
        rows.sort_by_key(|row| row["row"].as_str().unwrap_or_default().to_owned());
        rows.iter().map(|row| row["detail"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

/// The function on the tables of an engine.
pub fn function(engine: &Engine, client: &Client, clock: Arc<SetClock>) -> Provision {
    let name = |noun: &str| engine.name(noun);
    Provision::new(Parts {
        serials: SerialTable::new(client.clone(), name("serials")),
        devices: DeviceTable::new(client.clone(), name("devices")),
        events: EventTable::new(client.clone(), name("events"), 400),
        clock,
    })
}

/// What AWS IoT asks.
pub fn question(serial: &str, certificate: char) -> Value {
    let mut question = event("provision", "hook");
    question["parameters"] = json!({"SerialNumber": serial});
    question["certificateId"] = certificate.to_string().repeat(64).into();
    question
}

//! The function `command` on a real engine: commands over the API, their delivery through the shadow, and the answers of devices.

mod access;
mod answers;
mod cost;
mod delivery;
mod dispenser;
mod events;
mod faults;
mod killed;
mod lives;
mod routes;
mod shared;

use std::sync::Arc;

use ::command::{Command, Parts};
use aws_sdk_dynamodb::Client;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use weir_aws::command::CommandTable;
use weir_aws::device::DeviceTable;
use weir_aws::event::EventTable;
use weir_aws::iot::Iot;
use weir_core::domain::Timestamp;
use weir_runtime::Function as _;
use weir_runtime::clock::{Clock as _, SetClock};
use weir_tests::engine::Engine;

use crate::device::iot::Cloud;
use crate::http::ask::{Ask, body, status};

/// When these tests begin: the id of the first command is this number.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);
/// The dispenser.
pub const DISPENSER: &str = "dispenser-123";
/// Its commands.
pub const COMMANDS: &str = "/devices/dispenser-123/commands";

/// Two dispensers, one that is disabled, and an AWS IoT.
pub struct World {
    pub engine: Engine,
    pub cloud: Cloud,
    pub clock: Arc<SetClock>,
}

impl World {
    pub async fn new() -> Self {
        let engine = Engine::start().await;
        for (id, enabled) in [(DISPENSER, true), ("dispenser-124", true), ("dispenser-off", false)] {
            engine.put("devices", &json!({"id": id, "enabled": enabled, "sensors": []}));
        }
        Self { engine, cloud: Cloud::default(), clock: Self::clock() }
    }

    /// What the recorded events speak of: the command 1795155884123, which was sent half a second ago.
    pub async fn recorded() -> Self {
        let world = Self::new().await;
        assert_eq!(world.press(60).await["state"], "SENT");
        world.clock.set(Timestamp::from_millis(NOW.millis() + 500));
        world
    }

    /// A clock that stands at the beginning.
    pub fn clock() -> Arc<SetClock> {
        Arc::new(SetClock::new(NOW))
    }

    pub fn function(&self) -> Command {
        self.function_by(&self.engine.client(), self.cloud.iot())
    }

    pub fn function_by(&self, client: &Client, iot: Iot) -> Command {
        let name = |noun: &str| self.engine.name(noun);
        Command::new(Parts {
            commands: CommandTable::new(client.clone(), name("commands")),
            devices: DeviceTable::new(client.clone(), name("devices")),
            events: EventTable::new(client.clone(), name("events"), 400),
            iot,
            clock: self.clock.clone(),
        })
    }

    pub fn later(&self, seconds: i64) {
        self.clock.set(self.clock.now().plus_seconds(seconds));
    }

    /// The answer to a request of the user who may see the first dispenser.
    pub async fn ask(&self, ask: Ask) -> Value {
        self.function().answer(ask.user(DISPENSER).event()).await.unwrap()
    }

    /// Enters a command.
    pub async fn press(&self, expires_in: i64) -> Value {
        let order = json!({"name": "dispense", "args": {"ml": 30}, "expires_in": expires_in});
        let answer = self.ask(Ask::new("POST", COMMANDS).json(&order)).await;
        assert_eq!(status(&answer), 202, "{answer}");
        body(&answer)
    }

    /// A command as the API shows it.
    pub async fn read(&self, id: &Value) -> Value {
        let answer = self.ask(Ask::new("GET", &path(id))).await;
        assert_eq!(status(&answer), 200, "{answer}");
        body(&answer)
    }

    pub async fn cancel(&self, id: &Value) -> Value {
        self.ask(Ask::new("DELETE", &path(id))).await
    }

    /// The device reports this about a command; returns the event of the rule.
    pub fn report(&self, command: &Value) -> Value {
        self.cloud.report(DISPENSER, &json!({"command": command}));
        let version = self.cloud.shadow(DISPENSER, "/version").unwrap();
        answer(DISPENSER, command, &version, self.clock.now())
    }

    /// The device answers, and the function hears it; returns what came of it.
    pub async fn answer(&self, id: &Value, said: &str) -> Value {
        let event = self.report(&json!({"id": id, "status": said}));
        self.hear(event).await
    }

    pub async fn hear(&self, event: Value) -> Value {
        self.function().answer(event).await.unwrap()["outcome"].clone()
    }

    pub async fn sweep(&self) -> Value {
        self.function().answer(weir_tests::events::event("command", "sweep")).await.unwrap()
    }

    /// The id that the shadow asks for.
    pub fn asked(&self) -> Option<Value> {
        self.cloud.shadow(DISPENSER, "/state/desired/command/id")
    }

    /// What the events say, oldest first: the state after the change, or the detail of what was ignored.
    pub fn told(&self) -> Vec<String> {
        let text = |event: &Value| {
            let after = event["changes"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
            let after = after.unwrap_or_else(|| event["changes"].clone());
            let state = after.pointer("/0/after").and_then(Value::as_str).map(str::to_owned);
            state.unwrap_or_else(|| event["detail"].as_str().unwrap_or_default().to_owned())
        };
        let mut events = self.engine.rows("events");
        events.sort_by_key(|event| event["row"].as_str().unwrap_or_default().to_owned());
        events.iter().map(text).collect()
    }

    /// The row of the queue.
    pub fn queue(&self) -> Value {
        let rows = self.engine.rows("commands");
        rows.into_iter().find(|row| row["id"] == "queue" && row["device"] == DISPENSER).unwrap_or_default()
    }
}

pub fn path(id: &Value) -> String {
    format!("{COMMANDS}/{}", id.as_str().unwrap())
}

/// The event of the rule.
pub fn answer(device: &str, command: &Value, version: &Value, at: Timestamp) -> Value {
    let document = json!({"state": {"reported": {"command": command}}, "version": version, "timestamp": at.seconds()});
    json!({"payload": STANDARD.encode(document.to_string()), "received_at": at.millis(),
        "topic": format!("$aws/things/{device}/shadow/update/accepted")})
}

//! The live feed on a real engine: its two functions, the streams of the tables, the functions that write to them, and the connections of
//! API Gateway.

mod access;
mod connections;
mod events;
mod faults;
mod limits;
mod push;
mod renew;
mod scope;
mod stopped;
mod tickets;
mod timestream;
mod told_scope;

use std::sync::Arc;

use ::live::{Live, Parts};
use aws_sdk_dynamodb::Client;
use live_push::{LivePush, Tables};
use serde_json::{Value, json};
use weir_aws::device::DeviceTable;
use weir_aws::level::LevelTable;
use weir_aws::live::LiveTable;
use weir_aws::problem::ProblemTable;
use weir_aws::quarantine::QuarantineTable;
use weir_aws::time_series::{History, ReadingTable};
use weir_core::domain::Timestamp;
use weir_runtime::Function as _;
use weir_runtime::clock::Clock as _;
use weir_tests::engine::Engine;
use weir_tests::functions::Functions;
use weir_tests::pump::Pump;
use weir_tests::sockets::{Gateway, Mood};

use crate::http::ask::{Ask, body, id_token, status};

/// Cognito's id of the person of most tests.
pub const ADA: &str = "5f1e0000-0000-4000-8000-000000000001";

/// The tables with the recorded devices, the functions, and the connections.
pub struct World {
    pub engine: Engine,
    pub functions: Functions,
    pub gateway: Gateway,
}

/// Who asks for a ticket.
#[derive(Debug, Clone, Copy)]
pub struct Who {
    pub sub: &'static str,
    pub groups: &'static str,
    pub devices: &'static str,
    /// When the token was issued, in seconds before the time of the test.
    pub age: i64,
}

pub const ADMIN: Who = Who { sub: ADA, groups: "[admin]", devices: "", age: 60 };
pub const USER: Who = Who { sub: ADA, groups: "[user]", devices: "buoy-01 kloaka-east", age: 60 };

impl World {
    pub async fn new() -> Self {
        let engine = Engine::start().await;
        engine.register();
        let functions = Functions::over(&engine);
        Self { engine, functions, gateway: Gateway::default() }
    }

    pub fn table(&self) -> LiveTable {
        LiveTable::new(self.engine.client(), self.engine.name("live"))
    }

    pub fn live(&self) -> Live {
        self.live_by(&self.engine.client())
    }

    pub fn live_by(&self, client: &Client) -> Live {
        let name = |noun: &str| self.engine.name(noun);
        let readings = ReadingTable::new(client.clone(), name("readings"), name("rollups"), 0);
        self.live_over(client, History::DynamoDb(readings))
    }

    /// With readings in another store.
    pub fn live_over(&self, client: &Client, history: History) -> Live {
        let name = |noun: &str| self.engine.name(noun);
        let levels = LevelTable::new(client.clone(), name("levels"));
        Live::new(Parts {
            live: LiveTable::new(client.clone(), name("live")),
            sockets: self.gateway.sockets(),
            url: "wss://live.example/live".to_owned(),
            devices: DeviceTable::new(client.clone(), name("devices")),
            problems: ProblemTable::new(client.clone(), name("problems"), levels.clone()),
            levels,
            quarantine: QuarantineTable::new(client.clone(), name("quarantine"), 30),
            history: Arc::new(history),
            clock: self.functions.clock.clone(),
        })
    }

    pub fn push(&self) -> LivePush {
        self.push_by(&self.engine.client())
    }

    pub fn push_by(&self, client: &Client) -> LivePush {
        let name = |noun: &str| self.engine.name(noun);
        let tables = Tables {
            readings: name("readings"),
            levels: name("levels"),
            problems: name("problems"),
            quarantine: name("quarantine"),
            events: name("events"),
            commands: name("commands"),
        };
        let live = LiveTable::new(client.clone(), name("live"));
        LivePush::new(live, self.gateway.sockets(), tables, self.functions.clock.clone())
    }

    /// A ticket of that person.
    pub async fn ticket(&self, who: Who) -> String {
        let answer = self.live().answer(self.asks(who)).await.unwrap();
        assert_eq!(status(&answer), 201, "{answer}");
        body(&answer)["ticket"].as_str().unwrap().to_owned()
    }

    /// The request of that person for a ticket.
    pub fn asks(&self, who: Who) -> Value {
        let mut claims = id_token(who.groups, who.devices);
        let issued = self.now().seconds() - who.age;
        claims["sub"] = who.sub.into();
        claims["iat"] = issued.to_string().into();
        claims["exp"] = (issued + 900).to_string().into();
        Ask::new("POST", "/live/tickets").claims(Some(claims)).event()
    }

    /// Opens a connection with a ticket: the status of the handshake.
    pub async fn connect(&self, id: &str, ticket: &str) -> u16 {
        self.gateway.set(id, Mood::Open);
        status(
            &self
                .live()
                .answer(event("$connect", id, json!({"queryStringParameters": {"ticket": ticket}})))
                .await
                .unwrap(),
        )
    }

    /// Opens a connection of that person, which must succeed.
    pub async fn open(&self, id: &str, who: Who) {
        let ticket = self.ticket(who).await;
        assert_eq!(self.connect(id, &ticket).await, 200);
    }

    /// A client says something; what it is answered.
    pub async fn say(&self, id: &str, message: &Value) -> Vec<Value> {
        self.say_text(id, &message.to_string()).await
    }

    pub async fn say_text(&self, id: &str, text: &str) -> Vec<Value> {
        self.gateway.frames();
        let answer = self.live().answer(event("$default", id, json!({"body": text}))).await.unwrap();
        assert_eq!(answer, json!({"statusCode": 200}), "{text}");
        self.gateway.messages(id)
    }

    pub async fn subscribe(&self, id: &str, topics: &[&str]) -> Vec<Value> {
        self.say(id, &json!({"action": "subscribe", "topics": topics})).await
    }

    pub async fn disconnect(&self, id: &str) {
        self.gateway.set(id, Mood::Gone);
        self.live().answer(event("$disconnect", id, json!({}))).await.unwrap();
    }

    /// A device publishes a value, received at the time of the test.
    pub async fn publish(&self, device: &str, sensor: &str, value: f64, at: Timestamp) {
        use base64::Engine as _;
        let payload =
            base64::engine::general_purpose::STANDARD.encode(json!({"value": value, "ts": at.millis()}).to_string());
        let topic = format!("{device}/reading/sensor/{sensor}");
        let event = json!({"payload": payload, "topic": topic, "received_at": self.now().millis()});
        self.functions.calibration.answer(event).await.unwrap();
    }

    /// A flow sensor reports a level, measured `seconds` after the time of the test.
    pub async fn report(&self, id: &str, filling: u8, seconds: i64) {
        let report = json!({"id": id, "filling": filling, "ts": self.now().plus_seconds(seconds).millis(), "received_at": self.now().millis()});
        self.functions.organizer.answer(report).await.unwrap();
    }

    pub fn now(&self) -> Timestamp {
        self.functions.clock.now()
    }

    /// Lets time pass for the functions.
    pub fn later(&self, millis: i64) {
        self.functions.clock.set(Timestamp::from_millis(self.now().millis() + millis));
    }
}

/// The mappings of `live-push`.
pub struct Pumps([Pump; 6]);

impl Pumps {
    /// At the beginning of the streams.
    pub fn of(world: &World) -> Self {
        Self(["readings", "levels", "problems", "quarantine", "events", "commands"].map(|noun| {
            let id = format!("LivePush{}Mapping", noun[..1].to_uppercase() + &noun[1..]);
            Pump::through(&world.engine, &id, noun)
        }))
    }

    /// Hands over what has changed; how often the function was called.
    pub async fn run(&mut self, push: &LivePush) -> usize {
        let mut calls = 0;
        for pump in &mut self.0 {
            pump.run(async |event| push.answer(event).await).await;
            assert_eq!(pump.on_failure, [], "a batch was given up");
            calls += std::mem::take(&mut pump.calls).len();
        }
        calls
    }
}

/// An event of a connection.
pub fn event(route: &str, id: &str, more: Value) -> Value {
    let context = json!({"routeKey": route, "connectionId": id, "stage": "live", "apiId": "live", "requestId": "r"});
    let mut event = json!({"requestContext": context, "isBase64Encoded": false});
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event
}

/// The messages of a type.
pub fn of_type<'a>(messages: &'a [Value], kind: &str) -> Vec<&'a Value> {
    messages.iter().filter(|message| message["type"] == kind).collect()
}

/// The kinds of errors with their topics.
pub fn errors(messages: &[Value]) -> Vec<(String, Vec<String>)> {
    let error = |message: &&Value| {
        let kind = message["kind"].as_str().unwrap().strip_prefix("urn:weir:problem:").unwrap().to_owned();
        let topics = message["topics"].as_array().cloned().unwrap_or_default();
        (kind, topics.iter().map(|topic| topic.as_str().unwrap().to_owned()).collect())
    };
    of_type(messages, "error").iter().map(error).collect()
}

//! The stack that `cargo xtask test` has deployed to a local cloud: devices with certificates, people with tokens, the tables, and polling
//! for the effects of asynchronous functions.

use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use fleet_sim::account::observed::{LevelRow, ProblemRow, QuarantineRow, ReadingRow};
use serde_json::{Value, json};
use tooling::api::{Answer, Api};
use tooling::certificate::{self, Identity};
use tooling::cloud::Call;
use tooling::mqtt::Connection;
use tooling::patience::patience;
use tooling::people::{People, Person, Role};
use tooling::stack::Stack;
use tooling::tables::Tables;

/// The topic of level reports: the template's default.
pub const LEVEL_TOPIC: &str = "kloaka_from_device";

/// The deployed stack.
pub struct Local {
    /// Names and addresses of its resources.
    pub stack: Stack,
    /// Its tables.
    pub tables: Tables,
}

impl Local {
    /// The stack in the environment variable `WEIR_LOCAL`.
    ///
    /// # Panics
    /// When the variable is not set: these tests are run by `cargo xtask test`.
    pub fn running() -> Self {
        let told = std::env::var_os("WEIR_LOCAL").map(PathBuf::from);
        let file = told.expect("these tests need a local cloud; run them through `cargo xtask test --only local`");
        let stack = Stack::read(&file).expect("WEIR_LOCAL names a running stack");
        let tables = Tables::of(&stack).expect("the stack has tables");
        Self { stack, tables }
    }

    /// Connects a device with a new certificate.
    pub async fn connect(&self, name: &str) -> Connection {
        let identity = self.identity(name).await;
        Connection::open(&self.stack, &identity).await.expect("the broker accepts the certificate")
    }

    /// Creates a device with a new certificate.
    pub async fn identity(&self, name: &str) -> Identity {
        let policies =
            ["DevicePolicyName", "LevelGatewayPolicyName"].map(|key| self.stack.output(key).expect("a policy"));
        certificate::make(&self.stack, name, &policies).await.expect("a certificate")
    }

    /// The API without a token.
    pub fn nobody(&self) -> Api {
        Api::of(&self.stack, None).expect("the stack has an API")
    }

    /// The API with the token of an administrator.
    pub async fn admin(&self) -> Api {
        let people = People::read(&self.stack.people).expect("cargo xtask test has made an administrator");
        self.signed_in(&people.admin).await
    }

    /// The API with the token of a new user with this device scope; `name` has to be unique.
    pub async fn user(&self, name: &str, devices: &str) -> Api {
        let email = format!("{name}@weir.example");
        let person = Person::make(&self.stack, &email, Role::User, devices).await.expect("the pool takes a user");
        self.signed_in(&person).await
    }

    /// The API with the administrator's access token, which is the wrong kind.
    pub async fn wrong_token(&self) -> Api {
        let people = People::read(&self.stack.people).expect("cargo xtask test has made an administrator");
        let tokens = people.admin.sign_in(&self.stack).await.expect("the pool lets them sign in");
        Api::of(&self.stack, Some(&tokens.access)).expect("the stack has an API")
    }

    async fn signed_in(&self, person: &Person) -> Api {
        let tokens = person.sign_in(&self.stack).await.expect("the pool lets them sign in");
        Api::of(&self.stack, Some(&tokens.id)).expect("the stack has an API")
    }

    /// Registers a new device.
    pub async fn register(&self, device: &Value) -> Answer {
        let api = self.admin().await;
        api.expect(&[201], "POST", "/devices", Some(device)).await.expect("the API takes the device")
    }

    /// Registers a buoy with the sensors `ph`, calibrated by `model`, and `tmp`.
    pub async fn register_buoy(&self, id: &str, model: &Value) {
        let sensors = json!([{"code": "ph", "unit": "pH"}, {"code": "tmp", "unit": "°C"}]);
        self.register(&json!({"id": id, "sensors": sensors})).await;
        self.calibrate(id, "ph", model).await;
    }

    /// Adds a version to the calibrations of a sensor, valid for readings of any time.
    pub async fn calibrate(&self, id: &str, sensor: &str, model: &Value) {
        let mut calibration = model.clone();
        calibration["valid_from"] = "2023-11-14T22:13:20Z".into();
        let path = format!("/devices/{id}/sensors/{sensor}/calibrations");
        let api = self.admin().await;
        api.expect(&[201], "POST", &path, Some(&calibration)).await.expect("the API takes the calibration");
    }

    /// The rows of a series, in ascending order of time.
    pub async fn readings(&self, series: &str) -> Vec<ReadingRow> {
        let mut rows: Vec<ReadingRow> = self.tables.all("Readings").await.expect("the table can be read");
        rows.retain(|row| row.sensor == series);
        rows.sort_by_key(|row| row.at);
        rows
    }

    /// The row of a flow sensor.
    pub async fn level(&self, id: &str) -> Option<LevelRow> {
        let rows: Vec<LevelRow> = self.tables.all("Levels").await.expect("the table can be read");
        rows.into_iter().find(|row| row.id == id)
    }

    /// The problem of a pair, by its id.
    pub async fn problem(&self, id: &str) -> Option<ProblemRow> {
        let rows: Vec<ProblemRow> = self.tables.all("Problems").await.expect("the table can be read");
        rows.into_iter().find(|row| row.problem_id == id)
    }

    /// The quarantine entries of a topic.
    pub async fn quarantine(&self, topic: &str) -> Vec<QuarantineRow> {
        let mut rows: Vec<QuarantineRow> = self.tables.all("Quarantine").await.expect("the table can be read");
        rows.retain(|row| row.topic == topic);
        rows
    }

    /// Invokes a function of the repository with a message of a device, as its rule does, and waits for the answer.
    pub async fn invoke(&self, function: &str, topic: &str, payload: &[u8]) -> Value {
        let name = self.stack.function(function).expect("a function of the stack");
        self.invoke_named(name, topic, payload).await
    }

    /// The same, by the function's name in the cloud.
    pub async fn invoke_named(&self, name: &str, topic: &str, payload: &[u8]) -> Value {
        let event = json!({"payload": STANDARD.encode(payload), "topic": topic, "received_at": now()});
        self.call(name, &event).await
    }

    /// A copy of a function with changed environment variables, for this test only.
    pub async fn copy(&self, function: &str, suffix: &str, variables: &[(&str, &str)]) -> String {
        let add = |known: &mut serde_json::Map<String, Value>| {
            known.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())));
        };
        tooling::copy::add(&self.stack, function, suffix, add).await.expect("the cloud takes the copy")
    }

    /// Invokes a function by its name in the cloud, and waits for the answer.
    pub async fn call(&self, name: &str, event: &Value) -> Value {
        let path = format!("/2015-03-31/functions/{name}/invocations");
        let body = event.to_string().into_bytes();
        let call = Call { service: "lambda", method: "POST", path: &path, body, ..Call::default() };
        let answer = self.stack.cloud().bytes(call).await.expect("the function answers");
        serde_json::from_slice(&answer).expect("an answer is JSON")
    }

    /// The shadow of a device in AWS IoT; `None` if there is none.
    pub async fn shadow(&self, id: &str) -> Option<Value> {
        self.stack.cloud().json("iotdata", "GET", &format!("/things/{id}/shadow"), &[], None).await.ok()
    }

    /// The message retained on a topic; `None` if there is none.
    pub async fn retained(&self, topic: &str) -> Option<Value> {
        let path = format!("/retainedMessage/{}", topic.replace('/', "%2F"));
        let found = self.stack.cloud().json("iotdata", "GET", &path, &[], None).await.ok()?;
        let payload = STANDARD.decode(found["payload"].as_str()?).expect("a payload is base64");
        serde_json::from_slice(&payload).ok()
    }

    /// Sends a message to a queue of the stack.
    pub async fn send(&self, queue: &str, body: &str) {
        self.ask_queue("SendMessage", queue, json!({"MessageBody": body})).await;
    }

    /// Empties a queue of the stack.
    pub async fn purge(&self, queue: &str) {
        self.ask_queue("PurgeQueue", queue, json!({})).await;
    }

    async fn ask_queue(&self, operation: &str, queue: &str, mut request: Value) {
        request["QueueUrl"] = self.stack.output(queue).expect("a queue").into();
        let target = format!("AmazonSQS.{operation}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.0")];
        let cloud = self.stack.cloud();
        cloud.json("sqs", "POST", "/", &headers, Some(&request)).await.expect("the queue does what is asked");
    }
}

/// Polls until there is an answer.
///
/// # Panics
/// When there is none in time.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let patience = patience();
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what}: not within {} s", patience.as_secs());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The current time, in ms since the epoch.
pub fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("the clock is past 1970");
    i64::try_from(since.as_millis()).expect("the clock is before the year 292 million")
}

/// JSON as the bytes of a message.
pub fn bytes(payload: &Value) -> Vec<u8> {
    payload.to_string().into_bytes()
}

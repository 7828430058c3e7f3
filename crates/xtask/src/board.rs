//! The board of `up --once`: it starts with a claim certificate, is provisioned as a device, publishes, renews its certificate, and is
//! disabled and enabled again. Each step is checked.

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fleet_sim::board::{Board, Own};
use serde_json::{Value, json};
use tooling::api::Api;
use tooling::certificate;
use tooling::cloud::Call;
use tooling::mqtt::Connection;
use tooling::progress::{Progress, Step};
use tooling::stack::Stack;

/// The serial number, which is also the id of the device.
pub const SERIAL: &str = "SN-0001";
/// Timeout for the effect of a step.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two polls.
const LOOK: Duration = Duration::from_millis(250);
/// The events expected in the device's log, by kind and detail.
const TOLD: [(&str, &str); 5] = [
    ("device", "registered"),
    ("serial", "provisioned"),
    ("certificate", "issued"),
    ("certificate", "asked for a request"),
    ("certificate", "the device has connected with it: the former one ends"),
];

/// The steps of the board, and whether each has happened.
#[derive(Debug, Default)]
pub struct Life {
    steps: Vec<(&'static str, bool)>,
}

impl Life {
    fn step(&mut self, name: &'static str, happened: bool) {
        self.steps.push((name, happened));
    }

    /// The lines of the report.
    pub fn page(&self) -> String {
        let line = |(name, happened): &(&str, bool)| {
            let mark = if *happened { "" } else { "   <-- differs" };
            format!("  {:<32} {:>8} {:>8}{mark}\n", format!("board {name}"), 1, u8::from(*happened))
        };
        self.steps.iter().map(line).collect()
    }

    /// The steps that have not happened.
    pub fn differences(&self) -> Vec<String> {
        let missing = self.steps.iter().filter(|(_, happened)| !happened);
        missing.map(|(name, _)| format!("the board {SERIAL} was not {name}")).collect()
    }
}

/// Takes the board through all its steps.
///
/// # Errors
/// When the API or the broker does not answer.
pub async fn run(stack: &Stack, admin: &Api, progress: &Progress) -> Result<Life> {
    let step = progress.step("board");
    let mut life = Life::default();
    let claim = certificate::claim(stack).await?;
    let board = Board::new(stack, SERIAL, claim.identity)?;
    life.step("refused before it is listed", board.provision(stack).await.is_err());
    let sensors = json!([{"code": "tmp", "name": "Temperature", "unit": "°C"}]);
    let listed =
        json!({"serial": SERIAL, "template": {"name": "Board", "sensors": sensors, "settings": {"every": 60}}});
    admin.expect(&[201], "POST", "/fleet/serials", Some(&listed)).await?;
    step.note("its first contact");
    let own = board.provision(stack).await.context("the board was not provisioned")?;
    life.step("made a device", own.identity.name == SERIAL);
    let mut connection = Connection::open(stack, &own.identity).await?;
    connection.publish(&format!("{SERIAL}/reading/sensor/tmp"), br#"{"value": 21.5}"#.to_vec()).await?;
    life.step("heard", within(async || has_reading(admin).await).await?);

    let renewed = renew(stack, &board, &own, connection, &step).await?;
    life.step("given a new certificate", renewed.certificate != own.certificate);
    let connection = Connection::open(stack, &renewed.identity).await?;
    step.note("its old certificate ends");
    let gone = within(async || {
        sweep(stack, "device").await?;
        let shown = admin.expect(&[200], "GET", &format!("/devices/{SERIAL}/certificates"), None).await?.json();
        let items = shown.get("items").and_then(Value::as_array).map_or(0, Vec::len);
        Ok(items == 1)
    });
    life.step("rid of the old one", gone.await? && Connection::open(stack, &own.identity).await.is_err());
    drop(connection);

    for (name, enabled) in [("shut out when disabled", false), ("let in when enabled", true)] {
        let body = json!({"enabled": enabled});
        let answer = admin.expect(&[200], "PATCH", &format!("/devices/{SERIAL}"), Some(&body)).await?.json();
        let connects = Connection::open(stack, &renewed.identity).await.is_ok();
        life.step(name, answer.get("delivery") == Some(&json!("delivered")) && connects == enabled);
    }
    life.step("told of in the log of events", within(async || is_told(admin).await).await?);
    step.done(&format!("{SERIAL} was born, renewed its certificate, was shut out and let in again"));
    Ok(life)
}

async fn renew(stack: &Stack, board: &Board, own: &Own, mut connection: Connection, step: &Step) -> Result<Own> {
    step.note("it is asked for a request, and renews");
    // The schedule would do this within five minutes.
    sweep(stack, "certificate").await?;
    board.renew(&mut connection, own).await.context("the board received no certificate")
}

async fn has_reading(admin: &Api) -> Result<bool> {
    let latest = admin.expect(&[200], "GET", &format!("/devices/{SERIAL}/readings/latest"), None).await?.json();
    Ok(latest.to_string().contains("21.5"))
}

async fn is_told(admin: &Api) -> Result<bool> {
    let page = admin.expect(&[200], "GET", &format!("/devices/{SERIAL}/events?limit=200"), None).await?.json();
    let events = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let is_there = |(kind, detail): &(&str, &str)| {
        let is = |event: &Value| event.get("kind") == Some(&json!(kind)) && event.get("detail") == Some(&json!(detail));
        events.iter().any(is)
    };
    Ok(TOLD.iter().all(is_there))
}

/// Polls until the condition holds; `false` if it does not within [`PATIENCE`].
async fn within<F: Future<Output = Result<bool>>>(mut ask: impl FnMut() -> F) -> Result<bool> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if ask().await? {
            return Ok(true);
        }
        if Instant::now() > deadline {
            return Ok(false);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Invokes the function as its schedule does.
async fn sweep(stack: &Stack, function: &str) -> Result<()> {
    let path = format!("/2015-03-31/functions/{}/invocations", stack.function(function)?);
    let event = json!({"version": "0", "id": "once", "detail-type": "Scheduled Event", "source": "aws.events", "account": "0",
        "time": "2026-01-01T00:00:00Z", "region": "local", "resources": [], "detail": {}});
    let body = event.to_string().into_bytes();
    stack
        .cloud()
        .bytes(Call { service: "lambda", method: "POST", path: &path, body, ..Call::default() })
        .await
        .map(drop)
}

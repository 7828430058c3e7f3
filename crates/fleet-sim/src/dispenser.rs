//! The dispenser in the local cloud: the firmware in `simulate::dispenser`, connected over MQTT with a certificate.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};
use tooling::certificate::Identity;
use tooling::mqtt::Connection;
use tooling::stack::Stack;

use crate::fleet::DISPENSER;
use crate::simulate::dispenser::Firmware;
use crate::updates::Updates;

/// The firmware version of a new dispenser.
pub const FACTORY: &str = "1.0.0";

/// A connected dispenser.
#[derive(Debug)]
pub struct Dispenser {
    connection: Connection,
    firmware: Firmware,
    updates: Updates,
}

impl Dispenser {
    /// Connects, and requests the shadow.
    ///
    /// # Errors
    /// When the broker refuses it.
    pub async fn open(stack: &Stack, identity: &Identity) -> Result<Self> {
        let mut connection = Connection::open(stack, identity).await?;
        connection.subscribe(&topic("update/delta")).await?;
        connection.subscribe(&topic("get/accepted")).await?;
        let mut updates = Updates::new(DISPENSER, FACTORY);
        updates.begin(&mut connection).await?;
        let mut dispenser = Self { connection, firmware: Firmware::default(), updates };
        dispenser.look().await?;
        Ok(dispenser)
    }

    /// Applies settings, executes commands and installs updates, until the connection is lost. The id of each executed command is added to
    /// `drinks`.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn run(mut self, drinks: watch::Sender<Vec<String>>) -> Result<()> {
        let mut done_at = Instant::now();
        loop {
            let message = tokio::select! {
                message = self.connection.next() => message?,
                () = sleep_until(done_at), if self.firmware.is_busy() => {
                    let said = self.firmware.done();
                    self.say(said).await?;
                    // By now there may be another command.
                    self.look().await?;
                    continue;
                }
            };
            if self.updates.hear(&mut self.connection, &message).await? {
                continue;
            }
            let document: Value = serde_json::from_slice(&message.payload).context("the shadow is not JSON")?;
            let whole = document.pointer("/state/desired").filter(|_| message.topic.ends_with("/get/accepted"));
            let Some(wanted) = whole.or_else(|| document.get("state")) else { continue };
            if let Some(settings) = wanted.get("settings").and_then(Value::as_object) {
                let said = self.firmware.apply(settings);
                self.say(said).await?;
            }
            if let Some(command) = wanted.get("command") {
                let was_busy = self.firmware.is_busy();
                let said = self.firmware.find(command, jiff::Timestamp::now().as_second());
                if self.firmware.is_busy() && !was_busy {
                    done_at = Instant::now() + Duration::from_millis(self.firmware.dispense_time_ms());
                    let id = self.firmware.last.as_ref().map(|last| last.id.clone());
                    drinks.send_modify(|all| all.extend(id));
                }
                self.say(said).await?;
            }
        }
    }

    /// Requests the whole shadow.
    async fn look(&mut self) -> Result<()> {
        self.connection.publish(&topic("get"), Vec::new()).await
    }

    async fn say(&mut self, said: Option<Value>) -> Result<()> {
        let Some(reported) = said else { return Ok(()) };
        let update = json!({"state": {"reported": reported}});
        self.connection.publish(&topic("update"), update.to_string().into_bytes()).await
    }
}

fn topic(rest: &str) -> String {
    format!("$aws/things/{DISPENSER}/shadow/{rest}")
}

//! Updates of a simulated board over MQTT: it receives jobs on an existing connection, and acts as `simulate::updater` decides.
//!
//! A board with its own loop calls [`Updates::begin`] after connecting, and passes every message to [`Updates::hear`].

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tooling::http::{Http, Request};
use tooling::mqtt::{Connection, Message};

use crate::simulate::updater::{Next, Outcome, Updater};

/// The updates of a board.
#[derive(Debug)]
pub struct Updates {
    /// The thing's name.
    name: String,
    /// The running version, and the state of jobs.
    pub updater: Updater,
    http: Http,
}

impl Updates {
    /// For the board called `name`, with this factory version.
    pub fn new(name: &str, version: &str) -> Self {
        Self { name: name.to_owned(), updater: Updater::new(version), http: Http::new() }
    }

    /// Subscribes to the jobs, reports the version, and starts a waiting job.
    ///
    /// # Errors
    /// When the broker refuses it, or the connection is lost.
    pub async fn begin(&mut self, connection: &mut Connection) -> Result<()> {
        for topic in ["notify-next", "start-next/accepted"] {
            connection.subscribe(&self.topic(topic)).await?;
        }
        self.report(connection).await?;
        self.start(connection).await
    }

    /// Handles a message about jobs, including the installation; returns whether it was one.
    ///
    /// # Errors
    /// When the connection is lost.
    pub async fn hear(&mut self, connection: &mut Connection, message: &Message) -> Result<bool> {
        let Some(rest) = message.topic.strip_prefix(&self.topic("")) else { return Ok(false) };
        let said: Value = serde_json::from_slice(&message.payload).context("a message of a job is not JSON")?;
        match rest {
            "notify-next" if said.pointer("/execution/jobId").is_some() => self.start(connection).await?,
            "start-next/accepted" => self.go_on(connection, &said).await?,
            _ => {}
        }
        Ok(true)
    }

    async fn go_on(&mut self, connection: &mut Connection, said: &Value) -> Result<()> {
        let (job, outcome) = match self.updater.started(said) {
            Next::Nothing => return Ok(()),
            Next::Say(job, outcome) => (job, outcome),
            Next::Fetch(fetch) => {
                let file = self.download(&fetch.url).await;
                let outcome = self.updater.install(&fetch, file.as_deref());
                (fetch.job, outcome)
            }
        };
        // The version first, because whoever sees that the job has succeeded may check it.
        if outcome == Outcome::Succeeded {
            self.report(connection).await?;
        }
        let update = outcome.update().to_string().into_bytes();
        connection.publish(&self.topic(&format!("{job}/update")), update).await
    }

    /// The file at an address in a job document; `None` if the download fails, for example because the address has expired.
    async fn download(&self, url: &str) -> Option<Vec<u8>> {
        let request = Request::builder().uri(url).body(Vec::new()).ok()?;
        let answer = self.http.call(request).await.ok()?;
        answer.status().is_success().then(|| answer.into_body())
    }

    async fn start(&self, connection: &mut Connection) -> Result<()> {
        connection.publish(&self.topic("start-next"), b"{}".to_vec()).await
    }

    async fn report(&self, connection: &mut Connection) -> Result<()> {
        let update = json!({"state": {"reported": {"firmware": self.updater.version}}});
        let topic = format!("$aws/things/{}/shadow/update", self.name);
        connection.publish(&topic, update.to_string().into_bytes()).await
    }

    fn topic(&self, rest: &str) -> String {
        format!("$aws/things/{}/jobs/{rest}", self.name)
    }
}

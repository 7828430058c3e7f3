//! The local cloud: MiniStack, on loopback, in a process group of its own.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use crate::cloud::{self, Call, Cloud, Key};
use crate::place::Place;
use crate::port::expect_free;
use crate::process::{Running, tail};
use crate::tools::Set;

/// Timeout for its first answer; it usually takes 0.2 s.
const START: Duration = Duration::from_secs(60);

/// Where the local cloud listens.
#[derive(Debug, Clone, Copy)]
pub struct Ports {
    /// HTTP: every service.
    pub gateway: u16,
    /// MQTT over TLS.
    pub mqtt: u16,
}

/// The running local cloud; dropping it stops it.
#[derive(Debug)]
pub struct Emulator {
    running: Running,
    cloud: Cloud,
    log: std::path::PathBuf,
    place: Place,
    ports: Ports,
}

/// Folder of a run in which a local cloud that keeps its state saves it when it ends.
pub const STATE: &str = "state";

impl Emulator {
    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// When a port is taken or it does not come up; the message says why.
    pub async fn start(place: &Place, ports: Ports, region: &str) -> Result<Self> {
        expect_free(ports.gateway, "the local cloud", "--port")?;
        expect_free(ports.mqtt, "MQTT", "--mqtt-port")?;
        let _ = std::fs::remove_dir_all(place.run(STATE));
        let cloud = Cloud::new(&format!("http://127.0.0.1:{}", ports.gateway), region, &Key::made_up()?);
        let log = place.run("emulator.log");
        let running = launch(place, ports, &cloud, &log)?;
        let mut emulator = Self { running, cloud, log, place: place.clone(), ports };
        emulator.wait_until_it_answers().await?;
        Ok(emulator)
    }

    /// Ends it; where its state is kept, it is saved.
    pub fn end(&mut self) {
        self.running.end();
    }

    /// Starts it again with the saved state.
    ///
    /// # Errors
    /// As [`Emulator::start`].
    pub async fn start_again(&mut self) -> Result<()> {
        self.running = launch(&self.place, self.ports, &self.cloud, &self.log)?;
        self.wait_until_it_answers().await
    }

    async fn wait_until_it_answers(&mut self) -> Result<()> {
        let deadline = Instant::now() + START;
        loop {
            let health = Call { service: "iot", method: "GET", path: "/_ministack/health", ..Call::default() };
            if self.cloud.bytes(health).await.is_ok() {
                return Ok(());
            }
            if let Some(status) = self.running.ended() {
                bail!(
                    "the local cloud ended while it started ({status}). The end of {}:\n{}",
                    self.log.display(),
                    tail(&self.log, 15)
                );
            }
            if Instant::now() > deadline {
                bail!(
                    "the local cloud does not answer after {} s. The end of {}:\n{}",
                    START.as_secs(),
                    self.log.display(),
                    tail(&self.log, 15)
                );
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Fails when it has ended by itself.
    ///
    /// # Errors
    /// With the end of its log.
    pub fn expect_running(&mut self) -> Result<()> {
        match self.running.ended() {
            Some(status) => {
                bail!("the local cloud ended ({status}). The end of {}:\n{}", self.log.display(), tail(&self.log, 15))
            }
            None => Ok(()),
        }
    }

    /// Its control planes.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The log of its current run.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// Its process id.
    pub fn id(&self) -> Option<u32> {
        self.running.id()
    }
}

fn launch(place: &Place, ports: Ports, cloud: &Cloud, log: &Path) -> Result<Running> {
    // Unpacked functions of earlier runs.
    let _ = std::fs::remove_dir_all(place.run("tmp"));
    std::fs::create_dir_all(place.run("tmp")).context("cannot make a folder for temporary files")?;
    let output = std::fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
    let errors = output.try_clone().context("cannot write the emulator's log")?;

    let mut command = Command::new(Set::Emulator.program(place, "python"));
    command.arg(place.root().join("crates/tooling/python/emulator.py")).current_dir(place.run("tmp"));
    cloud::only(&mut command, cloud);
    command
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", ports.gateway.to_string())
        .env("IOT_MTLS_PORT", ports.mqtt.to_string())
        .env("MINISTACK_REGION", cloud.region())
        .env("TMPDIR", place.run("tmp"))
        .env_remove("PYTHONDONTWRITEBYTECODE");
    // Roles and policies are enforced, as in AWS.
    command.env("AUTH", "true");
    if place.keeps_state() {
        command.env("PERSIST_STATE", "1").env("STATE_DIR", place.run(STATE));
    } else {
        command.env_remove("PERSIST_STATE");
    }
    // It ends when this pipe closes, so it ends even when this program is killed.
    command.stdin(Stdio::piped()).stdout(Stdio::from(output)).stderr(Stdio::from(errors));
    Running::start("the local cloud", command)
}

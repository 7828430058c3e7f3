//! The local cloud: MiniStack, on loopback, in a process group of its own.

use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::process::Command;

use crate::cloud::{self, Call, Cloud};
use crate::place::Place;
use crate::port::expect_free;
use crate::process::{Running, tail};
use crate::tools::Set;

/// How long it may take to answer; it needs 0.2 s here.
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
}

impl Emulator {
    /// Starts it and waits until it answers.
    ///
    /// # Errors
    /// When a port is taken or it does not come up; the message says why.
    pub async fn start(place: &Place, ports: Ports, region: &str) -> Result<Self> {
        expect_free(ports.gateway, "the local cloud", "--port")?;
        expect_free(ports.mqtt, "MQTT", "--mqtt-port")?;
        let endpoint = format!("http://127.0.0.1:{}", ports.gateway);
        // Unpacked functions of earlier runs.
        let _ = std::fs::remove_dir_all(place.run("tmp"));
        std::fs::create_dir_all(place.run("tmp")).context("cannot make a folder for temporary files")?;
        let log = place.run("emulator.log");
        let output = std::fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let errors = output.try_clone().context("cannot write the emulator's log")?;

        let mut command = Command::new(Set::Emulator.program(place, "python"));
        command.arg(place.root().join("crates/xtask/python/emulator.py")).current_dir(place.run("tmp"));
        command.envs(cloud::environment(&endpoint, region));
        command
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", ports.gateway.to_string())
            .env("IOT_MTLS_PORT", ports.mqtt.to_string())
            .env("MINISTACK_REGION", region)
            // Whether roles and policies hold as in AWS.
            .env("AUTH", if place.enforces_roles() { "true" } else { "false" })
            .env("TMPDIR", place.run("tmp"))
            .env_remove("PYTHONDONTWRITEBYTECODE");
        for name in cloud::FOREIGN {
            command.env_remove(name);
        }
        // Its end follows the end of this pipe, so it goes even when this program is killed.
        command.stdin(Stdio::piped()).stdout(Stdio::from(output)).stderr(Stdio::from(errors));

        let mut emulator =
            Self { running: Running::start("the local cloud", command)?, cloud: Cloud::new(&endpoint, region), log };
        emulator.wait_until_it_answers().await?;
        Ok(emulator)
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

    /// Its process id.
    pub fn id(&self) -> Option<u32> {
        self.running.id()
    }
}

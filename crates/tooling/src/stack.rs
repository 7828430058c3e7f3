//! The deployed stack: its outputs and addresses, kept in a file for other commands and for the tests.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::cloud::{Call, Cloud, Key};
use crate::emulator::Ports;
use crate::place::Place;
use crate::secret;

/// Name of the stack's file in the run's folder.
pub const FILE: &str = "stack.json";

/// The stack that runs in the local cloud.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stack {
    /// Address of the local cloud.
    pub endpoint: String,
    /// Its region.
    pub region: String,
    /// Its owner's key.
    pub key: Key,
    /// Port of MQTT over TLS, on 127.0.0.1.
    pub mqtt_port: u16,
    /// Certificate of the authority that signed the broker's and the devices' certificates.
    pub ca: PathBuf,
    /// Folder of the devices' certificates and keys.
    pub certificates: PathBuf,
    /// File of the people who may use the API, with their passwords; only its owner can read it.
    pub people: PathBuf,
    /// Process id of the local cloud.
    pub process: u32,
    /// Outputs of the template: names of tables, functions, rules and policies.
    pub outputs: BTreeMap<String, String>,
}

impl Stack {
    /// The stack with these outputs in a local cloud that listens on `ports` and runs as `process`.
    ///
    /// # Errors
    /// When the local cloud does not give its certificate.
    pub async fn of(
        place: &Place,
        cloud: &Cloud,
        ports: Ports,
        process: u32,
        outputs: BTreeMap<String, String>,
    ) -> Result<Self> {
        let ca = Call { service: "iot", method: "GET", path: "/_ministack/iot/ca.pem", ..Call::default() };
        let file = place.run("certificates").join("ca.pem");
        std::fs::write(&file, cloud.bytes(ca).await?).with_context(|| format!("cannot write {}", file.display()))?;
        Ok(Self {
            endpoint: cloud.endpoint().to_owned(),
            region: cloud.region().to_owned(),
            key: cloud.key().clone(),
            mqtt_port: ports.mqtt,
            ca: file,
            certificates: place.run("certificates"),
            people: place.run("people.json"),
            process,
            outputs,
        })
    }

    /// Reads a stack from its file.
    ///
    /// # Errors
    /// When there is none, or its local cloud is gone.
    pub fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).ok();
        let Some(stack) = text.and_then(|text| serde_json::from_str::<Self>(&text).ok()).filter(Self::is_alive) else {
            bail!("no local cloud is running. Start it in another terminal: cargo xtask up");
        };
        Ok(stack)
    }

    /// The local cloud that runs.
    ///
    /// # Errors
    /// As [`Stack::read`] of [`file`].
    pub fn running() -> Result<Self> {
        Self::read(&file()?)
    }

    /// Writes it to a file that only its owner can read.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("a stack is always JSON")?;
        secret::write(file, &(text + "\n"))
    }

    /// Its control planes.
    pub fn cloud(&self) -> Cloud {
        Cloud::new(&self.endpoint, &self.region, &self.key)
    }

    /// An output of the template.
    ///
    /// # Errors
    /// When the template has no such output.
    pub fn output(&self, key: &str) -> Result<&str> {
        self.outputs.get(key).map(String::as_str).with_context(|| format!("the template has no output {key}"))
    }

    /// The name of a function in the local cloud, from its name in the repository.
    ///
    /// # Errors
    /// When the stack has no such function.
    pub fn function(&self, name: &str) -> Result<&str> {
        let camel: String = name.split('-').map(capitalised).collect();
        self.output(&format!("{camel}FunctionName")).with_context(|| format!("{name} is not a function of this stack"))
    }

    fn is_alive(&self) -> bool {
        let process = i32::try_from(self.process).ok().and_then(rustix::process::Pid::from_raw);
        process.is_some_and(|process| rustix::process::test_kill_process(process).is_ok())
    }
}

/// The file of the local cloud that runs: the one that `WEIR_LOCAL` names, else that of `cargo xtask up`.
///
/// # Errors
/// When the repository cannot be found.
pub fn file() -> Result<PathBuf> {
    Ok(std::env::var_os("WEIR_LOCAL").map_or(Place::of_run("up")?.run(FILE), PathBuf::from))
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}

//! From nothing to a running local cloud with the template deployed: tools, functions, emulator, deployment.

use std::time::Duration;

use anyhow::Result;

use crate::build::{self, Dashboard};
use crate::deploy::{self, Settings, Way};
use crate::emulator::{Emulator, Ports};
use crate::place::Place;
use crate::port::expect_free;
use crate::progress::Progress;
use crate::stack::{self, Stack};
use crate::tools::{self, Set};

/// A running local cloud; dropping it stops it.
#[derive(Debug)]
pub struct LocalCloud {
    /// The emulator's process.
    pub emulator: Emulator,
    /// What was deployed to it.
    pub stack: Stack,
    file: std::path::PathBuf,
}

impl LocalCloud {
    /// The cause of an error of something that talks to it: that it has ended, if it has.
    pub async fn blame(&mut self, error: anyhow::Error) -> anyhow::Error {
        // The process may still be on its way out when the first connection breaks.
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.emulator.expect_running().err().unwrap_or(error)
    }
}

impl Drop for LocalCloud {
    fn drop(&mut self) {
        // A later reader must not talk to a port that belongs to another program by then.
        let _ = std::fs::remove_file(&self.file);
        let _ = std::fs::remove_file(&self.stack.people);
    }
}

/// Makes everything ready; installs the tools while the functions and the dashboard compile.
///
/// # Errors
/// When something is missing or fails; the message says what to do.
pub async fn local_cloud(
    place: &Place,
    ports: Ports,
    parameters: &[String],
    way: Way,
    dashboard: Dashboard,
    progress: &Progress,
) -> Result<LocalCloud> {
    let made = make(place, ports, parameters, way, dashboard, progress).await;
    if made.is_err() {
        progress.clear();
    }
    made
}

async fn make(
    place: &Place,
    ports: Ports,
    parameters: &[String],
    way: Way,
    dashboard: Dashboard,
    progress: &Progress,
) -> Result<LocalCloud> {
    // Checked before anybody waits for a compiler.
    expect_free(ports.gateway, "the local cloud", "--port")?;
    expect_free(ports.mqtt, "MQTT", "--mqtt-port")?;
    let mut all = vec![deploy::architecture()];
    all.extend_from_slice(parameters);
    let settings = Settings::read(place, &all)?;

    let sets: &[Set] = if way == Way::Sam { &[Set::Emulator, Set::Sam] } else { &[Set::Emulator] };
    tokio::try_join!(tools::install(place, sets, progress), build::for_this_computer(place, dashboard, progress))?;

    let step = progress.step("local cloud");
    let emulator = Emulator::start(place, ports, &settings.region).await?;
    let process = emulator.id().unwrap_or_default();
    step.done(&format!("MiniStack at {}, MQTT on port {}, process {process}", emulator.cloud().endpoint(), ports.mqtt));

    let outputs = deploy::deploy(place, emulator.cloud(), &settings, way, progress).await?;
    let stack = Stack::of(place, emulator.cloud(), ports, process, outputs).await?;
    let file = place.run(stack::FILE);
    stack.write(&file)?;
    Ok(LocalCloud { emulator, stack, file })
}

//! `cargo xtask up`: the local cloud with simulated devices.

use std::process::ExitCode;

use anyhow::Result;
use fleet_sim::fleet::Fleet;
use tooling::build::Dashboard;
use tooling::deploy::Way;
use tooling::emulator::Ports;
use tooling::place::Place;
use tooling::prepare;
use tooling::progress::Progress;

use crate::live;
use crate::once;

/// The options of the command.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Send a bounded run, account for every message, and end; exit code 0 only if the account balances.
    #[arg(long)]
    pub once: bool,
    /// Seed of the noise, the order, and the choice of repeated or malformed messages.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Number of buoys, with ten sensors each.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=50))]
    pub buoys: u16,
    /// Number of tubes, with five flow sensors each.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=10))]
    pub tubes: u16,
    /// Maximum messages per second.
    #[arg(long, value_parser = rate)]
    pub rate: Option<f64>,
    /// Port of the local cloud.
    #[arg(long, default_value_t = 4566)]
    pub port: u16,
    /// Port of the MQTT broker, with TLS.
    #[arg(long, default_value_t = 8883)]
    pub mqtt_port: u16,
    /// Do not build the dashboard; the first build of it takes minutes.
    #[arg(long)]
    pub no_dashboard: bool,
    /// Open the dashboard in the browser.
    #[arg(long, conflicts_with_all = ["no_dashboard", "once"])]
    pub open: bool,
    /// With --once: expect one wrong value, to see that the comparison notices.
    #[arg(long, requires = "once")]
    pub falsify: bool,
}

impl Options {
    fn dashboard(&self) -> Dashboard {
        if self.no_dashboard { Dashboard::LeftOut } else { Dashboard::Built }
    }
}

/// Starts everything, and runs until it is stopped or, with `--once`, done.
///
/// # Errors
/// When something is missing or fails; the message says what to do.
pub async fn run(options: &Options) -> Result<ExitCode> {
    let place = Place::of_run(if options.once { "once" } else { "up" })?;
    let progress = Progress::new();
    let ports = Ports { gateway: options.port, mqtt: options.mqtt_port };
    let mut cloud = prepare::local_cloud(&place, ports, &[], Way::Direct, options.dashboard(), &progress).await?;
    let fleet = Fleet::new(options.buoys.into(), options.tubes.into());
    let done = if options.once {
        let once = once::Options { seed: options.seed, rate: options.rate.unwrap_or(50.0), falsify: options.falsify };
        once::run(&mut cloud, &place, &fleet, &once, &progress).await
    } else {
        let live = live::Options {
            seed: options.seed,
            rate: options.rate.unwrap_or(10.0),
            dashboard: options.dashboard(),
            open: options.open,
        };
        live::run(&mut cloud, &place, &fleet, &live, &progress).await
    };
    match done {
        Err(error) => Err(cloud.blame(error).await),
        done => done,
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.1..=200.0).contains(&rate) { Ok(rate) } else { Err("from 0.1 to 200".to_owned()) }
}

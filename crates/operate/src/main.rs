//! `cargo operate …`: the commands for operators of Weir.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tooling::stop::or_stopped;

mod bill;
mod claim;
mod deploy;
mod destroy;
mod drill;
mod fit;
mod redrive;
mod smoke;

/// The commands for operating Weir, in AWS or in the local cloud that `cargo xtask up` runs.
#[derive(Debug, Parser)]
#[command(name = "cargo operate", bin_name = "cargo operate")]
enum Command {
    /// Deploy target/lambda to an environment in AWS: check the account, show the plan, carry it out.
    Deploy {
        #[command(flatten)]
        options: deploy::Options,
        /// Carry the plan out without asking, unless it would lose data.
        #[arg(long)]
        yes: bool,
    },
    /// Show what `deploy` would change, and change nothing.
    Plan(deploy::Options),
    /// Delete the stack of an environment in AWS, after showing what is deleted and what stays.
    Destroy(destroy::Options),
    /// Test a deployed stack without changing it: functions, API, rules, queues, tables.
    Smoke(smoke::Options),
    /// Deliver failed messages again, from the on-failure queues and, when named, from the quarantine.
    Redrive(redrive::Options),
    /// Export, delete, recreate and restore every table of the local cloud, and compare the rows.
    RestoreDrill,
    /// Estimate the AWS bill from counted requests and list prices.
    Bill {
        /// A file like crates/tooling/bill/prices.toml.
        #[arg(long)]
        prices: Option<PathBuf>,
    },
    /// Make or retire a claim certificate: the one in the image of boards that become devices by themselves.
    #[command(subcommand)]
    Claim(claim::Command),
    /// Fit a calibration model to reference points in a file: the model, its residuals and a plot.
    Fit(fit::Options),
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    or_stopped(run(Command::parse())).await
}

async fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Deploy { options, yes } => {
            let consent = if yes { deploy::Consent::Given } else { deploy::Consent::Ask };
            deploy::run(&options, consent).await
        }
        Command::Plan(options) => deploy::run(&options, deploy::Consent::Refused).await,
        Command::Destroy(options) => destroy::run(&options).await,
        Command::Smoke(options) => smoke::run(&options).await,
        Command::Redrive(options) => redrive::run(&options).await,
        Command::RestoreDrill => drill::run().await,
        Command::Bill { prices } => {
            print!("{}", bill::page(prices.as_deref())?);
            Ok(ExitCode::SUCCESS)
        }
        Command::Claim(command) => claim::run(&command).await,
        Command::Fit(options) => fit::run(&options),
    }
}

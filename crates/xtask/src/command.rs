//! What can be typed after `cargo xtask`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::build;
use crate::place::Place;
use crate::progress::Progress;
use crate::stop::{Ended, or_stopped};
use crate::up;

/// The commands of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub enum Command {
    /// Start the local cloud with simulated devices and watch it work; Ctrl-C ends it.
    Up(up::Options),
    /// Build the functions, for this computer or for AWS.
    Build {
        /// For AWS: arm64, optimised, with cargo-lambda.
        #[arg(long)]
        aws: bool,
    },
}

impl Command {
    /// Does what was typed; Ctrl-C and SIGTERM end it and everything it started.
    ///
    /// # Errors
    /// What the command fails with.
    pub async fn run(self) -> Result<ExitCode> {
        match or_stopped(self.work()).await? {
            Ended::Done(code) => Ok(code),
            Ended::Stopped(code) => {
                eprintln!("\nstopped, and with it everything this command started");
                Ok(ExitCode::from(code))
            }
        }
    }

    async fn work(self) -> Result<ExitCode> {
        match self {
            Self::Build { aws } => {
                let place = Place::of_run("build")?;
                let progress = Progress::new();
                if aws {
                    build::for_aws(&place, &progress).await?
                } else {
                    build::for_this_computer(&place, &progress).await?
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Up(options) => up::run(&options).await,
        }
    }
}

//! The command line of `cargo xtask`.

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;
use tooling::build::{self, Dashboard};
use tooling::place::Place;
use tooling::progress::Progress;
use tooling::tools::{self, Set};

use crate::bench;
use crate::capacity;
use crate::deny;
use crate::figures;
use crate::fuzz;
use crate::invoke;
use crate::pages;
use crate::pipeline;
use crate::site;
use crate::test;
use crate::up;
use crate::watch;

/// The commands for developing Weir; `cargo operate` has those for operating it.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub enum Command {
    /// Start the local cloud with simulated devices and watch it work; Ctrl-C ends it.
    Up(up::Options),
    /// Run every check, from the format of the sources to the benchmark's budget.
    Test(test::Options),
    /// Invoke a function of the running local cloud with a recorded event: events/<function>/<event>.json.
    Invoke {
        /// The function, e.g. calibration.
        function: String,
        /// The event, e.g. number; without it, the events are listed.
        event: Option<String>,
    },
    /// Follow topics of the live feed of the running local cloud, e.g. device/buoy-01 tube/0 problems.
    Watch {
        /// The topics.
        #[arg(required = true)]
        topics: Vec<String>,
    },
    /// Build the dashboard alone and serve it beside the running local cloud; reload it with every change.
    Site(site::Options),
    /// Measure pages that follow devices on the running local cloud: by the live feed, and by polling.
    Pages(pages::Options),
    /// Install cargo-lambda and the other tools under .local/, and print how to use them.
    Tools,
    /// Check the crates in Cargo.lock: licenses, bans, sources, advisories (these need GitHub); all by default.
    Deny {
        /// The checks.
        checks: Vec<String>,
    },
    /// Build the functions for this computer or for AWS, or the programs that deploy and test them.
    Build {
        /// For AWS: arm64, optimized, with cargo-lambda.
        #[arg(long)]
        aws: bool,
        /// `operate` and the tests of what is deployed, into target/deploy: the pipeline's later jobs compile nothing.
        #[arg(long, conflicts_with = "aws")]
        deploy: bool,
    },
    /// Fuzz the functions' readers with libFuzzer, starting from the recorded events.
    Fuzz(fuzz::Options),
    /// Measure the functions' release binaries: start, size, memory, processor time, requests and units.
    Bench(bench::Options),
    /// Measure the dashboard in a browser, in a local cloud of its own, and compare the figures with the budget.
    Figures,
    /// Simulate a large fleet and a flood: the hottest partition of every table and index, and the bill.
    Capacity(::capacity::Fleet),
    /// Moved to `cargo operate`.
    #[command(name = "deploy", aliases = MOVED, hide = true, disable_help_flag = true)]
    Moved {
        /// Ignored.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
    },
}

/// Commands of `cargo operate`, besides `deploy`.
const MOVED: [&str; 5] = ["destroy", "smoke", "redrive", "bill", "fit"];

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// The error of the command.
    pub async fn run(self) -> Result<ExitCode> {
        match self {
            Self::Build { aws, deploy } => {
                let place = Place::of_run("build")?;
                let progress = Progress::new();
                if aws {
                    build::for_aws(&place, &progress).await?;
                } else if deploy {
                    pipeline::for_deploying(&place, &progress).await?;
                } else {
                    build::for_this_computer(&place, Dashboard::Built, &progress).await?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Test(options) => test::run(&options).await,
            Self::Invoke { function, event } => invoke::run(&function, event.as_deref()).await,
            Self::Pages(options) => pages::run(&options).await,
            Self::Site(options) => site::run(&options).await,
            Self::Watch { topics } => watch::run(&topics).await,
            Self::Tools => {
                let place = Place::of_run("tools")?;
                tools::install(&place, &Set::ALL, &Progress::new()).await?;
                tools::explain_use(&place);
                Ok(ExitCode::SUCCESS)
            }
            Self::Deny { checks } => {
                deny::run(&Place::of_run("deny")?, &checks, &Progress::new()).await?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Fuzz(options) => fuzz::run(&options).await,
            Self::Bench(options) => bench::run_as_typed(&options).await,
            Self::Figures => figures::run().await,
            Self::Capacity(fleet) => {
                capacity::run(&fleet)?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Moved { .. } => {
                bail!("deploy, {} are commands of `cargo operate`: cargo operate --help", MOVED.join(", "))
            }
            Self::Up(options) => up::run(&options).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn the_help_of_every_command_is_in_this_program() {
        for command in Command::command().get_subcommands().filter(|command| !command.is_hide_set()) {
            let asked = Command::try_parse_from(["cargo xtask", command.get_name(), "--help"]);
            let answer = asked.expect_err("the help was asked for");
            assert_eq!(answer.kind(), ErrorKind::DisplayHelp, "{}", command.get_name());
        }
    }
}

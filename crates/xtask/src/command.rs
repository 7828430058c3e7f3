//! What can be typed after `cargo xtask`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::bench;
use crate::bill;
use crate::build;
use crate::deny;
use crate::fit;
use crate::fuzz;
use crate::invoke;
use crate::place::Place;
use crate::privileges;
use crate::progress::Progress;
use crate::redrive;
use crate::ship;
use crate::smoke;
use crate::stop::{Ended, or_stopped};
use crate::test;
use crate::tools::{self, Set};
use crate::up;

/// The commands of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub enum Command {
    /// Start the local cloud with simulated devices and watch it work; Ctrl-C ends it.
    Up(up::Options),
    /// Run everything that has to pass: format, clippy, tests, template lint, and the local cloud.
    Test(test::Options),
    /// Hand a recorded event to a function of the running local cloud: events/<function>/<event>.json.
    Invoke {
        /// The function, e.g. calibration.
        function: String,
        /// The event, e.g. number; without one, a list of them.
        event: Option<String>,
    },
    /// Hand what functions failed on to them again: from the on-failure queues and, when named, from the quarantine.
    Redrive(redrive::Options),
    /// Install cargo-lambda and the other tools under .local/, and say how to use them.
    Tools,
    /// Deploy target/lambda to an environment in AWS: look before, show the plan, do it.
    Deploy(ship::Options),
    /// Test what is deployed in an environment in AWS with what changes nothing: functions, API, rules, queue, tables.
    Smoke {
        /// The section of samconfig.toml: dev, stage, prod. Without it, the local cloud that `cargo xtask up` runs.
        #[arg(requires = "region")]
        environment: Option<String>,
        /// Its region.
        #[arg(long, requires = "environment")]
        region: Option<String>,
    },
    /// Delete the stack of an environment in AWS; says first what goes and what stays.
    Destroy {
        /// The section of samconfig.toml: dev, stage, prod.
        environment: String,
        /// The account that is meant.
        #[arg(long)]
        account: String,
        /// The region that is meant.
        #[arg(long)]
        region: String,
        /// The name of the stack, to show that it is meant.
        #[arg(long, value_name = "STACK")]
        confirm: Option<String>,
    },
    /// Take away one action of one role after the other and see that a test of the local cloud misses it; takes a while.
    Privileges {
        /// Only the roles of these functions.
        functions: Vec<String>,
    },
    /// Work out what AWS asks for, from counted requests and list prices; other prices can be given.
    Bill {
        /// A file like crates/xtask/bill/prices.toml.
        #[arg(long)]
        prices: Option<std::path::PathBuf>,
    },
    /// Look at what the crates in Cargo.lock are: licenses, bans, sources, advisories (these need GitHub); default all.
    Deny {
        /// The checks.
        checks: Vec<String>,
    },
    /// Build the functions, for this computer or for AWS; or what deploys and tests them.
    Build {
        /// For AWS: arm64, optimised, with cargo-lambda.
        #[arg(long)]
        aws: bool,
        /// This program and the tests of what is deployed, into target/deploy: with them and a checkout nothing has to be compiled any more.
        #[arg(long, conflicts_with = "aws")]
        deploy: bool,
    },
    /// Find the model that reference points in a file make: the model, its residuals and a plot.
    Fit(fit::Options),
    /// Feed the functions made-up bytes with libFuzzer, beginning with the recorded events.
    Fuzz(fuzz::Options),
    /// Measure the functions' release binaries: start, size, memory, processor time, requests and units; --help says more.
    #[command(disable_help_flag = true)]
    Bench {
        /// What the benchmark itself understands, e.g. --function organizer --json figures.json
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        options: Vec<String>,
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
            Self::Build { aws, deploy } => {
                let place = Place::of_run("build")?;
                let progress = Progress::new();
                if aws {
                    build::for_aws(&place, &progress).await?;
                } else if deploy {
                    build::for_deploying(&place, &progress).await?;
                } else {
                    build::for_this_computer(&place, &progress).await?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Self::Test(options) => test::run(&options).await,
            Self::Invoke { function, event } => invoke::run(&function, event.as_deref()).await,
            Self::Redrive(options) => redrive::run(&options).await,
            Self::Tools => {
                let place = Place::of_run("tools")?;
                tools::install(&place, &Set::ALL, &Progress::new()).await?;
                tools::explain_use(&place);
                Ok(ExitCode::SUCCESS)
            }
            Self::Deploy(options) => ship::deploy(&options).await,
            Self::Smoke { environment, region } => smoke::run(environment.as_deref(), region.as_deref()).await,
            Self::Destroy { environment, account, region, confirm } => {
                ship::destroy::run(&environment, &account, &region, confirm.as_deref()).await
            }
            Self::Privileges { functions } => privileges::run(&functions).await,
            Self::Bill { prices } => {
                print!("{}", bill::page(prices.as_deref())?);
                Ok(ExitCode::SUCCESS)
            }
            Self::Deny { checks } => {
                deny::run(&Place::of_run("deny")?, &checks, &Progress::new()).await?;
                Ok(ExitCode::SUCCESS)
            }
            Self::Fit(options) => fit::run(&options),
            Self::Fuzz(options) => fuzz::run(&options).await,
            Self::Bench { options } => bench::run(&options).await,
            Self::Up(options) => up::run(&options).await,
        }
    }
}

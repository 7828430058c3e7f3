//! `cargo xtask test` runs every check, one step after the other.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use console::style;
use fleet_sim::fleet::Fleet;
use tokio::process::Command;
use tooling::browser;
use tooling::build::{self, Dashboard};
use tooling::cloud;
use tooling::deploy::Way;
use tooling::emulator::Ports;
use tooling::people::People;
use tooling::place::Place;
use tooling::port;
use tooling::prepare;
use tooling::process::{cargo, to_its_end};
use tooling::progress::Progress;
use tooling::stack;
use tooling::timestream::Timestream;
use tooling::tools::{self, Set};

use crate::bench;
use crate::deny;
use crate::document;
use crate::environment::Environment;
use crate::leak;
use crate::lint;
use crate::once;

/// The options of the command.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Only this step; can be given more than once.
    #[arg(long, value_name = "STEP")]
    pub only: Vec<Step>,
}

/// The steps, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Step {
    /// Every file is formatted.
    Format,
    /// Clippy has no warnings.
    Clippy,
    /// The dashboard builds for the browser, and clippy has no warnings about it.
    Wasm,
    /// Unit, function and house tests.
    Test,
    /// Every fuzz target gets mutated inputs for 10 s, without instrumentation.
    Fuzz,
    /// The templates, the workflows and the licences of the crates are in order.
    Lint,
    /// No advisories for any crate; skipped, and reported as such, where their database cannot be fetched.
    Advisories,
    /// The tests against the deployed stack in a local cloud.
    Local,
    /// The bounded run, accounted for message by message; then the tests of a deployed stack, and the restoration of every table.
    Once,
    /// The HTTP API matches its document.
    Document,
    /// Requests and units of every function, size and instructions of one, and the size of the dashboard stay within the budget.
    Bench,
}

/// Tests that keep the local cloud, a single process, busy, or that measure. They run one at a time, after all others.
const ALONE: [&str; 4] =
    ["flood::", "job::a_wave_of_a_thousand_boards", "redrive::killed_in_the_middle", "dashboard::figures::"];
/// Running time of each fuzz target, in s.
const FUZZ_SECONDS: &str = "10";
/// Checks the dashboard only: clippy checks its dependencies in this repository for the host.
const WASM: [&str; 9] =
    ["clippy", "--package", "dashboard", "--no-deps", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"];

impl Step {
    const ALL: [Self; 11] = [
        Self::Format,
        Self::Clippy,
        Self::Wasm,
        Self::Test,
        Self::Fuzz,
        Self::Lint,
        Self::Advisories,
        Self::Local,
        Self::Once,
        Self::Document,
        Self::Bench,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Clippy => "clippy",
            Self::Wasm => "wasm",
            Self::Test => "test",
            Self::Fuzz => "fuzz",
            Self::Lint => "lint",
            Self::Advisories => "advisories",
            Self::Local => "local",
            Self::Once => "once",
            Self::Document => "document",
            Self::Bench => "bench",
        }
    }

    const fn does(self) -> &'static str {
        match self {
            Self::Format => "cargo fmt --all --check",
            Self::Clippy => "cargo clippy --workspace --all-targets and --test local, -- -D warnings",
            Self::Wasm => "cargo clippy --package dashboard --no-deps --target wasm32-unknown-unknown -- -D warnings",
            Self::Test => "cargo test --workspace",
            Self::Fuzz => {
                "each target of the fuzzer for 10 s, by the stable compiler; cargo xtask fuzz does it with instrumentation"
            }
            Self::Lint => {
                "templates, CloudFormation's role, workflows, licences and sources of the crates: sam validate, cfn-lint, checkov, actionlint, zizmor, cargo deny"
            }
            Self::Advisories => "cargo deny check advisories",
            Self::Local => "cargo test --workspace --test local, against a local cloud of its own",
            Self::Once => "cargo xtask up --once after a real sam deploy, cargo operate smoke, and the restore drill",
            Self::Document => "schemathesis over every operation of the API's document, as an admin and as a user",
            Self::Bench => {
                "requests and units of every function, size and instructions of one, size of the dashboard, against crates/bench/budget.toml; cargo xtask bench --check compares everything"
            }
        }
    }

    async fn run(self, place: &Place) -> Result<Passed> {
        match self {
            Self::Advisories => {
                return Ok(deny::advisories(place, &Progress::new()).await?.map_or(Passed::Whole, Passed::Skipped));
            }
            Self::Format => with_cargo(place, &["fmt", "--all", "--check"]).await,
            Self::Clippy => clippy(place).await,
            Self::Wasm => wasm(place).await,
            Self::Test => with_cargo(place, &["test", "--workspace"]).await,
            Self::Fuzz => fuzz(place).await,
            Self::Lint => lint::run(place).await,
            Self::Local => return local(place).await,
            Self::Once => bounded_run(place).await,
            Self::Document => document::run(place, free_ports()?).await,
            Self::Bench => bench::check().await,
        }?;
        Ok(Passed::Whole)
    }
}

/// Runs clippy on everything. The local-cloud tests are not part of `--all-targets`, because a plain `cargo test` leaves them out.
async fn clippy(place: &Place) -> Result<()> {
    for targets in [&["--all-targets"][..], &["--test", "local"]] {
        with_cargo(place, &[&["clippy", "--workspace"], targets, &["--", "-D", "warnings"]].concat()).await?;
    }
    Ok(())
}

/// Runs clippy for the browser's target, after fetching its standard library if rustup manages the toolchain. Rustup by itself fetches the
/// targets of rust-toolchain.toml only when it installs a toolchain.
async fn wasm(place: &Place) -> Result<()> {
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", "wasm32-unknown-unknown"]).current_dir(place.root());
    // Without rustup, the build reports a missing target.
    let _ = rustup.status().await;
    with_cargo(place, &WASM).await
}

/// Runs the fuzz targets with mutated inputs.
async fn fuzz(place: &Place) -> Result<()> {
    let mut command = cargo();
    // The whole workspace, as in the step before, so that nothing is compiled again with other features.
    command.current_dir(place.root()).args(["test", "--workspace", "--test", "it", "--", "--nocapture"]);
    command.arg("foreign::no_bytes_make_a_target_of_the_fuzzer_fail").env("FUZZ_SECONDS", FUZZ_SECONDS);
    to_its_end("the targets of the fuzzer", command).await
}

/// The ways in which a step can pass.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Passed {
    /// All of it ran.
    Whole,
    /// It ran except for this part, which is not a fault of the repository.
    Without(String),
    /// It could not run, for this reason, which is not a fault of the repository.
    Skipped(String),
}

/// Runs the steps. All of them run even if one fails; the failed ones are named at the end.
///
/// # Errors
/// When the run's folder cannot be created.
pub async fn run(options: &Options) -> Result<ExitCode> {
    let place = Place::of_run("test")?;
    let steps: Vec<Step> =
        Step::ALL.into_iter().filter(|step| options.only.is_empty() || options.only.contains(step)).collect();
    let mut done: Vec<(Step, Duration, Result<Passed>)> = Vec::new();
    let mut release_build = None;
    for (place_in_line, step) in steps.iter().enumerate() {
        // These steps wait for Python on one processor, and have no short timeouts.
        if matches!(step, Step::Once | Step::Document) && steps.contains(&Step::Bench) && release_build.is_none() {
            release_build = Some(bench::build_in_background(&place)?);
        }
        let title = format!("{}/{} {}", place_in_line + 1, steps.len(), step.name());
        println!("\n{} {}", style(title).bold().cyan(), style(step.does()).dim());
        let started = Instant::now();
        let outcome = step.run(&place).await;
        if let Err(error) = &outcome {
            println!("{} {error:#}", style("failed:").red().bold());
        }
        done.push((*step, started.elapsed(), outcome));
    }
    println!();
    for (step, time, outcome) in &done {
        let word = match outcome {
            Ok(Passed::Whole | Passed::Without(_)) => style("passed").green(),
            Ok(Passed::Skipped(_)) => style("NOT RUN").yellow().bold(),
            Err(_) => style("FAILED").red().bold(),
        };
        println!("{word:<7} {:<10} {:>7.1} s", step.name(), time.as_secs_f64());
        if let Err(error) = outcome {
            println!("        {error:#}");
        }
    }
    let (passed, end) = conclusion(&done);
    println!("\n{end}");
    Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether everything passed, and the last lines of the output.
fn conclusion(done: &[(Step, Duration, Result<Passed>)]) -> (bool, String) {
    let total: Duration = done.iter().map(|(_, time, _)| *time).sum();
    let failed: Vec<&str> =
        done.iter().filter(|(_, _, outcome)| outcome.is_err()).map(|(step, ..)| step.name()).collect();
    if !failed.is_empty() {
        let again: String = failed.iter().map(|name| format!(" --only {name}")).collect();
        return (false, format!("Failed: {}. Once more: cargo xtask test{again}", failed.join(", ")));
    }
    let over = done.iter().filter_map(|(step, _, outcome)| match outcome {
        Ok(Passed::Skipped(why)) => Some(format!("\nNot run: {}, because {why}.", step.name())),
        Ok(Passed::Without(what)) => Some(format!("\nNot run: of {} {what}.", step.name())),
        _ => None,
    });
    let over: String = over.collect();
    let everything = if over.is_empty() { "Everything" } else { "Everything else" };
    (true, format!("{everything} passed in {:.0} s.{over}", total.as_secs_f64()))
}

/// Runs cargo, and shows its output.
async fn with_cargo(place: &Place, arguments: &[&str]) -> Result<()> {
    let mut command = cargo();
    command.current_dir(place.root()).args(arguments);
    to_its_end("cargo", command).await
}

/// Ports that nobody uses.
///
/// # Errors
/// When there are none.
pub fn free_ports() -> Result<Ports> {
    Ok(Ports { gateway: port::any_free()?, mqtt: port::any_free()? })
}

async fn local(place: &Place) -> Result<Passed> {
    let progress = Progress::new();
    let browser = browser::find().and(browser::driver());
    ensure!(
        browser.is_some() || std::env::var_os("CI").is_none(),
        "the pipeline needs a browser and its driver: install chromium and chromium-driver"
    );
    tools::install(place, &[Set::Emulator, Set::Sam, Set::Moto, Set::Lambda, Set::Clients], &progress).await?;
    // One test waits until changes of a device take effect.
    let parameters = ["DeviceCacheSeconds=1".to_owned()];
    let mut cloud =
        prepare::local_cloud(place, free_ports()?, &parameters, Way::Direct, Dashboard::Built, &progress).await?;
    let timestream = Timestream::start(place, &mut cloud.stack, port::any_free()?, &progress).await?;
    People::make(&cloud.stack, "").await?;
    cloud.stack.write(&place.run(stack::FILE))?;
    let _environment = Environment::write(&cloud.stack, place)?;
    // Some of the tests run this program.
    build::program(place, "operate").await?;
    // Four tests at once, because they mostly wait.
    let skipped = ALONE.iter().flat_map(|name| ["--skip", name]);
    let others: Vec<&str> = ["--test-threads", "4"].into_iter().chain(skipped).collect();
    let together = local_tests(place, &others).await;
    let alone = local_tests(place, &[&["--test-threads", "1"], &ALONE[..]].concat()).await;
    let clean = leak::look(&cloud.stack).await;
    if let Ok(lines) = &clean {
        println!("{lines} lines of the functions' logs contain no token, password or key.");
    }
    drop((cloud, timestream));
    together?;
    alone?;
    clean?;
    let left_out = "the dashboard in a browser, because there is no chromium with its driver: apt-get install \
                    --no-install-recommends chromium chromium-driver (WEIR_BROWSER and WEIR_WEBDRIVER name others)";
    Ok(browser.map_or(Passed::Without(left_out.to_owned()), |_| Passed::Whole))
}

/// Runs tests on the stack that is deployed for a run.
///
/// # Errors
/// When one fails.
pub async fn local_tests(place: &Place, chosen: &[&str]) -> Result<()> {
    let mut command = cargo();
    // The whole workspace, as in the step `test`, so that nothing is compiled again with other features.
    command.current_dir(place.root()).args(["test", "--workspace", "--test", "local", "--"]).args(chosen);
    command.env("WEIR_LOCAL", place.run(stack::FILE)).env_remove("WEIR_STACK");
    to_its_end("the local-cloud tests", command).await
}

async fn bounded_run(place: &Place) -> Result<()> {
    let progress = Progress::new();
    let mut cloud = prepare::local_cloud(place, free_ports()?, &[], Way::Sam, Dashboard::Built, &progress).await?;
    let options = once::Options { seed: 1, rate: 50.0, falsify: false };
    let code = once::run(&mut cloud, place, &Fleet::new(2, 2), &options, &progress).await?;
    ensure!(code == ExitCode::SUCCESS, "the account does not balance");
    // By the stack's name, as the pipeline does it after a deployment; the step `local` finds the stack by its file.
    let operate = build::program(place, "operate").await?;
    for arguments in [&["smoke", "local", "--region", &cloud.stack.region][..], &["restore-drill"]] {
        let mut command = Command::new(&operate);
        command.args(arguments).env("WEIR_LOCAL", place.run(stack::FILE));
        cloud::only(&mut command, &cloud.stack.cloud());
        to_its_end("cargo operate", command).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skipped_step_is_reported_and_fails_nothing() {
        let done = |step, outcome| (step, Duration::from_secs(1), outcome);
        let over = || Ok(Passed::Skipped("there is no network".to_owned()));
        let (passed, end) = conclusion(&[done(Step::Lint, Ok(Passed::Whole)), done(Step::Advisories, over())]);
        assert!(passed && !end.contains("Everything passed"), "{end}");
        assert!(end.contains("Not run: advisories, because there is no network."), "{end}");
        let (passed, end) = conclusion(&[done(Step::Lint, Err(anyhow::anyhow!("no"))), done(Step::Advisories, over())]);
        assert!(!passed && end == "Failed: lint. Once more: cargo xtask test --only lint", "{end}");
        let (passed, end) = conclusion(&[done(Step::Local, Ok(Passed::Without("the page".to_owned())))]);
        assert!(passed && end == "Everything else passed in 1 s.\nNot run: of local the page.", "{end}");
        assert_eq!(conclusion(&[done(Step::Lint, Ok(Passed::Whole))]), (true, "Everything passed in 1 s.".to_owned()));
    }
}

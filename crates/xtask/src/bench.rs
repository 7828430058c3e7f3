//! `cargo xtask bench` measures the release binaries of the functions. The benchmark is a separate package, because it contains a DynamoDB
//! engine: people who only want `cargo xtask up` should not have to wait for that to compile.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Parser as _;
use tokio::process::Command;
use tooling::build::{self, functions, target};
use tooling::page::{self, Compressed, Profile};
use tooling::place::Place;
use tooling::process::{Running, cargo, to_its_end};
use tooling::progress::Progress;

#[path = "../../bench/src/options.rs"]
mod options;

pub use options::Options;

/// The function whose size and instructions are compared in every run of `cargo xtask test`: it handles every message. Optimising all
/// functions takes half an hour, so the pipeline does that each night.
const RELEASE: &str = "calibration";

#[derive(Debug, clap::Parser)]
struct Typed {
    #[command(flatten)]
    options: Options,
}

/// Compares the figures that do not depend on the machine with the budget: requests and units of every function, measured with the binaries
/// of the local cloud; size and instructions of one function.
///
/// When the machine stalls for two seconds, the SDK repeats a request, which is counted as well. So a figure only fails when it exceeds its
/// limit twice.
///
/// # Errors
/// When something does not compile, or a figure exceeds its limit.
pub async fn check() -> Result<()> {
    for typed in [&["--check", "--debug"][..], &["--check", "--function", RELEASE]] {
        let options = Typed::try_parse_from([&["bench"], typed].concat())?.options;
        let typed: Vec<OsString> = typed.iter().map(Into::into).collect();
        if run(&options, &typed).await? != ExitCode::SUCCESS {
            println!("\nOnce more, to see whether that was the machine.");
            ensure!(run(&options, &typed).await? == ExitCode::SUCCESS, "a figure exceeds its limit in the budget");
        }
    }
    Ok(())
}

/// Builds the files of the dashboard as they are deployed to AWS, in a folder of the run.
async fn dashboard(place: &Place) -> Result<PathBuf> {
    page::packer(place).await?;
    page::program(place, Profile::Small, &Progress::new()).await?;
    let folder = place.run("page");
    page::pack_into(place, Profile::Small, &folder, Compressed::Yes).await?;
    Ok(folder)
}

/// Runs the benchmark with the options as they were typed.
///
/// # Errors
/// When something does not compile.
pub async fn run_as_typed(options: &Options) -> Result<ExitCode> {
    let typed: Vec<OsString> = std::env::args_os().skip_while(|word| word != "bench").skip(1).collect();
    run(options, &typed).await
}

/// Starts the release build that [`check`] measures, at the lowest priority and with its output in a log. `check` uses what is built by
/// then, and waits for the rest.
///
/// # Errors
/// When the build cannot be started.
pub fn build_in_background(place: &Place) -> Result<Running> {
    let log = place.run("release-build.log");
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let build = binaries(place, &["--release"], &[RELEASE.to_owned()]);
    let build = build.as_std();
    let mut command = Command::new("nice");
    command.args(["-n", "19"]).arg(build.get_program()).args(build.get_args());
    for (name, value) in build.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.current_dir(place.root()).stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    Running::start("the release build", command)
}

/// Builds the binaries and the benchmark, and runs it.
async fn run(options: &Options, typed: &[OsString]) -> Result<ExitCode> {
    let place = Place::of_run("bench")?;
    let all = functions(&place)?;
    let chosen = if options.function.is_empty() { &all } else { &options.function };
    // Some functions only prepare the measurement of others; for that any build will do.
    let debug = target(&place).join("debug");
    to_its_end("cargo build", binaries(&place, &["--package", "tooling"], &all)).await?;
    let mut bench = Command::new(build::program(&place, "bench").await?);
    bench.arg("--root").arg(place.root()).arg("--helpers").arg(&debug).arg("--binaries");
    if options.debug {
        bench.arg(&debug);
    } else {
        to_its_end("cargo build", binaries(&place, &["--release"], chosen)).await?;
        bench.arg(target(&place).join("release"));
    }
    bench.arg("--built").arg(all.join(",")).args(typed);
    if options.check && options.function.is_empty() {
        bench.arg("--page").arg(dashboard(&place).await?);
    }
    let ended = Running::start("bench", bench)?.wait().await?;
    Ok(ended.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// The command that builds the functions and the empty function that they are compared with.
fn binaries(place: &Place, how: &[&str], functions: &[String]) -> Command {
    let mut command = cargo();
    command.current_dir(place.root()).arg("build").args(how).args(["--package", "hello"]);
    command.args(functions.iter().flat_map(|function| ["--package", function]));
    command
}

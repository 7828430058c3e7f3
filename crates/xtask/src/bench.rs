//! `cargo xtask bench`: the functions' release binaries, measured. The benchmark is a package of its own, which brings a DynamoDB engine
//! with it: nobody who only wants `cargo xtask up` should have to wait for that to compile.

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

/// The function whose size and instructions are compared in every run of `cargo xtask test`: it handles each message. To optimise all of
/// them takes half an hour; the pipeline does it each night.
const RELEASE: &str = "calibration";

#[derive(Debug, clap::Parser)]
struct Typed {
    #[command(flatten)]
    options: Options,
}

/// Compares what does not depend on the machine with the budget: requests and units of every function, by the binaries of the local
/// cloud; size and instructions of one.
///
/// A machine that stands still for two seconds makes the SDK send a request a second time, which counts. So only what is above its line
/// twice is.
///
/// # Errors
/// When something does not compile, or a figure is above its line.
pub async fn check() -> Result<()> {
    for typed in [&["--check", "--debug"][..], &["--check", "--function", RELEASE]] {
        let options = Typed::try_parse_from([&["bench"], typed].concat())?.options;
        let typed: Vec<OsString> = typed.iter().map(Into::into).collect();
        if run(&options, &typed).await? != ExitCode::SUCCESS {
            println!("\nOnce more, to see whether that was the machine.");
            ensure!(run(&options, &typed).await? == ExitCode::SUCCESS, "a figure is above its line in the budget");
        }
    }
    Ok(())
}

/// The files of the dashboard as AWS gets them, made in a folder of the run.
async fn dashboard(place: &Place) -> Result<PathBuf> {
    page::packer(place).await?;
    page::program(place, Profile::Small, &Progress::new()).await?;
    let folder = place.run("page");
    page::pack_into(place, Profile::Small, &folder, Compressed::Yes).await?;
    Ok(folder)
}

/// The same with the options that were typed.
///
/// # Errors
/// When something does not compile.
pub async fn run_as_typed(options: &Options) -> Result<ExitCode> {
    let typed: Vec<OsString> = std::env::args_os().skip_while(|word| word != "bench").skip(1).collect();
    run(options, &typed).await
}

/// Begins to build what [`check`] measures of the release, at the lowest priority and into a log. `check` finds what it built, and waits
/// for the rest.
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

/// Builds the binaries and the benchmark, and measures.
async fn run(options: &Options, typed: &[OsString]) -> Result<ExitCode> {
    let place = Place::of_run("bench")?;
    let all = functions(&place)?;
    let chosen = if options.function.is_empty() { &all } else { &options.function };
    // Functions also prepare what others are measured with: any build of them will do for that.
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

/// Cargo's build of functions and the bare one beside which they are measured.
fn binaries(place: &Place, how: &[&str], functions: &[String]) -> Command {
    let mut command = cargo();
    command.current_dir(place.root()).arg("build").args(how).args(["--package", "hello"]);
    command.args(functions.iter().flat_map(|function| ["--package", function]));
    command
}

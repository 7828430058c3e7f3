//! `cargo xtask bench`: the functions' release binaries, measured. The benchmark is a package of its own, which brings a DynamoDB engine
//! with it: nobody who only wants `cargo xtask up` should have to wait for that to compile.

use std::ffi::OsString;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use tokio::process::Command;
use tooling::build::{self, functions, target};
use tooling::place::Place;
use tooling::process::{Running, cargo, to_its_end};

#[path = "../../bench/src/options.rs"]
mod options;

pub use options::Options;

/// Compares what does not depend on the machine with the budget.
///
/// # Errors
/// When something does not compile, or a figure is above its line.
pub async fn check() -> Result<()> {
    ensure!(run(&["--check".into()]).await? == ExitCode::SUCCESS, "a figure is above its line in the budget");
    Ok(())
}

/// The same with the options that were typed.
///
/// # Errors
/// When something does not compile.
pub async fn run_as_typed() -> Result<ExitCode> {
    let typed: Vec<OsString> = std::env::args_os().skip_while(|word| word != "bench").skip(1).collect();
    run(&typed).await
}

/// Builds the release binaries and the benchmark, and measures.
async fn run(options: &[OsString]) -> Result<ExitCode> {
    let place = Place::of_run("bench")?;
    let functions = functions(&place)?;
    let mut release = cargo();
    release.current_dir(place.root()).args(["build", "--release", "--package", "hello"]);
    release.args(functions.iter().flat_map(|function| ["--package", function]));
    to_its_end("cargo build", release).await?;
    let mut bench = Command::new(build::program(&place, "bench").await?);
    bench.arg("--root").arg(place.root()).arg("--binaries").arg(target(&place).join("release"));
    bench.arg("--built").arg(functions.join(",")).args(options);
    let ended = Running::start("bench", bench)?.wait().await?;
    Ok(ended.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

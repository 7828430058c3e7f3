//! The benchmark. It is a package of its own, which brings a DynamoDB engine with it: nobody who only wants `cargo xtask up`
//! should have to wait for that to compile.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use tokio::process::Command;
use tooling::build::{self, functions, target};
use tooling::place::Place;
use tooling::process::{Running, cargo};

/// Compares what does not depend on the machine with the budget.
///
/// # Errors
/// When something does not compile, or a figure is above its line.
pub async fn check() -> Result<()> {
    ensure!(run(&["--check".to_owned()]).await? == ExitCode::SUCCESS, "a figure is above its line in the budget");
    Ok(())
}

/// Builds the release binaries and measures them; `options` are those of the package `bench`.
///
/// # Errors
/// When something does not compile.
pub async fn run(options: &[String]) -> Result<ExitCode> {
    let place = Place::of_run("bench")?;
    let functions = functions(&place)?;
    let mut build = cargo();
    build.args(["build", "--release", "--package", "hello"]);
    build.args(functions.iter().flat_map(|function| ["--package", function]));
    let built = Running::start("cargo build", build)?.wait().await?;
    ensure!(built.success(), "the functions do not compile ({built})");
    let mut bench = Command::new(build::program(&place, "bench").await?);
    bench.arg("--root").arg(place.root()).arg("--binaries").arg(target(&place).join("release"));
    bench.arg("--built").arg(functions.join(",")).args(options);
    let ended = Running::start("bench", bench)?.wait().await?;
    Ok(ended.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

//! cargo-deny, which checks the crates in Cargo.lock: licences, sources, duplicate versions, advisories.
//! It comes from crates.io in a pinned version with its own Cargo.lock, built once into `.local/cargo`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use tokio::process::Command;
use tooling::place::Place;
use tooling::process::{cargo, run_logged, to_its_end};
use tooling::progress::Progress;

const VERSION: &str = "0.20.2";
/// The checks that need nothing but Cargo.lock and the crates.
pub const OFFLINE: [&str; 3] = ["licenses", "bans", "sources"];
/// Timeout for fetching the advisory database, which is some MB.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs the named checks of `.cargo/deny.toml`; none means all of them, which asks GitHub for the advisories.
///
/// # Errors
/// When a check has objections or cargo-deny cannot be built.
pub async fn run<S: AsRef<str>>(place: &Place, checks: &[S], progress: &Progress) -> Result<()> {
    install(place, progress).await?;
    let mut command = Command::new(program(place));
    command.current_dir(place.root()).arg("--all-features");
    // An exception that is not needed any more is an error, so that the list stays as short as it can be.
    command.args(["check", "--deny", "unmatched-skip", "--deny", "unnecessary-skip"]);
    command.args(checks.iter().map(AsRef::as_ref));
    to_its_end("cargo deny", command).await
}

/// Checks for advisories where their database can be fetched from GitHub; the reason, where it cannot.
///
/// # Errors
/// When there is an advisory for a crate or cargo-deny cannot be built.
pub async fn advisories(place: &Place, progress: &Progress) -> Result<Option<String>> {
    install(place, progress).await?;
    let mut fetch = Command::new(program(place));
    fetch.current_dir(place.root()).args(["--all-features", "fetch", "db"]);
    let log = place.run("advisories.log");
    let fetched = tokio::time::timeout(PATIENCE, run_logged("cargo deny fetch", fetch, &log, |_| {})).await;
    let why = match fetched {
        Ok(Ok(())) => {
            run(place, &["advisories"], progress).await?;
            return Ok(None);
        }
        Ok(Err(_)) => format!("{} has the reason", place.shown(&log)),
        Err(_) => format!("not within {} s", PATIENCE.as_secs()),
    };
    Ok(Some(format!("the advisory database could not be fetched ({why}); ci.yml fails without it")))
}

fn folder(place: &Place) -> PathBuf {
    place.root().join(".local").join("cargo").join(format!("deny-{VERSION}"))
}

fn program(place: &Place) -> PathBuf {
    folder(place).join("bin").join("cargo-deny")
}

async fn install(place: &Place, progress: &Progress) -> Result<()> {
    if program(place).exists() {
        return Ok(());
    }
    let step = progress.step("cargo-deny");
    step.note("cargo install");
    let mut command = cargo();
    // Unoptimised: it is built in a third of the time, and needs two seconds either way.
    command.args(["install", "cargo-deny", "--version", VERSION, "--debug", "--root"]).arg(folder(place));
    // Outside the repository's own output, whose profile and toolchain are others.
    command.env("CARGO_TARGET_DIR", place.run("deny-target"));
    run_logged("cargo install cargo-deny", command, &place.run("deny.log"), |line| step.note(line.trim())).await?;
    let _ = std::fs::remove_dir_all(place.run("deny-target"));
    step.done(&format!("{VERSION} built"));
    Ok(())
}

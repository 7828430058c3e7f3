//! cargo-deny, which checks the crates in Cargo.lock: licences, sources, duplicate versions, advisories. A pinned version of it is
//! installed from crates.io with its own Cargo.lock, once, into `.local/cargo`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use tokio::process::Command;
use tooling::place::Place;
use tooling::process::{cargo, run_logged, to_its_end};
use tooling::progress::Progress;

const VERSION: &str = "0.20.2";
/// The checks that need only Cargo.lock and the crates.
pub const OFFLINE: [&str; 3] = ["licenses", "bans", "sources"];
/// Timeout for fetching the advisory database, which has some MB.
const PATIENCE: Duration = Duration::from_secs(120);

/// Runs the named checks of `.cargo/deny.toml`; all of them if none is named, which fetches the advisories from GitHub.
///
/// # Errors
/// When a check fails, or cargo-deny cannot be installed.
pub async fn run<S: AsRef<str>>(place: &Place, checks: &[S], progress: &Progress) -> Result<()> {
    install(place, progress).await?;
    let mut command = Command::new(program(place));
    command.current_dir(place.root()).arg("--all-features");
    // An exception that is no longer needed is an error, so that the list stays as short as possible.
    command.args(["check", "--deny", "unmatched-skip", "--deny", "unnecessary-skip"]);
    command.args(checks.iter().map(AsRef::as_ref));
    to_its_end("cargo deny", command).await
}

/// Checks for advisories if their database can be fetched from GitHub; otherwise returns the reason why it cannot.
///
/// # Errors
/// When a crate has an advisory, or cargo-deny cannot be installed.
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
    // Not optimised: this builds in a third of the time, and cargo-deny runs for two seconds either way.
    command.args(["install", "cargo-deny", "--version", VERSION, "--debug", "--root"]).arg(folder(place));
    // Not in the repository's own target folder, whose profile and toolchain differ.
    command.env("CARGO_TARGET_DIR", place.run("deny-target"));
    run_logged("cargo install cargo-deny", command, &place.run("deny.log"), |line| step.note(line.trim())).await?;
    let _ = std::fs::remove_dir_all(place.run("deny-target"));
    step.done(&format!("{VERSION} built"));
    Ok(())
}

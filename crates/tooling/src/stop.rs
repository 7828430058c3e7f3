//! How a tool's program ends: with its command's exit code, with an error, or by Ctrl-C or SIGTERM.

use std::process::ExitCode;

use anyhow::{Context, Result};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs a command until it ends or somebody stops it. Stopping drops the command, and whatever it started ends with it.
/// An error is printed; the code after a signal is the one that shells expect (128 and the signal's number).
pub async fn or_stopped(command: impl Future<Output = Result<ExitCode>>) -> ExitCode {
    let ended = match signals() {
        Ok((mut interrupt, mut terminate)) => tokio::select! {
            ended = command => ended,
            _ = interrupt.recv() => return stopped(130),
            _ = terminate.recv() => return stopped(143),
        },
        Err(error) => Err(error),
    };
    ended.unwrap_or_else(|error| {
        eprintln!("\nerror: {error:#}");
        ExitCode::FAILURE
    })
}

fn signals() -> Result<(Signal, Signal)> {
    let interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    Ok((interrupt, terminate))
}

fn stopped(code: u8) -> ExitCode {
    eprintln!("\nstopped, and with it everything this command started");
    ExitCode::from(code)
}

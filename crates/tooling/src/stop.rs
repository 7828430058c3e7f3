//! Ctrl-C and SIGTERM end the work by dropping it: whatever it started ends with it.

use std::future::Future;

use anyhow::{Context, Result};
use tokio::signal::unix::{SignalKind, signal};

/// How the work ended.
#[derive(Debug)]
pub enum Ended<T> {
    /// By itself.
    Done(T),
    /// By Ctrl-C or SIGTERM; the exit code a shell expects then.
    Stopped(u8),
}

/// Does the work until it is done or somebody stops it.
///
/// # Errors
/// What the work itself fails with.
pub async fn or_stopped<T>(work: impl Future<Output = Result<T>>) -> Result<Ended<T>> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    tokio::select! {
        done = work => Ok(Ended::Done(done?)),
        _ = interrupt.recv() => Ok(Ended::Stopped(130)),
        _ = terminate.recv() => Ok(Ended::Stopped(143)),
    }
}

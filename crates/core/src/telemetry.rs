//! Logs: one JSON object a line on standard output, as CloudWatch reads them.

use tracing::Level;
use tracing_subscriber::fmt;

/// Starts logging at the level named by `LOG_LEVEL` (`error`, `warn`, `info`, `debug`, `trace`; default `info`).
/// Each line has its `timestamp`: without a valid one Lambda takes every line for `INFO`, whatever level it says (AWS
/// Lambda developer guide, "Working with Lambda function logs"). A second call changes nothing.
pub fn start() {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|name| name.parse().ok()).unwrap_or(Level::INFO);
    let subscriber = fmt().json().flatten_event(true).with_target(false).with_max_level(level);
    let _ = subscriber.try_init();
}

//! Logs: one JSON object per line on standard output, as CloudWatch reads them. Some lines are metrics.

pub mod metric;

use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::{MakeWriter, fmt};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The target of the audit log (admins changing users), whose lines are written at every level.
pub const AUDIT: &str = "audit";

/// Starts logging at the level named by `LOG_LEVEL` (`error`, `warn`, `info`, `debug`, `trace`; default `info`).
/// Each line has its `timestamp`: without a valid one Lambda treats every line as `INFO`, whatever level it has (AWS
/// Lambda developer guide, "Working with Lambda function logs"). A second call changes nothing.
pub fn start() {
    let level = std::env::var("LOG_LEVEL").ok().and_then(|name| name.parse().ok()).unwrap_or(Level::INFO);
    let _ = lines(level, std::io::stdout).try_init();
}

/// A subscriber that writes the lines of that level, and those of [`AUDIT`], to `writer`.
pub fn lines<W>(level: Level, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // At this level the SDK writes whole requests, the passwords in them among them.
    let tells_secrets = |line: &Metadata<'_>| *line.level() == Level::TRACE && !line.target().starts_with("weir_");
    let wanted = move |line: &Metadata<'_>| line.target() == AUDIT || *line.level() <= level && !tells_secrets(line);
    // Lines above it need not be looked at one by one.
    let most = level.max(Level::INFO);
    fmt()
        .json()
        .flatten_event(true)
        .with_target(false)
        .with_max_level(most)
        .with_writer(writer)
        .finish()
        .with(filter_fn(wanted).with_max_level_hint(most))
}

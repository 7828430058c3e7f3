//! Reads the state of the system: all parts concurrently and independently.

use futures_util::StreamExt as _;
use futures_util::future::join4;
use futures_util::stream;
use weir_aws::AwsError;
use weir_core::domain::Timestamp;
use weir_core::domain::system::{QueueKind, Waiting, logical_name, noun};
use weir_core::wire::system::{
    AlarmJson, BillJson, DeploymentJson, Part, QueueJson, SystemJson, TableJson, UnreadJson, UnreadReason, WaitingJson,
};

use super::Parts;

/// Requests of a part at once: each has a connection of its own.
const AT_ONCE: usize = 5;

/// What an environment is billed for independently of its use, as in `crates/tooling/bill/usage.toml`; a test compares them.
pub const BILL: BillJson = BillJson { metrics: 34, dashboards: 1, scheduled_invocations: 234_000 };

/// Reads the state of the system at `now`.
pub(super) async fn read(parts: &Parts, now: Timestamp) -> SystemJson {
    let (alarms, queues, waiting, tables) =
        join4(alarms(parts, now), queues(parts), waiting(parts), tables(parts)).await;
    SystemJson { read_at: now, deployment: deployment(parts), alarms, queues, waiting, tables, bill: BILL }
}

fn deployment(parts: &Parts) -> DeploymentJson {
    let stack = &parts.stack;
    DeploymentJson {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        function_version: parts.function_version.clone(),
        project: stack.project.clone(),
        environment: stack.environment.clone(),
        region: parts.region.clone(),
        time_series_store: stack.time_series_store.clone(),
        switches: stack.switches,
    }
}

async fn alarms(parts: &Parts, now: Timestamp) -> Part<AlarmJson> {
    let read = match parts.alarms.read(now).await {
        Ok(read) => read,
        Err(error) => return Part { items: Vec::new(), unread: vec![unread("alarms", &error)] },
    };
    let shown = |alarm: weir_aws::alarms::Alarm| AlarmJson {
        name: logical_name(&alarm.name, &parts.alarm_prefix).to_owned(),
        description: alarm.description,
        state: alarm.state,
        since: alarm.since,
        metrics: u32::try_from(alarm.metrics).unwrap_or(u32::MAX),
    };
    let mut items: Vec<AlarmJson> = read.into_iter().map(shown).collect();
    items.sort_by(|one, other| (one.state, &one.name).cmp(&(other.state, &other.name)));
    Part { items, unread: Vec::new() }
}

async fn queues(parts: &Parts) -> Part<QueueJson> {
    let prefix = prefix(parts);
    let each = parts.stack.queues.iter().cloned().map(|url| {
        let name = noun(&url, &prefix).to_owned();
        async move {
            let messages = parts.queues.messages(&url).await.map_err(|error| unread(&name, &error))?;
            let kind = QueueKind::of(&name);
            Ok(QueueJson { name, kind, waiting: messages.waiting, in_flight: messages.in_flight })
        }
    });
    let mut part = part(each).await;
    part.items.sort_by(|one, other| {
        (one.kind == QueueKind::Work, &one.name).cmp(&(other.kind == QueueKind::Work, &other.name))
    });
    part
}

async fn waiting(parts: &Parts) -> Part<WaitingJson> {
    let each = Waiting::ALL.into_iter().map(|what| async move {
        let counted = parts.waiting.of(what).await.map_err(|error| unread(what.code(), &error))?;
        Ok(WaitingJson { what, count: counted.count, more: counted.more })
    });
    part(each).await
}

async fn tables(parts: &Parts) -> Part<TableJson> {
    let prefix = prefix(parts);
    let each = parts.stack.tables.iter().cloned().map(|table| {
        let name = noun(&table, &prefix).to_owned();
        async move {
            let size = parts.sizes.of(&table).await.map_err(|error| unread(&name, &error))?;
            Ok(TableJson { name, items: size.items, bytes: size.bytes, index_bytes: size.index_bytes })
        }
    });
    part(each).await
}

fn prefix(parts: &Parts) -> String {
    format!("{}-{}-", parts.stack.project, parts.stack.environment)
}

/// The results of all of these, in their order.
async fn part<T>(each: impl Iterator<Item = impl Future<Output = Result<T, UnreadJson>>>) -> Part<T> {
    let all: Vec<_> = stream::iter(each).buffered(AT_ONCE).collect().await;
    let mut part = Part { items: Vec::new(), unread: Vec::new() };
    for one in all {
        match one {
            Ok(item) => part.items.push(item),
            Err(unread) => part.unread.push(unread),
        }
    }
    part
}

/// Records that something could not be read, and logs why.
fn unread(name: &str, error: &AwsError) -> UnreadJson {
    tracing::warn!(name, error = %error, "cannot be read");
    let reason = if error.is_temporary() { UnreadReason::Unavailable } else { UnreadReason::Refused };
    UnreadJson { name: name.to_owned(), reason }
}

//! The state of the system itself: what matters in it, and the order in which it is shown.

use weir_core::domain::system::{AlarmState, QueueKind};
use weir_core::wire::system::{AlarmJson, Part, QueueJson, SystemJson, TableJson, UnreadJson, UnreadReason};

use crate::messages as m;
use crate::text::{Text, fill};

/// The state of a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QueueState {
    /// Messages failed for good and wait for somebody.
    ToDo,
    /// Messages are on their way.
    Busy,
    /// It is empty.
    Empty,
}

/// The state of a queue.
pub const fn queue_state(queue: &QueueJson) -> QueueState {
    match queue.kind {
        _ if queue.waiting == 0 && queue.in_flight == 0 => QueueState::Empty,
        QueueKind::Failed => QueueState::ToDo,
        QueueKind::Work => QueueState::Busy,
    }
}

/// The queues, those that need attention first.
pub fn worst_first(queues: &[QueueJson]) -> Vec<QueueJson> {
    let mut sorted = queues.to_vec();
    // A stable sort: equal ones keep the order of the answer.
    sorted.sort_by_key(queue_state);
    sorted
}

/// A summary of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Number of raised alarms.
    pub rings: usize,
    /// Messages that failed for good.
    pub failed: u64,
    /// Whether everything could be read.
    pub complete: bool,
}

/// The summary of an answer.
pub fn summary(system: &SystemJson) -> Summary {
    let queues = system.queues.items.iter().filter(|queue| queue.kind == QueueKind::Failed);
    Summary {
        rings: system.alarms.items.iter().filter(|alarm| alarm.state == AlarmState::Alarm).count(),
        failed: queues.map(|queue| queue.waiting.saturating_add(queue.in_flight)).sum(),
        complete: system.alarms.is_complete()
            && system.queues.is_complete()
            && system.waiting.is_complete()
            && system.tables.is_complete(),
    }
}

/// The alarms that need attention, and the others.
pub fn by_urgency(alarms: &[AlarmJson]) -> (Vec<AlarmJson>, Vec<AlarmJson>) {
    alarms.iter().cloned().partition(|alarm| alarm.state != AlarmState::Ok)
}

/// Number of metrics that the alarms watch; `None` unless it is known for all of them.
pub fn alarm_metrics(alarms: &Part<AlarmJson>) -> Option<u64> {
    alarms.is_complete().then(|| alarms.items.iter().map(|alarm| u64::from(alarm.metrics)).sum())
}

/// Rows, bytes, and bytes of indexes, of all tables together.
pub fn total(tables: &[TableJson]) -> (u64, u64, u64) {
    tables.iter().fold((0, 0, 0), |(items, bytes, indexes), table| {
        (items + table.items, bytes + table.bytes, indexes + table.index_bytes)
    })
}

/// What could not be read, in a sentence; `None` if everything was.
pub fn missing(unread: &[UnreadJson]) -> Option<String> {
    let one = |unread: &UnreadJson| {
        let text: Text = match unread.reason {
            UnreadReason::Unavailable => m::UNREAD_UNAVAILABLE,
            UnreadReason::Refused => m::UNREAD_REFUSED,
        };
        fill(text, &[("name", &unread.name)])
    };
    let names: Vec<String> = unread.iter().map(one).collect();
    (!names.is_empty()).then(|| fill(m::COULD_NOT_BE_READ, &[("names", &names.join(", "))]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use weir_core::wire::system::BillJson;

    use crate::wire::document::holds;

    fn queue(name: &str, kind: QueueKind, waiting: u64, in_flight: u64) -> QueueJson {
        QueueJson { name: name.to_owned(), kind, waiting, in_flight }
    }

    fn alarm(name: &str, state: AlarmState) -> AlarmJson {
        AlarmJson { name: name.to_owned(), description: String::new(), state, since: None, metrics: 3 }
    }

    fn system() -> SystemJson {
        let switches = json!({"email": true, "alarm_email": false, "device_defender": false, "backup": false,
            "tracing": false, "mfa_required": false, "registered_levels_only": false});
        let deployment = json!({"version": "0.1.0", "function_version": "1", "project": "weir", "environment": "dev",
            "region": "eu-central-1", "time_series_store": "dynamodb", "switches": switches});
        let alarms =
            vec![alarm("A", AlarmState::Alarm), alarm("B", AlarmState::InsufficientData), alarm("C", AlarmState::Ok)];
        let queues = vec![
            queue("quiet-on-failure", QueueKind::Failed, 0, 0),
            queue("loud-on-failure", QueueKind::Failed, 2, 1),
            queue("ingest", QueueKind::Work, 5, 0),
        ];
        SystemJson {
            read_at: weir_core::domain::Timestamp::from_millis(0),
            deployment: serde_json::from_value(deployment).unwrap(),
            alarms: Part { items: alarms, unread: vec![] },
            queues: Part { items: queues, unread: vec![] },
            waiting: Part { items: vec![], unread: vec![] },
            tables: Part { items: vec![], unread: vec![] },
            bill: BillJson { metrics: 34, dashboards: 1, scheduled_invocations: 1 },
        }
    }

    #[test]
    fn the_page_reads_what_the_document_says() {
        holds::<SystemJson>("System");
        holds::<Part<AlarmJson>>("Part_Alarm");
        holds::<Part<QueueJson>>("Part_Queue");
        holds::<Part<TableJson>>("Part_Table");
    }

    #[test]
    fn what_failed_comes_before_what_is_on_its_way() {
        let sorted = worst_first(&system().queues.items);
        let names: Vec<_> = sorted.iter().map(|queue| queue.name.as_str()).collect();
        assert_eq!(names, ["loud-on-failure", "ingest", "quiet-on-failure"]);
        assert_eq!(queue_state(&queue("on-failure", QueueKind::Failed, 0, 1)), QueueState::ToDo);
        assert_eq!(queue_state(&queue("ingest", QueueKind::Work, 0, 1)), QueueState::Busy);
    }

    #[test]
    fn what_rings_and_what_failed_is_counted() {
        let mut system = system();
        assert_eq!(summary(&system), Summary { rings: 1, failed: 3, complete: true });
        system.tables.unread.push(UnreadJson { name: "devices".to_owned(), reason: UnreadReason::Refused });
        assert!(!summary(&system).complete);
        let (urgent, quiet) = by_urgency(&system.alarms.items);
        assert_eq!((urgent.len(), quiet.len()), (2, 1));
        assert_eq!(alarm_metrics(&system.alarms), Some(9));
        system.alarms.unread.push(UnreadJson { name: "alarms".to_owned(), reason: UnreadReason::Unavailable });
        assert_eq!(alarm_metrics(&system.alarms), None);
    }

    #[test]
    fn what_could_not_be_read_is_named_with_the_reason() {
        assert_eq!(missing(&[]), None);
        let unread = |name: &str, reason| UnreadJson { name: name.to_owned(), reason };
        let two = [unread("alarms", UnreadReason::Unavailable), unread("ingest", UnreadReason::Refused)];
        assert_eq!(missing(&two).as_deref(), Some("Could not be read: alarms (does not answer), ingest (refused)."));
    }

    #[test]
    fn tables_are_added_up() {
        let table = |items, bytes, index_bytes| TableJson { name: String::new(), items, bytes, index_bytes };
        assert_eq!(total(&[table(1, 10, 100), table(2, 20, 200)]), (3, 30, 300));
    }
}

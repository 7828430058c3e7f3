//! The cases that are measured: one for each kind of event, with its limits.

use crate::events::{Events, Stage, batches, connections, levels, plain, quiet, read, single, turns};
use crate::requests;
use anyhow::Result;
use serde_json::Value;

/// One kind of event.
#[derive(Clone, Copy)]
pub struct Case {
    /// The function.
    pub function: &'static str,
    /// The name of the event.
    pub name: &'static str,
    /// Environment variables of the function, in addition to the usual ones.
    pub variables: &'static [(&'static str, &'static str)],
    /// Divisor of the number of events, for events that are the work of many.
    pub share: u64,
    /// Prepares what the events need, and returns a source of events.
    pub events: fn(&Stage<'_>) -> Result<Events>,
    /// Whether an answer means success.
    pub well: fn(&Value) -> bool,
    /// Its limits.
    pub allowed: Allowed,
}

/// The limits of an event.
#[derive(Clone, Copy, Default)]
pub struct Allowed {
    /// Processor time, in µs.
    pub cpu: Option<f64>,
    /// Write units of the table `levels`.
    pub level_units: Option<f64>,
    /// Read requests to DynamoDB.
    pub reads: Option<f64>,
    /// Requests that write to Timestream.
    pub timestream: Option<f64>,
}

const NOTHING_SAID: Allowed = Allowed { cpu: None, level_units: None, reads: None, timestream: None };
const READING: Allowed = Allowed { reads: Some(0.0), ..NOTHING_SAID };
const LEVEL: Allowed = Allowed { cpu: Some(150.0), level_units: Some(1.0), reads: Some(1.0), timestream: None };
const TIMESTREAM: &[(&str, &str)] = &[("TIME_SERIES_STORE", "timestream")];

/// All cases, grouped by function.
pub fn all() -> Vec<Case> {
    let echo = Case {
        function: "hello",
        name: "an event echoed",
        variables: &[],
        share: 1,
        events: plain,
        well: |answer| answer.get("payload").is_some(),
        allowed: NOTHING_SAID,
    };
    let one = Case {
        function: "calibration",
        name: "1 value",
        events: single,
        well: |answer| stored(answer) == 1,
        allowed: READING,
        ..echo
    };
    let ten = Case { name: "10 values", events: |stage| batches(stage, 1), well: |answer| stored(answer) == 10, ..one };
    let many = Case {
        name: "250 values",
        share: 10,
        events: |stage| batches(stage, 25),
        well: |answer| stored(answer) == 250,
        ..one
    };
    let level = Case {
        function: "organizer",
        name: "a level report",
        events: |stage| levels(stage, "01"),
        well: |answer| answer.get("outcome").is_some_and(|outcome| outcome == "registered" || outcome == "newest"),
        allowed: LEVEL,
        ..echo
    };
    let connection = Case {
        function: "twin",
        name: "a connection",
        events: connections,
        well: |answer| answer.get("outcome").is_some_and(|outcome| outcome == "newest"),
        ..echo
    };
    let quiet_one = Case {
        function: "problem-detector",
        name: "1 record, nothing to write",
        events: |stage| quiet(stage, 't', 1),
        well: |answer| answer.get("batchItemFailures").and_then(Value::as_array).is_some_and(Vec::is_empty),
        ..echo
    };
    let timestream = |case: Case, name, requests| Case {
        name,
        variables: TIMESTREAM,
        allowed: Allowed { timestream: Some(requests), ..case.allowed },
        ..case
    };
    let request = Case {
        function: "device",
        name: "GET of one device",
        events: read,
        well: |answer| answer.get("statusCode").is_some_and(|status| status == 200),
        ..echo
    };
    let get = |function, name, events| Case { function, name, events, ..request };
    vec![
        echo,
        one,
        ten,
        many,
        timestream(one, "1 value, Timestream", 1.0),
        timestream(ten, "10 values, Timestream", 1.0),
        timestream(many, "250 values, Timestream", 3.0),
        level,
        connection,
        Case { events: |stage| levels(stage, "z01"), ..timestream(level, "a level report, Timestream", 1.0) },
        quiet_one,
        Case { name: "1 record that opens or closes two problems", events: turns, ..quiet_one },
        Case { name: "100 records, nothing to write", share: 10, events: |stage| quiet(stage, 'v', 100), ..quiet_one },
        request,
        get("reading", "GET of the 500 readings of a day", requests::readings),
        get("flow", "GET of 50 levels", requests::levels),
        get("quarantine", "GET of 50 entries", requests::quarantine),
        get("event", "GET of 50 events", requests::events),
        get("user", "GET of one profile", requests::profile),
        get("cognito-get-role", "GET of one's own role", requests::role),
        get("cognito-get-users-info", "GET of one person", requests::person),
        get("cognito-add-update-delete-user", "PATCH of a role", requests::promotion),
        get("recalculation", "POST of a fit to three points", requests::fit),
        Case {
            well: |answer| answer.get("statusCode").is_some_and(|status| status == 201),
            ..get("live", "POST of a ticket", requests::ticket)
        },
        Case { function: "live-push", name: "readings that nobody watches", events: requests::unwatched, ..quiet_one },
        get("command", "GET of the commands of a device", requests::commands),
        get("site", "GET of the addresses of the stack", requests::addresses),
        // CloudWatch and SQS do not answer here, so the answer is not cached for 10 seconds: each event makes all requests.
        get("health", "GET of the system, one queue and two tables", requests::system),
        get("job", "GET of the jobs of the fleet", requests::jobs),
        get("subscription", "GET of one's own subscriptions", requests::subscriptions),
        get("provision", "GET of the allow list", requests::serials),
        Case {
            well: |answer| answer.get("looked").is_some(),
            ..get("certificate", "a sweep that finds nothing", requests::nothing_expiring)
        },
        Case { function: "notify", name: "problems nobody subscribed to", events: requests::untold, ..quiet_one },
        Case { function: "alert", name: "1 reading in order", events: requests::in_order, ..quiet_one },
    ]
}

fn stored(answer: &Value) -> u64 {
    answer.get("stored").and_then(Value::as_u64).unwrap_or_default()
}

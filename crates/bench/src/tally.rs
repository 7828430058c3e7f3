//! Counts requests to AWS by kind, consumed units by table, and the time spent there.

use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Totals since the last [`Tally::take`].
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Requests by operation and tables, such as `PutItem levels`; a failed one includes the name of the error.
    pub requests: BTreeMap<String, u64>,
    /// Write units by table.
    pub write_units: BTreeMap<String, f64>,
    /// Read units by table.
    pub read_units: BTreeMap<String, f64>,
    /// Time in which at least one request was being answered.
    pub busy: Duration,
    in_flight: u32,
    busy_since: Option<Instant>,
}

impl Tally {
    /// Records that a request has arrived.
    pub fn begin(&mut self, at: Instant) {
        self.in_flight += 1;
        if self.in_flight == 1 {
            self.busy_since = Some(at);
        }
    }

    /// Records that its answer is sent.
    pub fn end(&mut self, at: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if self.in_flight == 0
            && let Some(since) = self.busy_since.take()
        {
            self.busy += at.duration_since(since);
        }
    }

    /// Records the kind of a request, and the units that it consumed.
    pub fn note(&mut self, operation: &str, request: &Value, status: &str, answer: &Value) {
        let mut kind = format!("{operation} {}", tables(request).join("+"));
        if status != "200" {
            let error = answer.get("__type").and_then(Value::as_str).unwrap_or(status);
            kind = format!("{kind} refused: {}", error.rsplit('#').next().unwrap_or(error));
        }
        *self.requests.entry(kind).or_default() += 1;
        let units = if reads(operation, request) { &mut self.read_units } else { &mut self.write_units };
        for consumed in consumed(answer) {
            let table = consumed.get("TableName").and_then(Value::as_str).unwrap_or("?");
            let sum = consumed.get("CapacityUnits").and_then(Value::as_f64).unwrap_or_default();
            *units.entry(short(table)).or_default() += sum;
        }
    }

    /// The totals since the previous call.
    pub fn take(&mut self) -> Self {
        let fresh = Self { in_flight: self.in_flight, busy_since: self.busy_since, ..Self::default() };
        std::mem::replace(self, fresh)
    }

    /// Adds the totals of another tally.
    pub fn add(&mut self, other: &Self) {
        for (kind, count) in &other.requests {
            *self.requests.entry(kind.clone()).or_default() += count;
        }
        for (sums, more) in [(&mut self.write_units, &other.write_units), (&mut self.read_units, &other.read_units)] {
            for (table, units) in more {
                *sums.entry(table.clone()).or_default() += units;
            }
        }
        self.busy += other.busy;
    }

    /// Number of requests whose kind matches a filter.
    pub fn count(&self, filter: impl Fn(&str) -> bool) -> u64 {
        self.requests.iter().filter(|(kind, _)| filter(kind)).map(|(_, count)| count).sum()
    }
}

/// Whether an operation consumes read units.
fn reads(operation: &str, request: &Value) -> bool {
    let statement = request.get("Statement").or_else(|| request.pointer("/Statements/0/Statement"));
    match statement.and_then(Value::as_str) {
        Some(statement) => statement.trim_start().to_ascii_lowercase().starts_with("select"),
        None => ["GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems"].contains(&operation),
    }
}

fn consumed(answer: &Value) -> &[Value] {
    match answer.get("ConsumedCapacity") {
        Some(Value::Array(list)) => list,
        Some(one) => std::slice::from_ref(one),
        None => &[],
    }
}

/// The tables in a request, without duplicates, by the last word of their names.
fn tables(request: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(request, &mut found);
    found.sort();
    found.dedup();
    found
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match (name.as_str(), field) {
                    ("TableName", Value::String(table)) => found.push(short(table)),
                    ("Statement", Value::String(statement)) => found.extend(statement.split('"').nth(1).map(short)),
                    ("RequestItems", Value::Object(tables)) => found.extend(tables.keys().map(|table| short(table))),
                    // Items contain data of devices, and never name a table.
                    ("Item" | "Key" | "Parameters" | "ExpressionAttributeValues", _) => {}
                    _ => collect(field, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|entry| collect(entry, found)),
        _ => {}
    }
}

/// `weir-bench-levels` is `levels`.
fn short(table: &str) -> String {
    table.rsplit('-').next().unwrap_or(table).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_put_is_counted_by_table_and_in_write_units() {
        let mut tally = Tally::default();
        let answer = json!({"ConsumedCapacity": {"TableName": "weir-bench-levels", "CapacityUnits": 2.0}});
        tally.note(
            "PutItem",
            &json!({"TableName": "weir-bench-levels", "Item": {"TableName": {"S": "x"}}}),
            "200",
            &answer,
        );
        assert_eq!(tally.requests.get("PutItem levels"), Some(&1));
        assert_eq!(tally.write_units.get("levels"), Some(&2.0));
        assert!(tally.read_units.is_empty());
    }

    #[test]
    fn a_statement_is_a_read_only_when_it_selects() {
        let mut tally = Tally::default();
        let answer = json!({"ConsumedCapacity": [{"TableName": "a-readings", "CapacityUnits": 1.0}]});
        tally.note(
            "ExecuteStatement",
            &json!({"Statement": "INSERT INTO \"a-readings\" VALUE {'a': ?}"}),
            "200",
            &answer,
        );
        tally.note(
            "BatchExecuteStatement",
            &json!({"Statements": [{"Statement": "SELECT * FROM \"a-readings\""}]}),
            "200",
            &answer,
        );
        assert_eq!(tally.requests.get("ExecuteStatement readings"), Some(&1));
        assert_eq!(tally.requests.get("BatchExecuteStatement readings"), Some(&1));
        assert_eq!(tally.write_units.get("readings"), Some(&1.0));
        assert_eq!(tally.read_units.get("readings"), Some(&1.0));
    }

    #[test]
    fn a_refused_request_is_another_kind() {
        let mut tally = Tally::default();
        let answer = json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException"});
        tally.note("PutItem", &json!({"TableName": "levels"}), "400", &answer);
        assert_eq!(tally.count(|kind| kind == "PutItem levels refused: ConditionalCheckFailedException"), 1);
    }

    #[test]
    fn overlapping_requests_are_busy_once() {
        let mut tally = Tally::default();
        let start = Instant::now();
        tally.begin(start);
        tally.begin(start + Duration::from_millis(1));
        tally.end(start + Duration::from_millis(2));
        tally.end(start + Duration::from_millis(5));
        assert_eq!(tally.busy, Duration::from_millis(5));
    }
}

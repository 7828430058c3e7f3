//! The rows of an engine's tables as plain JSON, accessed without a client.

use dynoxide::Database;
use serde_json::{Map, Value, json};

use crate::engine::Engine;

impl Engine {
    /// All rows of the table with this short name, sorted, so that tables with equal rows compare equal.
    pub fn rows(&self, noun: &str) -> Vec<Value> {
        let mut rows: Vec<Value> = scan(self.database(), &self.name(noun)).iter().map(plain_item).collect();
        rows.sort_by_key(Value::to_string);
        rows
    }

    /// The only row of a table.
    pub fn row(&self, noun: &str) -> Value {
        let mut rows = self.rows(noun);
        assert_eq!(rows.len(), 1, "{noun} has other than one row: {rows:?}");
        rows.remove(0)
    }

    /// The rows of a table without these attributes, which differ between runs or count writes.
    pub fn rows_without(&self, noun: &str, attributes: &[&str]) -> Vec<Value> {
        let mut rows = self.rows(noun);
        for row in &mut rows {
            row.as_object_mut().expect("a row").retain(|name, _| !attributes.contains(&name.as_str()));
        }
        rows.sort_by_key(Value::to_string);
        rows
    }

    /// The effects of a series of messages on the tables, without counters of writes and times of processing.
    pub fn outcome(&self) -> Outcome {
        Outcome {
            readings: self.rows("readings"),
            levels: self.rows_without("levels", &["revision", "judge", "watch"]),
            problems: self.rows_without("problems", &["revision"]),
            quarantine: self.rows_without("quarantine", &["first_seen", "expires_at"]),
        }
    }

    /// Writes a row unchanged.
    pub fn put(&self, noun: &str, row: &Value) {
        let item: Map<String, Value> =
            row.as_object().expect("a row").iter().map(|(name, value)| (name.clone(), typed(value))).collect();
        let request = serde_json::from_value(json!({"TableName": self.name(noun), "Item": item})).expect("a request");
        self.database().put_item(request).unwrap_or_else(|error| panic!("{noun} does not take {row}: {error:?}"));
    }

    /// Deletes the row with this key.
    pub fn delete(&self, noun: &str, key: &str, value: &str) {
        let request = json!({"TableName": self.name(noun), "Key": {key: {"S": value}}});
        self.database().delete_item(serde_json::from_value(request).expect("a request")).expect("the row goes");
    }
}

/// The rows of the tables that functions write.
#[derive(Debug, PartialEq)]
#[allow(missing_docs, reason = "each is the table of that name")]
pub struct Outcome {
    pub readings: Vec<Value>,
    pub levels: Vec<Value>,
    pub problems: Vec<Value>,
    pub quarantine: Vec<Value>,
}

fn scan(database: &Database, table: &str) -> Vec<Value> {
    let mut request = json!({"TableName": table, "ConsistentRead": true});
    let mut rows = Vec::new();
    loop {
        let asked = serde_json::from_value(request.clone()).expect("a request");
        let answer = database.scan(asked).unwrap_or_else(|error| panic!("{table} cannot be read: {error:?}"));
        let mut answer = serde_json::to_value(answer).expect("an answer");
        match answer["Items"].take() {
            Value::Array(items) => rows.extend(items),
            other => panic!("no rows but {other}"),
        }
        match answer["LastEvaluatedKey"].take() {
            Value::Null => return rows,
            last => request["ExclusiveStartKey"] = last,
        }
    }
}

/// Converts a row from DynamoDB's JSON to plain JSON.
pub fn plain_item(item: &Value) -> Value {
    item.as_object().expect("an item").iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

fn plain(value: &Value) -> Value {
    let (kind, value) = value.as_object().and_then(|typed| typed.iter().next()).expect("an attribute has a type");
    match (kind.as_str(), value) {
        ("S" | "BOOL", value) => value.clone(),
        ("N", Value::String(number)) => serde_json::from_str(number).expect("a number"),
        ("NULL", _) => Value::Null,
        ("SS", Value::Array(_)) => value.clone(),
        ("L", Value::Array(items)) => items.iter().map(plain).collect(),
        ("M", entries) => plain_item(entries),
        other => panic!("no attribute of ours: {other:?}"),
    }
}

/// Converts plain JSON to an attribute.
pub fn typed(value: &Value) -> Value {
    match value {
        Value::Null => json!({"NULL": true}),
        Value::Bool(flag) => json!({"BOOL": flag}),
        Value::Number(number) => json!({"N": number.to_string()}),
        Value::String(text) => json!({"S": text}),
        Value::Array(items) => json!({"L": items.iter().map(typed).collect::<Vec<_>>()}),
        Value::Object(entries) => {
            json!({"M": entries.iter().map(|(name, value)| (name.clone(), typed(value))).collect::<Map<_, _>>()})
        }
    }
}

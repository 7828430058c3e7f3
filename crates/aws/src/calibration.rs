//! The table `calibrations`: every version of every sensor's calibration.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::AwsError;
use super::row::{Item, s, series, since};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::{Calibration, CalibrationEntry};
use weir_core::domain::reading::Series;
use weir_core::wire::ModelJson;

const TABLE: &str = "calibrations";

/// The key of a version within the history: its `valid_from` in epoch milliseconds, and its number. The next page begins after the
/// last key of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since(pub i64, pub u32);

/// One version of a calibration, in a device's row and in `calibrations`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct CalibrationRow {
    version: u32,
    /// Epoch milliseconds.
    valid_from: i64,
    /// The fields of [`ModelJson`], and in `calibrations` the keys.
    #[serde(flatten)]
    model: Map<String, Value>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    by: String,
    /// Epoch milliseconds: when it was entered.
    #[serde(default)]
    at: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    note: String,
}

/// The history of calibrations.
#[derive(Debug, Clone)]
pub struct CalibrationTable {
    client: Client,
    name: String,
}

impl CalibrationTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Every version, ascending by `valid_from`. A sensor gets a few in a year, and they are needed only for readings from
    /// before its latest version.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn history(&self, of: &Series) -> Result<Vec<Arc<Calibration>>, AwsError> {
        let mut rows = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("sensor = :sensor")
            .expression_attribute_values(":sensor", s(series(of)))
            .into_paginator()
            .items()
            .send();
        let mut versions = Vec::new();
        while let Some(item) = rows.next().await {
            let item = item.map_err(|error| AwsError::call("Query calibrations", error))?;
            versions.push(read(of, item)?.calibration);
        }
        Ok(versions)
    }

    /// A page of at most `limit` entries after `after`, the latest `valid_from` first, and where the next page begins.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn entries(
        &self,
        of: &Series,
        limit: usize,
        after: Option<Since>,
    ) -> Result<(Vec<CalibrationEntry>, Option<Since>), AwsError> {
        let key = |Since(valid_from, version): Since| {
            let since = s(since(Timestamp::from_millis(valid_from), version));
            Item::from([("sensor".to_owned(), s(series(of))), ("since".to_owned(), since)])
        };
        // One more than asked for tells whether there is a next page.
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("sensor = :sensor")
            .expression_attribute_values(":sensor", s(series(of)))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX))
            .set_exclusive_start_key(after.map(key))
            .send()
            .await
            .map_err(|error| AwsError::call("Query calibrations", error))?;
        let items = page.items.unwrap_or_default().into_iter();
        let mut entries = items.map(|item| read(of, item)).collect::<Result<Vec<_>, _>>()?;
        let more = entries.len() > limit;
        entries.truncate(limit);
        let last = entries.last().filter(|_| more).map(|entry| &entry.calibration);
        let next = last.map(|last| Since(last.valid_from.millis(), last.version));
        Ok((entries, next))
    }

    /// Adds a version, as part of a transaction with the device's row. It never replaces one.
    pub(super) fn put_in_transaction(
        &self,
        of: &Series,
        entry: &CalibrationEntry,
    ) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item(of, entry)?))
            .condition_expression("attribute_not_exists(since)")
            .build()
            .map_err(|error| AwsError::request("TransactWriteItems calibrations", error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

fn corrupt(of: &Series, detail: impl ToString) -> AwsError {
    AwsError::corrupt(TABLE, series(of), detail)
}

fn item(of: &Series, entry: &CalibrationEntry) -> Result<Item, AwsError> {
    let row = entry_row(entry).map_err(|detail| corrupt(of, detail))?;
    let since = since(entry.calibration.valid_from, entry.calibration.version);
    let mut item: Item = serde_dynamo::to_item(row).map_err(|error| corrupt(of, error))?;
    item.insert("sensor".to_owned(), s(series(of)));
    item.insert("since".to_owned(), s(since));
    Ok(item)
}

fn read(of: &Series, item: Item) -> Result<CalibrationEntry, AwsError> {
    let row: CalibrationRow = serde_dynamo::from_item(item).map_err(|error| corrupt(of, error))?;
    entry_of(row).map_err(|detail| corrupt(of, detail))
}

/// The entry in a row.
///
/// # Errors
/// The fields that are wrong.
pub(super) fn entry_of(row: CalibrationRow) -> Result<CalibrationEntry, String> {
    let version = row.version;
    let ModelJson { model, options } = ModelJson::read(&row.model).map_err(|errors| {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        format!("calibration {version}: {}", errors.join("; "))
    })?;
    let calibration = Calibration { version, valid_from: Timestamp::from_millis(row.valid_from), model, options };
    Ok(CalibrationEntry {
        calibration: Arc::new(calibration),
        by: row.by,
        at: Timestamp::from_millis(row.at),
        note: row.note,
    })
}

/// The row of an entry.
///
/// # Errors
/// Never in practice: a model is written as an object.
pub(super) fn entry_row(entry: &CalibrationEntry) -> Result<CalibrationRow, String> {
    let Calibration { version, valid_from, model, options } = entry.calibration.as_ref();
    let model = serde_json::to_value(ModelJson { model: model.clone(), options: *options });
    let Value::Object(model) = model.map_err(|error| error.to_string())? else {
        return Err(format!("calibration {version}: the model is not an object"));
    };
    Ok(CalibrationRow {
        version: *version,
        valid_from: valid_from.millis(),
        model,
        by: entry.by.clone(),
        at: entry.at.millis(),
        note: entry.note.clone(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        for written in [
            json!({"model": "identity", "round": 2, "clamp": [0, 14], "valid": [0, 14]}),
            json!({"model": "polynomial", "coefficients": [0.1, -2.0, 1e-9]}),
            json!({"model": "piecewise", "points": [[0, 1.5], [10, 3]], "outside": "clamp"}),
            json!({"model": "ranges", "ranges": [{"from": 0, "to": 5, "model": "linear", "slope": 2, "intercept": 0}]}),
            json!({"model": "expression", "formula": "x + t", "inputs": {"t": "tmp"}}),
            json!({"model": "chain", "steps": [{"model": "linear", "slope": 2, "intercept": 1}, {"model": "identity"}]}),
        ] {
            let ModelJson { model, options } = serde_json::from_value(written).unwrap();
            let calibration = Calibration { version: 3, valid_from: Timestamp::from_millis(1), model, options };
            let (of, by, note) =
                (Series { device: "b".parse().unwrap(), sensor: "ph".parse().unwrap() }, "ann", "spring");
            let entry = CalibrationEntry { by: by.into(), note: note.into(), ..calibration.into() };
            assert_eq!(read(&of, item(&of, &entry).unwrap()).unwrap(), entry);
        }
    }
}

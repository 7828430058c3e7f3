//! The table `calibrations`: every version of every sensor's calibration.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::AwsError;
use super::row::{CalibrationRow, Item, s, series, since};
use weir_core::domain::Timestamp;
use weir_core::domain::calibration::Calibration;
use weir_core::domain::device_record::Entry;
use weir_core::domain::reading::Series;
use weir_core::wire::ModelJson;

const TABLE: &str = "calibrations";

/// Where a version stands in the history: its `valid_from` in epoch milliseconds, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Since(pub i64, pub u32);

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

    /// Every version, ascending by `valid_from`. A sensor has a few a year, and only readings from before its latest
    /// version ask for them.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row cannot be understood.
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
            versions.push(Arc::new(read(of, item)?));
        }
        Ok(versions)
    }

    /// The versions as they were entered, the one with the latest `valid_from` first: at most `limit`, from `after` on,
    /// with the place where the next page begins.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row cannot be understood.
    pub async fn entries(
        &self,
        of: &Series,
        limit: usize,
        after: Option<Since>,
    ) -> Result<(Vec<Entry>, Option<Since>), AwsError> {
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
        let mut entries = Vec::new();
        for item in page.items.unwrap_or_default() {
            let row: CalibrationRow =
                serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, series(of), error))?;
            entries.push(entry_of(&row).map_err(|detail| AwsError::corrupt(TABLE, series(of), detail))?);
        }
        let more = entries.len() > limit;
        entries.truncate(limit);
        let last = entries.last().filter(|_| more).map(|entry| &entry.calibration);
        let next = last.map(|last| Since(last.valid_from.millis(), last.version));
        Ok((entries, next))
    }

    /// The table's name and the row of a version, for a transaction with the device's row.
    pub(super) fn put_in_transaction(&self, of: &Series, entry: &Entry) -> Result<TransactWriteItem, AwsError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item(of, entry_row(entry))?))
            .condition_expression("attribute_not_exists(since)")
            .build()
            .map_err(|error| AwsError::request("TransactWriteItems calibrations", error))?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

fn item(of: &Series, row: CalibrationRow) -> Result<Item, AwsError> {
    let since = since(Timestamp::from_millis(row.valid_from), row.version);
    let mut item: Item = serde_dynamo::to_item(row).map_err(|error| AwsError::corrupt(TABLE, series(of), error))?;
    item.insert("sensor".to_owned(), s(series(of)));
    item.insert("since".to_owned(), s(since));
    Ok(item)
}

fn read(of: &Series, item: Item) -> Result<Calibration, AwsError> {
    let row: CalibrationRow =
        serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, series(of), error))?;
    calibration_of(&row).map_err(|detail| AwsError::corrupt(TABLE, series(of), detail))
}

pub(super) fn calibration_of(row: &CalibrationRow) -> Result<Calibration, String> {
    let (model, options) = row.model.parse().map_err(|invalid| format!("calibration {}: {invalid}", row.version))?;
    Ok(Calibration { version: row.version, valid_from: Timestamp::from_millis(row.valid_from), model, options })
}

pub(super) fn calibration_row(calibration: &Calibration) -> CalibrationRow {
    CalibrationRow {
        version: calibration.version,
        valid_from: calibration.valid_from.millis(),
        model: ModelJson::from((&calibration.model, &calibration.options)),
        by: String::new(),
        at: 0,
        note: String::new(),
    }
}

pub(super) fn entry_of(row: &CalibrationRow) -> Result<Entry, String> {
    Ok(Entry {
        calibration: Arc::new(calibration_of(row)?),
        by: row.by.clone(),
        at: Timestamp::from_millis(row.at),
        note: row.note.clone(),
    })
}

pub(super) fn entry_row(entry: &Entry) -> CalibrationRow {
    CalibrationRow {
        by: entry.by.clone(),
        at: entry.at.millis(),
        note: entry.note.clone(),
        ..calibration_row(&entry.calibration)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_models_row_survives_the_table() {
        for written in [
            json!({"model": "identity", "round": 2, "clamp": [0, 14], "valid": [0, 14]}),
            json!({"model": "polynomial", "coefficients": [0.1, -2.0, 1e-9]}),
            json!({"model": "piecewise", "points": [[0, 1.5], [10, 3]], "outside": "clamp"}),
            json!({"model": "ranges", "ranges": [{"from": 0, "to": 5, "model": "linear", "slope": 2, "intercept": 0}]}),
            json!({"model": "expression", "formula": "x + t", "inputs": {"t": "tmp"}}),
            json!({"model": "chain", "steps": [{"model": "linear", "slope": 2, "intercept": 1}, {"model": "identity"}]}),
        ] {
            let model: ModelJson = serde_json::from_value(written).unwrap();
            let item: serde_dynamo::Item = serde_dynamo::to_item(&model).unwrap();
            assert_eq!(serde_dynamo::from_item::<_, ModelJson>(item).unwrap(), model);
        }
    }
}

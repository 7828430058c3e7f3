//! The table `calibrations`: every version of every sensor's calibration.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;

use super::AwsError;
use super::row::{CalibrationRow, Item, s, series, since};
use crate::domain::Timestamp;
use crate::domain::calibration::Calibration;
use crate::domain::reading::Series;
use crate::wire::ModelJson;

const TABLE: &str = "calibrations";

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

    /// Writes a version; an existing one is never overwritten.
    ///
    /// # Errors
    /// When DynamoDB does not take it, among others because the version exists.
    pub async fn put(&self, of: &Series, calibration: &Calibration) -> Result<(), AwsError> {
        let mut item: Item = serde_dynamo::to_item(calibration_row(calibration))
            .map_err(|error| AwsError::corrupt(TABLE, series(of), error))?;
        item.insert("sensor".to_owned(), s(series(of)));
        item.insert("since".to_owned(), s(since(calibration.valid_from, calibration.version)));
        self.client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(since)")
            .send()
            .await
            .map_err(|error| AwsError::call("PutItem calibrations", error))?;
        Ok(())
    }
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
    }
}

//! The readings of a series from the newest one backwards, as alerts judge them.

use serde::Deserialize;

use super::super::AwsError;
use super::super::row::{Item, n, s, series};
use super::ReadingTable;
use super::dynamodb::TABLE;
use weir_core::domain::Timestamp;
use weir_core::domain::reading::{Quality, Series};

/// A reading, as far as alerts need it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimelineReading {
    /// When it was measured.
    pub at: Timestamp,
    /// The calibrated value.
    pub value: f64,
    /// How far the value can be trusted.
    pub quality: Quality,
}

/// A row, as far as alerts need it.
#[derive(Deserialize)]
struct TimelineRow {
    at: i64,
    value: f64,
    quality: String,
}

impl ReadingTable {
    /// At most `limit` readings of a series before `before`, the newest first, and whether there are more. Read consistently, so
    /// that a reading is found whose stream record has arrived.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn backwards(
        &self,
        of: &Series,
        before: Option<Timestamp>,
        limit: usize,
    ) -> Result<(Vec<TimelineReading>, bool), AwsError> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .expression_attribute_names("#k", "sensor")
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#value", "value")
            .expression_attribute_names("#quality", "quality")
            .expression_attribute_values(":k", s(series(of)))
            .projection_expression("#at, #value, #quality")
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let query = match before {
            None => query.key_condition_expression("#k = :k"),
            Some(before) => query
                .key_condition_expression("#k = :k AND #at < :before")
                .expression_attribute_values(":before", n(before.millis())),
        };
        let answer = query.send().await.map_err(|error| AwsError::call("Query readings", error))?;
        let corrupt = |detail: String| AwsError::corrupt(TABLE, series(of), detail);
        let reading = |item: Item| {
            let row: TimelineRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
            let quality = Quality::of_code(&row.quality);
            let quality = quality.ok_or_else(|| corrupt(format!("{:?} is not a quality", row.quality)))?;
            Ok(TimelineReading { at: Timestamp::from_millis(row.at), value: row.value, quality })
        };
        let readings = answer.items.unwrap_or_default().into_iter().map(reading).collect::<Result<_, AwsError>>()?;
        Ok((readings, answer.last_evaluated_key.is_some()))
    }
}

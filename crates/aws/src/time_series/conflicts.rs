//! Conflicts: readings whose series and instant are stored already, resolved one by one.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, stream};

use super::super::row::{Item, n, s, series};
use super::super::{Attempts, AwsError};
use super::dynamodb::{ATTEMPTS, TABLE};
use super::{Outcomes, Placed, QuarantineWriter, ReadingTable, Written, conflicting};
use weir_core::domain::Timestamp;
use weir_core::domain::reading::{ConflictResolution, Quality, Reading};

/// Maximum conflicts of one batch that are resolved at the same time.
const AT_ONCE: usize = 4;

impl ReadingTable {
    /// Resolves the conflict of each reading, several at the same time.
    pub(super) async fn resolve_conflicts(&self, readings: Placed<'_>, quarantine: &QuarantineWriter<'_>) -> Outcomes {
        let resolve = async |(place, reading): (usize, &Reading)| {
            // Held until the conflict is resolved, with all the requests this needs.
            let _permit = self.requests.acquire().await;
            (place, self.resolve_conflict(reading, quarantine).await)
        };
        stream::iter(readings).map(resolve).buffer_unordered(AT_ONCE).collect().await
    }

    /// Reads the stored reading and writes the one that has precedence.
    async fn resolve_conflict(
        &self,
        reading: &Reading,
        quarantine: &QuarantineWriter<'_>,
    ) -> Result<Written, AwsError> {
        let key = series(&reading.series);
        let mut attempts = Attempts::new(TABLE, &key, ATTEMPTS);
        loop {
            attempts.next().await?;
            let Some(item) = self.get(reading).await? else {
                // It expired in between, so there is no conflict any more.
                if self.put(reading, None).await? {
                    return Ok(Written::Stored);
                }
                continue;
            };
            let stored = stored_of(reading, &item)?;
            match reading.resolve_conflict(&stored) {
                ConflictResolution::Duplicate => return Ok(Written::Duplicate),
                ConflictResolution::QuarantineNew => return quarantine.conflict(reading, stored.raw).await,
                ConflictResolution::Replace(merged) => {
                    if self.put(&merged, Some(&item)).await? {
                        return Ok(Written::Stored);
                    }
                }
                // The old reading is quarantined first: after a crash in between, the next delivery finds it still stored.
                ConflictResolution::ReplaceAndQuarantineOld => {
                    quarantine.reading(&stored, conflicting(stored.raw, reading.raw)).await?;
                    if self.put(reading, Some(&item)).await? {
                        return Ok(Written::Stored);
                    }
                }
            }
        }
    }

    async fn get(&self, reading: &Reading) -> Result<Option<Item>, AwsError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("sensor", s(series(&reading.series)))
            .key("at", n(reading.at.millis()))
            .consistent_read(true);
        Ok(request.send().await.map_err(|error| AwsError::call("GetItem readings", error))?.item)
    }

    /// Writes the reading in place of `stored`, or as a new row. False when the row has changed since it was read.
    async fn put(&self, reading: &Reading, stored: Option<&Item>) -> Result<bool, AwsError> {
        let item: HashMap<_, _> =
            self.attributes(reading).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        let put = match stored {
            None => put.condition_expression("attribute_not_exists(sensor)"),
            Some(stored) => {
                let mut put = put
                    .condition_expression("#c = :c AND #r = :r AND #w = :w")
                    .expression_attribute_names("#c", "calibration")
                    .expression_attribute_names("#r", "received_at")
                    .expression_attribute_names("#w", "raw");
                for (token, name) in [(":c", "calibration"), (":r", "received_at"), (":w", "raw")] {
                    let value = stored.get(name).cloned().unwrap_or(AttributeValue::Null(true));
                    put = put.expression_attribute_values(token, value);
                }
                put
            }
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(AwsError::call("PutItem readings", error)),
            },
        }
    }
}

/// The stored reading in the row of `reading`.
fn stored_of(reading: &Reading, item: &Item) -> Result<Reading, AwsError> {
    let corrupt = |name: &str| AwsError::corrupt(TABLE, series(&reading.series), format!("{name} cannot be read"));
    let number = |name: &str| {
        let text = item.get(name).and_then(|value| value.as_n().ok());
        text.and_then(|text| text.parse::<f64>().ok()).ok_or_else(|| corrupt(name))
    };
    let whole = |name: &str| {
        let text = item.get(name).and_then(|value| value.as_n().ok());
        text.and_then(|text| text.parse::<i64>().ok()).ok_or_else(|| corrupt(name))
    };
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).ok_or_else(|| corrupt(name));
    Ok(Reading {
        series: reading.series.clone(),
        at: reading.at,
        received_at: Timestamp::from_millis(whole("received_at")?),
        raw: number("raw")?,
        value: number("value")?,
        unit: text("unit")?.clone(),
        calibration: u32::try_from(whole("calibration")?).map_err(|_| corrupt("calibration"))?,
        quality: Quality::of_code(text("quality")?).ok_or_else(|| corrupt("quality"))?,
    })
}

//! Readings that were there already, settled one by one with what is stored in their place.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, stream};

use super::super::AwsError;
use super::super::row::{Item, n, s, series};
use super::readings::{ATTEMPTS, TABLE};
use super::{Outcomes, Placed, QuarantineWriter, ReadingTable, Written, conflicting};
use weir_core::domain::Timestamp;
use weir_core::domain::reading::{Reading, Settlement, Stored};

/// So many readings of a batch are settled at once.
const AT_ONCE: usize = 4;

impl ReadingTable {
    /// Settles each of them, several at once.
    pub(super) async fn settle_all(&self, readings: Placed<'_>, quarantine: &QuarantineWriter<'_>) -> Outcomes {
        let settle = async |(place, reading): (usize, &Reading)| {
            // Held until the reading is settled, with all that this takes.
            let _permit = self.requests.acquire().await;
            (place, self.settle(reading, quarantine).await)
        };
        stream::iter(readings).map(settle).buffer_unordered(AT_ONCE).collect().await
    }

    /// Settles a reading with the one that is stored in its place.
    async fn settle(&self, reading: &Reading, quarantine: &QuarantineWriter<'_>) -> Result<Written, AwsError> {
        for _ in 0..ATTEMPTS {
            let Some(item) = self.get(reading).await? else {
                // Expired in between: there is nothing left to settle with.
                if self.put(reading, None).await? {
                    return Ok(Written::Stored);
                }
                continue;
            };
            let stored = stored_of(reading, &item)?;
            let (rank, raw) = (stored.rank(), stored.raw);
            match reading.settle(&Stored { rank, raw }) {
                Settlement::Duplicate => return Ok(Written::Duplicate),
                Settlement::Conflict => return quarantine.conflict(reading, raw).await,
                Settlement::Replace => {
                    if self.put(reading, Some(&item)).await? {
                        return Ok(Written::Stored);
                    }
                }
                // The one that goes is set quarantine first: killed in between, the next delivery finds it still stored.
                Settlement::Displace => {
                    quarantine.reading(&stored, conflicting(raw, reading.raw)).await?;
                    if self.put(reading, Some(&item)).await? {
                        return Ok(Written::Stored);
                    }
                }
            }
        }
        Err(AwsError::Contended { table: TABLE, key: series(&reading.series) })
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

    /// Writes the reading over `stored`, or where nothing is. False when that has changed.
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

/// What is stored in the place of `reading`, as far as settling needs it.
fn stored_of(reading: &Reading, item: &Item) -> Result<Reading, AwsError> {
    let text = |name: &str| item.get(name).and_then(|value| value.as_n().ok());
    let corrupt = |name: &str| AwsError::corrupt(TABLE, series(&reading.series), format!("{name} is not a number"));
    let received_at = text("received_at").and_then(|text| text.parse().ok()).ok_or_else(|| corrupt("received_at"))?;
    Ok(Reading {
        received_at: Timestamp::from_millis(received_at),
        raw: text("raw").and_then(|text| text.parse().ok()).ok_or_else(|| corrupt("raw"))?,
        calibration: text("calibration").and_then(|text| text.parse().ok()).ok_or_else(|| corrupt("calibration"))?,
        ..reading.clone()
    })
}

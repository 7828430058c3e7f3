//! Stored readings on DynamoDB: one query per series, over exactly the requested span.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::super::AwsError;
use super::super::super::row::{Item, n, s, series};
use super::super::ReadingTable;
use super::super::dynamodb::{JUDGE, TABLE};
use super::{HistoryPage, SeriesPosition, Span, everything, possible};
use weir_core::domain::Timestamp;
use weir_core::domain::reading::{Quality, Reading, Series};

/// Maximum series queried at the same time for their latest reading.
const AT_ONCE: usize = 8;

impl ReadingTable {
    pub(super) async fn points(
        &self,
        parts: &[(&Series, Span)],
        limit: usize,
    ) -> Result<HistoryPage<Reading>, AwsError> {
        let mut items = Vec::new();
        for (of, span) in parts {
            let mut after = None;
            loop {
                // One more than the limit, to know where the next page begins.
                let wanted = limit.saturating_sub(items.len()) + 1;
                let query = self.query(of, *span).limit(i32::try_from(wanted).unwrap_or(i32::MAX));
                let answer = query.set_exclusive_start_key(after).send().await;
                let answer = answer.map_err(|error| AwsError::call("Query readings", error))?;
                for item in answer.items.unwrap_or_default() {
                    let reading = reading_of(of, &item)?;
                    if items.len() == limit {
                        return Ok(HistoryPage {
                            items,
                            next: Some(SeriesPosition { sensor: of.sensor.clone(), at: reading.at }),
                        });
                    }
                    items.push(reading);
                }
                after = answer.last_evaluated_key;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(HistoryPage { items, next: None })
    }

    /// The latest reading of each series that has one, in the order of the series: one query of one row for each, 8 at the
    /// same time.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a stored reading is corrupt.
    pub async fn latest(&self, all: &[Series], now: Timestamp) -> Result<Vec<Reading>, AwsError> {
        let span = possible(everything(now), self.alive(now), now);
        let each: Vec<_> = all.iter().map(|of| self.latest_of(of, span)).collect();
        let found: Vec<Option<Reading>> = stream::iter(each).buffered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn latest_of(&self, of: &Series, span: Span) -> Result<Option<Reading>, AwsError> {
        let answer = self.query(of, span).scan_index_forward(false).limit(1).send().await;
        let answer = answer.map_err(|error| AwsError::call("Query readings", error))?;
        answer.items.unwrap_or_default().first().map(|item| reading_of(of, item)).transpose()
    }

    /// A query over the rows of a series in a span.
    pub(super) fn query(&self, of: &Series, span: Span) -> QueryFluentBuilder {
        self.client
            .query()
            .table_name(&self.name)
            .key_condition_expression("#k = :k AND #at BETWEEN :from AND :to")
            .expression_attribute_names("#k", "sensor")
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":k", s(series(of)))
            .expression_attribute_values(":from", n(span.from.millis()))
            // BETWEEN includes its end.
            .expression_attribute_values(":to", n(span.to.millis().saturating_sub(1)))
    }
}

fn reading_of(of: &Series, item: &Item) -> Result<Reading, AwsError> {
    let corrupt = |name: &str| AwsError::corrupt(TABLE, series(of), format!("{name} cannot be read"));
    Ok(Reading {
        series: of.clone(),
        at: Timestamp::from_millis(number(item, "at").ok_or_else(|| corrupt("at"))?),
        received_at: Timestamp::from_millis(number(item, "received_at").ok_or_else(|| corrupt("received_at"))?),
        raw: number(item, "raw").ok_or_else(|| corrupt("raw"))?,
        value: number(item, "value").ok_or_else(|| corrupt("value"))?,
        unit: item.get("unit").and_then(|unit| unit.as_s().ok()).cloned().ok_or_else(|| corrupt("unit"))?,
        calibration: number(item, "calibration").ok_or_else(|| corrupt("calibration"))?,
        quality: quality(item).ok_or_else(|| corrupt("quality"))?,
        judge: item.contains_key(JUDGE),
    })
}

pub(super) fn number<N: std::str::FromStr>(item: &Item, name: &str) -> Option<N> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

pub(super) fn quality(item: &Item) -> Option<Quality> {
    Quality::of_code(item.get("quality")?.as_s().ok()?)
}

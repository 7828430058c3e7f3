//! Rollups as queries read and store them.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use futures_util::future::try_join;
use futures_util::{StreamExt, stream};

use super::super::super::AwsError;
use super::super::super::row::{Item, n, s, series};
use super::super::super::statements::{MAXIMUM, Statement, StatementBatch, StatementOutcome};
use super::{AGGREGATES, AT_ONCE, INVALIDATION_COUNT, RollupTable, WHOLE, WHOLE_COUNT, key};
use weir_core::domain::Timestamp;
use weir_core::domain::aggregate::{Aggregate, Aggregates};
use weir_core::domain::reading::Series;
use weir_core::domain::rollup::{Cell, Unit};

const TABLE: &str = "rollups";

/// The stored rollup of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Rollup {
    /// How often the rollup was invalidated; `None` without a row.
    pub invalidation_count: Option<u64>,
    /// The aggregates of its readings; `None` when they have to be calculated.
    pub aggregates: Option<Aggregates>,
}

/// The rollups of a span of a series.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in super::super) struct Rollups {
    /// By the start of the cell.
    pub cells: BTreeMap<Timestamp, Rollup>,
    /// How often the whole series was invalidated.
    pub of_series: u64,
}

impl Rollup {
    /// The rollup of a cell without a row.
    pub const NONE: Self = Self { invalidation_count: None, aggregates: None };
}

impl RollupTable {
    /// The rollups of the cells of a series that begin at or after `from` and before `to`, by the start of the cell, read
    /// consistently.
    pub(in super::super) async fn read(
        &self,
        of: &Series,
        unit: Unit,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Rollups, AwsError> {
        // Both are read before the readings are: a rollup that is stored with an older count does not count.
        let (of_series, cells) = try_join(self.invalidations(of), self.cells(of, unit, from, to)).await?;
        let current = |(start, count, stored): (Timestamp, u64, Option<(u64, Aggregates)>)| {
            let aggregates = stored.filter(|(whole, _)| *whole == of_series).map(|(_, aggregates)| aggregates);
            (start, Rollup { invalidation_count: Some(count), aggregates })
        };
        Ok(Rollups { cells: cells.into_iter().map(current).collect(), of_series })
    }

    /// How often the whole series was invalidated.
    async fn invalidations(&self, of: &Series) -> Result<u64, AwsError> {
        let request = self.client.get_item().table_name(&self.name).consistent_read(true);
        let request = request.key("sensor", s(series(of))).key("cell", s(WHOLE));
        let item = request.send().await.map_err(|error| AwsError::call("GetItem rollups", error))?.item;
        let count = |item: Item| item.get(INVALIDATION_COUNT)?.as_n().ok()?.parse().ok();
        let corrupt = || AwsError::corrupt(TABLE, series(of), "the count of the series cannot be read");
        item.map_or(Ok(0), |item| count(item).ok_or_else(corrupt))
    }

    async fn cells(
        &self,
        of: &Series,
        unit: Unit,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<StoredCell>, AwsError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("#k = :k AND #c BETWEEN :from AND :to")
            .expression_attribute_names("#k", "sensor")
            .expression_attribute_names("#c", "cell")
            .expression_attribute_values(":k", s(series(of)))
            .expression_attribute_values(":from", s(key(unit, from)))
            // BETWEEN includes its end.
            .expression_attribute_values(":to", s(key(unit, Timestamp::from_millis(to.millis().saturating_sub(1)))))
            .into_paginator()
            .items()
            .send();
        let mut rollups = Vec::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| AwsError::call("Query rollups", error))?;
            let corrupt = |what: &str| AwsError::corrupt(TABLE, series(of), what);
            rollups.push(rollup_of(&item).ok_or_else(|| corrupt("a row cannot be read"))?);
        }
        Ok(rollups)
    }

    /// Stores the rollups of cells, each unless its invalidation count has changed since it was read; `whole` is that of the
    /// series. A rollup that cannot be stored is calculated again by the next query, so an error is only logged.
    pub(in super::super) async fn store(&self, of: &Series, whole: u64, rollups: Vec<(Cell, Option<u64>, Aggregates)>) {
        let (changed, new): (Vec<_>, Vec<_>) = rollups.into_iter().partition(|(_, count, _)| count.is_some());
        let inserts: Vec<_> = new.chunks(MAXIMUM).map(|chunk| self.insert(of, whole, chunk)).collect();
        let updates: Vec<_> =
            changed.iter().map(|(cell, count, aggregates)| self.update(of, whole, *cell, *count, aggregates)).collect();
        let inserted: Vec<Result<(), AwsError>> = stream::iter(inserts).buffer_unordered(AT_ONCE).collect().await;
        let updated: Vec<Result<(), AwsError>> = stream::iter(updates).buffer_unordered(AT_ONCE).collect().await;
        if let Some(Err(error)) = inserted.into_iter().chain(updated).find(Result::is_err) {
            tracing::warn!(series = series(of), %error, "rollups cannot be stored");
        }
    }

    async fn insert(&self, of: &Series, whole: u64, cells: &[(Cell, Option<u64>, Aggregates)]) -> Result<(), AwsError> {
        const OPERATION: &str = "BatchExecuteStatement rollups";
        let batch = StatementBatch { client: &self.client, operation: OPERATION, attempts: 1 };
        for outcome in batch.execute(cells, |(cell, _, aggregates)| self.statement(of, whole, *cell, aggregates)).await
        {
            match outcome {
                // An existing row was stored by another query, or by the invalidation for a late reading.
                StatementOutcome::Done | StatementOutcome::Duplicate => {}
                other => return Err(other.into_error(OPERATION)),
            }
        }
        Ok(())
    }

    fn statement(&self, of: &Series, whole: u64, cell: Cell, aggregates: &Aggregates) -> Statement {
        let mut text = format!(
            "INSERT INTO \"{}\" VALUE {{'sensor':?,'cell':?,'{INVALIDATION_COUNT}':?,'{AGGREGATES}':?,'{WHOLE_COUNT}':?",
            self.name
        );
        let mut parameters = vec![s(series(of)), s(key(cell.unit, cell.start)), n(0), s(text_of(aggregates)), n(whole)];
        if let Some(expires) = self.expires(cell) {
            text.push_str(",'expires_at':?");
            parameters.push(n(expires));
        }
        text.push('}');
        Statement { text, parameters }
    }

    async fn update(
        &self,
        of: &Series,
        whole: u64,
        cell: Cell,
        count: Option<u64>,
        aggregates: &Aggregates,
    ) -> Result<(), AwsError> {
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("sensor", s(series(of)))
            .key("cell", s(key(cell.unit, cell.start)))
            .update_expression("SET #s = :s, #w = :w")
            .condition_expression("#g = :g")
            .expression_attribute_names("#s", AGGREGATES)
            .expression_attribute_names("#g", INVALIDATION_COUNT)
            .expression_attribute_names("#w", WHOLE_COUNT)
            .expression_attribute_values(":w", n(whole))
            .expression_attribute_values(":s", s(text_of(aggregates)))
            .expression_attribute_values(":g", n(count.unwrap_or_default()));
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(AwsError::call("UpdateItem rollups", error)),
            },
        }
    }
}

/// A cell as it is stored: its start, its invalidation count, and the aggregates with the count of the series for which they
/// were calculated.
type StoredCell = (Timestamp, u64, Option<(u64, Aggregates)>);

fn rollup_of(item: &Item) -> Option<StoredCell> {
    let number = |name: &str| item.get(name)?.as_n().ok()?.parse().ok();
    let (_, start) = item.get("cell")?.as_s().ok()?.split_once('#')?;
    let whole = if item.contains_key(WHOLE_COUNT) { number(WHOLE_COUNT)? } else { 0 };
    let aggregates = match item.get(AGGREGATES) {
        Some(text) => Some((whole, aggregates_of(text.as_s().ok()?)?)),
        None => None,
    };
    Some((Timestamp::from_millis(start.parse().ok()?), number(INVALIDATION_COUNT)?, aggregates))
}

/// Aggregates as text, because a sum may exceed the numbers that DynamoDB can store: `count sum min max` for each quality, or
/// nothing without readings, separated by `;`.
fn text_of(aggregates: &Aggregates) -> String {
    let one = |Aggregate { count, sum, min, max }: Aggregate| match count {
        0 => String::new(),
        // As `1e300` where the digits would be many.
        _ => format!("{count} {sum:e} {min:e} {max:e}"),
    };
    [aggregates.good, aggregates.uncalibrated, aggregates.out_of_range].map(one).join(";")
}

fn aggregates_of(text: &str) -> Option<Aggregates> {
    let one = |text: &str| {
        if text.is_empty() {
            return Some(Aggregate::NONE);
        }
        let mut parts = text.split(' ');
        let count = parts.next()?.parse().ok()?;
        let mut number = || parts.next()?.parse::<f64>().ok();
        Some(Aggregate { count, sum: number()?, min: number()?, max: number()? })
    };
    let mut parts = text.split(';');
    let mut next = || one(parts.next()?);
    Some(Aggregates { good: next()?, uncalibrated: next()?, out_of_range: next()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn aggregates_are_read_back_as_they_were_written(count in 1..u64::MAX, sum: f64, min: f64, max: f64, kind in 0..3) {
            prop_assume!(sum.is_finite() && min.is_finite() && max.is_finite());
            let aggregate = Aggregate { count, sum, min, max };
            let aggregates = match kind {
                0 => Aggregates { good: aggregate, ..Aggregates::NONE },
                1 => Aggregates { uncalibrated: aggregate, ..Aggregates::NONE },
                _ => Aggregates { out_of_range: aggregate, good: aggregate, ..Aggregates::NONE },
            };
            prop_assert_eq!(aggregates_of(&text_of(&aggregates)), Some(aggregates));
        }
    }

    #[test]
    fn malformed_text_is_not_read() {
        assert_eq!(aggregates_of(";;"), Some(Aggregates::NONE));
        for bad in ["", ";", "1 2 3;;", "x 1 1 1;;", "1 a 1 1;;"] {
            assert_eq!(aggregates_of(bad), None, "{bad}");
        }
    }
}

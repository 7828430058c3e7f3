//! Sums that are kept, as whoever aggregates readings finds and leaves them.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use futures_util::{StreamExt, stream};

use super::super::super::AwsError;
use super::super::super::row::{Item, n, s, series};
use super::super::super::statements::{MAXIMUM, Statement, StatementBatch, StatementOutcome};
use super::{AT_ONCE, RollupTable, key};
use weir_core::domain::Timestamp;
use weir_core::domain::reading::Series;
use weir_core::domain::rollup::{Cell, Unit};
use weir_core::domain::sums::{Sums, Tally};

const TABLE: &str = "rollups";

/// What is kept of a cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Kept {
    /// How often readings were stored after it was closed; none where no row is.
    pub generation: Option<u64>,
    /// What its readings come to, when that is known.
    pub sums: Option<Sums>,
}

impl Kept {
    /// Where no row is.
    pub const NOTHING: Self = Self { generation: None, sums: None };
}

impl RollupTable {
    /// What is kept of the cells of a series that begin from `from` on and before `to`, read consistently.
    pub(in super::super) async fn kept(
        &self,
        of: &Series,
        unit: Unit,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BTreeMap<Timestamp, Kept>, AwsError> {
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
            // BETWEEN takes its end in.
            .expression_attribute_values(":to", s(key(unit, Timestamp::from_millis(to.millis().saturating_sub(1)))))
            .into_paginator()
            .items()
            .send();
        let mut kept = BTreeMap::new();
        while let Some(item) = pages.next().await {
            let item = item.map_err(|error| AwsError::call("Query rollups", error))?;
            let corrupt = |what: &str| AwsError::corrupt(TABLE, series(of), what);
            kept.extend([kept_of(&item).ok_or_else(|| corrupt("a row cannot be read"))?]);
        }
        Ok(kept)
    }

    /// Keeps what cells come to, each unless its generation has changed since it was read. What cannot be kept is
    /// worked out again the next time, so nothing depends on it.
    pub(in super::super) async fn keep(&self, of: &Series, sums: Vec<(Cell, Option<u64>, Sums)>) {
        let (changed, new): (Vec<_>, Vec<_>) = sums.into_iter().partition(|(_, generation, _)| generation.is_some());
        let inserts: Vec<_> = new.chunks(MAXIMUM).map(|chunk| self.insert(of, chunk)).collect();
        let updates: Vec<_> =
            changed.iter().map(|(cell, generation, sums)| self.update(of, *cell, *generation, sums)).collect();
        let inserted: Vec<Result<(), AwsError>> = stream::iter(inserts).buffer_unordered(AT_ONCE).collect().await;
        let updated: Vec<Result<(), AwsError>> = stream::iter(updates).buffer_unordered(AT_ONCE).collect().await;
        if let Some(Err(error)) = inserted.into_iter().chain(updated).find(Result::is_err) {
            tracing::warn!(series = series(of), %error, "sums are not kept");
        }
    }

    async fn insert(&self, of: &Series, cells: &[(Cell, Option<u64>, Sums)]) -> Result<(), AwsError> {
        const OPERATION: &str = "BatchExecuteStatement rollups";
        let batch = StatementBatch { client: &self.client, operation: OPERATION, attempts: 1 };
        for outcome in batch.execute(cells, |(cell, _, sums)| self.statement(of, *cell, sums)).await {
            match outcome {
                // A row that is there by now was made by another reader, or stands for a reading that came late.
                StatementOutcome::Done | StatementOutcome::Duplicate => {}
                other => return Err(other.into_error(OPERATION)),
            }
        }
        Ok(())
    }

    fn statement(&self, of: &Series, cell: Cell, sums: &Sums) -> Statement {
        let mut text = format!("INSERT INTO \"{}\" VALUE {{'sensor':?,'cell':?,'generation':?,'sums':?", self.name);
        let mut parameters = vec![s(series(of)), s(key(cell.unit, cell.start)), n(0), s(text_of(sums))];
        if let Some(expires) = self.expires(cell) {
            text.push_str(",'expires_at':?");
            parameters.push(n(expires));
        }
        text.push('}');
        Statement { text, parameters }
    }

    async fn update(&self, of: &Series, cell: Cell, generation: Option<u64>, sums: &Sums) -> Result<(), AwsError> {
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("sensor", s(series(of)))
            .key("cell", s(key(cell.unit, cell.start)))
            .update_expression("SET #s = :s")
            .condition_expression("#g = :g")
            .expression_attribute_names("#s", "sums")
            .expression_attribute_names("#g", "generation")
            .expression_attribute_values(":s", s(text_of(sums)))
            .expression_attribute_values(":g", n(generation.unwrap_or_default()));
        match request.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
                _ => Err(AwsError::call("UpdateItem rollups", error)),
            },
        }
    }
}

fn kept_of(item: &Item) -> Option<(Timestamp, Kept)> {
    let (_, start) = item.get("cell")?.as_s().ok()?.split_once('#')?;
    let generation = item.get("generation")?.as_n().ok()?.parse().ok()?;
    let sums = match item.get("sums") {
        Some(text) => Some(sums_of(text.as_s().ok()?)?),
        None => None,
    };
    Some((Timestamp::from_millis(start.parse().ok()?), Kept { generation: Some(generation), sums }))
}

/// Sums as text, for a sum may lie beyond the numbers that DynamoDB holds: for each quality `count sum min max`, or
/// nothing when there is none, parted by `;`.
fn text_of(sums: &Sums) -> String {
    let tally = |Tally { count, sum, min, max }: Tally| match count {
        0 => String::new(),
        // As `1e300` where the digits would be many.
        _ => format!("{count} {sum:e} {min:e} {max:e}"),
    };
    [sums.good, sums.uncalibrated, sums.out_of_range].map(tally).join(";")
}

fn sums_of(text: &str) -> Option<Sums> {
    let tally = |text: &str| {
        if text.is_empty() {
            return Some(Tally::NONE);
        }
        let mut parts = text.split(' ');
        let count = parts.next()?.parse().ok()?;
        let mut number = || parts.next()?.parse::<f64>().ok();
        Some(Tally { count, sum: number()?, min: number()?, max: number()? })
    };
    let mut parts = text.split(';');
    let mut next = || tally(parts.next()?);
    Some(Sums { good: next()?, uncalibrated: next()?, out_of_range: next()? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_are_read_back_as_they_were_written(count in 1..u64::MAX, sum: f64, min: f64, max: f64, kind in 0..3) {
            prop_assume!(sum.is_finite() && min.is_finite() && max.is_finite());
            let tally = Tally { count, sum, min, max };
            let sums = match kind {
                0 => Sums { good: tally, ..Sums::NONE },
                1 => Sums { uncalibrated: tally, ..Sums::NONE },
                _ => Sums { out_of_range: tally, good: tally, ..Sums::NONE },
            };
            prop_assert_eq!(sums_of(&text_of(&sums)), Some(sums));
        }
    }

    #[test]
    fn what_no_reader_wrote_is_not_read() {
        assert_eq!(sums_of(";;"), Some(Sums::NONE));
        for bad in ["", ";", "1 2 3;;", "x 1 1 1;;", "1 a 1 1;;"] {
            assert_eq!(sums_of(bad), None, "{bad}");
        }
    }
}

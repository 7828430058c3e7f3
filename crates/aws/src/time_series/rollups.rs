//! The table `rollups`: the aggregates of closed hours and days of a series, stored by the first query that needs them.
//!
//! A reading that arrives in time costs nothing here. A reading that is stored (or delivered again) in an hour that is closed
//! already invalidates the rollups of that hour and day: the row's invalidation count goes up and its aggregates are removed,
//! after the reading is stored and before the message is answered. If the function is killed in between, the message is
//! delivered again and invalidates them then. A query first reads the invalidation count and then the readings, both
//! consistently, and stores the aggregates only if the count is still the same.
//!
//! A message with readings of many closed hours and days invalidates whole series instead: a row of the series counts that, and
//! a rollup counts only while that count is the one with which it was calculated.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use futures_util::{StreamExt, stream};

use super::super::AwsError;
use super::super::row::{n, s, series};
use weir_core::domain::Timestamp;
use weir_core::domain::reading::Series;
use weir_core::domain::rollup::{Cell, Unit, closed};

#[cfg(feature = "query")]
mod rollup;
#[cfg(feature = "query")]
pub(super) use rollup::{Rollup, Rollups};

/// The attribute with the aggregates as text.
const AGGREGATES: &str = "aggregates";
/// The attribute that counts invalidations.
const INVALIDATION_COUNT: &str = "invalidation_count";
/// The attribute that says how often the whole series was invalidated when the aggregates were calculated.
#[cfg(feature = "query")]
const WHOLE_COUNT: &str = "of_series";
/// The sort key of the row that counts the invalidations of a whole series.
const WHOLE: &str = "all";
/// Maximum concurrent requests of one call.
const AT_ONCE: usize = 8;

/// The table `rollups`.
#[derive(Debug, Clone)]
pub struct RollupTable {
    client: Client,
    name: String,
    keep_days: i64,
}

impl RollupTable {
    /// The table called `name`, for readings that are kept for `keep_days`, or forever when that is 0.
    pub fn new(client: Client, name: impl Into<String>, keep_days: i64) -> Self {
        Self { client, name: name.into(), keep_days }
    }

    /// Invalidates the rollups that contain readings of these series and instants. To be called after storing, replacing or
    /// removing readings, with `now` read from the clock after that, and before reporting success (so that it is repeated
    /// if the function is killed in between).
    ///
    /// It costs nothing for readings whose hour is still open; else one write unit for each different hour, and one for each
    /// different day that is closed too.
    ///
    /// # Errors
    /// When a rollup cannot be invalidated: then the call has to be repeated.
    pub async fn invalidate<'a>(
        &self,
        readings: impl IntoIterator<Item = (&'a Series, Timestamp)>,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        match self.invalidate_cells(cells(readings, now), usize::MAX).await.pop() {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    /// Invalidates the rollups of these cells with about `most` requests at most: if there are more cells, all rollups of some
    /// series are invalidated at once, with one request for each. Returns what failed: a cell, or a series as a whole.
    pub(super) async fn invalidate_cells<'a>(
        &self,
        cells: BTreeSet<(&'a Series, Cell)>,
        most: usize,
    ) -> Vec<((&'a Series, Option<Cell>), AwsError)> {
        let parts = parts(cells, most);
        let each: Vec<_> = parts.into_iter().map(|(of, cell)| self.invalidate_part(of, cell)).collect();
        let failed: Vec<_> = stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
        failed.into_iter().flatten().collect()
    }

    async fn invalidate_part<'a>(
        &self,
        of: &'a Series,
        cell: Option<Cell>,
    ) -> Option<((&'a Series, Option<Cell>), AwsError)> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("sensor", s(series(of)))
            .key("cell", s(cell.map_or_else(|| WHOLE.to_owned(), |cell| key(cell.unit, cell.start))))
            .expression_attribute_names("#s", AGGREGATES)
            .expression_attribute_names("#g", INVALIDATION_COUNT)
            .expression_attribute_values(":one", n(1));
        // The count of a whole series is kept for ever: without it, a rollup from before it would count again.
        update = match cell.and_then(|cell| self.expires(cell)) {
            None => update.update_expression("ADD #g :one REMOVE #s"),
            Some(expires) => update
                .update_expression("SET #e = :e ADD #g :one REMOVE #s")
                .expression_attribute_names("#e", "expires_at")
                .expression_attribute_values(":e", n(expires)),
        };
        let error = update.send().await.err()?;
        Some(((of, cell), AwsError::call("UpdateItem rollups", error)))
    }

    /// When the last reading of the cell expires, in epoch seconds.
    fn expires(&self, cell: Cell) -> Option<i64> {
        let end = cell.unit.width().after(cell.start);
        (self.keep_days > 0).then(|| end.plus_seconds(self.keep_days.saturating_mul(86_400)).seconds())
    }
}

/// The closed cells that contain these readings, which were stored before `now`.
pub(super) fn cells<'a>(
    readings: impl IntoIterator<Item = (&'a Series, Timestamp)>,
    now: Timestamp,
) -> BTreeSet<(&'a Series, Cell)> {
    readings.into_iter().flat_map(|(series, at)| closed(at, now).map(move |cell| (series, cell))).collect()
}

/// What is to be invalidated: cells, or whole series where that saves the most, until there are at most `most`.
fn parts<'a>(cells: BTreeSet<(&'a Series, Cell)>, most: usize) -> Vec<(&'a Series, Option<Cell>)> {
    let mut all = cells.len();
    let mut of_series: BTreeMap<&Series, Vec<Cell>> = BTreeMap::new();
    cells.into_iter().for_each(|(series, cell)| of_series.entry(series).or_default().push(cell));
    let mut of_series: Vec<_> = of_series.into_iter().collect();
    of_series.sort_by_key(|(_, cells)| std::cmp::Reverse(cells.len()));
    let part = |(series, cells): (&'a Series, Vec<Cell>)| {
        if all <= most {
            return cells.into_iter().map(|cell| (series, Some(cell))).collect();
        }
        all -= cells.len() - 1;
        vec![(series, None)]
    };
    of_series.into_iter().flat_map(part).collect()
}

/// The sort key of a cell; the cells of one unit are in the order of time.
fn key(unit: Unit, start: Timestamp) -> String {
    let unit = match unit {
        Unit::Hour => "hour",
        Unit::Day => "day",
    };
    format!("{unit}#{:013}", start.millis().max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_series_take_the_place_of_many_cells() {
        let of = |sensor: &str| Series { device: "b".parse().unwrap(), sensor: sensor.parse().unwrap() };
        let (many, few) = (of("a"), of("b"));
        let cell = |hour: i64| Cell { unit: Unit::Hour, start: Timestamp::from_seconds(hour * 3_600) };
        let mut cells: BTreeSet<_> = (0..10).map(|hour| (&many, cell(hour))).collect();
        cells.insert((&few, cell(3)));
        assert_eq!(parts(cells.clone(), 11).len(), 11);
        assert_eq!(parts(cells.clone(), 10), [(&many, None), (&few, Some(cell(3)))]);
        assert_eq!(parts(cells, 0), [(&many, None), (&few, None)]);
    }
}

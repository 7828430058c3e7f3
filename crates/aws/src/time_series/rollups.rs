//! The table `rollups`: what the readings of a closed hour or day of a series come to, made by whoever first asks.
//!
//! A reading that comes in time costs nothing here. One that is stored where an hour has been closed already, and one
//! that is delivered again there, makes the sums of that hour and day invalid: the row's `generation` goes up and the
//! sums are removed, after the reading is stored and before the message is answered. Killed in between, the message is
//! delivered again, and does it then. Whoever adds readings up first reads the generation and then the readings, both
//! consistently, and keeps the sums only if the generation is still the same.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::Client;
use futures_util::{StreamExt, stream};

use super::super::AwsError;
use super::super::row::{n, s, series};
use weir_core::domain::Timestamp;
use weir_core::domain::reading::Series;
use weir_core::domain::rollup::{Cell, Unit, closed};

#[cfg(feature = "query")]
mod kept;
#[cfg(feature = "query")]
pub(super) use kept::Kept;

/// So many requests are under way at once for one call.
const AT_ONCE: usize = 8;

/// The table of what readings come to.
#[derive(Debug, Clone)]
pub struct RollupTable {
    client: Client,
    name: String,
    keep_days: i64,
}

impl RollupTable {
    /// The table called `name`, over readings that live for `keep_days`, or for ever when that is 0.
    pub fn new(client: Client, name: impl Into<String>, keep_days: i64) -> Self {
        Self { client, name: name.into(), keep_days }
    }

    /// Makes the sums invalid that readings of these series and instants belong to. To be called by whatever stores,
    /// replaces or removes readings: after it has done so, with the time `now` read after it has done so, and before it
    /// says that it is done (so that, killed in between, it does it again).
    ///
    /// Costs nothing for readings whose hour is still open; else one write unit for each different hour, and one for
    /// each different day that is closed too.
    ///
    /// # Errors
    /// When DynamoDB does not take it: then the call has to be made again.
    pub async fn forget<'a>(
        &self,
        readings: impl IntoIterator<Item = (&'a Series, Timestamp)>,
        now: Timestamp,
    ) -> Result<(), AwsError> {
        match self.forget_cells(cells(readings, now)).await.pop() {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }

    /// Makes the sums of these cells invalid; the answer has those where that failed.
    pub(super) async fn forget_cells<'a>(
        &self,
        cells: BTreeSet<(&'a Series, Cell)>,
    ) -> Vec<((&'a Series, Cell), AwsError)> {
        let each: Vec<_> = cells.into_iter().map(|(of, cell)| self.forget_cell(of, cell)).collect();
        let failed: Vec<_> = stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
        failed.into_iter().flatten().collect()
    }

    async fn forget_cell<'a>(&self, of: &'a Series, cell: Cell) -> Option<((&'a Series, Cell), AwsError)> {
        let mut update = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("sensor", s(series(of)))
            .key("cell", s(key(cell.unit, cell.start)))
            .expression_attribute_names("#s", "sums")
            .expression_attribute_names("#g", "generation")
            .expression_attribute_values(":one", n(1));
        update = match self.expires(cell) {
            None => update.update_expression("ADD #g :one REMOVE #s"),
            Some(expires) => update
                .update_expression("SET #e = :e ADD #g :one REMOVE #s")
                .expression_attribute_names("#e", "expires_at")
                .expression_attribute_values(":e", n(expires)),
        };
        let error = update.send().await.err()?;
        Some(((of, cell), AwsError::call("UpdateItem rollups", error)))
    }

    /// When the last reading of the cell goes, in epoch seconds.
    fn expires(&self, cell: Cell) -> Option<i64> {
        let end = cell.unit.width().after(cell.start);
        (self.keep_days > 0).then(|| end.plus_seconds(self.keep_days.saturating_mul(86_400)).seconds())
    }
}

/// The closed cells that hold readings stored before `now`.
pub(super) fn cells<'a>(
    readings: impl IntoIterator<Item = (&'a Series, Timestamp)>,
    now: Timestamp,
) -> BTreeSet<(&'a Series, Cell)> {
    readings.into_iter().flat_map(|(series, at)| closed(at, now).map(move |cell| (series, cell))).collect()
}

/// The sort key of a cell: those of a unit in the order of time.
fn key(unit: Unit, start: Timestamp) -> String {
    let unit = match unit {
        Unit::Hour => "hour",
        Unit::Day => "day",
    };
    format!("{unit}#{:013}", start.millis().max(0))
}

//! Queries of Timestream for LiveAnalytics, which aggregates by itself: one query each.

use aws_sdk_timestreamquery::Client;
use aws_sdk_timestreamquery::operation::query::QueryError;
use aws_sdk_timestreamquery::types::{ColumnInfo, Row};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::super::AwsError;
use super::answer::NamedRow;
use super::{Bucket, HistoryPage, SeriesPosition, Span, sql};
use weir_core::domain::aggregate::Aggregates;
use weir_core::domain::every::Every;
use weir_core::domain::reading::{Quality, Reading, Series};

/// Maximum series queried at the same time for their latest reading.
const AT_ONCE: usize = 8;

/// The table of readings in Timestream, for queries.
#[derive(Debug, Clone)]
pub struct TimestreamHistory {
    client: Client,
    /// `"database"."table"`.
    table: String,
}

impl TimestreamHistory {
    /// The table `table` of `database`.
    pub fn new(client: Client, database: impl AsRef<str>, table: impl AsRef<str>) -> Self {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', ""));
        Self { client, table: format!("{}.{}", quoted(database.as_ref()), quoted(table.as_ref())) }
    }

    pub(super) async fn points(
        &self,
        parts: &[(&Series, Span)],
        limit: usize,
    ) -> Result<HistoryPage<Reading>, AwsError> {
        if parts.is_empty() {
            return Ok(HistoryPage { items: Vec::new(), next: None });
        }
        // One more than the limit, to know where the next page begins.
        let (columns, rows) = self.query(&sql::points(&self.table, parts, limit.saturating_add(1))).await?;
        let series = || parts.iter().map(|(series, _)| *series);
        let reading = |row| NamedRow::new(&columns, row).reading(series());
        let mut items = rows.iter().map(reading).collect::<Result<Vec<_>, _>>()?;
        let next = items.get(limit).map(|next| SeriesPosition { sensor: next.series.sensor.clone(), at: next.at });
        items.truncate(limit);
        Ok(HistoryPage { items, next })
    }

    pub(super) async fn buckets(
        &self,
        parts: &[(&Series, Span)],
        every: Every,
        limit: usize,
    ) -> Result<HistoryPage<Bucket>, AwsError> {
        if parts.is_empty() {
            return Ok(HistoryPage { items: Vec::new(), next: None });
        }
        // An interval has one row per quality. One interval more than the limit shows where the next page begins, and that the
        // last interval of this page is complete.
        let most = limit.saturating_add(1).saturating_mul(Quality::ALL.len());
        let (columns, rows) = self.query(&sql::buckets(&self.table, parts, every, most)).await?;
        let mut items: Vec<Bucket> = Vec::new();
        for row in &rows {
            let row = NamedRow::new(&columns, row);
            let (sensor, start) = (row.sensor()?, row.start()?);
            match items.last_mut().filter(|last| last.sensor == sensor && last.start == start) {
                Some(last) => row.add_to(&mut last.aggregates)?,
                None => {
                    let mut aggregates = Aggregates::NONE;
                    row.add_to(&mut aggregates)?;
                    items.push(Bucket { sensor, start, aggregates });
                }
            }
        }
        let next = items.get(limit).map(|next| SeriesPosition { sensor: next.sensor.clone(), at: next.start });
        items.truncate(limit);
        Ok(HistoryPage { items, next })
    }

    pub(super) async fn latest(&self, all: &[Series], span: Span) -> Result<Vec<Reading>, AwsError> {
        let each: Vec<_> = all.iter().map(|of| self.latest_of(of, span)).collect();
        let found: Vec<Option<Reading>> = stream::iter(each).buffered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn latest_of(&self, of: &Series, span: Span) -> Result<Option<Reading>, AwsError> {
        let (columns, rows) = self.query(&sql::latest(&self.table, (of, span))).await?;
        rows.first().map(|row| NamedRow::new(&columns, row).reading(std::iter::once(of))).transpose()
    }

    /// All pages of the answer to a query. Any page may be empty, even the first one.
    async fn query(&self, query: &str) -> Result<(Vec<ColumnInfo>, Vec<Row>), AwsError> {
        let (mut columns, mut rows, mut next) = (Vec::new(), Vec::new(), None);
        loop {
            let answer = match self.client.query().query_string(query).set_next_token(next).send().await {
                Ok(answer) => answer,
                Err(error) => match error.as_service_error() {
                    // Timestream creates a column with the first record that has it: nothing is stored yet.
                    Some(QueryError::ValidationException(why))
                        if why.message().is_some_and(|said| said.contains("does not exist")) =>
                    {
                        return Ok((columns, rows));
                    }
                    _ => return Err(AwsError::call("Query Timestream", error)),
                },
            };
            columns = answer.column_info;
            rows.extend(answer.rows);
            next = answer.next_token;
            if next.is_none() {
                return Ok((columns, rows));
            }
        }
    }
}

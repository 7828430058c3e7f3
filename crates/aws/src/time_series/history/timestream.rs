//! Questions to Timestream for LiveAnalytics: one query each, which does the adding up itself.

use aws_sdk_timestreamquery::Client;
use aws_sdk_timestreamquery::operation::query::QueryError;
use aws_sdk_timestreamquery::types::{ColumnInfo, Row};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::super::AwsError;
use super::answer::Named;
use super::{Bucket, Found, Place, Span, sql};
use weir_core::domain::every::Every;
use weir_core::domain::reading::{Quality, Reading, Series};
use weir_core::domain::sums::Sums;

/// So many series are asked at once for their latest reading.
const AT_ONCE: usize = 8;

/// The readings' table in Timestream, for questions.
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

    pub(super) async fn points(&self, parts: &[(&Series, Span)], limit: usize) -> Result<Found<Reading>, AwsError> {
        if parts.is_empty() {
            return Ok(Found { items: Vec::new(), next: None });
        }
        // One more than fits tells where the next page begins.
        let (columns, rows) = self.ask(&sql::points(&self.table, parts, limit.saturating_add(1))).await?;
        let series = || parts.iter().map(|(series, _)| *series);
        let reading = |row| Named::new(&columns, row).reading(series());
        let mut items = rows.iter().map(reading).collect::<Result<Vec<_>, _>>()?;
        let next = items.get(limit).map(|next| Place { sensor: next.series.sensor.clone(), at: next.at });
        items.truncate(limit);
        Ok(Found { items, next })
    }

    pub(super) async fn buckets(
        &self,
        parts: &[(&Series, Span)],
        every: Every,
        limit: usize,
    ) -> Result<Found<Bucket>, AwsError> {
        if parts.is_empty() {
            return Ok(Found { items: Vec::new(), next: None });
        }
        // An interval has a row for each quality in it. With one interval more than fits it is known where the next page
        // begins, and that the last one of those shown is whole.
        let most = limit.saturating_add(1).saturating_mul(Quality::ALL.len());
        let (columns, rows) = self.ask(&sql::buckets(&self.table, parts, every, most)).await?;
        let mut items: Vec<Bucket> = Vec::new();
        for row in &rows {
            let row = Named::new(&columns, row);
            let (sensor, start) = (row.sensor()?, row.start()?);
            match items.last_mut().filter(|last| last.sensor == sensor && last.start == start) {
                Some(last) => row.add_to(&mut last.sums)?,
                None => {
                    let mut sums = Sums::NONE;
                    row.add_to(&mut sums)?;
                    items.push(Bucket { sensor, start, sums });
                }
            }
        }
        let next = items.get(limit).map(|next| Place { sensor: next.sensor.clone(), at: next.start });
        items.truncate(limit);
        Ok(Found { items, next })
    }

    pub(super) async fn latest(&self, all: &[Series], span: Span) -> Result<Vec<Reading>, AwsError> {
        let each: Vec<_> = all.iter().map(|of| self.latest_of(of, span)).collect();
        let found: Vec<Option<Reading>> = stream::iter(each).buffered(AT_ONCE).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn latest_of(&self, of: &Series, span: Span) -> Result<Option<Reading>, AwsError> {
        let (columns, rows) = self.ask(&sql::latest(&self.table, (of, span))).await?;
        rows.first().map(|row| Named::new(&columns, row).reading(std::iter::once(of))).transpose()
    }

    /// The whole answer to a query, which comes in pages; also the first of them may be empty.
    async fn ask(&self, query: &str) -> Result<(Vec<ColumnInfo>, Vec<Row>), AwsError> {
        let (mut columns, mut rows, mut next) = (Vec::new(), Vec::new(), None);
        loop {
            let answer = match self.client.query().query_string(query).set_next_token(next).send().await {
                Ok(answer) => answer,
                Err(error) => match error.as_service_error() {
                    // A column comes into being with the first record that has it; before, nothing was stored.
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

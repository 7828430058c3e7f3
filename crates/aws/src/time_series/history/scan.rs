//! Aggregating the readings of a series cell by cell, read in pages, several at the same time.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::super::AwsError;
use super::super::super::row::series;
use super::super::ReadingTable;
use super::super::dynamodb::TABLE;
use super::points::{number, quality};
use super::{HistoryError, Meter, Share, Span};
use weir_core::domain::Timestamp;
use weir_core::domain::aggregate::Aggregates;
use weir_core::domain::every::Every;
use weir_core::domain::reading::Series;

/// Maximum pages read at the same time.
const AT_ONCE: usize = 8;
/// Parts per round; after each round the length of a part is adjusted.
const ROUND: usize = 16;
/// Pages per budget. With the default budget of 100,000 rows a page has the size that DynamoDB allows, a megabyte.
const PAGES: usize = 16;

/// The aggregates of a span.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// The aggregates by the start of the cell; cells without readings are left out.
    pub cells: BTreeMap<Timestamp, Aggregates>,
    /// The parts that were not read, ascending.
    pub gaps: Vec<Span>,
}

impl Scanned {
    /// Whether the part of the cell that lies in the span was read completely.
    pub fn whole(&self, width: Every, start: Timestamp) -> bool {
        self.gaps.iter().all(|gap| gap.to <= start || gap.from >= width.after(start))
    }

    fn merge(&mut self, other: Self) {
        for (start, aggregates) in other.cells {
            self.cells.entry(start).or_insert(Aggregates::NONE).merge(&aggregates);
        }
        self.gaps.extend(other.gaps);
    }
}

/// A page: its aggregates, and the instant from which there is more.
struct Page {
    scanned: Scanned,
    rows: usize,
    more: Option<Timestamp>,
}

impl ReadingTable {
    /// Aggregates the readings of a span by cells of that width. A share that is `sure` reads at least one cell completely.
    /// The first page shows how dense the readings are; the rest is divided into parts of about a page, several of which
    /// are read at the same time until the budget is used up.
    pub(super) async fn scan(
        &self,
        of: &Series,
        span: Span,
        width: Every,
        share: Share<'_>,
    ) -> Result<Scanned, HistoryError> {
        let meter = share.meter;
        let mut scanned = Scanned::default();
        let (mut from, mut rows) = (span.from, 0);
        let first = width.after(width.floor(span.from)).min(span.to);
        while from < first {
            if share.spent(self.budget) {
                scanned.gaps.push(Span { from, ..span });
                return Ok(scanned);
            }
            if rows >= self.budget {
                return Err(HistoryError::TooDense { sensor: of.sensor.clone(), most: self.budget });
            }
            let page = self.page(of, Span { from, ..span }, width, meter).await?;
            rows += page.rows;
            scanned.merge(page.scanned);
            from = page.more.unwrap_or(span.to);
        }
        let mut step = (from.millis_since(span.from) / width.millis()).max(1).saturating_mul(width.millis());
        while from < span.to {
            let before = meter.rows();
            if before >= self.budget {
                scanned.gaps.push(Span { from, ..span });
                break;
            }
            let parts: Vec<Span> =
                std::iter::successors(part(from, width, step, span.to), |before| part(before.to, width, step, span.to))
                    .take(ROUND)
                    .collect();
            let read: Vec<_> = parts.iter().map(|span| self.part(of, *span, width, share)).collect();
            let all: Vec<Scanned> = stream::iter(read).buffered(AT_ONCE).try_collect().await?;
            all.into_iter().for_each(|part| scanned.merge(part));
            from = parts.last().map_or(span.to, |last| last.to);
            // If they contained few readings, the next ones are twice as long.
            if meter.rows().saturating_sub(before) < self.budget / 4 {
                step = step.saturating_mul(2);
            }
        }
        Ok(scanned)
    }

    /// Reads a part completely, or until the budget is used up: twice the budget if the share is `sure`.
    async fn part(&self, of: &Series, span: Span, width: Every, share: Share<'_>) -> Result<Scanned, AwsError> {
        let (meter, most) = (share.meter, if share.sure { 2 * self.budget } else { self.budget });
        let mut scanned = Scanned::default();
        if meter.rows() >= self.budget {
            scanned.gaps.push(span);
            return Ok(scanned);
        }
        let mut from = span.from;
        loop {
            let page = self.page(of, Span { from, ..span }, width, meter).await?;
            scanned.merge(page.scanned);
            match page.more {
                None => return Ok(scanned),
                Some(more) if meter.rows() >= most => {
                    scanned.gaps.push(Span { from: more, ..span });
                    return Ok(scanned);
                }
                Some(more) => from = more,
            }
        }
    }

    /// Reads a page, consistently: a rollup must not lack readings that were stored before.
    async fn page(&self, of: &Series, span: Span, width: Every, meter: &Meter) -> Result<Page, AwsError> {
        let mut page = Page { scanned: Scanned::default(), rows: 0, more: None };
        if span.from >= span.to {
            return Ok(page);
        }
        let query = self
            .query(of, span)
            .consistent_read(true)
            .limit(i32::try_from(self.budget / PAGES).unwrap_or(i32::MAX).max(1))
            .projection_expression("#at, #value, #quality")
            .expression_attribute_names("#value", "value")
            .expression_attribute_names("#quality", "quality");
        let answer = query.send().await.map_err(|error| AwsError::call("Query readings", error))?;
        let corrupt = |what: &str| AwsError::corrupt(TABLE, series(of), format!("{what} cannot be read"));
        let items = answer.items.unwrap_or_default();
        page.rows = items.len();
        meter.add(page.rows);
        for item in &items {
            let at = Timestamp::from_millis(number(item, "at").ok_or_else(|| corrupt("at"))?);
            let value = number(item, "value").ok_or_else(|| corrupt("value"))?;
            let quality = quality(item).ok_or_else(|| corrupt("quality"))?;
            page.scanned.cells.entry(width.floor(at)).or_insert(Aggregates::NONE).of(quality).add(value);
        }
        let last = |key: HashMap<String, AttributeValue>| number::<i64>(&key, "at").ok_or_else(|| corrupt("at"));
        page.more = match answer.last_evaluated_key.map(last).transpose()? {
            Some(last) => Some(Timestamp::from_millis(last.saturating_add(1))).filter(|more| *more < span.to),
            None => None,
        };
        Ok(page)
    }
}

/// The part that begins at `from` and ends `step` ms after the start of its first whole cell.
fn part(from: Timestamp, width: Every, step: i64, to: Timestamp) -> Option<Span> {
    let end = Timestamp::from_millis(width.ceil(from).millis().saturating_add(step));
    (from < to).then_some(Span { from, to: end.min(to) })
}

//! Readings of a series added up cell by cell, read in pages, several at once where one does not do.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::super::AwsError;
use super::super::super::row::series;
use super::super::ReadingTable;
use super::super::readings::TABLE;
use super::points::{number, quality};
use super::{Meter, Share, Span, Unanswered};
use weir_core::domain::Timestamp;
use weir_core::domain::every::Every;
use weir_core::domain::reading::Series;
use weir_core::domain::sums::Sums;

/// So many pages are read at once.
const AT_ONCE: usize = 8;
/// So many parts make a round, after which it is looked anew how long a part should be.
const ROUND: usize = 16;
/// The budget is so many pages; with the default of 100,000 rows a page is as large as DynamoDB makes it, a megabyte.
const PAGES: usize = 16;

/// What was added up of a span.
#[derive(Debug, Default)]
pub(super) struct Scanned {
    /// What the readings come to, by the beginning of the cell; cells without readings are not among them.
    pub sums: BTreeMap<Timestamp, Sums>,
    /// What was not read, ascending.
    pub gaps: Vec<Span>,
}

impl Scanned {
    /// Whether all of the cell was read that lies in the span.
    pub fn whole(&self, width: Every, start: Timestamp) -> bool {
        self.gaps.iter().all(|gap| gap.to <= start || gap.from >= width.after(start))
    }

    fn merge(&mut self, other: Self) {
        for (start, sums) in other.sums {
            self.sums.entry(start).or_insert(Sums::NONE).merge(&sums);
        }
        self.gaps.extend(other.gaps);
    }
}

/// A page: what is on it, and from where on there is more.
struct Sheet {
    scanned: Scanned,
    rows: usize,
    more: Option<Timestamp>,
}

impl ReadingTable {
    /// Adds up the readings of a span by cells of that width. A share that is sure reads at least one cell to its end. The
    /// first page tells how dense the readings lie; what is left is then divided into parts of about a page, read several
    /// at once, until the budget is used up.
    pub(super) async fn scan(
        &self,
        of: &Series,
        span: Span,
        width: Every,
        share: Share<'_>,
    ) -> Result<Scanned, Unanswered> {
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
                return Err(Unanswered::TooDense { sensor: of.sensor.clone(), most: self.budget });
            }
            let sheet = self.sheet(of, Span { from, ..span }, width, meter).await?;
            rows += sheet.rows;
            scanned.merge(sheet.scanned);
            from = sheet.more.unwrap_or(span.to);
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
            // Where they found little, the next ones are twice as long.
            if meter.rows().saturating_sub(before) < self.budget / 4 {
                step = step.saturating_mul(2);
            }
        }
        Ok(scanned)
    }

    /// Reads a part to its end, or until the budget is used up; twice the budget where the share is sure.
    async fn part(&self, of: &Series, span: Span, width: Every, share: Share<'_>) -> Result<Scanned, AwsError> {
        let (meter, most) = (share.meter, if share.sure { 2 * self.budget } else { self.budget });
        let mut scanned = Scanned::default();
        if meter.rows() >= self.budget {
            scanned.gaps.push(span);
            return Ok(scanned);
        }
        let mut from = span.from;
        loop {
            let sheet = self.sheet(of, Span { from, ..span }, width, meter).await?;
            scanned.merge(sheet.scanned);
            match sheet.more {
                None => return Ok(scanned),
                Some(more) if meter.rows() >= most => {
                    scanned.gaps.push(Span { from: more, ..span });
                    return Ok(scanned);
                }
                Some(more) => from = more,
            }
        }
    }

    /// Reads a page. Consistently: what is kept of it must not lack what was stored before.
    async fn sheet(&self, of: &Series, span: Span, width: Every, meter: &Meter) -> Result<Sheet, AwsError> {
        let mut sheet = Sheet { scanned: Scanned::default(), rows: 0, more: None };
        if span.from >= span.to {
            return Ok(sheet);
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
        sheet.rows = items.len();
        meter.add(sheet.rows);
        for item in &items {
            let at = Timestamp::from_millis(number(item, "at").ok_or_else(|| corrupt("at"))?);
            let value = number(item, "value").ok_or_else(|| corrupt("value"))?;
            let quality = quality(item).ok_or_else(|| corrupt("quality"))?;
            sheet.scanned.sums.entry(width.floor(at)).or_insert(Sums::NONE).of(quality).add(value);
        }
        let last = |key: HashMap<String, AttributeValue>| number::<i64>(&key, "at").ok_or_else(|| corrupt("at"));
        sheet.more = match answer.last_evaluated_key.map(last).transpose()? {
            Some(last) => Some(Timestamp::from_millis(last.saturating_add(1))).filter(|more| *more < span.to),
            None => None,
        };
        Ok(sheet)
    }
}

/// The part that begins at `from`: `step` ms from the beginning of its first whole cell on.
fn part(from: Timestamp, width: Every, step: i64, to: Timestamp) -> Option<Span> {
    let end = Timestamp::from_millis(width.ceil(from).millis().saturating_add(step));
    (from < to).then_some(Span { from, to: end.min(to) })
}

//! A page of a list: the partitions of an index are read at once, and their rows merged by their sort keys.

use std::cmp::Ordering;

use aws_sdk_dynamodb::Client;
use futures_util::future::try_join_all;

use super::AwsError;
use super::row::{Item, s};

/// An index that lists rows. Its sort key is a text that is unique in the list, so that a page can begin after any row of any
/// partition, even one that has been deleted since.
pub(super) struct List<'a> {
    pub client: &'a Client,
    pub table: &'a str,
    pub index: &'static str,
    /// The attribute that is the partition key.
    pub partition: &'static str,
    /// The attribute that is the sort key.
    pub sort: &'static str,
    pub descending: bool,
    /// The name of the operation, for errors.
    pub operation: &'static str,
}

/// Which rows of the partitions are in the list: those with sort keys from `from` to `to`, both included, after `after`.
pub(super) struct Span {
    pub from: String,
    pub to: String,
    pub after: Option<String>,
}

impl Span {
    /// Sorts before every key: none begins with a space.
    pub(super) const FIRST: &'static str = " ";
    /// Sorts after every key: none begins with a tilde.
    pub(super) const LAST: &'static str = "~";
}

/// A row of an index, and its sort key.
type Row = (String, Item);

/// A partition that is being read.
struct Part<'p> {
    name: &'p str,
    progress: Progress,
}

/// How far a partition has been read.
enum Progress {
    Unread,
    /// Up to this sort key; DynamoDB goes on at `next`.
    Upto {
        last: Option<String>,
        next: Item,
    },
    Ended,
}

impl List<'_> {
    /// The first `wanted` rows of all these partitions together, in the order of the list.
    ///
    /// It takes one query for each partition, all at once. Each asks for somewhat more than the partition's share of the page;
    /// where that was not enough (on one page in fifteen), a second query asks for a whole page.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row has no sort key.
    pub async fn first(&self, partitions: &[String], span: &Span, wanted: usize) -> Result<Vec<Row>, AwsError> {
        let Some(bounds) = self.bounds(span) else { return Ok(Vec::new()) };
        let share = wanted.div_ceil(partitions.len().max(1));
        // Of 51 rows a partition has 6.4, give or take 2.4: for 12 rows of the quarantine DynamoDB reads 4 KB, which is half a unit.
        let mut limit = wanted.min(if partitions.len() > 1 { share + share / 4 + 4 } else { share });
        let mut parts: Vec<Part> = partitions.iter().map(|name| Part { name, progress: Progress::Unread }).collect();
        let mut rows: Vec<Row> = Vec::new();
        loop {
            let end = rows.get(wanted.saturating_sub(1)).map(|(sort, _)| sort.as_str());
            let open: Vec<&mut Part> = parts.iter_mut().filter(|part| self.may_have_more(part, end)).collect();
            if open.is_empty() || wanted == 0 {
                return Ok(rows);
            }
            let read = try_join_all(open.into_iter().map(|part| self.read(part, &bounds, span, limit))).await?;
            rows.extend(read.into_iter().flatten());
            rows.sort_by(|(one, _), (other, _)| self.order(one, other));
            rows.truncate(wanted);
            limit = wanted;
        }
    }

    /// Whether rows that have not been read from the partition can come before `end`.
    fn may_have_more(&self, part: &Part, end: Option<&str>) -> bool {
        match (&part.progress, end) {
            (Progress::Unread, _) => true,
            (Progress::Upto { last: Some(last), .. }, Some(end)) => self.order(last, end).is_lt(),
            (Progress::Upto { .. }, _) => true,
            (Progress::Ended, _) => false,
        }
    }

    fn order(&self, one: &str, other: &str) -> Ordering {
        if self.descending { other.cmp(one) } else { one.cmp(other) }
    }

    /// The smallest and the greatest sort key of the page; `None` when there can be no key between them.
    fn bounds(&self, span: &Span) -> Option<(String, String)> {
        let (mut from, mut to) = (span.from.clone(), span.to.clone());
        match &span.after {
            Some(after) if self.descending => to = to.min(after.clone()),
            Some(after) => from = from.max(after.clone()),
            None => {}
        }
        (from <= to).then_some((from, to))
    }

    /// Reads `limit` rows more from the partition.
    async fn read(
        &self,
        part: &mut Part<'_>,
        (from, to): &(String, String),
        span: &Span,
        limit: usize,
    ) -> Result<Vec<Row>, AwsError> {
        let start = match std::mem::replace(&mut part.progress, Progress::Ended) {
            Progress::Upto { next, .. } => Some(next),
            Progress::Unread | Progress::Ended => None,
        };
        // `BETWEEN` includes both ends, so the row after which the page begins is read once more.
        let limit = limit.saturating_add(usize::from(span.after.is_some()));
        let sent = self
            .client
            .query()
            .table_name(self.table)
            .index_name(self.index)
            .key_condition_expression("#p = :p AND #s BETWEEN :from AND :to")
            .expression_attribute_names("#p", self.partition)
            .expression_attribute_names("#s", self.sort)
            .expression_attribute_values(":p", s(part.name))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":to", s(to))
            .scan_index_forward(!self.descending)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .send();
        let page = sent.await.map_err(|error| AwsError::call(self.operation, error))?;
        let row = |item: Item| {
            let sort = item.get(self.sort).and_then(|sort| sort.as_s().ok()).cloned();
            let missing = || AwsError::corrupt(self.operation, self.index, format!("a row without {}", self.sort));
            Ok((sort.ok_or_else(missing)?, item))
        };
        let rows = page.items.unwrap_or_default().into_iter().map(row).collect::<Result<Vec<Row>, AwsError>>()?;
        if let Some(next) = page.last_evaluated_key {
            part.progress = Progress::Upto { last: rows.last().map(|(sort, _)| sort.clone()), next };
        }
        Ok(rows.into_iter().filter(|(sort, _)| span.after.as_ref() != Some(sort)).collect())
    }
}

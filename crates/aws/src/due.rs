//! Sparse indexes of rows that are due at a certain time, sorted by that time: in one partition, in milliseconds since the epoch, or in
//! several partitions, in seconds.

use aws_sdk_dynamodb::Client;
use futures_util::future::try_join_all;

use super::AwsError;
use super::keys::partitions;
use super::row::{Item, n, s};
use weir_core::domain::Timestamp;

/// Keys of a page: as many as rows are read with one request.
const PAGE: usize = 100;

/// The rows of a sparse index `due` of one partition, whose keys are `open` and `due`, in milliseconds since the epoch: those that are due
/// at `now`, at most `limit`, the longest due first.
///
/// # Errors
/// When DynamoDB does not answer.
pub(super) async fn longest_due(
    client: &Client,
    table: &str,
    open: &str,
    (now, limit): (Timestamp, i32),
    operation: &'static str,
) -> Result<Vec<Item>, AwsError> {
    let sent = client
        .query()
        .table_name(table)
        .index_name("due")
        .key_condition_expression("#o = :open AND due <= :now")
        .expression_attribute_names("#o", "open")
        .expression_attribute_values(":open", s(open))
        .expression_attribute_values(":now", n(now.millis()))
        .limit(limit)
        .send();
    let page = sent.await.map_err(|error| AwsError::call(operation, error))?;
    Ok(page.items.unwrap_or_default())
}

/// An index of due rows in several partitions.
pub(super) struct DueIndex<'a> {
    pub client: &'a Client,
    pub table: &'a str,
    pub index: &'static str,
    /// The attribute that is the partition key.
    pub partition: &'static str,
    /// The attribute that is the sort key: the time.
    pub sort: &'static str,
    /// The list whose partitions these are.
    pub list: &'static str,
    /// The name of the operation, for errors.
    pub operation: &'static str,
}

/// A partition that has more, and where it goes on.
pub(super) type Rest = (String, Option<Item>);

impl DueIndex<'_> {
    /// The next page of the rows that are due at `now`, after a page that left `after`: at most 100, of each partition the
    /// longest due ones. Each partition that has some is one query of half a read unit.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn page(&self, now: Timestamp, after: Option<Vec<Rest>>) -> Result<(Vec<Item>, Vec<Rest>), AwsError> {
        let all = || partitions(self.list).into_iter().map(|part| (part, None)).collect();
        let parts: Vec<Rest> = after.unwrap_or_else(all);
        let each = PAGE / parts.len().max(1);
        let pages = try_join_all(parts.into_iter().map(|(part, start)| self.part(part, start, now, each))).await?;
        let (items, rests): (Vec<Vec<Item>>, Vec<Option<Rest>>) = pages.into_iter().unzip();
        Ok((items.into_iter().flatten().collect(), rests.into_iter().flatten().collect()))
    }

    async fn part(
        &self,
        part: String,
        start: Option<Item>,
        now: Timestamp,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<Rest>), AwsError> {
        let sent = self
            .client
            .query()
            .table_name(self.table)
            .index_name(self.index)
            .key_condition_expression("#p = :p AND #s <= :now")
            .expression_attribute_names("#p", self.partition)
            .expression_attribute_names("#s", self.sort)
            .expression_attribute_values(":p", s(&part))
            .expression_attribute_values(":now", n(now.seconds()))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .send();
        let page = sent.await.map_err(|error| AwsError::call(self.operation, error))?;
        Ok((page.items.unwrap_or_default(), page.last_evaluated_key.map(|next| (part, Some(next)))))
    }
}

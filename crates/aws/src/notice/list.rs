//! Lists of notices by their state, the newest first.

use serde::{Deserialize, Serialize};

use super::super::AwsError;
use super::super::keys::{made_place, partitions};
use super::super::list::{List, Span};
use super::NoticeTable;
use super::notices::{Notice, notice};
use weir_core::domain::Timestamp;
use weir_core::id::NoticeId;
use weir_core::wire::notice::NoticeStatus;

/// The last notice of a page, after which the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticePosition {
    id: NoticeId,
    /// Epoch milliseconds.
    made: i64,
}

impl NoticeTable {
    /// At most `limit` notices in this state after `after`, the newest first, and where the next page begins. Very recent
    /// changes may be missing.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn list(
        &self,
        status: NoticeStatus,
        limit: usize,
        after: Option<NoticePosition>,
    ) -> Result<(Vec<Notice>, Option<NoticePosition>), AwsError> {
        let list = List {
            client: &self.client,
            table: &self.name,
            index: "listed",
            partition: "listed",
            sort: "place",
            descending: true,
            operation: "Query notices listed",
        };
        let after = after.map(|after| made_place(Timestamp::from_millis(after.made), after.id.as_str()));
        let span = Span { from: Span::FIRST.to_owned(), to: Span::LAST.to_owned(), after };
        let rows = list.first(&partitions(status.code()), &span, limit.saturating_add(1)).await?;
        let more = rows.len() > limit;
        let notices = rows.iter().take(limit).map(|(_, item)| notice(item)).collect::<Result<Vec<_>, _>>()?;
        let next = notices.last().filter(|_| more);
        let next = next.map(|last| NoticePosition { id: last.id.clone(), made: last.created_at.millis() });
        Ok((notices, next))
    }
}

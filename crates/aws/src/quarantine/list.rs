//! Lists of quarantine entries, newest first. Each filter has an index with all fields of the list, so a page is one query, which
//! reads the entries of the page and one more that tells whether there is another page.

use serde::{Deserialize, Serialize};

use super::super::AwsError;
use super::super::row::{Item, n, s};
use super::entry::{StoredEntry, entry};
use super::{LISTED, LONGEST_DEVICE, QuarantineTable, TABLE, device_reason};
use weir_core::domain::{Reason, Timestamp};
use weir_core::id::QuarantineId;

/// A filter: entries that match every field that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only entries with this reason.
    pub reason: Option<Reason>,
    /// Only entries of this device, as written in the topic: it may break the rule for device ids.
    pub device: Option<String>,
    /// Only entries that were quarantined at this instant or later.
    pub since: Option<Timestamp>,
}

/// The last entry of a page, after which the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPosition {
    id: QuarantineId,
    /// Epoch milliseconds.
    seen: i64,
}

impl From<&StoredEntry> for EntryPosition {
    fn from(entry: &StoredEntry) -> Self {
        Self { id: entry.id.clone(), seen: entry.first_seen.millis() }
    }
}

/// An index, its partition key attribute, and the value of the key.
struct Partition {
    index: &'static str,
    attribute: &'static str,
    value: String,
}

impl EntryFilter {
    fn partition(&self) -> Partition {
        let (index, attribute, value) = match (&self.device, self.reason) {
            (None, None) => ("listed", "listed", LISTED.to_owned()),
            (None, Some(reason)) => ("reasons", "reason", reason.code().to_owned()),
            (Some(device), None) => ("devices", "device_id", device.clone()),
            (Some(device), Some(reason)) => ("device_reasons", "device_reason", device_reason(device, reason)),
        };
        Partition { index, attribute, value }
    }

    /// Whether there can be rows of that device.
    fn can_match(&self) -> bool {
        self.device.as_ref().is_none_or(|device| (1..=LONGEST_DEVICE).contains(&device.len()))
    }
}

impl QuarantineTable {
    /// At most `limit` entries after `after`, newest first, and where the next page begins. Indexes lag behind the table: entries
    /// that were written or deleted a moment ago may be missing or still listed.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn list(
        &self,
        filter: &EntryFilter,
        limit: usize,
        after: Option<EntryPosition>,
    ) -> Result<(Vec<StoredEntry>, Option<EntryPosition>), AwsError> {
        if !filter.can_match() {
            return Ok((Vec::new(), None));
        }
        let Partition { index, attribute, value } = filter.partition();
        let start = after.map(|EntryPosition { id, seen }| {
            Item::from([
                ("id".to_owned(), s(id.as_str())),
                (attribute.to_owned(), s(&value)),
                ("first_seen".to_owned(), n(seen)),
            ])
        });
        let mut query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(index)
            .expression_attribute_names("#part", attribute)
            .expression_attribute_values(":part", s(value))
            .scan_index_forward(false)
            .limit(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start);
        query = match filter.since {
            None => query.key_condition_expression("#part = :part"),
            Some(since) => query
                .key_condition_expression("#part = :part AND first_seen >= :since")
                .expression_attribute_values(":since", n(since.millis())),
        };
        let page = query.send().await.map_err(|error| AwsError::call("Query quarantine", error))?;
        let mut entries = page.items.unwrap_or_default().into_iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        tracing::trace!(table = TABLE, index, entries = entries.len(), "listed");
        // A page that DynamoDB cut at its limit of 1 MB continues after its last entry as well.
        let more = entries.len() > limit || page.last_evaluated_key.is_some();
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(EntryPosition::from);
        Ok((entries, next))
    }
}

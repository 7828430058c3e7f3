//! Lists of quarantine entries, newest first. Each filter has an index with all fields of the list, so a page needs only
//! queries of one index.

use serde::{Deserialize, Serialize};

use super::super::AwsError;
use super::super::keys::{ENTRIES, device_reason, entry_place, partitions};
use super::super::list::{List, Span};
use super::entry::{StoredEntry, entry};
use super::{LONGEST_DEVICE, QuarantineTable};
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

impl EntryPosition {
    fn place(&self) -> String {
        entry_place(Timestamp::from_millis(self.seen), self.id.as_str())
    }
}

impl EntryFilter {
    /// The index of the filter, its partition key, and the list in it.
    fn list(&self) -> (&'static str, &'static str, String) {
        match (&self.device, self.reason) {
            (None, None) => ("listed", "listed", ENTRIES.to_owned()),
            (None, Some(reason)) => ("reasons", "reason_part", reason.code().to_owned()),
            (Some(device), None) => ("devices", "device_part", device.clone()),
            (Some(device), Some(reason)) => ("device_reasons", "device_reason_part", device_reason(device, reason)),
        }
    }

    /// Whether there can be rows for this device.
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
        let (index, partition, name) = filter.list();
        let list = List {
            client: &self.client,
            table: &self.name,
            index,
            partition,
            sort: "place",
            descending: true,
            operation: "Query quarantine",
        };
        let span = Span {
            from: filter.since.map_or_else(|| Span::FIRST.to_owned(), |since| entry_place(since, "")),
            to: Span::LAST.to_owned(),
            after: after.map(|after| after.place()),
        };
        // One more than requested tells whether there is a next page.
        let rows = list.first(&partitions(&name), &span, limit.saturating_add(1)).await?;
        let more = rows.len() > limit;
        let entries = rows.into_iter().take(limit).map(|(_, item)| entry(item)).collect::<Result<Vec<_>, _>>()?;
        let next = entries.last().filter(|_| more).map(EntryPosition::from);
        Ok((entries, next))
    }
}

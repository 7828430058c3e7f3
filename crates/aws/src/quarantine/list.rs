//! Lists of the quarantine, newest first: each filter has an index that holds what a list shows, so a page is one query that
//! reads the entries it shows, and one more that tells whether there is another page.

use serde::{Deserialize, Serialize};

use super::super::AwsError;
use super::super::row::{Item, n, s};
use super::entry::{Entry, entry};
use super::{LISTED, LONGEST_DEVICE, QuarantineTable, TABLE, device_reason};
use weir_core::domain::{Reason, Timestamp};
use weir_core::id::QuarantineId;

/// Which entries are wanted: those that fit every filter given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only those set aside for this reason.
    pub reason: Option<Reason>,
    /// Only those of this device, in the words of the topic: an id that breaks the rule for ids can be asked for too.
    pub device: Option<String>,
    /// Only those set aside at this instant or later.
    pub since: Option<Timestamp>,
}

/// The last entry of a page: where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    id: QuarantineId,
    /// Epoch milliseconds.
    seen: i64,
}

impl From<&Entry> for Place {
    fn from(entry: &Entry) -> Self {
        Self { id: entry.id.clone(), seen: entry.first_seen.millis() }
    }
}

/// An index, the attribute that is its partition key, and the partition that is wanted.
struct Partition {
    index: &'static str,
    attribute: &'static str,
    value: String,
}

impl Wanted {
    fn partition(&self) -> Partition {
        let (index, attribute, value) = match (&self.device, self.reason) {
            (None, None) => ("listed", "listed", LISTED.to_owned()),
            (None, Some(reason)) => ("reasons", "reason", reason.code().to_owned()),
            (Some(device), None) => ("devices", "device_id", device.clone()),
            (Some(device), Some(reason)) => ("device_reasons", "device_reason", device_reason(device, reason)),
        };
        Partition { index, attribute, value }
    }

    /// Whether a row could have that device.
    fn can_be(&self) -> bool {
        self.device.as_ref().is_none_or(|device| (1..=LONGEST_DEVICE).contains(&device.len()))
    }
}

impl QuarantineTable {
    /// At most `limit` entries after `after`, newest first, and where the next page begins. What was set aside or deleted a
    /// moment ago may not show yet.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row cannot be understood.
    pub async fn list(
        &self,
        wanted: &Wanted,
        limit: usize,
        after: Option<Place>,
    ) -> Result<(Vec<Entry>, Option<Place>), AwsError> {
        if !wanted.can_be() {
            return Ok((Vec::new(), None));
        }
        let Partition { index, attribute, value } = wanted.partition();
        let start = after.map(|Place { id, seen }| {
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
        query = match wanted.since {
            None => query.key_condition_expression("#part = :part"),
            Some(since) => query
                .key_condition_expression("#part = :part AND first_seen >= :since")
                .expression_attribute_values(":since", n(since.millis())),
        };
        let page = query.send().await.map_err(|error| AwsError::call("Query quarantine", error))?;
        let mut entries = page.items.unwrap_or_default().into_iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        tracing::trace!(table = TABLE, index, entries = entries.len(), "listed");
        // A page that DynamoDB cut at its 1 MB goes on after its last entry just so.
        let more = entries.len() > limit || page.last_evaluated_key.is_some();
        entries.truncate(limit);
        let next = entries.last().filter(|_| more).map(Place::from);
        Ok((entries, next))
    }
}

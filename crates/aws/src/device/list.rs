//! Lists of devices: by key, a page at a time, and each page reads what it shows.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::super::row::{Item, s};
use super::super::{AwsError, batch};
use super::DeviceTable;
use super::record::{Found, found};
use weir_core::domain::device_record::Record;
use weir_core::id::DeviceId;

/// Which devices a list is of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Only those that are switched on, or off.
    pub enabled: Option<bool>,
    /// Only flow sensors of this tube.
    pub tube: Option<String>,
}

/// The last device of a page: where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The partition of the index.
    part: String,
    id: String,
    /// The range key, in a list by tube.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level_id: Option<String>,
}

/// The partition of the index `listed`.
pub(super) fn listed(enabled: bool) -> &'static str {
    if enabled { "enabled" } else { "disabled" }
}

/// The partition of the index `tubes`.
pub(super) fn tube(tube: &str, enabled: bool) -> String {
    format!("{tube}#{}", listed(enabled))
}

impl DeviceTable {
    /// At most `limit` devices after `after`, each with its place: those that are switched on first, each group ascending by
    /// id (in a list by tube: by level id); and where the list goes on.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row cannot be understood.
    pub async fn list(
        &self,
        listing: &Listing,
        limit: usize,
        after: Option<Place>,
    ) -> Result<(Vec<(Place, Record)>, Option<Place>), AwsError> {
        let states = [true, false].into_iter().filter(|state| listing.enabled.is_none_or(|wanted| wanted == *state));
        let parts: Vec<String> = states
            .map(|state| listing.tube.as_ref().map_or_else(|| listed(state).to_owned(), |of| tube(of, state)))
            .collect();
        let begun = after.as_ref().and_then(|after| parts.iter().position(|part| *part == after.part)).unwrap_or(0);
        let mut places: Vec<Place> = Vec::new();
        for part in parts.iter().skip(begun) {
            let from = after.clone().filter(|after| after.part == *part);
            // One more than asked for tells whether there is a next page.
            let wanted = limit.saturating_add(1).saturating_sub(places.len());
            if wanted > 0 {
                places.extend(self.part(listing.tube.is_some(), part, wanted, from).await?);
            }
        }
        let more = places.len() > limit;
        places.truncate(limit);
        let next = places.last().filter(|_| more).cloned();
        let ids: Vec<_> = places.iter().map(|place| place.id.clone()).collect();
        let mut records: HashMap<_, _> =
            self.records(&ids).await?.into_iter().map(|record| (record.id.to_string(), record)).collect();
        let placed = places.into_iter().filter_map(|place| records.remove(&place.id).map(|record| (place, record)));
        Ok((placed.collect(), next))
    }

    /// The devices of these ids that there are, in this order.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row cannot be understood.
    pub async fn of_ids(&self, ids: &[DeviceId]) -> Result<Vec<Record>, AwsError> {
        self.records(&ids.iter().map(ToString::to_string).collect::<Vec<_>>()).await
    }

    async fn part(
        &self,
        by_tube: bool,
        part: &str,
        wanted: usize,
        from: Option<Place>,
    ) -> Result<Vec<Place>, AwsError> {
        let (index, hash) = if by_tube { ("tubes", "tube") } else { ("listed", "listed") };
        let start = from.map(|from| {
            let mut key = Item::from([(hash.to_owned(), s(part)), ("id".to_owned(), s(from.id))]);
            key.extend(from.level_id.map(|level| ("level_id".to_owned(), s(level))));
            key
        });
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(index)
            .key_condition_expression(format!("{hash} = :part"))
            .expression_attribute_values(":part", s(part))
            .limit(i32::try_from(wanted).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|error| AwsError::call("Query devices", error))?;
        let place = |item: Item| {
            let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned();
            text("id").map(|id| Place {
                part: part.to_owned(),
                id,
                level_id: by_tube.then(|| text("level_id")).flatten(),
            })
        };
        Ok(page.items.unwrap_or_default().into_iter().filter_map(place).collect())
    }

    async fn records(&self, ids: &[String]) -> Result<Vec<Record>, AwsError> {
        let mut rows = batch::rows(&self.client, &self.name, "id", ids).await?;
        // A row that was deleted since its key was listed is no device any more.
        let record = |item| match found(item) {
            Ok(Found::Live(stored)) => Some(Ok(stored.record)),
            Ok(Found::Deleted(_) | Found::Never) => None,
            Err(error) => Some(Err(error)),
        };
        ids.iter().filter_map(|id| rows.remove(id)).filter_map(record).collect()
    }
}

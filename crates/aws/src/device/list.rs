//! Lists of devices, page by page: the keys from an index, then the rows of the page.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::super::keys;
use super::super::row::{Item, s};
use super::super::{AwsError, batch};
use super::row::registration;
use super::{DeviceTable, Registration};
use weir_core::domain::device::Device;
use weir_core::id::DeviceId;

/// Which devices to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceFilter {
    /// Only enabled or only disabled ones.
    pub enabled: Option<bool>,
    /// Only flow sensors of this tube.
    pub tube: Option<String>,
}

/// The key of a device within a list. The next page begins after the last key of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceKey {
    /// The partition of the index.
    part: String,
    id: String,
    /// The range key, in a list by tube.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level_id: Option<String>,
}

impl DeviceTable {
    /// A page of at most `limit` devices after `after`, each with its key, and where the next page begins. Enabled devices
    /// come first; each group ascends by id or, in a list by tube, by level id.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn list(
        &self,
        filter: &DeviceFilter,
        limit: usize,
        after: Option<DeviceKey>,
    ) -> Result<(Vec<(DeviceKey, Device)>, Option<DeviceKey>), AwsError> {
        let states = [true, false].into_iter().filter(|state| filter.enabled.is_none_or(|wanted| wanted == *state));
        let parts: Vec<String> = states
            .map(|state| {
                filter.tube.as_ref().map_or_else(|| keys::device(state).to_owned(), |of| keys::tube(of, state))
            })
            .collect();
        let begun = after.as_ref().and_then(|after| parts.iter().position(|part| *part == after.part)).unwrap_or(0);
        let mut keys: Vec<DeviceKey> = Vec::new();
        for part in parts.iter().skip(begun) {
            let from = after.clone().filter(|after| after.part == *part);
            // One more than requested tells whether there is a next page.
            let wanted = limit.saturating_add(1).saturating_sub(keys.len());
            if wanted > 0 {
                keys.extend(self.part(filter.tube.is_some(), part, wanted, from).await?);
            }
        }
        let more = keys.len() > limit;
        keys.truncate(limit);
        let next = keys.last().filter(|_| more).cloned();
        let ids: Vec<_> = keys.iter().map(|key| key.id.clone()).collect();
        let found = self.devices(&ids).await?;
        let mut devices: HashMap<_, _> = found.into_iter().map(|device| (device.id.to_string(), device)).collect();
        let found = keys.into_iter().filter_map(|key| devices.remove(&key.id).map(|device| (key, device)));
        Ok((found.collect(), next))
    }

    /// Those of these devices that exist, in this order.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn of_ids(&self, ids: &[DeviceId]) -> Result<Vec<Device>, AwsError> {
        self.devices(&ids.iter().map(ToString::to_string).collect::<Vec<_>>()).await
    }

    async fn part(
        &self,
        by_tube: bool,
        part: &str,
        wanted: usize,
        from: Option<DeviceKey>,
    ) -> Result<Vec<DeviceKey>, AwsError> {
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
        let key = |item: Item| {
            let text = |name| item.get(name).and_then(|value| value.as_s().ok()).cloned();
            text("id").map(|id| DeviceKey {
                part: part.to_owned(),
                id,
                level_id: by_tube.then(|| text("level_id")).flatten(),
            })
        };
        Ok(page.items.unwrap_or_default().into_iter().filter_map(key).collect())
    }

    async fn devices(&self, ids: &[String]) -> Result<Vec<Device>, AwsError> {
        let mut rows = batch::rows(&self.client, &self.name, "id", ids).await?;
        // A device may have been deleted since its key was listed.
        let device = |item| registration(item).map(Registration::device).transpose();
        ids.iter().filter_map(|id| rows.remove(id)).filter_map(device).collect()
    }
}

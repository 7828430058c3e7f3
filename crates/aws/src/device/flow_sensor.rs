//! Which device is which flow sensor, by `level_id`.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join;

use super::super::keys::tube;
use super::super::row::{Item, s};
use super::super::{AwsError, batch};
use super::{DeviceTable, TABLE};
use weir_core::id::{BadId, DeviceId, LevelId};

/// A device that is a flow sensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The device.
    pub device: DeviceId,
    /// Whether it is enabled.
    pub enabled: bool,
}

impl DeviceTable {
    /// The devices that are this flow sensor: usually one, none if it is not registered.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key is corrupt.
    pub async fn of_level(&self, level: &LevelId) -> Result<Vec<Owner>, AwsError> {
        let (on, off) = try_join(self.owners(level, true), self.owners(level, false)).await?;
        Ok(on.into_iter().chain(off).collect())
    }

    async fn owners(&self, level: &LevelId, enabled: bool) -> Result<Vec<Owner>, AwsError> {
        let sent = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("tubes")
            .key_condition_expression("tube = :t AND level_id = :l")
            .expression_attribute_values(":t", s(tube(level.tube(), enabled)))
            .expression_attribute_values(":l", s(level.as_str()))
            .send();
        let page = sent.await.map_err(|error| AwsError::call("Query devices tubes", error))?;
        let owner = |item: Item| {
            let id = text(&item, "id").unwrap_or_default();
            let device = id.parse().map_err(|error: BadId| AwsError::corrupt(TABLE, "tubes", error))?;
            Ok(Owner { device, enabled })
        };
        page.items.unwrap_or_default().into_iter().map(owner).collect()
    }

    /// The flow sensors that these devices are.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn levels_of(&self, devices: &BTreeSet<DeviceId>) -> Result<BTreeSet<LevelId>, AwsError> {
        let ids: Vec<String> = devices.iter().map(ToString::to_string).collect();
        let rows = batch::rows(&self.client, &self.name, "id", &ids).await?;
        let level = |(id, item): (&String, &Item)| {
            let level = text(item, "level_id").filter(|_| !item.contains_key("deleted_at"))?;
            Some(level.parse().map_err(|error: BadId| AwsError::corrupt(TABLE, id, error)))
        };
        rows.iter().filter_map(level).collect()
    }
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name).and_then(|value: &AttributeValue| value.as_s().ok()).cloned()
}

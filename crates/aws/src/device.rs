//! The table `devices`: the registry.

use aws_sdk_dynamodb::Client;

use super::AwsError;
use super::keys;
use super::row::{Item, s};
use weir_core::domain::device::{Device, Versions};
use weir_core::domain::topology::Topology;
use weir_core::id::{BadId, DeviceId, LevelId};

mod claim;
mod doom;
mod firmware;
mod flow_sensor;
mod lease;
mod list;
mod rotation;
mod row;
mod watch;
mod write;

pub use super::lease::LeaseToken;
pub use claim::{Claim, ClaimChange, ClaimHash, ClaimOutcome, draw as draw_claim_code};
pub use flow_sensor::Owner;
pub use lease::{DueCertificates, KnownCertificates, Lease, PendingDelivery, RecordedDelivery};
pub use list::{DeviceFilter, DeviceKey};
pub use rotation::{ExpiringDevices, NextLook, RotationChange, StoredRotation};

pub use watch::{DeviceDependency, DueDevices, Watch};
pub use write::{Deliver, token};

const TABLE: &str = "devices";
/// The index over flow sensors that name the ones after them.
const LINKS: &str = "links";

/// What is registered under an id.
#[derive(Debug, Clone, PartialEq)]
pub enum Registration {
    /// Nothing, and nothing ever was.
    None,
    /// A device that was deleted; its versions continue if it is registered again.
    Deleted(Versions),
    /// A device.
    Device(Box<StoredDevice>),
}

/// A device, and how far AWS IoT is up to date.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDevice {
    /// The device.
    pub device: Device,
    /// Whether AWS IoT has its newest settings.
    pub settings_delivered: bool,
    /// Whether its certificates have the status that they should have.
    pub certificates_settled: bool,
    /// The certificates that were deactivated or are to be removed.
    pub known_certificates: KnownCertificates,
    /// The certificate it connects with, and the next one.
    pub rotation: StoredRotation,
    /// The hash of its claim code, if it has one.
    pub claim: Option<ClaimHash>,
}

impl Registration {
    /// The device, if there is one.
    pub fn device(self) -> Option<Device> {
        match self {
            Self::Device(stored) => Some(stored.device),
            Self::None | Self::Deleted(_) => None,
        }
    }
}

/// The registry's table.
#[derive(Debug, Clone)]
pub struct DeviceTable {
    client: Client,
    name: String,
}

impl DeviceTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Opens the connection to DynamoDB by reading a device that does not exist; it costs half a read unit per process.
    /// During init a TLS handshake has a whole processor, in the first event only a fraction of one.
    pub async fn warm_up(&self) {
        if let Ok(nobody) = "0".parse() {
            let _ = self.get(&nobody).await;
        }
    }

    /// The device, by an eventually consistent read. Costs half a read unit per 4 KB.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn get(&self, id: &DeviceId) -> Result<Option<Device>, AwsError> {
        Ok(self.read(id, false).await?.device())
    }

    /// What is registered under the id, by a consistent read. Costs a read unit per 4 KB.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn find(&self, id: &DeviceId) -> Result<Registration, AwsError> {
        self.read(id, true).await
    }

    /// Whether certificates under this id are still to be changed or removed.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn certificates_due(&self, id: &DeviceId) -> Result<bool, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("id", s(id.as_str())).consistent_read(true);
        let answer = request.projection_expression("certificates").send().await;
        let item = answer.map_err(|error| AwsError::call("GetItem devices", error))?.item;
        Ok(item.is_some_and(|item| item.contains_key("certificates")))
    }

    async fn read(&self, id: &DeviceId, consistent: bool) -> Result<Registration, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("id", s(id.as_str()));
        let answer = request.consistent_read(consistent).send().await;
        let item = answer.map_err(|error| AwsError::call("GetItem devices", error))?.item;
        item.map_or(Ok(Registration::None), row::registration)
    }

    /// The links between flow sensors in the registry: one query over the devices with `followed_by`.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn topology(&self) -> Result<Topology, AwsError> {
        let mut pages = self
            .client
            .query()
            .table_name(&self.name)
            .index_name(LINKS)
            .key_condition_expression("link = :level")
            .expression_attribute_values(":level", s(keys::LINKS))
            .into_paginator()
            .items()
            .send();
        let mut links = Vec::new();
        while let Some(item) = pages.next().await {
            links.push(link_of(item.map_err(|error| AwsError::call("Query devices links", error))?)?);
        }
        Ok(Topology::of(links))
    }
}

fn link_of(item: Item) -> Result<(LevelId, Vec<LevelId>), AwsError> {
    #[derive(serde::Deserialize)]
    struct LinkRow {
        level_id: String,
        #[serde(default)]
        followed_by: Vec<String>,
    }
    let row: LinkRow = serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, LINKS, error))?;
    let bad = |error: BadId| AwsError::corrupt(TABLE, &row.level_id, error);
    Ok((row.level_id.parse().map_err(bad)?, row::level_ids(&row.followed_by).map_err(bad)?))
}

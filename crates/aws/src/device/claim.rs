//! Claim codes. The table has only their hashes, each in a row of its own, whose key is the hash; the device's row has the hash of its
//! present code. A code is valid only while both rows agree, so leftovers of an earlier code are useless.
//!
//! | `id` | |
//! |---|---|
//! | `claim#<hash>` | the device that has the code, who has used it, and when that was done |

use std::fmt;

use aws_sdk_dynamodb::error::{BuildError, SdkError};
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};
use aws_sdk_dynamodb::types::{Delete, Put, ReturnValue, TransactWriteItem, Update};
use sha2::{Digest, Sha256};

use super::super::row::{Item, n, s};
use super::super::transaction::transact;
use super::super::{AwsError, WriteOutcome};
use super::{DeviceTable, TABLE};
use weir_core::domain::Timestamp;
use weir_core::domain::claim::ClaimCode;
use weir_core::domain::device::Device;
use weir_core::id::{BadId, DeviceId, Sub};

/// The hash of a claim code.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimHash(String);

/// A new code of a device.
#[derive(Debug, Clone, Copy)]
pub struct ClaimChange<'a> {
    /// Its hash.
    pub new: &'a ClaimHash,
    /// The hash of the code that the device had.
    pub old: Option<&'a ClaimHash>,
}

/// The stored state of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The device that has it.
    pub device: DeviceId,
    /// Who has used it.
    pub by: Option<Sub>,
    /// Whether the claim is complete: the scope is changed, and the events are written.
    pub done: bool,
}

/// The outcome of using a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimOutcome {
    /// This person has it, since this instant.
    Own(Timestamp),
    /// It is not valid, or somebody else has used it.
    Refused,
}

impl ClaimHash {
    /// The hash of a code.
    pub fn of(code: &ClaimCode) -> Self {
        Self(Sha256::digest(code.bits()).iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// A hash as read from a row.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The hash as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The beginning of the hash, for keys of events.
    pub fn short(&self) -> &str {
        self.0.get(..16).unwrap_or_default()
    }

    fn row(&self) -> String {
        format!("claim#{}", self.0)
    }
}

impl fmt::Debug for ClaimHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClaimHash({})", self.short())
    }
}

/// Draws a code from the operating system's random bits.
///
/// # Errors
/// When it gives none.
pub fn draw() -> Result<ClaimCode, AwsError> {
    let mut bits = [0_u8; 16];
    getrandom::fill(&mut bits).map_err(|error| AwsError::request("draw a claim code", error))?;
    Ok(ClaimCode::of(bits))
}

impl DeviceTable {
    /// The parts of the transaction that gives a device a new code.
    pub(super) fn claim_items(
        &self,
        device: &Device,
        ClaimChange { new, old }: ClaimChange<'_>,
    ) -> Result<Vec<TransactWriteItem>, AwsError> {
        let put = Put::builder()
            .table_name(&self.name)
            .item("id", s(new.row()))
            .item("device", s(device.id.as_str()))
            .item("made_at", n(device.updated_at.millis()))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map_err(bad_request)?;
        let mut items = vec![TransactWriteItem::builder().put(put).build()];
        if let Some(old) = old {
            items.push(self.delete_claim(old)?);
        }
        Ok(items)
    }

    fn delete_claim(&self, hash: &ClaimHash) -> Result<TransactWriteItem, AwsError> {
        let delete = Delete::builder().table_name(&self.name).key("id", s(hash.row())).build().map_err(bad_request)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// The stored state of a code. Costs a read unit.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn claim(&self, hash: &ClaimHash) -> Result<Option<Claim>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).key("id", s(hash.row())).consistent_read(true);
        let item = request.send().await.map_err(|error| AwsError::call("GetItem devices claim", error))?.item;
        let Some(item) = item else { return Ok(None) };
        let bad = |error: BadId| AwsError::corrupt(TABLE, hash.short(), error);
        let device = text(&item, "device").unwrap_or_default().parse().map_err(bad)?;
        let by = text(&item, "claimed_by").map(|sub| sub.parse()).transpose().map_err(bad)?;
        Ok(Some(Claim { device, by, done: item.contains_key("done_at") }))
    }

    /// Uses a code: of any number of people only one gets it. That person gets it again when repeating the request, with the instant of
    /// the first time, so that an interrupted claim can be repeated.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn use_claim(&self, hash: &ClaimHash, sub: &Sub, now: Timestamp) -> Result<ClaimOutcome, AwsError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("id", s(hash.row()))
            .update_expression("SET claimed_by = :sub, claimed_at = if_not_exists(claimed_at, :now)")
            .condition_expression(
                "attribute_exists(device) AND (attribute_not_exists(claimed_by) OR claimed_by = :sub)",
            )
            .expression_attribute_values(":sub", s(sub.as_str()))
            .expression_attribute_values(":now", n(now.millis()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match sent {
            Ok(answer) => {
                let at = answer.attributes.and_then(|item| item.get("claimed_at")?.as_n().ok()?.parse().ok());
                Ok(ClaimOutcome::Own(at.map_or(now, Timestamp::from_millis)))
            }
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(ClaimOutcome::Refused),
                _ => Err(AwsError::call("UpdateItem devices claim", error)),
            },
        }
    }

    /// Records that the claim of this person is complete, so that a repeated request has nothing left to do.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn finish_claim(&self, hash: &ClaimHash, sub: &Sub, now: Timestamp) -> Result<(), AwsError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("id", s(hash.row()))
            .update_expression("SET done_at = if_not_exists(done_at, :now)")
            .condition_expression("claimed_by = :sub")
            .expression_attribute_values(":sub", s(sub.as_str()))
            .expression_attribute_values(":now", n(now.millis()))
            .send()
            .await;
        Self::or_overtaken(sent)
    }

    /// Releases a code that this person has used, because the device cannot be added to their scope. The code of a complete claim stays
    /// used.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn free_claim(&self, hash: &ClaimHash, sub: &Sub) -> Result<(), AwsError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .key("id", s(hash.row()))
            .update_expression("REMOVE claimed_by, claimed_at")
            .condition_expression("claimed_by = :sub AND attribute_not_exists(done_at)")
            .expression_attribute_values(":sub", s(sub.as_str()))
            .send()
            .await;
        Self::or_overtaken(sent)
    }

    /// Succeeds also when the code no longer belongs to this person, because it was replaced meanwhile.
    fn or_overtaken(sent: Result<UpdateItemOutput, SdkError<UpdateItemError>>) -> Result<(), AwsError> {
        let Err(error) = sent else { return Ok(()) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
            _ => Err(AwsError::call("UpdateItem devices claim", error)),
        }
    }

    /// Invalidates a code for good, because the person who used it has given the device back. Overtaken when the device has another code
    /// by now.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn end_claim(&self, id: &DeviceId, hash: &ClaimHash) -> Result<WriteOutcome, AwsError> {
        let update = Update::builder()
            .table_name(&self.name)
            .key("id", s(id.as_str()))
            .update_expression("REMOVE claim")
            .condition_expression("claim = :hash")
            .expression_attribute_values(":hash", s(hash.as_str()))
            .build()
            .map_err(bad_request)?;
        let items = vec![TransactWriteItem::builder().update(update).build(), self.delete_claim(hash)?];
        transact(&self.client, "TransactWriteItems devices claim", items).await
    }
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}

fn bad_request(error: BuildError) -> AwsError {
    AwsError::request("TransactWriteItems devices claim", error)
}

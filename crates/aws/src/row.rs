//! Rows and keys as they are stored in the tables.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};

pub(super) use super::keys::{series, since};

/// A row in the SDK's form.
pub(super) type Item = HashMap<String, AttributeValue>;

/// A text attribute.
pub(super) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number attribute. Rust writes the shortest digits that read back as the same double, 17 at most.
pub(super) fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A row of `quarantine` as its indexes hold it, without the payload.
#[derive(Debug, Deserialize)]
pub(super) struct QuarantineRow {
    pub id: String,
    pub reason: String,
    pub detail: String,
    pub function: String,
    pub topic: String,
    #[serde(default)]
    pub device_id: Option<String>,
    #[serde(default)]
    pub sensor: Option<String>,
    /// Epoch milliseconds.
    pub at: i64,
    /// Epoch milliseconds.
    pub received_at: i64,
    /// Epoch milliseconds.
    pub first_seen: i64,
    /// Epoch seconds, as DynamoDB wants it.
    pub expires_at: i64,
    #[serde(default)]
    pub attempts: u32,
    /// Epoch milliseconds.
    #[serde(default)]
    pub tried_at: Option<i64>,
}

/// A row of `users`: a profile, the last version of a deleted profile, or the tombstone of a deleted user.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ProfileRow {
    pub sub: String,
    /// The key of the sparse index `listed`; only profiles have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listed: Option<String>,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub phone: String,
    #[serde(default)]
    pub organisation: String,
    /// JSON as text.
    #[serde(default)]
    pub preferences: String,
    #[serde(default)]
    pub version: u64,
    /// Epoch milliseconds.
    #[serde(default)]
    pub created_at: i64,
    /// Epoch milliseconds.
    #[serde(default)]
    pub updated_at: i64,
    #[serde(default)]
    pub updated_by: String,
    /// When the user was deleted (tombstones only), in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_at: Option<i64>,
    /// Identifies the write, so that a request that was sent twice recognises its own result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<String>,
}

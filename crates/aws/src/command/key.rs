//! Keys of requests: a request that is repeated with its `Idempotency-Key` finds the command that the first one entered.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::super::AwsError;
use super::super::row::{Item, n, s};
use super::{CommandTable, TABLE, key};
use weir_core::domain::Timestamp;
use weir_core::id::{BadId, CommandId, DeviceId};

/// How long a key is known, in seconds.
pub(in super::super) const KEPT: i64 = 86_400;

/// The key of a request of a person, and a hash of what the request says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    pub(in super::super) id: String,
    pub(in super::super) request: String,
}

/// The command that a key stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyedCommand {
    /// Nothing yet.
    Unknown,
    /// This command, entered by the same request.
    Same(CommandId),
    /// A command entered by another request.
    Other,
}

impl RequestKey {
    /// The key that this person sent with this request.
    pub fn of(person: &str, key: &str, request: &str) -> Self {
        let hash = |parts: &[&str]| {
            let mut hash = Sha256::new();
            for part in parts {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
            hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        Self { id: format!("key#{}", hash(&[person, key])), request: hash(&[request]) }
    }
}

/// The row of a key.
pub(super) fn item_of(
    device: &DeviceId,
    RequestKey { id, request }: &RequestKey,
    of: &CommandId,
    now: Timestamp,
) -> Item {
    let mut item = key(device, id);
    item.insert("command".to_owned(), s(of.as_str()));
    item.insert("request".to_owned(), s(request));
    item.insert("expires_at".to_owned(), n(now.plus_seconds(KEPT).seconds()));
    item
}

impl CommandTable {
    /// The command that a key stands for. Keys are known for at least a day.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn keyed(&self, device: &DeviceId, key: &RequestKey) -> Result<KeyedCommand, AwsError> {
        #[derive(Deserialize)]
        struct KeyRow {
            command: String,
            request: String,
        }
        let Some(item) = self.row(device, &key.id).await? else { return Ok(KeyedCommand::Unknown) };
        let row: KeyRow = serde_dynamo::from_item(item).map_err(|error| AwsError::corrupt(TABLE, &key.id, error))?;
        if row.request != key.request {
            return Ok(KeyedCommand::Other);
        }
        row.command.parse().map(KeyedCommand::Same).map_err(|error: BadId| AwsError::corrupt(TABLE, &key.id, error))
    }
}

//! The table `live`: tickets, connections and who watches what. Its rows belong to one connection or person and expire by
//! TTL, so what a killed function leaves behind disappears by itself.
//!
//! | `part` | `row` | |
//! |---|---|---|
//! | `ticket#<hash>` | `ticket` | a ticket that was not used yet |
//! | `connection#<id>` | `connection` | a connection: its session and its topics |
//! | `topic#<topic>` | connection id | a watcher of the topic |
//! | `person#<sub>` | `person` | the ids of a person's connections |
//! | `all` | `topic#<topic>` | the topic is watched by somebody, or was |
//! | `all` | `stopped#<sub>` | when the person was signed out |

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput};

use super::row::{Item, s};
use super::{AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::access::Role;
use weir_core::domain::live::Session;

mod connections;
mod people;
mod tickets;
mod watchers;

pub use connections::Connection;
pub use tickets::Ticket;
pub use watchers::{Overview, Watcher};

const TABLE: &str = "live";
/// The partition that says which topics are watched, and who was signed out.
const ALL: &str = "all";
/// How long a row is kept after it is no longer valid, in seconds. DynamoDB deletes expired rows within days, but must not delete a
/// row early because its clock is ahead of ours.
const KEPT: i64 = 3_600;

/// The table `live`.
#[derive(Debug, Clone)]
pub struct LiveTable {
    client: Client,
    name: String,
}

impl LiveTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Opens the connection by reading a row that does not exist.
    pub async fn warm_up(&self) {
        let _ = self.client.get_item().table_name(&self.name).set_key(Some(key("warm", "up"))).send().await;
    }

    /// Opens the connection by a query that finds nothing, for a role that may read no single row.
    pub async fn warm_up_query(&self) {
        let _ = self.partition("warm").await;
    }

    async fn get(&self, part: &str, row: &str) -> Result<Option<Item>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key(part, row)));
        let answer = request.consistent_read(true).send().await;
        Ok(answer.map_err(|error| AwsError::call("GetItem live", error))?.item)
    }

    async fn delete(&self, part: &str, row: &str) -> Result<(), AwsError> {
        let request = self.client.delete_item().table_name(&self.name).set_key(Some(key(part, row)));
        request.send().await.map(drop).map_err(|error| AwsError::call("DeleteItem live", error))
    }
}

/// The outcome of a conditional update.
fn outcome(sent: Result<UpdateItemOutput, SdkError<UpdateItemError>>) -> Result<WriteOutcome, AwsError> {
    let Err(error) = sent else { return Ok(WriteOutcome::Done) };
    match error.as_service_error() {
        Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(WriteOutcome::Overtaken),
        _ => Err(AwsError::call("UpdateItem live", error)),
    }
}

fn key(part: &str, row: &str) -> Item {
    Item::from([("part".to_owned(), s(part)), ("row".to_owned(), s(row))])
}

fn text(item: &Item, name: &str) -> Option<String> {
    item.get(name)?.as_s().ok().cloned()
}

fn instant(item: &Item, name: &str) -> Option<Timestamp> {
    item.get(name)?.as_n().ok()?.parse().ok().map(Timestamp::from_millis)
}

/// The texts of a set; none when the attribute is missing, since DynamoDB stores no empty set.
fn texts(item: &Item, name: &str) -> Vec<String> {
    item.get(name).and_then(|value| value.as_ss().ok()).cloned().unwrap_or_default()
}

/// The attributes of a session, as tickets and connections have them.
fn attributes(session: &Session) -> Vec<(&'static str, aws_sdk_dynamodb::types::AttributeValue)> {
    use super::row::n;
    vec![
        ("sub", s(&session.sub)),
        ("role", s(session.role.name())),
        ("devices", s(&session.devices)),
        ("issued_at", n(session.issued_at.millis())),
        ("ends_at", n(session.expires_at.millis())),
    ]
}

/// The session in a row.
fn session(item: &Item) -> Result<Session, AwsError> {
    let corrupt = |name: &str| AwsError::corrupt(TABLE, text(item, "part").unwrap_or_default(), name);
    let role = text(item, "role");
    Ok(Session {
        sub: text(item, "sub").ok_or_else(|| corrupt("sub"))?,
        role: Role::from_groups(role.as_deref()).ok_or_else(|| corrupt("role"))?,
        devices: text(item, "devices").ok_or_else(|| corrupt("devices"))?,
        issued_at: instant(item, "issued_at").ok_or_else(|| corrupt("issued_at"))?,
        expires_at: instant(item, "ends_at").ok_or_else(|| corrupt("ends_at"))?,
    })
}

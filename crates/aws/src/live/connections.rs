//! Connections: their sessions, and the topics that they watch.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};

use super::super::row::{Item, n, s};
use super::super::{AwsError, WriteOutcome};
use super::{KEPT, LiveTable, TABLE, attributes, key, outcome, session, texts};
use weir_core::domain::live::{Session, Topic};

const ROW: &str = "connection";

/// An open connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// API Gateway's id of it.
    pub id: String,
    /// The person's session.
    pub session: Session,
    /// The topics that it watches.
    pub topics: BTreeSet<Topic>,
    /// Whether the person had too many connections when it was opened: it gets an error, and nothing else.
    pub surplus: bool,
}

impl LiveTable {
    /// Stores a new connection, which watches nothing; `surplus` when the person has too many.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub async fn open(&self, id: &str, session: &Session, surplus: bool) -> Result<(), AwsError> {
        let mut put = self.client.put_item().table_name(&self.name);
        for (name, value) in attributes(session) {
            put = put.item(name, value);
        }
        let put = put
            .item("part", s(part(id)))
            .item("row", s(ROW))
            .item("surplus", AttributeValue::Bool(surplus))
            .item("expires_at", n(session.expires_at.seconds() + KEPT));
        put.send().await.map(drop).map_err(|error| AwsError::call("PutItem live", error))
    }

    /// The connection; `None` when there is none with this id.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn connection(&self, id: &str) -> Result<Option<Connection>, AwsError> {
        let item = self.get(&part(id), ROW).await?;
        item.map(|item| connection(id, &item)).transpose()
    }

    /// Replaces the topics of the connection and its session, on condition that its topics are still those that were read.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub async fn change(&self, read: &Connection, new: &Connection) -> Result<WriteOutcome, AwsError> {
        let mut update = self.client.update_item().table_name(&self.name).set_key(Some(key(&part(&read.id), ROW)));
        let mut set = "SET expires_at = :expires".to_owned();
        for (place, (name, value)) in attributes(&new.session).into_iter().enumerate() {
            set.push_str(&format!(", #a{place} = :a{place}"));
            update = update
                .expression_attribute_names(format!("#a{place}"), name)
                .expression_attribute_values(format!(":a{place}"), value);
        }
        match set_of(&new.topics) {
            Some(topics) => {
                set.push_str(", topics = :topics");
                update = update.expression_attribute_values(":topics", topics);
            }
            None => set.push_str(" REMOVE topics"),
        }
        let condition = match set_of(&read.topics) {
            Some(topics) => {
                update = update.expression_attribute_values(":read", topics);
                "attribute_exists(part) AND topics = :read"
            }
            None => "attribute_exists(part) AND attribute_not_exists(topics)",
        };
        let sent = update
            .update_expression(set)
            .condition_expression(condition)
            .expression_attribute_values(":expires", n(new.session.expires_at.seconds() + KEPT))
            .send()
            .await;
        outcome(sent)
    }

    /// Removes the row of a connection, and returns the connection; `None` when there was none.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn forget(&self, id: &str) -> Result<Option<Connection>, AwsError> {
        let request = self.client.delete_item().table_name(&self.name).set_key(Some(key(&part(id), ROW)));
        let answer = request.return_values(ReturnValue::AllOld).send().await;
        let item = answer.map_err(|error| AwsError::call("DeleteItem live", error))?.attributes;
        item.map(|item| connection(id, &item)).transpose()
    }

    /// Removes the row of a connection. Its watchers, and its id in the person's row, have to be removed before.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn close(&self, id: &str) -> Result<(), AwsError> {
        self.delete(&part(id), ROW).await
    }
}

pub(super) fn part(id: &str) -> String {
    format!("connection#{id}")
}

fn set_of(topics: &BTreeSet<Topic>) -> Option<AttributeValue> {
    (!topics.is_empty()).then(|| AttributeValue::Ss(topics.iter().map(ToString::to_string).collect()))
}

fn connection(id: &str, item: &Item) -> Result<Connection, AwsError> {
    let topics = texts(item, "topics")
        .into_iter()
        .map(|topic| topic.parse().map_err(|error| AwsError::corrupt(TABLE, part(id), format!("{topic:?}: {error}"))));
    Ok(Connection {
        id: id.to_owned(),
        session: session(item)?,
        topics: topics.collect::<Result<_, _>>()?,
        surplus: item.get("surplus").and_then(|surplus| surplus.as_bool().ok()).copied().unwrap_or(false),
    })
}

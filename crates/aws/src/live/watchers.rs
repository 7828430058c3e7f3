//! Who watches what. One query finds the topics that are watched at all, and one for each of those its watchers.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;

use super::super::AwsError;
use super::super::row::{Item, n, s};
use super::{ALL, KEPT, LiveTable, TABLE, instant, key, outcome, text, texts};
use weir_core::domain::Timestamp;
use weir_core::domain::live::{Session, Topic, Visible};

/// A connection that watches a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watcher {
    /// The connection.
    pub connection: String,
    /// Cognito's id of the person.
    pub sub: String,
    /// When the token behind it was issued.
    pub issued_at: Timestamp,
    /// Until when it lasts.
    pub expires_at: Timestamp,
    /// Which levels it sees.
    pub visible: Visible,
    /// Whether changes were left out and the watcher has not been told yet.
    pub gap: bool,
}

/// Which topics are watched, and who was signed out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    /// The topics, some of which may not be watched any more.
    pub topics: BTreeSet<Topic>,
    /// Who was signed out, by Cognito's id, and when.
    pub stopped: BTreeMap<String, Timestamp>,
}

impl LiveTable {
    /// Lets a connection watch a topic.
    ///
    /// # Errors
    /// When a row cannot be written.
    pub async fn watch(&self, topic: &Topic, id: &str, session: &Session, visible: &Visible) -> Result<(), AwsError> {
        let mut set = "SET #sub = :sub, issued_at = :issued, ends_at = :ends, expires_at = :expires".to_owned();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(&part(topic), id)))
            .expression_attribute_names("#sub", "sub")
            .expression_attribute_values(":sub", s(&session.sub))
            .expression_attribute_values(":issued", n(session.issued_at.millis()))
            .expression_attribute_values(":ends", n(session.expires_at.millis()))
            .expression_attribute_values(":expires", n(session.expires_at.seconds() + KEPT));
        match visible {
            Visible::All => set.push_str(" REMOVE #levels"),
            Visible::Levels(levels) => {
                let levels: Vec<String> = levels.iter().map(ToString::to_string).collect();
                // There is no empty set: a word that is no level stands for it.
                let levels = if levels.is_empty() { vec!["none".to_owned()] } else { levels };
                set.push_str(", #levels = :levels");
                update = update.expression_attribute_values(":levels", AttributeValue::Ss(levels));
            }
        }
        // An update keeps `gap`, which is still to be told.
        let update = update.expression_attribute_names("#levels", "levels").update_expression(set);
        update.send().await.map_err(|error| AwsError::call("UpdateItem live", error))?;
        // After the watcher: a topic that is known to be watched has its watcher.
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(ALL, &part(topic))))
            .update_expression("SET ends_at = :ends, expires_at = :expires")
            .condition_expression("attribute_not_exists(ends_at) OR ends_at < :ends")
            .expression_attribute_values(":ends", n(session.expires_at.millis()))
            .expression_attribute_values(":expires", n(session.expires_at.seconds() + KEPT))
            .send()
            .await;
        outcome(sent).map(drop)
    }

    /// Lets a connection no longer watch a topic.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn unwatch(&self, topic: &Topic, id: &str) -> Result<(), AwsError> {
        self.delete(&part(topic), id).await
    }

    /// Records that changes were left out for a watcher, or that it has been told. A removed watcher is not added again.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub async fn set_gap(&self, topic: &Topic, id: &str, gap: bool) -> Result<(), AwsError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key(&part(topic), id)))
            .update_expression("SET gap = :gap")
            .condition_expression("attribute_exists(part)")
            .expression_attribute_values(":gap", AttributeValue::Bool(gap))
            .send()
            .await;
        outcome(sent).map(drop)
    }

    /// The watchers of a topic whose connections last beyond `now`, by one consistent query.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn watchers(&self, topic: &Topic, now: Timestamp) -> Result<Vec<Watcher>, AwsError> {
        let items = self.partition(&part(topic)).await?;
        let watchers = items.iter().map(|item| watcher(topic, item)).collect::<Result<Vec<_>, _>>()?;
        Ok(watchers.into_iter().filter(|watcher| watcher.expires_at > now).collect())
    }

    /// Which topics are watched beyond `now`, and who was signed out, by one consistent query.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn overview(&self, now: Timestamp) -> Result<Overview, AwsError> {
        let mut overview = Overview::default();
        for item in self.partition(ALL).await? {
            let corrupt = |detail: &str| AwsError::corrupt(TABLE, ALL, detail);
            let row = text(&item, "row").ok_or_else(|| corrupt("row"))?;
            if let Some(sub) = row.strip_prefix("stopped#") {
                let at = instant(&item, "at").ok_or_else(|| corrupt("at"))?;
                overview.stopped.insert(sub.to_owned(), at);
            } else if let Some(topic) = row.strip_prefix("topic#").and_then(|topic| topic.parse().ok()) {
                let ends = instant(&item, "ends_at").ok_or_else(|| corrupt("ends_at"))?;
                if ends > now {
                    overview.topics.insert(topic);
                }
            }
        }
        Ok(overview)
    }

    pub(super) async fn partition(&self, part: &str) -> Result<Vec<Item>, AwsError> {
        let mut rows = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("part = :part")
            .expression_attribute_values(":part", s(part))
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = rows.next().await {
            items.push(item.map_err(|error| AwsError::call("Query live", error))?);
        }
        Ok(items)
    }
}

fn part(topic: &Topic) -> String {
    format!("topic#{topic}")
}

fn watcher(topic: &Topic, item: &Item) -> Result<Watcher, AwsError> {
    let corrupt = |name: &str| AwsError::corrupt(TABLE, part(topic), name);
    let visible = if item.contains_key("levels") {
        Visible::Levels(texts(item, "levels").iter().filter_map(|level| level.parse().ok()).collect())
    } else {
        Visible::All
    };
    Ok(Watcher {
        connection: text(item, "row").ok_or_else(|| corrupt("row"))?,
        sub: text(item, "sub").ok_or_else(|| corrupt("sub"))?,
        issued_at: instant(item, "issued_at").ok_or_else(|| corrupt("issued_at"))?,
        expires_at: instant(item, "ends_at").ok_or_else(|| corrupt("ends_at"))?,
        visible,
        gap: item.get("gap").and_then(|gap| gap.as_bool().ok()).copied().unwrap_or(false),
    })
}

//! The table `subscriptions`: who gets notices of what. A person's rows share a partition; beside them the row `count` bounds
//! how many there are. The index `listed` holds all subscriptions without their secrets.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use serde::{Deserialize, Serialize};

use super::event::{EventTable, WithEvents};
use super::keys::{SUBSCRIPTIONS, made_place};
use super::list::{List, Span};
use super::row::{Item, n, s};
use super::transaction::transact;
use super::{Attempts, AwsError, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::event::Event;
use weir_core::domain::notice::{Disabled, MOST_SUBSCRIPTIONS, Subscription};
use weir_core::id::{Sub, SubscriptionId};
use weir_core::wire::subscription::SubscriptionBody;

mod secret;

pub use secret::{Secret, UnsubscribeToken, draw_id};

const TABLE: &str = "subscriptions";
const TRANSACTION: &str = "TransactWriteItems subscriptions";
/// The row that counts a person's subscriptions. It is not a subscription id.
const COUNT: &str = "count";
/// Attempts to disable a subscription while its owner changes it.
const ATTEMPTS: u32 = 10;

/// A stored subscription.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSubscription {
    /// Its owner.
    pub owner: Sub,
    /// Its id.
    pub id: SubscriptionId,
    /// What its owner has entered.
    pub subscription: Subscription,
    /// Counts the changes, from 1.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// The key that signs webhooks and unsubscribe links; `None` when it was read from the index.
    pub secret: Option<Secret>,
}

/// How adding a subscription ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is stored.
    Done,
    /// The person has the maximum number already.
    TooMany,
}

/// Makes the event of a change from the subscription before and after the change.
pub type Told = fn(&StoredSubscription, &StoredSubscription) -> Option<Event>;

/// The table `subscriptions`.
#[derive(Debug, Clone)]
pub struct SubscriptionTable {
    client: Client,
    name: String,
}

#[derive(Serialize, Deserialize)]
struct SubscriptionRow {
    owner: String,
    id: String,
    listed: String,
    place: String,
    /// JSON as text.
    content: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    disabled: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    version: u64,
    /// Epoch milliseconds.
    created_at: i64,
    /// Epoch milliseconds.
    updated_at: i64,
}

impl SubscriptionTable {
    /// The table called `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self { client, name: name.into() }
    }

    /// Opens the connection by reading a row that does not exist.
    pub async fn warm_up(&self) {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key("0", COUNT)));
        let _ = request.send().await;
    }

    /// Opens the connection by a query that finds nothing, for a role that lists.
    pub async fn warm_up_query(&self) {
        let _ = self.list(0, Some("0".to_owned())).await;
    }

    /// Adds a subscription together with its events, unless its owner has as many as are allowed.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn add(&self, new: &StoredSubscription, events: WithEvents<'_>) -> Result<Added, AwsError> {
        let count = self
            .count(&new.owner, 1)
            .condition_expression("attribute_not_exists(#c) OR #c < :most")
            .expression_attribute_values(":most", n(MOST_SUBSCRIPTIONS));
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item_of(new)?))
            .condition_expression("attribute_not_exists(id)");
        let mut attempts = Attempts::new(TABLE, &new.owner, ATTEMPTS);
        loop {
            attempts.next().await?;
            let mut items = vec![
                TransactWriteItem::builder().update(count.clone().build().map_err(request)?).build(),
                TransactWriteItem::builder().put(put.clone().build().map_err(request)?).build(),
            ];
            items.extend(events.items()?);
            if transact(&self.client, TRANSACTION, items).await? == WriteOutcome::Done {
                return Ok(Added::Done);
            }
            if self.find(&new.owner, &new.id).await?.is_some() {
                return Ok(Added::Done);
            }
            if self.of_owner(&new.owner).await?.len() >= MOST_SUBSCRIPTIONS as usize {
                return Ok(Added::TooMany);
            }
        }
    }

    /// The subscription of a person, by a consistent read.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row is corrupt.
    pub async fn find(&self, owner: &Sub, id: &SubscriptionId) -> Result<Option<StoredSubscription>, AwsError> {
        let request = self.client.get_item().table_name(&self.name).set_key(Some(key(owner.as_str(), id.as_str())));
        let answer = request.consistent_read(true).send().await;
        let item = answer.map_err(|error| AwsError::call("GetItem subscriptions", error))?.item;
        item.map(stored).transpose()
    }

    /// All subscriptions of a person, the oldest first, by a consistent read.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn of_owner(&self, owner: &Sub) -> Result<Vec<StoredSubscription>, AwsError> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("#o = :o")
            .expression_attribute_names("#o", "owner")
            .expression_attribute_values(":o", s(owner.as_str()))
            .consistent_read(true);
        let page = query.send().await.map_err(|error| AwsError::call("Query subscriptions", error))?;
        let rows = page.items.unwrap_or_default().into_iter();
        let rows = rows.filter(|item| item.get("id") != Some(&s(COUNT)));
        let mut all = rows.map(stored).collect::<Result<Vec<_>, _>>()?;
        all.sort_by(|one, other| (one.created_at, &one.id).cmp(&(other.created_at, &other.id)));
        Ok(all)
    }

    /// At most `limit` subscriptions of all people after the one with this sort key, the oldest first, without their secrets, and
    /// the sort key of the last one if there are more. Changes of the last moments may be missing.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn list(
        &self,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<StoredSubscription>, Option<String>), AwsError> {
        let list = List {
            client: &self.client,
            table: &self.name,
            index: "listed",
            partition: "listed",
            sort: "place",
            descending: false,
            operation: "Query subscriptions listed",
        };
        let span = Span { from: Span::FIRST.to_owned(), to: Span::LAST.to_owned(), after };
        let rows = list.first(&[SUBSCRIPTIONS.to_owned()], &span, limit.saturating_add(1)).await?;
        let more = rows.len() > limit;
        let next = rows.iter().take(limit).next_back().map(|(place, _)| place.clone()).filter(|_| more);
        let items = rows.into_iter().take(limit).map(|(_, item)| stored(item)).collect::<Result<_, _>>()?;
        Ok((items, next))
    }

    /// Every enabled subscription, without its secret. One query reads some 4,000.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn active(&self) -> Result<Vec<StoredSubscription>, AwsError> {
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("listed")
            .key_condition_expression("#l = :l")
            .expression_attribute_names("#l", "listed")
            .expression_attribute_values(":l", s(SUBSCRIPTIONS));
        let mut items = query.into_paginator().items().send();
        let mut active = Vec::new();
        while let Some(item) = items.next().await {
            let item = item.map_err(|error| AwsError::call("Query subscriptions listed", error))?;
            let stored = stored(item)?;
            active.extend(stored.subscription.disabled.is_none().then_some(stored));
        }
        Ok(active)
    }

    /// Replaces the previous version by `changed`, together with writing the events.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn change(&self, changed: &StoredSubscription, events: WithEvents<'_>) -> Result<WriteOutcome, AwsError> {
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(item_of(changed)?))
            .condition_expression("version = :before")
            .expression_attribute_values(":before", n(changed.version.saturating_sub(1)));
        let mut items = vec![TransactWriteItem::builder().put(put.build().map_err(request)?).build()];
        items.extend(events.items()?);
        transact(&self.client, TRANSACTION, items).await
    }

    /// Disables a subscription even if its owner changes it meanwhile, together with the events that `told` makes of the
    /// change. False when there is none, or it was disabled before.
    ///
    /// # Errors
    /// When DynamoDB does not answer or does not take it.
    pub async fn disable(
        &self,
        owner: &Sub,
        id: &SubscriptionId,
        reason: Disabled,
        now: Timestamp,
        events: Option<(&EventTable, Told)>,
    ) -> Result<bool, AwsError> {
        let mut attempts = Attempts::new(TABLE, id, ATTEMPTS);
        loop {
            attempts.next().await?;
            let Some(stored) = self.find(owner, id).await? else { return Ok(false) };
            if stored.subscription.disabled.is_some() {
                return Ok(false);
            }
            let subscription = Subscription { disabled: Some(reason), ..stored.subscription.clone() };
            let changed =
                StoredSubscription { subscription, version: stored.version + 1, updated_at: now, ..stored.clone() };
            let made: Vec<Event> = events.iter().filter_map(|(_, told)| told(&stored, &changed)).collect();
            let with = events.map_or(WithEvents::NONE, |(table, _)| table.with(&made));
            if self.change(&changed, with).await? == WriteOutcome::Done {
                return Ok(true);
            }
        }
    }

    /// Deletes the subscription together with writing its events, if it still has this version.
    ///
    /// # Errors
    /// When DynamoDB does not take it.
    pub async fn remove(&self, stored: &StoredSubscription, events: WithEvents<'_>) -> Result<WriteOutcome, AwsError> {
        let delete = Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key(stored.owner.as_str(), stored.id.as_str())))
            .condition_expression("version = :v")
            .expression_attribute_values(":v", n(stored.version));
        let mut items = vec![
            TransactWriteItem::builder().update(self.count(&stored.owner, -1).build().map_err(request)?).build(),
            TransactWriteItem::builder().delete(delete.build().map_err(request)?).build(),
        ];
        items.extend(events.items()?);
        transact(&self.client, TRANSACTION, items).await
    }

    fn count(&self, owner: &Sub, add: i64) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
        Update::builder()
            .table_name(&self.name)
            .set_key(Some(key(owner.as_str(), COUNT)))
            .update_expression("ADD #c :add")
            .expression_attribute_names("#c", "subscriptions")
            .expression_attribute_values(":add", n(add))
    }
}

fn key(owner: &str, id: &str) -> Item {
    Item::from([("owner".to_owned(), s(owner)), ("id".to_owned(), s(id))])
}

fn item_of(stored: &StoredSubscription) -> Result<Item, AwsError> {
    let corrupt = |detail: String| AwsError::corrupt(TABLE, &stored.id, detail);
    let body = SubscriptionBody::of(&stored.subscription);
    let row = SubscriptionRow {
        owner: stored.owner.to_string(),
        id: stored.id.to_string(),
        listed: SUBSCRIPTIONS.to_owned(),
        place: made_place(stored.created_at, stored.id.as_str()),
        content: serde_json::to_string(&body).map_err(|error| corrupt(error.to_string()))?,
        disabled: stored.subscription.disabled.map(|reason| reason.code().to_owned()),
        secret: stored.secret.as_ref().map(|secret| secret.text().to_owned()),
        version: stored.version,
        created_at: stored.created_at.millis(),
        updated_at: stored.updated_at.millis(),
    };
    serde_dynamo::to_item(row).map_err(|error| corrupt(error.to_string()))
}

fn stored(item: Item) -> Result<StoredSubscription, AwsError> {
    let id = item.get("id").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
    let corrupt = |detail: String| AwsError::corrupt(TABLE, &id, detail);
    let row: SubscriptionRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    let body: SubscriptionBody = serde_json::from_str(&row.content).map_err(|error| corrupt(error.to_string()))?;
    let subscription = body.subscription(true).map_err(|errors| corrupt(format!("{errors:?}")))?;
    let disabled = row.disabled.as_deref().map(|code| Disabled::of_code(code).ok_or_else(|| corrupt(code.to_owned())));
    Ok(StoredSubscription {
        owner: row.owner.parse().map_err(|bad| corrupt(format!("{bad}")))?,
        id: row.id.parse().map_err(|bad| corrupt(format!("{bad}")))?,
        subscription: Subscription { disabled: disabled.transpose()?, ..subscription },
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
        secret: row.secret.map(|text| Secret::stored(&text).ok_or_else(|| corrupt("secret".to_owned()))).transpose()?,
    })
}

fn request(error: BuildError) -> AwsError {
    AwsError::request(TRANSACTION, error)
}

//! Lists of levels: by key, a page at a time, and each page reads what it shows.

use super::super::row::{Item, s};
use super::super::{AwsError, batch};
use super::watch::LISTED;
use super::{LevelState, LevelTable, TABLE, state_of};
use weir_core::id::{BadId, LevelId};

/// A page of the index `listed`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The sensors, ascending.
    pub ids: Vec<LevelId>,
    /// Whether there are more.
    pub more: bool,
}

impl LevelTable {
    /// The ids of at most `limit` sensors after `after`, ascending; only those of a tube, where one is named.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key cannot be understood.
    pub async fn list(&self, tube: Option<&str>, limit: usize, after: Option<&LevelId>) -> Result<Listing, AwsError> {
        // The tube is the first character of the id, so a tube is a stretch of the range.
        let condition = if tube.is_some() { "listed = :l AND begins_with(id, :t)" } else { "listed = :l" };
        let start =
            after.map(|after| Item::from([("listed".to_owned(), s(LISTED)), ("id".to_owned(), s(after.as_str()))]));
        let query = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("listed")
            .key_condition_expression(condition)
            .expression_attribute_values(":l", s(LISTED))
            // One more than asked for tells whether there is a next page.
            .limit(i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start);
        let query = match tube {
            Some(tube) => query.expression_attribute_values(":t", s(tube)),
            None => query,
        };
        let page = query.send().await.map_err(|error| AwsError::call("Query levels listed", error))?;
        let id = |item: Item| {
            let text = item.get("id").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
            text.parse().map_err(|error: BadId| AwsError::corrupt(TABLE, "listed", error))
        };
        let mut ids = page.items.unwrap_or_default().into_iter().map(id).collect::<Result<Vec<_>, AwsError>>()?;
        let more = ids.len() > limit;
        ids.truncate(limit);
        Ok(Listing { ids, more })
    }

    /// The levels of these sensors, of those that there are, in this order; each by itself, as one that cannot be
    /// understood need not hold back the others.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn of_ids(&self, ids: &[LevelId]) -> Result<Vec<(LevelId, Result<LevelState, AwsError>)>, AwsError> {
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut rows = batch::rows(&self.client, &self.name, "id", &texts).await?;
        let state = |id: &LevelId| rows.remove(id.as_str()).map(|item| (id.clone(), state_of(id, item)));
        Ok(ids.iter().filter_map(state).collect())
    }

    /// The level of one sensor at this moment.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or the row cannot be understood.
    pub async fn get(&self, id: &LevelId) -> Result<Option<LevelState>, AwsError> {
        self.read(id).await
    }
}

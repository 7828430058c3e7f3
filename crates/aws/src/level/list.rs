//! Lists of levels: the index gives a page of ids, and the rows of that page are then read.

use super::super::row::{Item, s};
use super::super::{AwsError, batch};
use super::watch::LISTED;
use super::{LevelState, LevelTable, TABLE, state_of};
use weir_core::id::{BadId, LevelId};

/// A page of sensor ids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LevelPage {
    /// The sensors, ascending.
    pub ids: Vec<LevelId>,
    /// Whether there are more.
    pub more: bool,
}

impl LevelTable {
    /// The ids of at most `limit` sensors after `after`, ascending; with `tube`, only those of this tube.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key is corrupt.
    pub async fn list(&self, tube: Option<&str>, limit: usize, after: Option<&LevelId>) -> Result<LevelPage, AwsError> {
        // The tube is the first character of the id, so a tube is a range of ids.
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
            // One more than `limit`, to know whether there is a next page.
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
        Ok(LevelPage { ids, more })
    }

    /// The states of those of these sensors that have one, in this order. Each has its own result, so that a corrupt row
    /// does not affect the others.
    ///
    /// # Errors
    /// When DynamoDB does not answer.
    pub async fn of_ids(&self, ids: &[LevelId]) -> Result<Vec<(LevelId, Result<LevelState, AwsError>)>, AwsError> {
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut rows = batch::rows(&self.client, &self.name, "id", &texts).await?;
        let state = |id: &LevelId| rows.remove(id.as_str()).map(|item| (id.clone(), state_of(id, item)));
        Ok(ids.iter().filter_map(state).collect())
    }
}

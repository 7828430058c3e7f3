//! Lists of levels: the index gives a page of ids, and the rows of that page are then read.

use super::super::keys::{LEVELS, partitions};
use super::super::list::{List, Span};
use super::super::{AwsError, batch};
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
        let list = List {
            client: &self.client,
            table: &self.name,
            index: "listed",
            partition: "listed",
            sort: "id",
            descending: false,
            operation: "Query levels listed",
        };
        // The tube is the first character of the id, so a tube is a range of ids.
        let span = Span {
            from: tube.unwrap_or(Span::FIRST).to_owned(),
            to: tube.map_or_else(|| Span::LAST.to_owned(), |tube| format!("{tube}{}", Span::LAST)),
            after: after.map(ToString::to_string),
        };
        // One more than `limit`, to know whether there is a next page.
        let rows = list.first(&partitions(LEVELS), &span, limit.saturating_add(1)).await?;
        let id = |(id, _): (String, _)| id.parse().map_err(|error: BadId| AwsError::corrupt(TABLE, "listed", error));
        let mut ids = rows.into_iter().map(id).collect::<Result<Vec<_>, AwsError>>()?;
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

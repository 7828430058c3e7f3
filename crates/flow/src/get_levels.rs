//! `GET /levels`: lists the flow sensors that the caller may see.

use std::collections::BTreeSet;
use std::ops::Bound;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use weir_aws::AwsError;
use weir_aws::level::{LevelPage, LevelState};
use weir_core::id::{LevelId, Tube};
use weir_http::{ApiError, ListName, Member, Page, PageQuery, Paging, list, revalidated};

use super::Parts;
use super::show::LevelJson;

/// The filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only flow sensors of this tube: the first character of their id.
    #[param(value_type = Option<String>, pattern = "^[A-Za-z0-9]$", example = "0")]
    tube: Option<Tube>,
}

/// Lists the flow sensors that the caller may see, ascending by id. A new sensor appears once it has been compared with its
/// neighbours, a moment after its first report.
#[utoipa::path(
    get, path = "/levels", tag = "levels",
    params(
        Filter,
        Paging,
    ),
    responses((status = 200, description = "A page of levels.", body = Page<LevelJson>))
)]
pub(super) async fn get_levels(
    State(parts): State<Parts>,
    Member(caller): Member,
    query: PageQuery<Filter>,
) -> Result<Response, ApiError> {
    let tube = query.filter.tube.as_ref().map(Tube::as_str);
    let own = parts.visible(&caller).await?;
    let name = ListName::new(if own.is_some() { "levels/own" } else { "levels/all" }).filter("tube", tube);
    let levels = async |limit, after| match &own {
        None => parts.all_levels(tube, limit, after).await,
        Some(own) => parts.own_levels(own, tube, limit, after).await,
    };
    let page = list(&name, query.limit, query.next, levels).await?;
    Ok(revalidated(page.map(|(id, state)| LevelJson::of(id, &state)).into_response()))
}

/// A page of levels, and the last id when there are more.
type Levels = (Vec<(LevelId, LevelState)>, Option<LevelId>);

impl Parts {
    async fn all_levels(&self, tube: Option<&str>, limit: usize, after: Option<LevelId>) -> Result<Levels, AwsError> {
        let LevelPage { ids, more } = self.levels.list(tube, limit, after.as_ref()).await?;
        let next = ids.last().filter(|_| more).cloned();
        Ok((self.levels_of(&ids).await?, next))
    }

    /// The levels of a scope, whose ids are known, so that they are read by id.
    async fn own_levels(
        &self,
        own: &BTreeSet<LevelId>,
        tube: Option<&str>,
        limit: usize,
        after: Option<LevelId>,
    ) -> Result<Levels, AwsError> {
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        let on_tube = |id: &&LevelId| tube.is_none_or(|tube| id.tube() == tube);
        let mut ids = own.range((begin, Bound::Unbounded)).filter(on_tube).cloned();
        let mut found = Vec::new();
        // One more than `limit`, to know whether there is a next page. A sensor that has never reported has no level.
        while found.len() <= limit {
            let some: Vec<LevelId> = ids.by_ref().take(limit + 1 - found.len()).collect();
            if some.is_empty() {
                return Ok((found, None));
            }
            found.extend(self.levels_of(&some).await?);
        }
        found.truncate(limit);
        let last = found.last().map(|(id, _)| id.clone());
        Ok((found, last))
    }

    async fn levels_of(&self, ids: &[LevelId]) -> Result<Vec<(LevelId, LevelState)>, AwsError> {
        let rows = self.levels.of_ids(ids).await?;
        rows.into_iter().map(|(id, state)| state.map(|state| (id, state))).collect()
    }
}

//! `GET /users`: the profiles, a page at a time.

use axum::extract::State;
use weir_core::wire::profile::ProfileJson;
use weir_http::{Admin, ApiError, ListName, Page, PageQuery, Paging, list};

use super::Parts;

/// Lists the profiles, ascending by user id (`sub`). Users who have never written a profile are not in this list; use
/// `GET /cognito/users` to list all users.
#[utoipa::path(
    get, path = "/users", tag = "users",
    params(
        Paging,
    ),
    responses((status = 200, description = "A page of profiles.", body = Page<ProfileJson>))
)]
pub(super) async fn get_users(
    State(parts): State<Parts>,
    Admin(_): Admin,
    query: PageQuery,
) -> Result<Page<ProfileJson>, ApiError> {
    let PageQuery { limit, next, .. } = query;
    let name = ListName::new("users");
    let page = list(&name, limit, next, async |limit, after| parts.profiles.list(limit, after).await).await?;
    Ok(page.map(|record| ProfileJson::of(&record)))
}

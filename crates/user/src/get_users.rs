//! `GET /users`: the profiles, a page at a time.

use axum::extract::State;
use weir_core::id::Sub;
use weir_core::wire::profile::ProfileJson;
use weir_http::{Admin, ApiError, Cursor, Page, PageQuery, Paging};

use super::Parts;

const LIST: &str = "users";

/// The profiles, ascending by the people's ids. Who never wrote one is not among them: the people are listed by
/// `GET /cognito/users`.
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
    let after = query.next.map(|next| next.open::<Sub>(LIST)).transpose()?;
    let (records, last) = parts.profiles.list(query.limit, after).await?;
    let next = last.map(|last| Cursor::new(LIST, &last)).transpose()?;
    Ok(Page { items: records.iter().map(ProfileJson::of).collect(), next })
}

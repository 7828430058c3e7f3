//! `GET /cognito/users`: the people, a page at a time.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_aws::people::{Listing, Pool};
use weir_core::domain::access::Role;
use weir_core::domain::people::Status;
use weir_core::domain::people::filter;
use weir_core::wire::person::{PersonJson, RoleJson};
use weir_http::{Admin, ApiError, Cursor, Page, PageQuery, Paging};

/// The filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only people whose address begins so; a whole address finds the one who has it.
    email: Option<String>,
    /// Only people of this role.
    #[param(inline)]
    role: Option<RoleJson>,
    /// Only people who have come so far, or who are enabled or disabled.
    #[param(inline)]
    status: Option<Status>,
}

/// The people, in Cognito's order. A page may hold fewer than `limit`, even none, while there is a next one: Cognito
/// filters by one attribute at a time, and the rest is left out here. Cognito keeps a `next` for an hour.
#[utoipa::path(
    get, path = "/cognito/users", tag = "people",
    params(
        Filter,
        Paging,
    ),
    responses((status = 200, description = "A page of people.", body = Page<PersonJson>))
)]
pub(super) async fn get_cognito_users(
    State(pool): State<Pool>,
    Admin(_): Admin,
    query: PageQuery<Filter>,
) -> Result<Page<PersonJson>, ApiError> {
    let Filter { email, role, status } = query.filter;
    let email = email.map(|email| email.to_lowercase());
    let unfit = |email: &String| email.is_empty() || filter::begins("email", email).chars().count() > filter::LONGEST;
    if email.as_ref().is_some_and(unfit) {
        return Err(ApiError::parameter("email", "must have a character, and no more than the user pool compares"));
    }
    let listing = Listing { email, role: role.map(Role::from), status };
    // The name says the filters too, so that a cursor fits no other list.
    let name = format!("cognito/users?{listing:?}");
    let after = query.next.map(|next| next.open::<String>(&name)).transpose()?;
    let (people, next) = pool.list(&listing, query.limit, after).await?;
    let next = next.map(|place| Cursor::new(&name, &place)).transpose()?;
    Ok(Page { items: people.iter().map(PersonJson::of).collect(), next })
}

//! `GET /cognito/users`: the users, a page at a time.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_aws::people::{Pool, UserFilter};
use weir_core::domain::access::Role;
use weir_core::domain::people::Status;
use weir_core::domain::people::filter;
use weir_core::wire::person::PersonJson;
use weir_http::{Admin, ApiError, ListName, Page, PageQuery, Paging, list};

/// The filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only users whose e-mail address begins with this text.
    email: Option<String>,
    /// Only users with this role.
    #[param(inline)]
    role: Option<Role>,
    /// Only users with this status.
    #[param(inline)]
    status: Option<Status>,
}

/// Lists users in Cognito's order. A page may contain fewer users than `limit`, or none, although there is a next page,
/// because Cognito filters by only one attribute. A `next` is valid for one hour.
#[utoipa::path(
    get, path = "/cognito/users", tag = "people",
    params(
        Filter,
        Paging,
    ),
    responses((status = 200, description = "A page of users.", body = Page<PersonJson>))
)]
pub(super) async fn get_cognito_users(
    State(pool): State<Pool>,
    Admin(_): Admin,
    query: PageQuery<Filter>,
) -> Result<Page<PersonJson>, ApiError> {
    let PageQuery { limit, next, filter: Filter { email, role, status } } = query;
    let email = email.map(|email| email.to_lowercase());
    let invalid =
        |email: &String| email.is_empty() || filter::begins("email", email).chars().count() > filter::MAX_LENGTH;
    if email.as_ref().is_some_and(invalid) {
        return Err(ApiError::parameter("email", "must not be empty, nor longer than a filter of the user pool"));
    }
    let name = ListName::new("cognito/users")
        .filter("email", email.as_deref())
        .filter("role", role.map(Role::name))
        .filter("status", status.map(Status::name));
    let filter = UserFilter { email, role, status };
    let page = list(&name, limit, next, async |limit, after| pool.list(&filter, limit, after).await).await?;
    Ok(page.map(|person| PersonJson::of(&person)))
}

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

/// Maximum characters of the beginning of an address.
const LONGEST: usize = 120;
// With every character escaped it still fits into a filter of the user pool.
const _: () = assert!(2 * LONGEST + "email ^= \"\"".len() <= filter::MAX_LENGTH);

/// The filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only users whose e-mail address begins with this text.
    #[param(min_length = 1, max_length = 120, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$", example = "ann")]
    email: Option<String>,
    /// Only users with this role.
    #[param(inline, example = "user")]
    role: Option<Role>,
    /// Only users with this status.
    #[param(inline, example = "confirmed")]
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
    // In a query `+` means a blank unless it is encoded, and no address has blanks.
    let email = email.map(|email| email.to_lowercase().replace(' ', "+"));
    let invalid =
        |email: &String| !(1..=LONGEST).contains(&email.chars().count()) || email.chars().any(char::is_control);
    if email.as_ref().is_some_and(invalid) {
        let detail = format!("must have 1 to {LONGEST} characters, none of them a control character");
        return Err(ApiError::parameter("email", detail));
    }
    let name = ListName::new("cognito/users")
        .filter("email", email.as_deref())
        .filter("role", role.map(Role::name))
        .filter("status", status.map(Status::name));
    let filter = UserFilter { email, role, status };
    let page = list(&name, limit, next, async |limit, after| pool.list(&filter, limit, after).await).await?;
    Ok(page.map(|person| PersonJson::of(&person)))
}

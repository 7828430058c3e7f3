//! `GET /fleet/serials`: the allow list, a page at a time.

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_core::domain::serial::SerialState;
use weir_core::wire::serial::SerialJson;
use weir_http::{Admin, ApiError, ListName, Page, PageQuery, Paging, list};

use super::Parts;

/// The filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only numbers in this state.
    #[param(example = "EXPECTED")]
    state: Option<SerialState>,
}

/// Lists the serial numbers that are in the allow list, ascending. Very recent changes may be missing.
#[utoipa::path(
    get, path = "/fleet/serials", tag = "fleet",
    params(
        Filter,
        Paging,
    ),
    responses((status = 200, description = "A page of the allow list.", body = Page<SerialJson>))
)]
pub(super) async fn get_serials(
    State(parts): State<Parts>,
    Admin(_): Admin,
    PageQuery { limit, next, filter: Filter { state } }: PageQuery<Filter>,
) -> Result<Page<SerialJson>, ApiError> {
    let name = ListName::new("fleet/serials").filter("state", state.map(SerialState::code));
    let query = async |limit, after| parts.serials.list(state, limit, after).await;
    let page = list(&name, limit, next, query).await?;
    Ok(page.map(|listed| SerialJson::of(&listed)))
}

//! `GET /events`: what happened to all devices and people.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use weir_core::wire::event::EventJson;
use weir_http::{Admin, ApiError, Format, Page, PageQuery, Paging, list};

use super::Parts;
use super::page::{Filter, name, respond};

/// Lists what happened to all devices and people, newest first. Very recent events may be missing. With `kind`
/// a page may be shorter than `limit`, or empty, and have a next one.
///
/// The header `Link` (`rel="next"`) has the address of the next page, in CSV and in JSON answers.
#[utoipa::path(
    get, path = "/events", tag = "events",
    params(Filter, Paging),
    responses((status = 200, description = "A page of the events.", headers(
        ("Link" = Option<String>, description = "The address of the next page, `rel=\"next\"`."),
    ), content(
        (Page<EventJson> = "application/json"),
        (String = "text/csv"),
    )))
)]
pub(super) async fn get_events(
    State(parts): State<Parts>,
    Admin(_): Admin,
    format: Format,
    uri: Uri,
    PageQuery { limit, next, filter }: PageQuery<Filter>,
) -> Result<Response, ApiError> {
    let filter = filter.checked()?;
    let query = async |limit, after| parts.events.list(&filter, limit, after).await;
    let Page { items, next } = list(&name("events", &filter), limit, next, query).await?;
    let page = Page { items: items.into_iter().map(EventJson::from).collect(), next };
    respond(page, format, "events", &uri)
}

//! `GET /devices/{id}/events`: what happened to a device.

use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use weir_core::id::DeviceId;
use weir_core::wire::event::EventJson;
use weir_http::{ApiError, Format, Member, Page, PageQuery, Paging, Path, list};

use super::Parts;
use super::page::{Filter, name, respond};

/// Lists what happened to a device, newest first: what it reported, when it was connected, and what people changed. The log
/// outlives its device. With `kind` a page may be shorter than `limit`, or empty, and have a next one.
///
/// The header `Link` (`rel="next"`) has the address of the next page, in CSV and in JSON answers.
#[utoipa::path(
    get, path = "/devices/{id}/events", tag = "events",
    params(("id" = DeviceId, Path), Filter, Paging),
    responses((status = 200, description = "A page of the events.", headers(
        ("Link" = Option<String>, description = "The address of the next page, `rel=\"next\"`."),
    ), content(
        (Page<EventJson> = "application/json"),
        (String = "text/csv"),
    )))
)]
pub(super) async fn get_device_events(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<DeviceId>,
    format: Format,
    uri: Uri,
    PageQuery { limit, next, filter }: PageQuery<Filter>,
) -> Result<Response, ApiError> {
    caller.sees(&id)?;
    let filter = filter.checked()?;
    let query = async |limit, after| parts.events.of_device(Some(&id), &filter, limit, after).await;
    let Page { items, next } = list(&name(&format!("events/{id}"), &filter), limit, next, query).await?;
    let page = Page { items: items.into_iter().map(EventJson::from).collect(), next };
    respond(page, format, &format!("{id}-events"), &uri)
}

//! `GET /fleet/jobs`: the jobs.

use axum::extract::State;
use weir_core::wire::job::JobJson;
use weir_http::{Admin, ApiError, ListName, Page, PageQuery, Paging, list};

use super::Parts;

/// Lists the jobs, the newest first, for 400 days.
#[utoipa::path(
    get, path = "/fleet/jobs", tag = "fleet",
    params(Paging),
    responses((status = 200, description = "A page of jobs.", body = Page<JobJson>))
)]
pub(super) async fn get_jobs(
    State(parts): State<Parts>,
    Admin(_): Admin,
    query: PageQuery,
) -> Result<Page<JobJson>, ApiError> {
    let PageQuery { limit, next, .. } = query;
    let name = ListName::new("fleet/jobs");
    let page = list(&name, limit, next, async |limit, after| parts.jobs.jobs(limit, after).await);
    Ok(page.await?.map(|job| JobJson::of(&job)))
}

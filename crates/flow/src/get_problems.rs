//! `GET /problems`: what is wrong, and what was.

use std::collections::BTreeSet;

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_aws::AwsError;
use weir_aws::problem::{Listing, Place, Stored};
use weir_core::domain::problem::Subject;
use weir_core::id::LevelId;
use weir_core::wire::time;
use weir_http::{ApiError, Cursor, Member, Page, PageQuery, Paging};

use super::Parts;
use super::show::{ProblemJson, StatusJson};

/// The last second that a calendar of four digits knows.
const LATEST: i64 = 253_402_300_799;

/// The filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only problems of this status.
    status: Option<StatusJson>,
    /// Only problems whose newest episode began then or later: epoch seconds, or RFC 3339.
    since: Option<String>,
}

/// The problems that the caller may see: those that are open first, each group newest first.
#[utoipa::path(
    get, path = "/problems", tag = "problems",
    params(
        Filter,
        Paging,
    ),
    responses((status = 200, description = "A page of problems.", body = Page<ProblemJson>))
)]
pub(super) async fn get_problems(
    State(parts): State<Parts>,
    Member(caller): Member,
    query: PageQuery<Filter>,
) -> Result<Page<ProblemJson>, ApiError> {
    let Filter { status, since } = query.filter;
    let listing = Listing { status: status.map(Into::into), since: since.as_deref().map(seconds).transpose()? };
    let own = parts.visible(&caller).await?;
    let kind = if own.is_some() { "own" } else { "all" };
    let name = format!("problems/{kind}?status={:?}&since={:?}", listing.status, listing.since);
    let after = query.next.map(|next| next.open::<Place>(&name)).transpose()?;
    let (found, next) = match own {
        None => parts.problems.list(&listing, query.limit, after).await?,
        Some(own) => parts.own_problems(&own, &listing, query.limit, after).await?,
    };
    let next = next.map(|place| Cursor::new(&name, &place)).transpose()?;
    Ok(Page { items: found.iter().filter_map(|(subject, stored)| ProblemJson::of(subject, stored)).collect(), next })
}

/// The first whole second at the instant or after it.
fn seconds(text: &str) -> Result<i64, ApiError> {
    let instant = || time::parse(text).map(|at| at.millis().saturating_add(999).div_euclid(1000));
    let seconds = text.parse().ok().or_else(instant).filter(|seconds| (0..=LATEST).contains(seconds));
    seconds.ok_or_else(|| ApiError::parameter("since", "must be epoch seconds, or an RFC 3339 instant"))
}

impl Parts {
    /// What can be wrong with the sensors of a scope is known by its ids (the pairs they belong to now, and their
    /// silence), so these rows are read by key and put in order here.
    async fn own_problems(
        &self,
        own: &BTreeSet<LevelId>,
        listing: &Listing,
        limit: usize,
        after: Option<Place>,
    ) -> Result<(Vec<(Subject, Stored)>, Option<Place>), AwsError> {
        if own.is_empty() {
            return Ok((Vec::new(), None));
        }
        let topology = self.registry.topology().await?;
        let of_sensor = |id: &LevelId| {
            let pairs = topology.pairs(id).into_iter().map(Subject::Pair);
            pairs.chain([Subject::Sensor(id.clone())]).collect::<Vec<_>>()
        };
        let subjects: BTreeSet<Subject> = own.iter().flat_map(of_sensor).collect();
        let mut found: Vec<(Place, (Subject, Stored))> = self
            .problems
            .of_subjects(subjects)
            .await?
            .into_iter()
            .filter(|(_, stored)| listing.takes(stored))
            .map(|(subject, stored)| (Place::of(&subject, &stored), (subject, stored)))
            .filter(|(place, _)| after.as_ref().is_none_or(|after| place < after))
            .collect();
        found.sort_by(|(one, _), (other, _)| other.cmp(one));
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(place, _)| place.clone());
        Ok((found.into_iter().map(|(_, problem)| problem).collect(), next))
    }
}

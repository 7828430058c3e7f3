//! `GET /problems`: lists the problems that the caller may see.

use std::collections::BTreeSet;

use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;
use weir_aws::AwsError;
use weir_aws::problem::{ProblemFilter, ProblemPosition, StoredProblem};
use weir_core::domain::problem::{Status, Subject};
use weir_core::id::LevelId;
use weir_http::{ApiError, ListName, Member, Page, PageQuery, Paging, TextOrSeconds, Unit, instant, list};

use super::Parts;
use super::show::{ProblemJson, StatusJson};

/// The filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Filter {
    /// Only problems with this status.
    status: Option<StatusJson>,
    /// Only problems whose newest episode began at this time or later: seconds since the epoch, or RFC 3339.
    #[param(inline, value_type = Option<TextOrSeconds>, example = "2026-11-20T00:00:00Z")]
    since: Option<String>,
}

/// Lists the problems that the caller may see: open ones first, then resolved ones, each newest first.
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
    let filter = ProblemFilter { status: status.map(Into::into), since: since.as_deref().map(seconds).transpose()? };
    let own = parts.visible(&caller).await?;
    let name = ListName::new(if own.is_some() { "problems/own" } else { "problems/all" })
        .filter("status", filter.status.map(Status::code))
        .filter("since", filter.since);
    let problems = async |limit, after| {
        let (found, last) = match &own {
            None => parts.problems.list(&filter, limit, after).await?,
            Some(own) => parts.own_problems(own, &filter, limit, after).await?,
        };
        let shown = found.iter().filter_map(|(subject, stored)| ProblemJson::of(subject, &stored.problem)).collect();
        Ok::<_, AwsError>((shown, last))
    };
    list(&name, query.limit, query.next, problems).await
}

/// The first whole second at this instant or after it, in seconds since the epoch.
fn seconds(text: &str) -> Result<i64, ApiError> {
    let at = instant("since", text, Some(Unit::Seconds))?;
    Ok(at.millis().saturating_add(999).div_euclid(1000))
}

impl Parts {
    /// The problems of a scope. Its sensors are known, and so are the ids of all their possible problems: of the pairs they
    /// belong to, and of their silence. These rows are read by key and sorted here.
    async fn own_problems(
        &self,
        own: &BTreeSet<LevelId>,
        filter: &ProblemFilter,
        limit: usize,
        after: Option<ProblemPosition>,
    ) -> Result<(Vec<(Subject, StoredProblem)>, Option<ProblemPosition>), AwsError> {
        if own.is_empty() {
            return Ok((Vec::new(), None));
        }
        let topology = self.registry.topology().await?;
        let of_sensor = |id: &LevelId| {
            let pairs = topology.pairs(id).into_iter().map(Subject::Pair);
            pairs.chain([Subject::Sensor(id.clone())]).collect::<Vec<_>>()
        };
        let subjects: BTreeSet<Subject> = own.iter().flat_map(of_sensor).collect();
        let mut found: Vec<(ProblemPosition, (Subject, StoredProblem))> = self
            .problems
            .of_subjects(subjects)
            .await?
            .into_iter()
            .filter(|(_, stored)| filter.matches(stored))
            .map(|(subject, stored)| (ProblemPosition::of(&subject, &stored), (subject, stored)))
            .filter(|(place, _)| after.as_ref().is_none_or(|after| place < after))
            .collect();
        found.sort_by(|(one, _), (other, _)| other.cmp(one));
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|(place, _)| place.clone());
        Ok((found.into_iter().map(|(_, problem)| problem).collect(), next))
    }
}

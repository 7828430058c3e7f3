//! `GET /problems`: lists the problems that the caller may see.

use std::collections::BTreeSet;

use axum::extract::State;
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use utoipa::IntoParams;
use weir_aws::AwsError;
use weir_aws::problem::{ProblemFilter, ProblemPosition, StoredProblem};
use weir_core::domain::alert::Severity;
use weir_core::domain::problem::{Kind, Status, Subject};
use weir_core::id::{DeviceId, LevelId};
use weir_core::wire::alert::SeverityJson;
use weir_http::{ApiError, Caller, ListName, Member, Page, PageQuery, Paging, TextOrSeconds, Unit, instant, list};

use super::Parts;
use super::show::{KindJson, ProblemJson, StatusJson};

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
    /// Only problems of this kind.
    kind: Option<KindJson>,
    /// Only problems of this device: of its alerts, of its silence, and of its level.
    #[param(value_type = Option<DeviceId>, example = "buoy-01")]
    device: Option<DeviceId>,
    /// Only problems of this severity. Those of flow sensors have none.
    severity: Option<SeverityJson>,
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
    let Filter { status, since, kind, device, severity } = query.filter;
    let filter = ProblemFilter {
        status: status.map(Into::into),
        since: since.as_deref().map(seconds).transpose()?,
        kind: kind.map(Into::into),
        severity: severity.map(Into::into),
    };
    let own = parts.own(&caller, device.as_ref()).await?;
    let name = ListName::new(if own.is_some() { "problems/own" } else { "problems/all" })
        .filter("status", filter.status.map(Status::code))
        .filter("since", filter.since)
        .filter("kind", filter.kind.map(Kind::code))
        .filter("device", device)
        .filter("severity", filter.severity.map(Severity::code));
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

/// Devices whose problems are read concurrently.
const CONCURRENT: usize = 8;

/// Devices, and the flow sensors that they are.
pub(super) struct Own {
    pub devices: BTreeSet<DeviceId>,
    pub levels: BTreeSet<LevelId>,
}

impl Parts {
    /// The devices whose problems are listed: those that the caller may see, or the one of the filter if it is among them. `None`:
    /// all problems.
    async fn own(&self, caller: &Caller, device: Option<&DeviceId>) -> Result<Option<Own>, ApiError> {
        let devices = match (Self::visible_devices(caller), device) {
            (None, None) => return Ok(None),
            (None, Some(device)) => BTreeSet::from([device.clone()]),
            (Some(visible), None) => visible,
            (Some(visible), Some(device)) => visible.into_iter().filter(|one| one == device).collect(),
        };
        let levels = self.devices.levels_of(&devices).await?;
        Ok(Some(Own { devices, levels }))
    }

    /// The problems of some devices, open and resolved ones, in no order. Their flow sensors are known, and so are the ids of all their
    /// possible problems: of the pairs they belong to, and of their silence. These rows are read by key. Those of alerts and silent
    /// devices are found by device.
    pub(super) async fn problems_of(&self, own: &Own) -> Result<Vec<(Subject, StoredProblem)>, AwsError> {
        let of_devices: Vec<_> = own.devices.iter().map(|device| self.problems.of_device(device)).collect();
        let of_devices: Vec<Vec<_>> = stream::iter(of_devices).buffered(CONCURRENT).try_collect().await?;
        let of_levels = if own.levels.is_empty() { Vec::new() } else { self.level_problems(&own.levels).await? };
        Ok(of_devices.into_iter().flatten().chain(of_levels).collect())
    }

    /// A page of the problems of some devices, which are sorted here.
    async fn own_problems(
        &self,
        own: &Own,
        filter: &ProblemFilter,
        limit: usize,
        after: Option<ProblemPosition>,
    ) -> Result<(Vec<(Subject, StoredProblem)>, Option<ProblemPosition>), AwsError> {
        let all = self.problems_of(own).await?.into_iter();
        let mut found: Vec<(ProblemPosition, (Subject, StoredProblem))> = all
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

    /// The problems of these flow sensors.
    async fn level_problems(&self, levels: &BTreeSet<LevelId>) -> Result<Vec<(Subject, StoredProblem)>, AwsError> {
        let topology = self.registry.topology().await?;
        let of_sensor = |id: &LevelId| {
            let pairs = topology.pairs(id).into_iter().map(Subject::Pair);
            pairs.chain([Subject::Sensor(id.clone())]).collect::<Vec<_>>()
        };
        let subjects: BTreeSet<Subject> = levels.iter().flat_map(of_sensor).collect();
        self.problems.of_subjects(subjects).await
    }
}

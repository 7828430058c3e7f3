//! `GET /overview`: the state of many devices in one request: connection, level, last reading and open problems.
//!
//! A page costs the same however much the devices have reported: for each device its row, its connection, its level and one query of
//! its problems; the rows of those problems, of which a device has no more than alerts and neighbours; and for each sensor, which is a
//! series of its own, a query of one reading. The sensors of a page are bounded too.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;

use axum::extract::State;
use futures_util::future::try_join4;
use serde::Serialize;
use utoipa::ToSchema;
use weir_aws::AwsError;
use weir_aws::device::DeviceFilter;
use weir_aws::level::LevelState;
use weir_aws::problem::StoredProblem;
use weir_core::domain::access::Scope;
use weir_core::domain::device::{Device, Location};
use weir_core::domain::problem::{Status, Subject};
use weir_core::domain::reading::{Reading, Series};
use weir_core::id::{DeviceId, LevelId};
use weir_core::wire::alert::SeverityJson;
use weir_core::wire::device::LocationJson;
use weir_core::wire::event::ConnectionJson;
use weir_core::wire::reading::Point;
use weir_http::{ApiError, ListName, Member, Page, PageQuery, Paging, list};

use super::Parts;
use super::get_problems::Own;
use super::show::{KindJson, ProblemJson, StatusJson};

/// Maximum devices of a page, even with a higher limit: a row may have 400 KB.
const MOST: usize = 50;
/// Maximum sensors of a page, each of which is a query. A device has at most 65: 64, and its level.
const MOST_SENSORS: usize = 256;

/// The state of a device.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeviceState)]
pub(super) struct StateJson {
    id: DeviceId,
    /// Its name, for people.
    name: String,
    /// Where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<LocationJson>,
    /// Messages of a disabled device are quarantined.
    enabled: bool,
    /// How many sensors it has.
    sensors: usize,
    /// The flow sensor that this device is, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    level_id: Option<LevelId>,
    /// Its latest level, if it has reported one.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<LastLevelJson>,
    /// Its newest reading over all its sensors, its level included; of several of one instant that of the sensor that comes first in
    /// the list of the device. Absent if there is none, and where readings are kept in Timestream.
    #[serde(skip_serializing_if = "Option::is_none")]
    reading: Option<Point>,
    /// Whether it is connected; absent if it never was.
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<ConnectionJson>,
    /// Its open problems. One between two flow sensors belongs to the devices of both.
    problems: Vec<OpenProblemJson>,
}

/// The latest level of a flow sensor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LastLevel)]
struct LastLevelJson {
    /// In percent, as text.
    #[schema(example = "72.5")]
    last_value: String,
    /// When it was measured, in seconds since the epoch.
    last_update: i64,
}

/// An open problem, in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = OpenProblem)]
struct OpenProblemJson {
    problem_id: String,
    problem: KindJson,
    problem_status: StatusJson,
    /// When it began, in seconds since the epoch.
    problem_time: i64,
    /// How urgent it is. Problems of flow sensors have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<SeverityJson>,
}

/// Lists the state of the devices that the caller may see: enabled ones first, each group ascending by id; if the caller may see only some
/// devices, ascending by id. A page has at most 50 devices, which have at most 256 sensors.
#[utoipa::path(
    get, path = "/overview", tag = "devices",
    params(Paging),
    responses((status = 200, description = "A page of devices.", body = Page<StateJson>))
)]
pub(super) async fn get_overview(
    State(parts): State<Parts>,
    Member(caller): Member,
    query: PageQuery,
) -> Result<Page<StateJson>, ApiError> {
    let limit = query.limit.min(MOST);
    match &caller.scope {
        Scope::All => {
            let every = DeviceFilter::default();
            let states = async |limit, after| {
                let (found, last) = parts.devices.list(&every, limit, after).await?;
                let (keys, devices): (Vec<_>, Vec<Device>) = found.into_iter().unzip();
                let cut = parts.cut(&devices);
                let last = cut.and_then(|last| keys.get(last).cloned()).or(last);
                Ok::<_, AwsError>((parts.states(upto(&devices, cut)).await?, last))
            };
            list(&ListName::new("overview/all"), limit, query.next, states).await
        }
        Scope::Devices(ids) => {
            let states = async |limit, after: Option<DeviceId>| {
                let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
                let mut rest = ids.range((begin, Bound::Unbounded)).cloned();
                let wanted: Vec<DeviceId> = rest.by_ref().take(limit).collect();
                let last = wanted.last().filter(|_| rest.next().is_some()).cloned();
                let devices = parts.devices.of_ids(&wanted).await?;
                let cut = parts.cut(&devices);
                let last = cut.and_then(|last| Some(devices.get(last)?.id.clone())).or(last);
                Ok::<_, AwsError>((parts.states(upto(&devices, cut)).await?, last))
            };
            list(&ListName::new("overview/own"), limit, query.next, states).await
        }
    }
}

/// The series of a device's sensors.
fn series(device: &Device) -> impl Iterator<Item = Series> {
    device.details.series(&device.id).into_values().map(|(series, _)| series)
}

/// The devices up to the place `last`; all of them without one.
fn upto(devices: &[Device], last: Option<usize>) -> &[Device] {
    last.and_then(|last| devices.get(..=last)).unwrap_or(devices)
}

impl Parts {
    /// The place of the last device that fits on the page, if its sensors end it before the last of these devices.
    fn cut(&self, devices: &[Device]) -> Option<usize> {
        // Without the table nothing is queried.
        self.readings.as_ref()?;
        let mut sensors = 0;
        let first_beyond = devices.iter().position(|device| {
            sensors += series(device).count();
            sensors > MOST_SENSORS
        });
        first_beyond?.checked_sub(1)
    }

    /// The newest reading of each of the devices that has one.
    async fn newest_readings(&self, devices: &[Device]) -> Result<HashMap<DeviceId, Reading>, AwsError> {
        let Some(readings) = &self.readings else { return Ok(HashMap::new()) };
        // Several devices may have one level.
        let wanted: BTreeSet<Series> = devices.iter().flat_map(series).collect();
        let wanted: Vec<Series> = wanted.into_iter().collect();
        let found = readings.latest(&wanted, self.clock.now()).await?;
        let found: HashMap<&Series, &Reading> = found.iter().map(|reading| (&reading.series, reading)).collect();
        let newest = |device: &Device| {
            let place = |reading: &Reading| {
                let sensors = &device.details.sensors;
                let place = sensors.iter().position(|sensor| sensor.code == reading.series.sensor);
                Reverse(place.unwrap_or(sensors.len()))
            };
            let own = series(device).filter_map(|series| found.get(&series).copied());
            let newest = own.max_by_key(|reading| (reading.at, place(reading)))?;
            Some((device.id.clone(), newest.clone()))
        };
        Ok(devices.iter().filter_map(newest).collect())
    }

    async fn states(&self, devices: &[Device]) -> Result<Vec<StateJson>, AwsError> {
        let level_of = |device: &Device| device.details.level_id.clone();
        let own = Own {
            devices: devices.iter().map(|device| device.id.clone()).collect(),
            levels: devices.iter().filter_map(level_of).collect::<BTreeSet<LevelId>>(),
        };
        let levels: Vec<LevelId> = own.levels.iter().cloned().collect();
        let ids = devices.iter().map(|device| &device.id);
        let (connections, levels) = (self.events.connections(ids), self.levels.of_ids(&levels));
        let read = try_join4(connections, levels, self.problems_of(&own), self.newest_readings(devices));
        let (mut connections, levels, problems, mut readings) = read.await?;
        let levels: HashMap<LevelId, LevelState> =
            levels.into_iter().map(|(id, state)| Ok((id, state?))).collect::<Result<_, AwsError>>()?;
        let open: Vec<(Subject, OpenProblemJson)> = problems.into_iter().filter_map(OpenProblemJson::of).collect();
        let state = |device: &Device| {
            let level_id = level_of(device);
            let concerns = |subject: &Subject| {
                subject.device() == Some(&device.id) || subject.levels().any(|level| level_id.as_ref() == Some(level))
            };
            let level = level_id.as_ref().and_then(|id| levels.get(id)?.measurements.last());
            StateJson {
                id: device.id.clone(),
                name: device.details.name.clone(),
                location: device
                    .details
                    .location
                    .map(|Location { latitude, longitude }| LocationJson { latitude, longitude }),
                enabled: device.details.enabled,
                sensors: device.details.sensors.len(),
                level: level
                    .map(|last| LastLevelJson { last_value: last.level.to_string(), last_update: last.at.seconds() }),
                reading: readings.remove(&device.id).map(Point::of),
                connection: connections.remove(&device.id).map(Into::into),
                problems: open.iter().filter(|(of, _)| concerns(of)).map(|(_, problem)| problem.clone()).collect(),
                level_id,
            }
        };
        Ok(devices.iter().map(state).collect())
    }
}

impl OpenProblemJson {
    /// The problem, unless it is over.
    fn of((subject, stored): (Subject, StoredProblem)) -> Option<(Subject, Self)> {
        if stored.problem.status() == Status::Resolved {
            return None;
        }
        let ProblemJson { problem_id, problem, problem_status, problem_time, severity, .. } =
            ProblemJson::of(&subject, &stored.problem)?;
        Some((subject, Self { problem_id, problem, problem_status, problem_time, severity }))
    }
}

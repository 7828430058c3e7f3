//! Many devices: sorting by condition, and filtering.

use std::cmp::Reverse;

use weir_core::wire::alert::SeverityJson;
use weir_core::wire::problem::{KindJson, ProblemJson, StatusJson};

use super::address::Query;
use crate::wire::overview::{DeviceState, OpenProblem};

/// The condition of a device, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// Disabled by somebody.
    Disabled,
    /// Nothing is wrong.
    Good,
    /// It was connected, and no longer is.
    Offline,
    /// It has problems, all of which are acknowledged.
    Acknowledged,
    /// It has a problem that nobody has acknowledged.
    Problem,
    /// It has a critical problem that nobody has acknowledged.
    Critical,
}

/// The urgency of a problem: 0 to 3 if it is acknowledged, from 4 if it is not.
pub fn urgency(problem: &OpenProblem) -> u8 {
    let severity = match problem.severity {
        Some(SeverityJson::Info) => 1,
        // Problems of flow sensors have no severity; they count as warnings.
        Some(SeverityJson::Warning) | None => 2,
        Some(SeverityJson::Critical) => 3,
    };
    match problem.problem_status {
        StatusJson::Unresolved => severity + 3,
        StatusJson::Acknowledged => severity,
        StatusJson::Resolved => 0,
    }
}

/// The condition of a device.
pub fn condition(device: &DeviceState) -> Condition {
    let worst = device.problems.iter().map(urgency).max().unwrap_or(0);
    match worst {
        6.. => Condition::Critical,
        4.. => Condition::Problem,
        1.. => Condition::Acknowledged,
        0 if !device.enabled => Condition::Disabled,
        0 if device.connection.as_ref().is_some_and(|connection| !connection.is_up()) => Condition::Offline,
        0 => Condition::Good,
    }
}

/// Sorts the worst first; equally bad ones by their oldest problem, then by name.
pub fn worst_first(devices: &mut [DeviceState]) {
    devices.sort_by_cached_key(|device| {
        let worst = device.problems.iter().map(urgency).max().unwrap_or(0);
        let oldest = device.problems.iter().map(|problem| problem.problem_time).min();
        (Reverse((worst, condition(device))), oldest.unwrap_or(i64::MAX), device.name.to_lowercase(), device.id.clone())
    });
}

/// Selects devices by their state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    #[default]
    All,
    /// Devices with open problems.
    Problems,
    /// Devices that are no longer connected.
    Offline,
}

impl Which {
    /// All variants, in the order of the menu.
    pub const ALL: [Self; 3] = [Self::All, Self::Problems, Self::Offline];

    /// Its name in the address.
    pub const fn code(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Problems => "problems",
            Self::Offline => "offline",
        }
    }
}

/// The filter of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words that the id, the name or the level's id has to contain.
    pub words: String,
    /// Selects devices by their state.
    pub show: Which,
}

impl Filter {
    /// The filter in the address.
    pub fn of(query: &Query) -> Self {
        let show = query.get("show").and_then(|code| Which::ALL.into_iter().find(|show| show.code() == code));
        Self { words: query.get("q").unwrap_or_default().to_owned(), show: show.unwrap_or_default() }
    }

    /// The query with this filter.
    #[must_use]
    pub fn into_query(&self, query: Query) -> Query {
        query.with("q", Some(self.words.trim())).with("show", Some(self.show.code()))
    }

    /// Whether the device passes the filter.
    pub fn wants(&self, device: &DeviceState) -> bool {
        let wanted = match self.show {
            Which::All => true,
            Which::Problems => !device.problems.is_empty(),
            Which::Offline => device.connection.as_ref().is_some_and(|connection| !connection.is_up()),
        };
        let text =
            format!("{} {} {}", device.id, device.name, device.level_id.as_deref().unwrap_or_default()).to_lowercase();
        wanted && self.words.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

/// Applies a problem from the live feed to its devices. Returns whether there was any.
pub fn take_problem(devices: &mut [DeviceState], told: &ProblemJson) -> bool {
    let of = |device: &DeviceState| {
        let level = device.level_id.as_deref();
        let is = |id: Option<&str>| id.is_some() && id == level;
        told.device.as_ref().is_some_and(|id| id.as_str() == device.id)
            || is(told.current.as_ref().map(|id| id.as_str()))
            || is(told.following.as_ref().map(|id| id.as_str()))
    };
    let mut any = false;
    for device in devices.iter_mut().filter(|device| of(device)) {
        any = true;
        device.problems.retain(|problem| problem.problem_id != told.problem_id);
        if told.problem_status != StatusJson::Resolved {
            device.problems.push(told.into());
        }
    }
    any
}

/// Removes a problem that was withdrawn.
pub fn forget_problem(devices: &mut [DeviceState], id: &str) {
    for device in devices {
        device.problems.retain(|problem| problem.problem_id != id);
    }
}

/// The kinds of a device's problems, each with its count, the most frequent first.
pub fn kinds(device: &DeviceState) -> Vec<(KindJson, usize)> {
    let all = [KindJson::Limit, KindJson::Silent, KindJson::Obstruction, KindJson::Problem];
    let count = |kind: KindJson| device.problems.iter().filter(|problem| problem.problem == kind).count();
    let mut found: Vec<(KindJson, usize)> =
        all.into_iter().map(|kind| (kind, count(kind))).filter(|(_, count)| *count > 0).collect();
    found.sort_by_key(|(_, count)| Reverse(*count));
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn device(id: &str, more: Value) -> DeviceState {
        let mut device = json!({"id": id, "name": id, "enabled": true, "sensors": 1, "problems": []});
        device.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(device).unwrap()
    }

    fn problem(severity: &str, status: &str, time: i64) -> Value {
        let mut problem = json!({"problem_id": format!("{severity}{time}"), "problem": "LIMIT", "problem_status": status, "problem_time": time});
        if !severity.is_empty() {
            problem["severity"] = severity.into();
        }
        problem
    }

    #[test]
    fn the_worst_comes_first() {
        let offline = json!({"connection": {"state": "disconnected", "since": "2026-11-20T06:24:44.123Z"}});
        let mut devices = vec![
            device("disabled", json!({"enabled": false})),
            device("b-good", json!({})),
            device("A-good", json!({})),
            device("offline", offline),
            device("known", json!({"problems": [problem("critical", "ACKNOWLEDGED", 1)]})),
            device("info", json!({"problems": [problem("info", "UNRESOLVED", 1)]})),
            device("flow-late", json!({"problems": [problem("", "UNRESOLVED", 2)]})),
            device("flow-old", json!({"problems": [problem("", "UNRESOLVED", 1)]})),
            device(
                "critical",
                json!({"problems": [problem("info", "ACKNOWLEDGED", 1), problem("critical", "UNRESOLVED", 9)]}),
            ),
        ];
        worst_first(&mut devices);
        let ids: Vec<&str> = devices.iter().map(|device| device.id.as_str()).collect();
        assert_eq!(
            ids,
            ["critical", "flow-old", "flow-late", "info", "known", "offline", "A-good", "b-good", "disabled"]
        );
    }

    #[test]
    fn a_filter_is_in_the_address_and_selects() {
        let query = Query::parse("q=buoy+north&show=offline&view=map");
        let filter = Filter::of(&query);
        assert_eq!(filter, Filter { words: "buoy north".into(), show: Which::Offline });
        assert_eq!(filter.into_query(query.clone()).get("view"), Some("map"));
        assert_eq!(Filter::default().into_query(query).to_string(), "view=map");
        let wanted = Filter { words: "NORTH buoy".into(), show: Which::All };
        assert!(wanted.wants(&device("buoy-01", json!({"name": "North"}))));
        assert!(!wanted.wants(&device("buoy-01", json!({"name": "South"}))));
        assert!(!filter.wants(&device("buoy-01", json!({"name": "North"}))));
    }

    #[test]
    fn what_the_feed_tells_is_taken_where_it_belongs() {
        let mut devices = vec![
            device("a", json!({"level_id": "01"})),
            device("b", json!({"level_id": "02"})),
            device("c", json!({})),
        ];
        let told = |status: &str| -> ProblemJson {
            serde_json::from_value(
                json!({"problem_id": "0102", "problem": "OBSTRUCTION", "problem_time": 1, "problem_status": status,
                "current": "01", "following": "02", "updated_at": 1, "episodes": 1}),
            )
            .unwrap()
        };
        assert!(take_problem(&mut devices, &told("UNRESOLVED")));
        assert!(take_problem(&mut devices, &told("ACKNOWLEDGED")));
        assert_eq!(devices.iter().map(|device| device.problems.len()).collect::<Vec<_>>(), [1, 1, 0]);
        assert_eq!(kinds(&devices[0]), [(KindJson::Obstruction, 1)]);
        assert!(take_problem(&mut devices, &told("RESOLVED")));
        assert!(devices.iter().all(|device| device.problems.is_empty()));
        assert!(!take_problem(&mut devices[2..], &told("UNRESOLVED")));
    }
}

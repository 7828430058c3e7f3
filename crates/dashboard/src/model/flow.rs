//! Tubes with their flow sensors in order, and the problems between neighbours.

use std::collections::BTreeMap;

use weir_core::domain::topology::{Pair, Topology};
use weir_core::id::LevelId;
use weir_core::wire::problem::{KindJson, ProblemJson, StatusJson};

use crate::wire::overview::Level;

/// A tube.
#[derive(Debug, Clone, PartialEq)]
pub struct Tube {
    /// Its name: the first character of its sensors' ids.
    pub name: String,
    /// Its sensors, from upstream to downstream.
    pub sensors: Vec<Sensor>,
}

/// A flow sensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Sensor {
    /// Its id.
    pub id: String,
    /// The level in percent; `None` if there is none, or it is not a number.
    pub percent: Option<f64>,
    /// When it was measured, in ms since the epoch.
    pub at: f64,
    /// Its device, if the reader may see it.
    pub device: Option<String>,
    /// The problem of its silence, if it is silent.
    pub silent: Option<ProblemJson>,
    /// The connections to the sensors downstream.
    pub after: Vec<After>,
}

/// A connection to a sensor downstream.
#[derive(Debug, Clone, PartialEq)]
pub struct After {
    /// The sensor.
    pub id: String,
    /// Its device, if it is registered.
    pub device: Option<String>,
    /// Whether that sensor is drawn right after this one.
    pub is_next: bool,
    /// The problem between the two, if any.
    pub problem: Option<ProblemJson>,
}

/// A device with a flow sensor: its id, the sensor, and the following sensors in the registry.
pub type Registered = (String, LevelId, Option<Vec<LevelId>>);

/// Builds the tubes.
pub fn tubes(levels: &[Level], registered: &[Registered], problems: &[ProblemJson]) -> Vec<Tube> {
    let named = registered.iter().filter_map(|(_, level, after)| Some((level.clone(), after.clone()?)));
    let topology = Topology::of(named);
    let open = |id: &str| {
        problems.iter().find(|one| one.problem_id == id && one.problem_status != StatusJson::Resolved).cloned()
    };
    let mut sensors: BTreeMap<LevelId, &Level> =
        levels.iter().filter_map(|level| Some((level.id.parse().ok()?, level))).collect();
    let ids: Vec<LevelId> = sensors.keys().cloned().collect();
    let device = |id: &LevelId| registered.iter().find(|(_, of, _)| of == id).map(|(device, _, _)| device.clone());
    let mut found: Vec<Tube> = Vec::new();
    for (place, id) in ids.iter().enumerate() {
        let Some(level) = sensors.remove(id) else { continue };
        let next = ids.get(place + 1).filter(|next| next.tube() == id.tube());
        let after = topology.following(id).into_iter().filter_map(|following| {
            let is_there = ids.contains(&following);
            let is_next = next == Some(&following);
            let problem = open(&Pair { current: id.clone(), following: following.clone() }.key());
            // Without a registered connection, the next number is only a guess: if there is no such sensor, nothing is drawn.
            (is_there || problem.is_some()).then(|| {
                let (id, device) = (following.to_string(), device(&following));
                After { id, device, is_next, problem }
            })
        });
        let sensor = Sensor {
            id: id.to_string(),
            percent: level.last_value.parse().ok().filter(|percent: &f64| percent.is_finite()),
            #[expect(clippy::cast_precision_loss, reason = "seconds of the years 0 to 9999 are below 2^53")]
            at: level.last_update as f64 * 1_000.0,
            device: device(id),
            silent: open(&format!("{id}-silent")),
            after: after.collect(),
        };
        match found.last_mut().filter(|tube| tube.name == id.tube()) {
            Some(tube) => tube.sensors.push(sensor),
            None => found.push(Tube { name: id.tube().to_owned(), sensors: vec![sensor] }),
        }
    }
    found
}

/// Whether it is a problem of flow sensors.
pub fn is_of_flow(problem: &ProblemJson) -> bool {
    problem.current.is_some() && matches!(problem.problem, KindJson::Obstruction | KindJson::Problem | KindJson::Silent)
}

/// Applies a level from the live feed.
pub fn take_level(levels: &mut Vec<Level>, told: Level, deleted: bool) {
    let place = levels.iter().position(|level| level.id == told.id);
    match place {
        Some(place) if deleted => {
            levels.remove(place);
        }
        Some(place) => {
            if let Some(level) = levels.get_mut(place).filter(|level| level.last_update <= told.last_update) {
                *level = told;
            }
        }
        None if deleted => {}
        None => levels.push(told),
    }
}

/// Applies a problem from the live feed.
pub fn take_problem(problems: &mut Vec<ProblemJson>, told: ProblemJson) {
    problems.retain(|problem| problem.problem_id != told.problem_id);
    if is_of_flow(&told) && told.problem_status != StatusJson::Resolved {
        problems.push(told);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn level(id: &str, value: &str, at: i64) -> Level {
        Level { id: id.into(), last_value: value.into(), last_update: at }
    }

    fn problem(id: &str, kind: &str, status: &str) -> ProblemJson {
        serde_json::from_value(json!({"problem_id": id, "problem": kind, "problem_time": 1, "problem_status": status,
            "current": "01", "updated_at": 1, "episodes": 1}))
        .unwrap()
    }

    #[test]
    fn sensors_stand_in_their_order_with_what_is_wrong_between_them() {
        let levels = [level("A1", "10", 5), level("02", "", 0), level("01", "90.5", 7), level("03", "40", 7)];
        let registered = [
            ("kloaka-01".to_owned(), "01".parse().unwrap(), None),
            ("kloaka-a1".to_owned(), "A1".parse().unwrap(), Some(vec!["02".parse().unwrap()])),
        ];
        let problems = [
            problem("0102", "OBSTRUCTION", "UNRESOLVED"),
            problem("03-silent", "SILENT", "UNRESOLVED"),
            problem("0203", "PROBLEM", "RESOLVED"),
        ];
        let found = tubes(&levels, &registered, &problems);
        let names: Vec<(&str, Vec<&str>)> = found
            .iter()
            .map(|tube| (tube.name.as_str(), tube.sensors.iter().map(|one| one.id.as_str()).collect()))
            .collect();
        assert_eq!(names, [("0", vec!["01", "02", "03"]), ("A", vec!["A1"])]);
        let [first, second, third] = found[0].sensors.as_slice() else { panic!() };
        assert_eq!((first.percent, first.at, first.device.as_deref()), (Some(90.5), 7_000.0, Some("kloaka-01")));
        assert!(first.after[0].is_next && first.after[0].problem.is_some());
        assert_eq!((second.percent, &second.after[0].problem), (None, &None));
        // Nothing is drawn towards 04, which has no level.
        assert!(third.silent.is_some() && third.after.is_empty());
        let junction = &found[1].sensors[0].after[0];
        assert_eq!((junction.id.as_str(), junction.is_next), ("02", false));
    }

    #[test]
    fn what_the_feed_tells_is_taken_unless_it_is_older() {
        let mut levels = vec![level("01", "10", 5)];
        take_level(&mut levels, level("01", "20", 6), false);
        take_level(&mut levels, level("01", "30", 4), false);
        take_level(&mut levels, level("02", "1", 1), false);
        assert_eq!(levels, [level("01", "20", 6), level("02", "1", 1)]);
        take_level(&mut levels, level("02", "1", 1), true);
        assert_eq!(levels.len(), 1);
        let mut problems = Vec::new();
        take_problem(&mut problems, problem("0102", "OBSTRUCTION", "UNRESOLVED"));
        take_problem(&mut problems, problem("0102", "OBSTRUCTION", "ACKNOWLEDGED"));
        assert_eq!(problems.len(), 1);
        take_problem(&mut problems, problem("0102", "OBSTRUCTION", "RESOLVED"));
        assert!(problems.is_empty());
    }
}

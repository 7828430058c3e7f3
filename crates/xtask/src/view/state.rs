//! The state that the view shows, updated with each message of the live feed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use fleet_sim::fleet::Fleet;
use fleet_sim::fleet::probes::of_buoy;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::watch::Sender;
use tokio::task::JoinSet;
use tooling::people::Person;
use tooling::stack::Stack;

use crate::follow::Follower;

/// Maximum topics per connection.
const TOPICS: usize = 50;
/// Time after which a silent connection is checked.
const LOOK: Duration = Duration::from_secs(30);

/// The state so far.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// Newest readings per buoy, in the order of its sensors.
    pub buoys: Vec<(String, Vec<Option<Newest>>)>,
    /// Latest level of each flow sensor in percent, as text.
    pub levels: BTreeMap<String, String>,
    /// Problems that are not resolved, by id.
    pub open: BTreeMap<String, Problem>,
    /// Ids of problems that are resolved now.
    pub resolved: BTreeSet<String>,
    /// The reason of each quarantine entry, by the entry's id.
    quarantined: BTreeMap<String, String>,
}

/// The newest reading of a sensor.
#[derive(Debug, Clone, Deserialize)]
pub struct Newest {
    sensor: String,
    /// RFC 3339 in UTC with milliseconds, which sorts as text.
    at: String,
    /// The calibrated value.
    pub value: f64,
    /// Its quality.
    pub quality: String,
}

/// A problem.
#[derive(Debug, Clone, Deserialize)]
pub struct Problem {
    /// Its id.
    pub problem_id: String,
    /// Its kind.
    pub problem: String,
    /// When the episode began, in seconds since the epoch.
    pub problem_time: i64,
    problem_status: String,
    /// The level upstream or of the silent flow sensor, in percent.
    pub current_value: Option<String>,
    /// The level downstream, in percent.
    pub following_value: Option<String>,
    /// The value that breaches the limit of an alert.
    pub value: Option<f64>,
    /// That limit.
    pub limit: Option<f64>,
    /// Number of episodes, including this one.
    pub episodes: u32,
}

#[derive(Deserialize)]
struct Level {
    id: String,
    last_value: String,
    #[serde(default)]
    deleted: bool,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    reason: String,
}

impl State {
    /// The initial state for these devices, without values.
    fn of(fleet: &Fleet, guest: &str) -> Self {
        let none: Vec<Option<Newest>> = of_buoy(0).iter().map(|_| None).collect();
        let buoys = fleet.buoys.iter().map(|buoy| buoy.id.as_str()).chain([guest]);
        Self { buoys: buoys.map(|id| (id.to_owned(), none.clone())).collect(), ..Self::default() }
    }

    /// The number of quarantine entries by reason.
    pub fn quarantined(&self) -> BTreeMap<&str, usize> {
        let mut reasons = BTreeMap::new();
        for reason in self.quarantined.values() {
            *reasons.entry(reason.as_str()).or_default() += 1;
        }
        reasons
    }

    /// Applies a message. Returns the topics that have to be read again.
    fn hear(&mut self, message: &Value) -> Result<Vec<String>> {
        match message.get("type").and_then(Value::as_str).unwrap_or_default() {
            "snapshot" => {
                for reading in list(message, "readings")? {
                    self.reading(topic(message), reading);
                }
                list(message, "levels")?.into_iter().for_each(|level| self.level(level));
                list(message, "problems")?.into_iter().for_each(|problem| self.problem(problem));
                list(message, "entries")?.into_iter().for_each(|entry| self.entry(entry));
            }
            "reading" => self.reading(topic(message), read(message)?),
            "level" => self.level(read(message)?),
            "problem" => self.problem(read(message)?),
            "withdrawn" => {
                self.open.remove(text(message, "problem_id"));
                self.resolved.remove(text(message, "problem_id"));
            }
            "quarantined" => self.entry(read(message.get("entry").unwrap_or_default())?),
            "released" => {
                self.quarantined.remove(text(message, "id"));
            }
            "gap" => return list(message, "topics"),
            // Answers to requests, and message types of later versions.
            _ => {}
        }
        Ok(Vec::new())
    }

    fn reading(&mut self, topic: &str, reading: Newest) {
        let Some(column) = of_buoy(0).iter().position(|probe| probe.code == reading.sensor) else { return };
        let newest = self.buoys.iter_mut().find(|(id, _)| topic.strip_prefix("device/") == Some(id));
        let Some(newest) = newest.and_then(|(_, row)| row.get_mut(column)) else { return };
        // Devices may deliver late.
        if newest.as_ref().is_none_or(|known| known.at <= reading.at) {
            *newest = Some(reading);
        }
    }

    fn level(&mut self, level: Level) {
        if level.deleted {
            self.levels.remove(&level.id);
        } else {
            self.levels.insert(level.id, level.last_value);
        }
    }

    fn problem(&mut self, problem: Problem) {
        let id = problem.problem_id.clone();
        if problem.problem_status == "RESOLVED" {
            self.open.remove(&id);
            self.resolved.insert(id);
        } else {
            self.resolved.remove(&id);
            self.open.insert(id, problem);
        }
    }

    fn entry(&mut self, entry: Entry) {
        self.quarantined.insert(entry.id, entry.reason);
    }
}

/// Follows everything that the view shows, as an administrator; ends only with an error.
///
/// # Errors
/// When the stack does not answer, or sends a malformed message.
pub async fn follow(stack: Stack, admin: Person, fleet: Fleet, guest: String, state: Arc<Sender<State>>) -> Result<()> {
    state.send_replace(State::of(&fleet, &guest));
    let buoys = fleet.buoys.iter().map(|buoy| buoy.id.as_str()).chain([guest.as_str()]);
    let mut topics: Vec<String> = buoys.map(|id| format!("device/{id}")).collect();
    topics.extend(fleet.tubes.iter().map(|tube| format!("tube/{}", tube.tube)));
    topics.extend(["problems".to_owned(), "quarantine".to_owned()]);
    let mut connections = JoinSet::new();
    for part in topics.chunks(TOPICS) {
        let (follower, state) = (Follower::open(&stack, &admin, part.to_vec()).await?, state.clone());
        connections.spawn(hear_all(follower, state));
    }
    while let Some(ended) = connections.join_next().await {
        ended??;
    }
    Ok(())
}

async fn hear_all(mut follower: Follower, state: Arc<Sender<State>>) -> Result<()> {
    loop {
        let (messages, mut gaps) = (follower.next(LOOK).await?, Vec::new());
        let mut heard = Ok(());
        state.send_modify(|state| {
            for message in &messages {
                match state.hear(message) {
                    Ok(topics) => gaps.extend(topics),
                    Err(error) => heard = Err(error.context(message.to_string())),
                }
            }
        });
        heard?;
        if !gaps.is_empty() {
            follower.read_again(&gaps).await?;
        }
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T> {
    Ok(T::deserialize(value)?)
}

fn list<T: DeserializeOwned>(message: &Value, name: &str) -> Result<Vec<T>> {
    message.get(name).map_or_else(|| Ok(Vec::new()), read)
}

fn text<'a>(message: &'a Value, name: &str) -> &'a str {
    message.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn topic(message: &Value) -> &str {
    text(message, "topic")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn heard(messages: &[Value]) -> State {
        let mut state = State::of(&Fleet::new(1, 1), "buoy-00");
        for message in messages {
            assert_eq!(state.hear(message).unwrap(), Vec::<String>::new(), "{message}");
        }
        state
    }

    fn reading(at: &str, value: f64) -> Value {
        let code = of_buoy(0)[0].code;
        json!({"type": "reading", "topic": "device/buoy-01", "sensor": code, "at": at, "value": value, "quality": "good"})
    }

    fn problem(id: &str, status: &str) -> Value {
        json!({"type": "problem", "topic": "problems", "problem_id": id, "problem": "OBSTRUCTION", "problem_time": 7,
            "problem_status": status, "current_value": "90", "following_value": "40", "episodes": 1})
    }

    #[test]
    fn the_newest_reading_stays_whatever_comes_late() {
        let (new, old) = (reading("2026-11-20T06:00:01.000Z", 7.0), reading("2026-11-20T06:00:00.000Z", 6.0));
        let state = heard(&[new, old]);
        let (id, row) = &state.buoys[0];
        assert_eq!((id.as_str(), row[0].as_ref().unwrap().value), ("buoy-01", 7.0));
        assert!(row[1].is_none() && state.buoys[1].1[0].is_none());
    }

    #[test]
    fn a_problem_is_open_or_resolved_or_gone() {
        let state = heard(&[problem("0102", "UNRESOLVED"), problem("0203", "UNRESOLVED"), problem("0203", "RESOLVED")]);
        assert_eq!(state.open.keys().collect::<Vec<_>>(), ["0102"]);
        assert_eq!(state.resolved.iter().collect::<Vec<_>>(), ["0203"]);
        let again = heard(&[problem("0203", "RESOLVED"), problem("0203", "ACKNOWLEDGED")]);
        assert!(again.open.contains_key("0203") && again.resolved.is_empty());
        let withdrawn = json!({"type": "withdrawn", "topic": "problems", "problem_id": "0102"});
        assert!(heard(&[problem("0102", "UNRESOLVED"), withdrawn]).open.is_empty());
    }

    #[test]
    fn a_snapshot_is_taken_in_and_entries_count_once() {
        let entry = json!({"id": "a", "reason": "unknown_device", "detail": "…"});
        let state = heard(&[
            json!({"type": "snapshot", "topic": "quarantine", "live": true, "entries": [entry]}),
            json!({"type": "quarantined", "topic": "quarantine", "entry": {"id": "a", "reason": "unknown_device"}}),
            json!({"type": "quarantined", "topic": "quarantine", "entry": {"id": "b", "reason": "not_json"}}),
            json!({"type": "released", "topic": "quarantine", "id": "b"}),
            json!({"type": "snapshot", "topic": "tube/0", "live": true, "levels": [{"id": "01", "last_value": "40"}]}),
            json!({"type": "level", "topic": "tube/0", "id": "02", "last_value": "50"}),
            json!({"type": "level", "topic": "tube/0", "id": "02", "last_value": "", "deleted": true}),
        ]);
        assert_eq!(state.quarantined(), BTreeMap::from([("unknown_device", 1)]));
        assert_eq!(state.levels, BTreeMap::from([("01".to_owned(), "40".to_owned())]));
    }

    #[test]
    fn the_topics_of_a_gap_are_read_again() {
        let gap = json!({"type": "gap", "topics": ["tube/0"]});
        assert_eq!(State::default().hear(&gap).unwrap(), ["tube/0"]);
    }
}

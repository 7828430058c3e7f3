//! The row of a problem.

use serde::{Deserialize, Serialize};

use super::super::level::level_of;
use super::super::row::Item;
use super::super::{AwsError, keys};
use super::{StoredProblem, TABLE};
use weir_core::domain::Timestamp;
use weir_core::domain::alert::{Breach, Severity};
use weir_core::domain::problem::{Acknowledgement, AlertKey, End, Episode, Evidence, Kind, Person, Problem, Subject};

/// A row of the table.
#[derive(Debug, Serialize, Deserialize)]
struct ProblemRow {
    problem_id: String,
    problem: String,
    /// Seconds since the epoch.
    problem_time: i64,
    problem_status: String,
    /// The partition key of the index `listed`.
    #[serde(default)]
    listed: String,
    /// `problem_time` and `problem_id`: the unique range key of the index `listed`.
    #[serde(default)]
    place: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    following: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    following_value: Option<String>,
    /// The partition key of the index `devices`, of alerts and of silent devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sensor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alert: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    severity: Option<String>,
    /// Seconds since the epoch: the report that last changed it.
    updated_at: i64,
    /// The number of all episodes.
    episodes: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resolved_by: Option<String>,
    /// Seconds since the epoch: the report that ended it or, if a person did, the time of that change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resolved_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acknowledged_by: Option<String>,
    /// Seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acknowledged_at: Option<i64>,
    /// Milliseconds since the epoch: the beginning of the acknowledged episode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    acknowledged_episode: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// The newest episodes.
    history: Vec<EpisodeRow>,
    /// Counts the writes.
    revision: u64,
}

/// An episode within a problem's row.
#[derive(Debug, Serialize, Deserialize)]
struct EpisodeRow {
    problem: String,
    /// Milliseconds since the epoch.
    began: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// Milliseconds since the epoch: when a person ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    following: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    breach: Option<BreachRow>,
    /// Milliseconds since the epoch.
    changed: i64,
}

/// The readings and the limit behind an episode of an alert.
#[derive(Debug, Serialize, Deserialize)]
struct BreachRow {
    /// Milliseconds since the epoch.
    opened: i64,
    value: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ending: Option<f64>,
    limit: f64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    unit: String,
    severity: String,
}

/// The problem in a row.
pub(super) fn problem_of(subject: &Subject, item: Item) -> Result<StoredProblem, AwsError> {
    let corrupt = |detail: String| AwsError::corrupt(TABLE, subject.key(), detail);
    let row: ProblemRow = serde_dynamo::from_item(item).map_err(|error| corrupt(error.to_string()))?;
    let episodes = row.history.iter().map(episode).collect::<Result<Vec<_>, String>>().map_err(corrupt)?;
    let earlier = row.episodes.saturating_sub(u32::try_from(episodes.len()).unwrap_or(u32::MAX));
    let acknowledged = match (row.acknowledged_by, row.acknowledged_at, row.acknowledged_episode) {
        (Some(by), Some(at), Some(episode)) => {
            Some(Acknowledgement { by, at: Timestamp::from_seconds(at), episode: Timestamp::from_millis(episode) })
        }
        _ => None,
    };
    Ok(StoredProblem { problem: Problem { episodes, earlier, acknowledged, note: row.note }, revision: row.revision })
}

fn episode(row: &EpisodeRow) -> Result<Episode, String> {
    let level = |text: &str| level_of(text).ok_or_else(|| format!("history: {text:?} is not a level"));
    let kind = Kind::ALL.into_iter().find(|kind| kind.code() == row.problem);
    Ok(Episode {
        kind: kind.ok_or_else(|| format!("history: {:?} is not a kind of problem", row.problem))?,
        began: Timestamp::from_millis(row.began),
        end: row.ended.map(|at| End { at: Timestamp::from_millis(at), by: person(row, at) }),
        evidence: match (&row.current, &row.breach) {
            (Some(current), _) => Evidence::Levels {
                current: level(current)?,
                following: row.following.as_deref().map(level).transpose()?,
            },
            (None, Some(breach)) => Evidence::Breach(breach_of(breach)?),
            (None, None) => Evidence::None,
        },
        changed_at: Timestamp::from_millis(row.changed),
    })
}

fn breach_of(row: &BreachRow) -> Result<Breach, String> {
    let severity = Severity::of_code(&row.severity);
    Ok(Breach {
        opened: Timestamp::from_millis(row.opened),
        value: row.value,
        ending: row.ending,
        limit: row.limit,
        unit: row.unit.clone(),
        severity: severity.ok_or_else(|| format!("history: {:?} is not a severity", row.severity))?,
    })
}

fn person(row: &EpisodeRow, ended: i64) -> Option<Person> {
    let at = Timestamp::from_millis(row.by_at.unwrap_or(ended));
    row.by.clone().map(|name| Person { name, at })
}

/// The row of a problem.
pub(super) fn item_of(subject: &Subject, problem: &Problem, revision: u64) -> Result<Item, AwsError> {
    let corrupt = |detail: String| AwsError::corrupt(TABLE, subject.key(), detail);
    let last = problem.last().ok_or_else(|| corrupt("a problem without an episode".to_owned()))?;
    serde_dynamo::to_item(row_of(subject, problem, last, revision)).map_err(|error| corrupt(error.to_string()))
}

fn row_of(subject: &Subject, problem: &Problem, last: &Episode, revision: u64) -> ProblemRow {
    let end = last.end.as_ref().map(End::shown);
    let acknowledged = problem.acknowledged.as_ref();
    let mut levels = subject.levels().map(ToString::to_string);
    let (current_value, following_value) = level_texts(&last.evidence);
    let (sensor, alert) = match subject {
        Subject::Alert(AlertKey { sensor, alert, .. }) => (Some(sensor.to_string()), Some(alert.to_string())),
        Subject::Pair(_) | Subject::Sensor(_) | Subject::Device(_) => (None, None),
    };
    let breach = last.breach();
    ProblemRow {
        listed: keys::problem(problem.status(), &subject.key()),
        place: keys::problem_place(last.began.seconds(), &subject.key()),
        problem_id: subject.key(),
        problem: last.kind.code().to_owned(),
        problem_time: last.began.seconds(),
        problem_status: problem.status().code().to_owned(),
        current: levels.next(),
        following: levels.next(),
        current_value,
        following_value,
        device: subject.device().map(ToString::to_string),
        sensor,
        alert,
        value: breach.map(Breach::shown),
        limit: breach.map(|breach| breach.limit),
        unit: breach.map(|breach| breach.unit.clone()),
        severity: problem.severity().map(|severity| severity.code().to_owned()),
        updated_at: last.changed_at.seconds(),
        episodes: problem.count(),
        resolved_by: end.map(|(by, _)| by.to_owned()),
        resolved_at: end.map(|(_, at)| at.seconds()),
        acknowledged_by: acknowledged.map(|note| note.by.clone()),
        acknowledged_at: acknowledged.map(|note| note.at.seconds()),
        acknowledged_episode: acknowledged.map(|note| note.episode.millis()),
        note: problem.note.clone(),
        history: problem.episodes.iter().map(history).collect(),
        revision,
    }
}

/// The levels of a pair or of a silent flow sensor, as text.
fn level_texts(evidence: &Evidence) -> (Option<String>, Option<String>) {
    match evidence {
        Evidence::Levels { current, following } => {
            (Some(current.to_string()), following.map(|level| level.to_string()))
        }
        Evidence::Breach(_) | Evidence::None => (None, None),
    }
}

fn history(episode: &Episode) -> EpisodeRow {
    let (current, following) = level_texts(&episode.evidence);
    let breach = episode.breach().map(|breach| BreachRow {
        opened: breach.opened.millis(),
        value: breach.value,
        ending: breach.ending,
        limit: breach.limit,
        unit: breach.unit.clone(),
        severity: breach.severity.code().to_owned(),
    });
    let by = episode.end.as_ref().and_then(|end| end.by.as_ref());
    EpisodeRow {
        problem: episode.kind.code().to_owned(),
        began: episode.began.millis(),
        ended: episode.end.as_ref().map(|end| end.at.millis()),
        by: by.map(|by| by.name.clone()),
        by_at: by.map(|by| by.at.millis()),
        current,
        following,
        breach,
        changed: episode.changed_at.millis(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::domain::level::Level;

    #[test]
    fn a_problem_is_read_back_as_it_was_written() {
        let subject = Subject::parse("0102").unwrap();
        let level = |percent| Level::new(percent).unwrap();
        let at = Timestamp::from_millis;
        let ann = Person { name: "ann".into(), at: at(9_500) };
        let episode = |began, end| Episode {
            kind: Kind::Obstruction,
            began: at(began),
            end,
            evidence: Evidence::Levels { current: level(100.0), following: Some(level(50.0)) },
            changed_at: at(began),
        };
        let problem = Problem {
            episodes: vec![
                episode(1_500, Some(End { at: at(2_500), by: Some(ann) })),
                episode(3_500, Some(End { at: at(4_500), by: None })),
                episode(5_500, None),
            ],
            earlier: 7,
            acknowledged: Some(Acknowledgement { by: "bob".into(), at: at(6_000), episode: at(5_500) }),
            note: Some("roots in the pipe".into()),
        };
        let row = row_of(&subject, &problem, problem.last().unwrap(), 3);
        assert_eq!((row.problem_id.as_str(), row.problem_time, row.episodes), ("0102", 5, 10));
        assert_eq!((row.problem_status.as_str(), row.resolved_by.as_deref()), ("ACKNOWLEDGED", None));
        let item = serde_dynamo::to_item(row).unwrap();
        assert_eq!(problem_of(&subject, item).unwrap(), StoredProblem { problem, revision: 3 });
    }

    #[test]
    fn a_problem_of_an_alert_is_read_back_and_its_numbers_stand_in_the_row() {
        let subject = Subject::parse("buoy-01:do:low-oxygen").unwrap();
        let at = Timestamp::from_millis;
        let (unit, severity) = ("mg/L".to_owned(), Severity::Critical);
        let breach = Breach { opened: at(2_500), value: 3.9, ending: None, limit: 4.0, unit, severity };
        let evidence = Evidence::Breach(breach);
        let episode = Episode { kind: Kind::Limit, began: at(1_500), end: None, evidence, changed_at: at(2_500) };
        let problem = Problem { episodes: vec![episode], earlier: 0, acknowledged: None, note: None };
        let row = row_of(&subject, &problem, problem.last().unwrap(), 3);
        assert_eq!((row.device.as_deref(), row.sensor.as_deref()), (Some("buoy-01"), Some("do")));
        assert_eq!((row.value, row.limit, row.severity.as_deref()), (Some(3.9), Some(4.0), Some("critical")));
        let item: std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue> =
            serde_dynamo::to_item(row).unwrap();
        assert!(!item.contains_key("current") && !item.contains_key("following_value"), "{item:?}");
        assert_eq!(problem_of(&subject, item).unwrap(), StoredProblem { problem, revision: 3 });
    }
}

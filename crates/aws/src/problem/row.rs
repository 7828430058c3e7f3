//! A problem's row and what it says.

use super::super::AwsError;
use super::super::level::level_of;
use super::super::row::{EpisodeRow, Item, ProblemRow};
use super::{Stored, TABLE};
use weir_core::domain::Timestamp;
use weir_core::domain::problem::{Acknowledgement, End, Episode, Kind, Person, Problem, Subject};

pub(super) fn read(subject: &Subject, item: Item) -> Result<Stored, AwsError> {
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
    Ok(Stored { problem: Problem { episodes, earlier, acknowledged, note: row.note }, revision: row.revision })
}

fn episode(row: &EpisodeRow) -> Result<Episode, String> {
    let level = |text: &str| level_of(text).ok_or_else(|| format!("history: {text:?} is not a level"));
    let kind = Kind::ALL.into_iter().find(|kind| kind.code() == row.problem);
    Ok(Episode {
        kind: kind.ok_or_else(|| format!("history: {:?} is no kind of problem", row.problem))?,
        began: Timestamp::from_millis(row.began),
        end: row.ended.map(|at| End { at: Timestamp::from_millis(at), by: person(row, at) }),
        current: level(&row.current)?,
        following: row.following.as_deref().map(level).transpose()?,
        changed_at: Timestamp::from_millis(row.changed),
    })
}

fn person(row: &EpisodeRow, ended: i64) -> Option<Person> {
    let at = Timestamp::from_millis(row.by_at.unwrap_or(ended));
    row.by.clone().map(|name| Person { name, at })
}

/// The range key of the index `listed`: of one second the ids decide.
pub(super) fn place(time: i64, id: &str) -> String {
    format!("{:012}#{id}", time.max(0))
}

pub(super) fn written(subject: &Subject, problem: &Problem, last: &Episode, revision: u64) -> ProblemRow {
    let end = last.end.as_ref().map(End::told);
    let acknowledged = problem.acknowledged.as_ref();
    let (current, following) = subject.sensors();
    ProblemRow {
        place: place(last.began.seconds(), &subject.key()),
        problem_id: subject.key(),
        problem: last.kind.code().to_owned(),
        problem_time: last.began.seconds(),
        problem_status: problem.status().code().to_owned(),
        current: current.to_string(),
        following: following.map(ToString::to_string),
        current_value: last.current.to_string(),
        following_value: last.following.map(|level| level.to_string()),
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

fn history(episode: &Episode) -> EpisodeRow {
    let by = episode.end.as_ref().and_then(|end| end.by.as_ref());
    EpisodeRow {
        problem: episode.kind.code().to_owned(),
        began: episode.began.millis(),
        ended: episode.end.as_ref().map(|end| end.at.millis()),
        by: by.map(|by| by.name.clone()),
        by_at: by.map(|by| by.at.millis()),
        current: episode.current.to_string(),
        following: episode.following.map(|level| level.to_string()),
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
            current: level(100.0),
            following: Some(level(50.0)),
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
        let row = written(&subject, &problem, problem.last().unwrap(), 3);
        assert_eq!((row.problem_id.as_str(), row.problem_time, row.episodes), ("0102", 5, 10));
        assert_eq!((row.problem_status.as_str(), row.resolved_by.as_deref()), ("ACKNOWLEDGED", None));
        let item = serde_dynamo::to_item(row).unwrap();
        assert_eq!(read(&subject, item).unwrap(), Stored { problem, revision: 3 });
    }
}

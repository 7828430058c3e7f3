//! The state of a topic, as a subscriber gets it first.

use weir_aws::AwsError;
use weir_aws::device::Registration;
use weir_aws::problem::{ProblemFilter, StoredProblem};
use weir_aws::quarantine::EntryFilter;
use weir_aws::time_series::History;
use weir_core::domain::live::{Topic, Visible};
use weir_core::domain::problem::{Status, Subject};
use weir_core::domain::reading::{FILLING, Series};
use weir_core::id::{DeviceId, LevelId, Tube};
use weir_core::wire::live::{LatestLevel, Message, State};
use weir_core::wire::problem::ProblemJson;
use weir_core::wire::reading::Point;

use super::Parts;

/// Maximum levels, problems and entries of a snapshot, to stay below the size that API Gateway sends at once.
const LEVELS: usize = 200;
const PROBLEMS: usize = 100;
const ENTRIES: usize = 50;
/// Maximum pages of problems that are searched for those that the person sees.
const PAGES: usize = 10;

impl Parts {
    /// The state of a topic as far as it is visible.
    ///
    /// # Errors
    /// When a table does not answer, or a row is corrupt.
    pub(super) async fn snapshot(&self, topic: &Topic, visible: &Visible) -> Result<Message, AwsError> {
        let (state, more) = match topic {
            Topic::Device(id) => (State::Readings(self.latest_readings(id).await?), false),
            Topic::Tube(tube) => {
                let (levels, more) = self.latest_levels(tube, visible).await?;
                (State::Levels(levels), more)
            }
            Topic::Problems => {
                let (problems, more) = self.open_problems(visible).await?;
                (State::Problems(problems), more)
            }
            Topic::Quarantine => {
                let (entries, next) = self.quarantine.list(&EntryFilter::default(), ENTRIES, None).await?;
                (State::Entries(entries.into_iter().map(Into::into).collect()), next.is_some())
            }
        };
        // Timestream has no stream of what is written.
        let live = !matches!((topic, &*self.history), (Topic::Device(_), History::Timestream(_)));
        Ok(Message::Snapshot { topic: topic.to_string(), live, more, state })
    }

    async fn latest_readings(&self, id: &DeviceId) -> Result<Vec<Point>, AwsError> {
        let Registration::Device(stored) = self.devices.find(id).await? else { return Ok(Vec::new()) };
        let own = stored.device.details.sensors.iter().filter(|sensor| sensor.code.as_str() != FILLING);
        let series: Vec<Series> =
            own.map(|sensor| Series { device: id.clone(), sensor: sensor.code.clone() }).collect();
        let found = self.history.latest(&series, self.clock.now()).await?;
        Ok(found.into_iter().map(Point::of).collect())
    }

    async fn latest_levels(&self, tube: &Tube, visible: &Visible) -> Result<(Vec<LatestLevel>, bool), AwsError> {
        let (ids, more): (Vec<LevelId>, bool) = match visible {
            Visible::Levels(levels) => (levels.iter().take(LEVELS).cloned().collect(), levels.len() > LEVELS),
            Visible::All => {
                let page = self.levels.list(Some(tube.as_str()), LEVELS, None).await?;
                (page.ids, page.more)
            }
        };
        let mut levels = Vec::new();
        for (id, state) in self.levels.of_ids(&ids).await? {
            let state = state?;
            let last = state.measurements.last();
            levels.push(LatestLevel {
                id,
                last_value: last.map(|last| last.level.to_string()).unwrap_or_default(),
                last_update: last.map_or(0, |last| last.at.seconds()),
            });
        }
        Ok((levels, more))
    }

    async fn open_problems(&self, visible: &Visible) -> Result<(Vec<ProblemJson>, bool), AwsError> {
        let mut problems = Vec::new();
        if visible.is_nothing() {
            return Ok((problems, false));
        }
        let mut after = None;
        for _ in 0..PAGES {
            let (page, next) = self.problems.list(&ProblemFilter::default(), PROBLEMS, after).await?;
            // Open ones come first.
            let resolved = |(_, stored): &(Subject, StoredProblem)| stored.problem.status() == Status::Resolved;
            let ended = page.iter().any(resolved);
            for (subject, stored) in page.into_iter().filter(|found| !resolved(found)) {
                if visible.sees_problem(&subject) {
                    problems.extend(ProblemJson::of(&subject, &stored.problem));
                }
            }
            if problems.len() >= PROBLEMS {
                problems.truncate(PROBLEMS);
                return Ok((problems, next.is_some()));
            }
            if ended || next.is_none() {
                return Ok((problems, false));
            }
            after = next;
        }
        Ok((problems, true))
    }
}

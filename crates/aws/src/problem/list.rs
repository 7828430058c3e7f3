//! Lists of problems, open ones first and then the newest first: the index gives a page of keys, and the rows of that page
//! are then read.

use serde::{Deserialize, Serialize};

use super::super::keys::{partitions, problem_place};
use super::super::list::{List, Span};
use super::super::{AwsError, batch};
use super::row::problem_of;
use super::{ProblemTable, StoredProblem};
use weir_core::domain::alert::Severity;
use weir_core::domain::problem::{Kind, Status, Subject};
use weir_core::id::LevelId;

/// Keys that are read at once when all open problems are read.
const PAGE: usize = 1_000;
/// Problems that are read at once when few of them may be selected, and how often for one page: then a page may be shorter than
/// it could be, or empty, and have a next one.
const FEW: usize = 100;
const ROUNDS: usize = 10;

/// Selects the problems of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProblemFilter {
    /// Only problems with this status.
    pub status: Option<Status>,
    /// Only problems whose newest episode began at this time or later, in seconds since the epoch.
    pub since: Option<i64>,
    /// Only problems of this kind.
    pub kind: Option<Kind>,
    /// Only problems of this severity. Those of flow sensors have none.
    pub severity: Option<Severity>,
}

/// The position of a problem in a list. A greater one comes first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProblemPosition {
    /// Open problems come first.
    open: bool,
    /// The range key, which is greater for later problems.
    place: String,
}

impl ProblemFilter {
    /// Whether a problem is selected.
    pub fn matches(&self, stored: &StoredProblem) -> bool {
        let began = stored.problem.last().map(|last| last.began.seconds());
        self.status.is_none_or(|status| status == stored.problem.status())
            && self.since.is_none_or(|since| began.is_some_and(|began| began >= since))
            && self.kind.is_none_or(|kind| stored.problem.last().is_some_and(|last| last.kind == kind))
            && self.severity.is_none_or(|severity| stored.problem.severity() == Some(severity))
    }

    /// Whether a problem of this subject may be selected, judging by its id.
    fn may_match(&self, subject: &Subject) -> bool {
        let kinds: &[Kind] = match subject {
            Subject::Pair(_) => &[Kind::Obstruction, Kind::Problem],
            Subject::Sensor(_) | Subject::Device(_) => &[Kind::Silent],
            Subject::Alert(_) => &[Kind::Limit],
        };
        let has_severity = matches!(subject, Subject::Alert(_) | Subject::Device(_));
        self.kind.is_none_or(|kind| kinds.contains(&kind)) && (has_severity || self.severity.is_none())
    }
}

impl ProblemPosition {
    /// The position of a problem.
    pub fn of(subject: &Subject, stored: &StoredProblem) -> Self {
        let began = stored.problem.last().map_or(0, |last| last.began.seconds());
        Self { open: stored.problem.status() != Status::Resolved, place: problem_place(began, &subject.key()) }
    }
}

impl ProblemTable {
    /// At most `limit` problems after `after`, and the position of the last one when there are more.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn list(
        &self,
        filter: &ProblemFilter,
        limit: usize,
        after: Option<ProblemPosition>,
    ) -> Result<(Vec<(Subject, StoredProblem)>, Option<ProblemPosition>), AwsError> {
        let few = filter.kind.is_some() || filter.severity.is_some();
        let (size, rounds) = if few { (limit.max(FEW), ROUNDS) } else { (limit, 1) };
        let (mut found, mut after) = (Vec::new(), after);
        for _ in 0..rounds {
            let (places, more) = self.page(filter, size, after.take()).await?;
            let subject = |place: &ProblemPosition| place.place.split_once('#').and_then(|(_, id)| Subject::parse(id));
            let subjects = places.iter().filter_map(subject).filter(|subject| filter.may_match(subject));
            // A problem that has changed since its key was read may not match any more.
            let read = self.of_subjects(subjects).await?.into_iter().filter(|(_, stored)| filter.matches(stored));
            found.extend(read);
            after = places.into_iter().next_back().filter(|_| more);
            if found.len() > limit {
                found.truncate(limit);
                after = found.last().map(|(subject, stored)| ProblemPosition::of(subject, stored));
            }
            if after.is_none() || found.len() == limit {
                break;
            }
        }
        Ok((found, after))
    }

    /// The positions of at most `limit` problems after `after`, and whether there are more.
    async fn page(
        &self,
        filter: &ProblemFilter,
        limit: usize,
        after: Option<ProblemPosition>,
    ) -> Result<(Vec<ProblemPosition>, bool), AwsError> {
        let mut places: Vec<ProblemPosition> = Vec::new();
        for open in [true, false] {
            if after.as_ref().is_some_and(|after| open && !after.open) {
                continue;
            }
            // One more than `limit`, to know whether there is a next page.
            let wanted = limit.saturating_add(1).saturating_sub(places.len());
            let before = after.as_ref().filter(|after| after.open == open).map(|after| after.place.as_str());
            places.extend(self.places(filter, open, wanted, before).await?);
        }
        let more = places.len() > limit;
        places.truncate(limit);
        Ok((places, more))
    }

    /// The problems of these subjects, in this order, without the subjects that have none.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn of_subjects(
        &self,
        subjects: impl IntoIterator<Item = Subject>,
    ) -> Result<Vec<(Subject, StoredProblem)>, AwsError> {
        let subjects: Vec<Subject> = subjects.into_iter().collect();
        let keys: Vec<String> = subjects.iter().map(Subject::key).collect();
        let mut rows = batch::rows(&self.client, &self.name, "problem_id", &keys).await?;
        let problem = |subject: Subject| {
            let item = rows.remove(&subject.key())?;
            Some(problem_of(&subject, item).map(|stored| (subject, stored)))
        };
        subjects.into_iter().filter_map(problem).collect()
    }

    /// The open problems of a sensor, by looking at the keys of all open ones: those of a pair that are no longer neighbours
    /// are found as well.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a key is corrupt.
    pub async fn open_of(&self, sensor: &LevelId) -> Result<Vec<Subject>, AwsError> {
        let is_of = |subject: &Subject| subject.levels().any(|level| level == sensor);
        let (mut found, mut before) = (Vec::new(), None);
        loop {
            let places = self.places(&ProblemFilter::default(), true, PAGE, before.as_deref()).await?;
            let subjects = places.iter().filter_map(|place| Subject::parse(place.place.split_once('#')?.1));
            found.extend(subjects.filter(is_of));
            match places.into_iter().next_back() {
                Some(last) => before = Some(last.place),
                None => return Ok(found),
            }
        }
    }

    /// The positions of at most `wanted` open or resolved problems, newest first.
    async fn places(
        &self,
        filter: &ProblemFilter,
        open: bool,
        wanted: usize,
        before: Option<&str>,
    ) -> Result<Vec<ProblemPosition>, AwsError> {
        let statuses = Status::ALL.into_iter().filter(|status| (*status != Status::Resolved) == open);
        let statuses = statuses.filter(|status| filter.status.is_none_or(|asked| asked == *status));
        let partitions: Vec<String> = statuses.flat_map(|status| partitions(status.code())).collect();
        let list = List {
            client: &self.client,
            table: &self.name,
            index: "listed",
            partition: "listed",
            sort: "place",
            descending: true,
            operation: "Query problems listed",
        };
        let span = Span {
            from: problem_place(filter.since.unwrap_or(0), ""),
            to: Span::LAST.to_owned(),
            after: before.map(str::to_owned),
        };
        let rows = list.first(&partitions, &span, wanted).await?;
        Ok(rows.into_iter().map(|(place, _)| ProblemPosition { open, place }).collect())
    }
}

//! Lists of problems: those that are open first, newest first; by key, and each page reads what it shows.

use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};

use super::super::row::{Item, s};
use super::super::{AwsError, batch};
use super::{ProblemTable, Stored, TABLE, row};
use weir_core::domain::problem::{Status, Subject};

/// Which problems a list is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Listing {
    /// Only those of this status.
    pub status: Option<Status>,
    /// Only those whose newest episode began at this instant or later, in epoch seconds.
    pub since: Option<i64>,
}

/// Where a problem stands in a list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// Those that are open come first.
    open: bool,
    /// The range key: the later the greater.
    place: String,
}

impl Listing {
    /// Whether a problem belongs to the list.
    pub fn takes(&self, stored: &Stored) -> bool {
        let began = stored.problem.last().map(|last| last.began.seconds());
        self.status.is_none_or(|status| status == stored.problem.status())
            && self.since.is_none_or(|since| began.is_some_and(|began| began >= since))
    }
}

impl Place {
    /// Where the problem stands: the greater, the further in front.
    pub fn of(subject: &Subject, stored: &Stored) -> Self {
        let began = stored.problem.last().map_or(0, |last| last.began.seconds());
        Self { open: stored.problem.status() != Status::Resolved, place: row::place(began, &subject.key()) }
    }
}

impl ProblemTable {
    /// At most `limit` problems after `after`, and where the next page begins.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row cannot be understood.
    pub async fn list(
        &self,
        listing: &Listing,
        limit: usize,
        after: Option<Place>,
    ) -> Result<(Vec<(Subject, Stored)>, Option<Place>), AwsError> {
        let mut places: Vec<Place> = Vec::new();
        for open in [true, false] {
            if after.as_ref().is_some_and(|after| open && !after.open) {
                continue;
            }
            // One more than asked for tells whether there is a next page.
            let wanted = limit.saturating_add(1).saturating_sub(places.len());
            let before = after.as_ref().filter(|after| after.open == open).map(|after| after.place.as_str());
            places.extend(self.places(listing, open, wanted, before).await?);
        }
        let more = places.len() > limit;
        places.truncate(limit);
        let next = places.last().filter(|_| more).cloned();
        let subject = |place: &Place| place.place.split_once('#').and_then(|(_, id)| Subject::parse(id));
        let problems = self.of_subjects(places.iter().filter_map(subject)).await?;
        // What has changed since its key was read may belong to another list now.
        Ok((problems.into_iter().filter(|(_, stored)| listing.takes(stored)).collect(), next))
    }

    /// The problems of these subjects that there are, in this order.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row cannot be understood.
    pub async fn of_subjects(
        &self,
        subjects: impl IntoIterator<Item = Subject>,
    ) -> Result<Vec<(Subject, Stored)>, AwsError> {
        let subjects: Vec<Subject> = subjects.into_iter().collect();
        let keys: Vec<String> = subjects.iter().map(Subject::key).collect();
        let mut rows = batch::rows(&self.client, &self.name, "problem_id", &keys).await?;
        let problem = |subject: Subject| {
            let item = rows.remove(&subject.key())?;
            Some(row::read(&subject, item).map(|stored| (subject, stored)))
        };
        subjects.into_iter().filter_map(problem).collect()
    }

    /// The keys of at most `wanted` problems that are open, or that are not, newest first.
    async fn places(
        &self,
        listing: &Listing,
        open: bool,
        wanted: usize,
        before: Option<&str>,
    ) -> Result<Vec<Place>, AwsError> {
        let statuses = Status::ALL.into_iter().filter(|status| (*status != Status::Resolved) == open);
        let statuses = statuses.filter(|status| listing.status.is_none_or(|asked| asked == *status));
        if wanted == 0 {
            return Ok(Vec::new());
        }
        let parts = try_join_all(statuses.map(|status| self.part(status, listing.since, wanted, before))).await?;
        let mut places: Vec<Place> = parts.into_iter().flatten().map(|place| Place { open, place }).collect();
        places.sort_by(|one, other| other.cmp(one));
        places.truncate(wanted);
        Ok(places)
    }

    async fn part(
        &self,
        status: Status,
        since: Option<i64>,
        wanted: usize,
        before: Option<&str>,
    ) -> Result<Vec<String>, AwsError> {
        // Both ends belong to a range; the place where the last page ended is one more key to read. `~` comes after all.
        let from = row::place(since.unwrap_or(0), "");
        let to = before.unwrap_or("~");
        if *to < *from {
            return Ok(Vec::new());
        }
        let sent = self
            .client
            .query()
            .table_name(&self.name)
            .index_name("listed")
            .key_condition_expression("problem_status = :s AND place BETWEEN :from AND :to")
            .expression_attribute_values(":s", s(status.code()))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":to", s(to))
            .scan_index_forward(false)
            .limit(i32::try_from(wanted + usize::from(before.is_some())).unwrap_or(i32::MAX))
            .send();
        let page = sent.await.map_err(|error| AwsError::call("Query problems listed", error))?;
        let place = |item: Item| {
            let place = item.get("place").and_then(|place| place.as_s().ok()).cloned();
            place.ok_or_else(|| AwsError::corrupt(TABLE, "listed", "a key without `place`"))
        };
        let places = page.items.unwrap_or_default().into_iter().map(place).collect::<Result<Vec<_>, _>>()?;
        Ok(places.into_iter().filter(|place| before != Some(place.as_str())).take(wanted).collect())
    }
}

//! Lists of events, newest first: of a device, a query of the table; of all, pages of the index `listed`.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::operation::query::QueryOutput;
use serde::{Deserialize, Serialize};

use super::super::AwsError;
use super::super::keys::{EVENTS, event_bound, event_place, event_row, events_of, partitions};
use super::super::list::{List, Span};
use super::super::row::s;
use super::EventTable;
use super::row::event_of;
use weir_core::domain::Timestamp;
use weir_core::domain::event::{Event, Kind};
use weir_core::id::{DeviceId, EventId};

/// Rows that are read at once when few of them may be selected, and how often for one page: then a page may be shorter than it
/// could be, or empty, and have a next one.
const FEW: usize = 200;
const ROUNDS: usize = 10;

/// Selects the events of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only events of these kinds; empty: of all kinds.
    pub kinds: BTreeSet<Kind>,
    /// Only events of this instant or later.
    pub from: Option<Timestamp>,
    /// Only events before this instant.
    pub to: Option<Timestamp>,
}

/// The last event of a page, after which the next page begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventPosition {
    device: Option<DeviceId>,
    /// Epoch milliseconds.
    at: i64,
    id: EventId,
}

impl From<&Event> for EventPosition {
    fn from(event: &Event) -> Self {
        Self { device: event.device.clone(), at: event.at.millis(), id: event.id.clone() }
    }
}

impl EventPosition {
    fn at(&self) -> Timestamp {
        Timestamp::from_millis(self.at)
    }
}

impl EventFilter {
    fn selects(&self, event: &Event) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&event.kind)
    }

    /// The smallest and the greatest sort key. Rows of an instant are greater than its bound.
    fn bounds(&self) -> (String, String) {
        let from = self.from.map_or_else(|| "0".to_owned(), event_bound);
        // Rows of events begin with a digit, and `:` comes after the digits.
        (from, self.to.map_or_else(|| ":".to_owned(), event_bound))
    }

    /// How many rows are read at once for a page of `limit` events, and how often.
    fn rounds(&self, limit: usize) -> (usize, usize) {
        // One more than requested tells whether there is a next page.
        let wanted = limit.saturating_add(1);
        if self.kinds.is_empty() { (wanted, 1) } else { (wanted.max(FEW), ROUNDS) }
    }
}

/// A page that is being filled.
struct Filling {
    events: Vec<Event>,
    limit: usize,
    next: Option<EventPosition>,
}

impl Filling {
    /// Adds the rows that were read; `more`: whether others may follow. Returns whether the page is full or the list has ended.
    fn add(&mut self, read: Vec<Event>, more: bool, filter: &EventFilter) -> bool {
        self.next = read.last().map(EventPosition::from).filter(|_| more);
        self.events.extend(read.into_iter().filter(|event| filter.selects(event)));
        if self.events.len() > self.limit {
            self.events.truncate(self.limit);
            self.next = self.events.last().map(EventPosition::from);
            return true;
        }
        self.next.is_none()
    }
}

impl EventTable {
    /// At most `limit` events of a device, or of no device, after `after`, newest first, and where the next page begins.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn of_device(
        &self,
        device: Option<&DeviceId>,
        filter: &EventFilter,
        limit: usize,
        after: Option<EventPosition>,
    ) -> Result<(Vec<Event>, Option<EventPosition>), AwsError> {
        let (size, rounds) = filter.rounds(limit);
        let mut page = Filling { events: Vec::new(), limit, next: after };
        for _ in 0..rounds {
            let (read, more) = self.query(device, filter, size, page.next.take()).await?;
            if page.add(read, more, filter) {
                break;
            }
        }
        Ok((page.events, page.next))
    }

    async fn query(
        &self,
        device: Option<&DeviceId>,
        filter: &EventFilter,
        limit: usize,
        after: Option<EventPosition>,
    ) -> Result<(Vec<Event>, bool), AwsError> {
        let (from, to) = filter.bounds();
        if from > to {
            return Ok((Vec::new(), false));
        }
        let partition = events_of(device);
        let start = after.map(|after| self.key(partition, &event_row(after.at(), &after.id)));
        let sent = self
            .client
            .query()
            .table_name(&self.name)
            .key_condition_expression("device = :device AND #row BETWEEN :from AND :to")
            .expression_attribute_names("#row", "row")
            .expression_attribute_values(":device", s(partition))
            .expression_attribute_values(":from", s(from))
            .expression_attribute_values(":to", s(to))
            .scan_index_forward(false)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start)
            .send();
        let QueryOutput { items, last_evaluated_key, .. } =
            sent.await.map_err(|error| AwsError::call("Query events", error))?;
        let events = items.unwrap_or_default().into_iter().map(event_of).collect::<Result<_, _>>()?;
        Ok((events, last_evaluated_key.is_some()))
    }

    /// At most `limit` events of all devices and people after `after`, newest first, and where the next page begins. The index
    /// lags a little behind the table.
    ///
    /// # Errors
    /// When DynamoDB does not answer, or a row is corrupt.
    pub async fn list(
        &self,
        filter: &EventFilter,
        limit: usize,
        after: Option<EventPosition>,
    ) -> Result<(Vec<Event>, Option<EventPosition>), AwsError> {
        let list = List {
            client: &self.client,
            table: &self.name,
            index: "listed",
            partition: "listed",
            sort: "place",
            descending: true,
            operation: "Query events listed",
        };
        let (size, rounds) = filter.rounds(limit);
        let (from, to) = filter.bounds();
        let mut page = Filling { events: Vec::new(), limit, next: after };
        for _ in 0..rounds {
            let after = page.next.take().map(|after| event_place(after.at(), after.device.as_ref(), &after.id));
            let span = Span { from: from.clone(), to: to.clone(), after };
            let rows = list.first(&partitions(EVENTS), &span, size).await?;
            let more = rows.len() == size;
            let read = rows.into_iter().map(|(_, item)| event_of(item)).collect::<Result<_, _>>()?;
            if page.add(read, more, filter) {
                break;
            }
        }
        Ok((page.events, page.next))
    }
}

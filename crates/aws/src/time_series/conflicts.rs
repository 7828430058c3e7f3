//! Conflicts: readings whose series and instant are stored already.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, stream};

use super::super::row::{Item, n, s, series};
use super::super::{Attempts, AwsError};
use super::dynamodb::{ATTEMPTS, JUDGE, TABLE};
use super::{Outcomes, Placed, QuarantineWriter, ReadingTable, RefusedReading, Written, failed};
use weir_core::domain::Timestamp;
use weir_core::domain::reading::{ConflictResolution, Quality, Reading};

/// Maximum conflicts that are resolved at the same time.
const AT_ONCE: usize = 8;

/// How conflicts ended.
#[derive(Default)]
pub(super) struct Resolved {
    pub outcomes: Outcomes,
    /// How many stored readings were replaced.
    pub replaced: usize,
}

/// How the conflict of a reading with its stored row is resolved.
enum Next<'a> {
    Ended(Result<Written, AwsError>),
    /// It is refused; nothing is written.
    Refused(RefusedReading<'a>),
    /// This reading replaces this row; `None` if the row expired in between. The stored reading is quarantined
    /// first: after a crash in between, the next delivery finds it still stored.
    Writes(Cow<'a, Reading>, Option<Item>, Option<RefusedReading<'a>>),
}

impl ReadingTable {
    /// Resolves the conflicts of readings whose series and instant are stored already. All refused readings, including
    /// `refused`, are quarantined together, so that the bounds of each message apply to all of them.
    pub(super) async fn resolve_conflicts<'a>(
        &self,
        mut known: Placed<'a>,
        mut refused: Vec<RefusedReading<'a>>,
        quarantine: &QuarantineWriter<'_>,
    ) -> Resolved {
        let mut resolved = Resolved::default();
        let key = known.first().map(|(_, reading)| series(&reading.series)).unwrap_or_default();
        let mut attempts = Attempts::new(TABLE, &key, ATTEMPTS);
        while !known.is_empty() || !refused.is_empty() {
            if let Err(error) = attempts.next().await {
                resolved.outcomes.extend(failed(&known, &error));
                return resolved;
            }
            let each: Vec<_> = known.into_iter().map(|(place, reading)| self.next(place, reading)).collect();
            let all: Vec<_> = stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
            let (mut puts, mut old) = (Vec::new(), HashSet::new());
            for (place, reading, next) in all {
                match next {
                    Next::Ended(outcome) => resolved.outcomes.push((place, outcome)),
                    Next::Refused(one) => refused.push(one),
                    Next::Writes(new, item, stored) => {
                        if let Some(stored) = stored {
                            old.insert(place);
                            refused.push(stored);
                        }
                        puts.push((place, reading, new, item));
                    }
                }
            }
            for (place, outcome) in quarantine.refuse(std::mem::take(&mut refused)).await {
                if !old.contains(&place) {
                    resolved.outcomes.push((place, outcome));
                } else if let Err(error) = outcome {
                    puts.retain(|(put, ..)| *put != place);
                    resolved.outcomes.push((place, Err(error)));
                }
            }
            let each = puts.into_iter().map(|(place, reading, new, item)| self.replace_one(place, reading, new, item));
            let each: Vec<_> = each.collect();
            let put: Vec<_> = stream::iter(each).buffer_unordered(AT_ONCE).collect().await;
            known = Placed::new();
            for (place, reading, outcome) in put {
                match outcome {
                    Ok(true) => {
                        resolved.replaced += 1;
                        resolved.outcomes.push((place, Ok(Written::Stored)));
                    }
                    // The row has changed since it was read.
                    Ok(false) => known.push((place, reading)),
                    Err(error) => resolved.outcomes.push((place, Err(error))),
                }
            }
        }
        resolved
    }

    async fn replace_one<'a>(
        &self,
        place: usize,
        reading: &'a Reading,
        new: Cow<'a, Reading>,
        item: Option<Item>,
    ) -> (usize, &'a Reading, Result<bool, AwsError>) {
        let _permit = self.requests.acquire().await;
        (place, reading, self.put(&new, item.as_ref()).await)
    }

    async fn next<'a>(&self, place: usize, reading: &'a Reading) -> (usize, &'a Reading, Next<'a>) {
        (place, reading, self.decide(place, reading).await)
    }

    /// Reads the stored reading and decides which one has precedence.
    async fn decide<'a>(&self, place: usize, reading: &'a Reading) -> Next<'a> {
        let _permit = self.requests.acquire().await;
        let item = match self.get(reading).await {
            Ok(Some(item)) => item,
            // It expired in between, so there is no conflict any more.
            Ok(None) => return Next::Writes(Cow::Borrowed(reading), None, None),
            Err(error) => return Next::Ended(Err(error)),
        };
        let stored = match stored_of(reading, &item) {
            Ok(stored) => stored,
            Err(error) => return Next::Ended(Err(error)),
        };
        match reading.resolve_conflict(&stored) {
            ConflictResolution::Duplicate => Next::Ended(Ok(Written::Duplicate)),
            ConflictResolution::QuarantineNew => {
                Next::Refused(RefusedReading::conflict(place, Cow::Borrowed(reading), stored.raw))
            }
            ConflictResolution::Replace(merged) => Next::Writes(Cow::Owned(*merged), Some(item), None),
            ConflictResolution::ReplaceAndQuarantineOld => {
                let old = RefusedReading::conflict(place, Cow::Owned(stored), reading.raw);
                Next::Writes(Cow::Borrowed(reading), Some(item), Some(old))
            }
        }
    }

    async fn get(&self, reading: &Reading) -> Result<Option<Item>, AwsError> {
        let request = self
            .client
            .get_item()
            .table_name(&self.name)
            .key("sensor", s(series(&reading.series)))
            .key("at", n(reading.at.millis()))
            .consistent_read(true);
        Ok(request.send().await.map_err(|error| AwsError::call("GetItem readings", error))?.item)
    }

    /// Writes the reading in place of `stored`, or as a new row. False when the row has changed since it was read.
    async fn put(&self, reading: &Reading, stored: Option<&Item>) -> Result<bool, AwsError> {
        let item: HashMap<_, _> =
            self.attributes(reading).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item));
        let put = match stored {
            None => put.condition_expression("attribute_not_exists(sensor)"),
            Some(stored) => {
                let mut put = put
                    .condition_expression("#c = :c AND #r = :r AND #w = :w")
                    .expression_attribute_names("#c", "calibration")
                    .expression_attribute_names("#r", "received_at")
                    .expression_attribute_names("#w", "raw");
                for (token, name) in [(":c", "calibration"), (":r", "received_at"), (":w", "raw")] {
                    let value = stored.get(name).cloned().unwrap_or(AttributeValue::Null(true));
                    put = put.expression_attribute_values(token, value);
                }
                put
            }
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(AwsError::call("PutItem readings", error)),
            },
        }
    }
}

/// The stored reading in the row of `reading`.
fn stored_of(reading: &Reading, item: &Item) -> Result<Reading, AwsError> {
    let corrupt = |name: &str| AwsError::corrupt(TABLE, series(&reading.series), format!("{name} cannot be read"));
    let number = |name: &str| {
        let text = item.get(name).and_then(|value| value.as_n().ok());
        text.and_then(|text| text.parse::<f64>().ok()).ok_or_else(|| corrupt(name))
    };
    let whole = |name: &str| {
        let text = item.get(name).and_then(|value| value.as_n().ok());
        text.and_then(|text| text.parse::<i64>().ok()).ok_or_else(|| corrupt(name))
    };
    let text = |name: &str| item.get(name).and_then(|value| value.as_s().ok()).ok_or_else(|| corrupt(name));
    Ok(Reading {
        series: reading.series.clone(),
        at: reading.at,
        received_at: Timestamp::from_millis(whole("received_at")?),
        raw: number("raw")?,
        value: number("value")?,
        unit: text("unit")?.clone(),
        calibration: u32::try_from(whole("calibration")?).map_err(|_| corrupt("calibration"))?,
        quality: Quality::of_code(text("quality")?).ok_or_else(|| corrupt("quality"))?,
        judge: item.contains_key(JUDGE),
    })
}

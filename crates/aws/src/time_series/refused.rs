//! Readings that are not stored are quarantined: each in an entry of its own up to the limit of its message, and the rest of a message
//! together in one entry.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures_util::{StreamExt, stream};

use super::super::AwsError;
use super::super::quarantine::{QuarantineEntry, QuarantineTable};
use super::{Outcomes, Written};
use weir_core::domain::reading::{Reading, Series};
use weir_core::domain::refusal::together;
use weir_core::domain::{Quarantined, Reason, Refusal, Timestamp};
use weir_core::id::QuarantineId;
use weir_runtime::clock::Clock;

/// Maximum concurrent entries of one call.
const AT_ONCE: usize = 8;

/// Makes the message that replays readings of one device: its topic and payload.
pub type Replayed = fn(&[(&Series, Timestamp, f64)]) -> (String, Vec<u8>);

/// Writes readings that are not stored to the quarantine.
pub struct QuarantineWriter<'a> {
    /// The table.
    pub table: &'a QuarantineTable,
    /// The clock for the time at which an entry was first seen.
    pub clock: &'a dyn Clock,
    /// The function that writes, to which a replay is sent.
    pub function: &'static str,
    /// Makes the message that replays readings.
    pub message: Replayed,
    /// The quarantine entries that this call replays.
    pub replayed: &'a [QuarantineId],
    /// The messages that the readings come from.
    pub origins: &'a Origins,
}

/// The messages that the readings of a call come from.
#[derive(Debug, Default)]
pub struct Origins {
    /// The message of each reading, by the index of the reading in the call; 0 for a reading that is not listed.
    pub of: Vec<usize>,
    /// The messages. One that is not listed may cause any number of entries.
    pub messages: Vec<Origin>,
}

/// A message of a call.
#[derive(Debug)]
pub struct Origin {
    /// How many entries it may still cause; at least one in each call.
    left: Mutex<usize>,
    /// The entry that stays when a replay is refused in more parts than that.
    whole: Option<QuarantineEntry>,
}

impl Origin {
    /// A message that may cause `entries` entries. `whole` is its own entry, if it is a replay.
    pub fn new(entries: usize, whole: Option<QuarantineEntry>) -> Self {
        Self { left: Mutex::new(entries), whole }
    }

    /// Takes `wanted` entries if that many are left; otherwise all that are left, one of which is for the readings without their own.
    fn take(&self, wanted: usize) -> Option<usize> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = wanted.min((*left).max(1));
        *left = left.saturating_sub(taken);
        (taken < wanted).then_some(taken)
    }
}

/// A reading that is not stored, with its index in the call.
#[derive(Debug, Clone)]
pub(super) struct RefusedReading<'a> {
    pub place: usize,
    pub reading: Cow<'a, Reading>,
    pub refusal: Refusal,
}

impl<'a> RefusedReading<'a> {
    pub fn new(place: usize, reading: &'a Reading, refusal: Refusal) -> Self {
        Self { place, reading: Cow::Borrowed(reading), refusal }
    }

    /// The reading, because a reading with the raw number `winner` has precedence.
    pub fn conflict(place: usize, reading: Cow<'a, Reading>, winner: f64) -> Self {
        let detail = format!(
            "raw {} was sent for the same sensor and instant as raw {winner}, which has precedence",
            reading.raw
        );
        Self { place, reading, refusal: Refusal::new(Reason::ConflictingReading, detail) }
    }
}

impl QuarantineWriter<'_> {
    /// Writes the entry. An entry that is being replayed is not written: it exists already, unless it was deleted or
    /// accepted by another replay in the meantime, in which case it must not be created again.
    ///
    /// # Errors
    /// When the entry cannot be written.
    pub async fn write(&self, entry: &QuarantineEntry) -> Result<Written, AwsError> {
        let id = entry.id();
        if !self.replayed.iter().any(|replayed| replayed.as_str() == id) {
            self.table.put(entry, self.clock.now()).await?;
        }
        Ok(Written::Quarantined(Quarantined { id, refusal: entry.refusal.clone() }))
    }

    /// Writes refused readings; the outcomes are of the readings, in any order.
    pub(super) async fn refuse(&self, refused: Vec<RefusedReading<'_>>) -> Outcomes {
        let mut of_message: BTreeMap<usize, Vec<RefusedReading<'_>>> = BTreeMap::new();
        for one in refused {
            let message = self.origins.of.get(one.place).copied().unwrap_or_default();
            of_message.entry(message).or_default().push(one);
        }
        let mut entries: Vec<(Vec<usize>, QuarantineEntry)> = Vec::new();
        for (message, mut refused) in of_message {
            refused.sort_by_key(|one| one.place);
            let places = |some: &[RefusedReading<'_>]| some.iter().map(|one| one.place).collect::<Vec<_>>();
            let origin = self.origins.messages.get(message);
            let rest = match origin.and_then(|origin| origin.take(refused.len())) {
                None => Vec::new(),
                Some(most) => refused.split_off(most.saturating_sub(1)),
            };
            match origin.and_then(|origin| origin.whole.as_ref()).filter(|_| !rest.is_empty()) {
                Some(whole) => {
                    refused.extend(rest);
                    let refusal = together(refused.iter().map(|one| one.refusal.reason));
                    entries.push((places(&refused), QuarantineEntry { refusal, ..whole.clone() }));
                }
                None => {
                    entries.extend(refused.iter().map(|one| (vec![one.place], self.entry(one))));
                    entries.extend(self.shared(&rest).map(|entry| (places(&rest), entry)));
                }
            }
        }
        let each: Vec<_> = entries.into_iter().map(|(places, entry)| self.write_for(places, entry)).collect();
        stream::iter(each).buffer_unordered(AT_ONCE).concat().await
    }

    /// Writes the entry of the readings with these indices.
    async fn write_for(&self, places: Vec<usize>, entry: QuarantineEntry) -> Outcomes {
        let written = self.write(&entry).await;
        places.into_iter().map(|place| (place, written.clone())).collect()
    }

    fn entry(&self, RefusedReading { reading, refusal, .. }: &RefusedReading<'_>) -> QuarantineEntry {
        let Reading { series, at, raw, received_at, .. } = reading.as_ref();
        let (topic, payload) = (self.message)(&[(series, *at, *raw)]);
        QuarantineEntry {
            function: self.function,
            refusal: refusal.clone(),
            topic,
            device_id: Some(series.device.to_string()),
            sensor: Some(series.sensor.to_string()),
            at: *at,
            received_at: *received_at,
            payload,
        }
    }

    /// One entry for all of these readings.
    fn shared(&self, refused: &[RefusedReading<'_>]) -> Option<QuarantineEntry> {
        let first = self.entry(refused.first()?);
        let refusal = together(refused.iter().map(|one| one.refusal.reason));
        let readings: Vec<_> =
            refused.iter().map(|one| (&one.reading.series, one.reading.at, one.reading.raw)).collect();
        let (topic, payload) = (self.message)(&readings);
        // It counts from the reception, as a replay of it does.
        let at = first.received_at;
        Some(QuarantineEntry { refusal, topic, payload, at, sensor: None, ..first })
    }
}

//! Readings older than the retention period: they would expire as soon as they are stored, so they are quarantined.

use super::{Placed, ReadingTable, RefusedReading};
use weir_core::domain::reading::Reading;
use weir_core::domain::{Reason, Refusal, Timestamp};

impl ReadingTable {
    /// The instant before which readings have expired.
    pub(super) fn alive(&self, now: Timestamp) -> Timestamp {
        match self.keep_days {
            0 => Timestamp::EARLIEST,
            days => now.plus_seconds(days.saturating_mul(-86_400)),
        }
    }

    /// Whether a reading of that instant has expired.
    pub(in super::super) fn expired(&self, at: Timestamp, now: Timestamp) -> bool {
        self.keep_days > 0 && at < self.alive(now)
    }

    /// The readings that have expired, and the others.
    pub(super) fn sift<'a>(&self, readings: &[(usize, &'a Reading)], now: Timestamp) -> (Placed<'a>, Placed<'a>) {
        readings.iter().copied().partition(|(_, reading)| self.expired(reading.at, now))
    }

    /// The refusal of an expired reading.
    pub(super) fn too_old<'a>(&self, place: usize, reading: &'a Reading) -> RefusedReading<'a> {
        let detail = format!("readings are kept for {} days, and this one is older", self.keep_days);
        RefusedReading::new(place, reading, Refusal::new(Reason::OutsideRetention, detail))
    }
}

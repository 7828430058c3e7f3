//! A reading: one number of one sensor at one instant, before and after calibration.

use super::Timestamp;
use crate::id::{DeviceId, SensorCode};

/// The code under which the full history of a flow sensor's level is kept.
pub const FILLING: &str = "filling";

/// A time series: all readings of one sensor of one device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// The device; for a flow sensor's level its level id.
    pub device: DeviceId,
    /// The sensor.
    pub sensor: SensorCode,
}

/// A number that a device sent: checked, but not calibrated.
#[derive(Debug, Clone, PartialEq)]
pub struct RawReading {
    /// The sensor it is for.
    pub sensor: SensorCode,
    /// When it was measured.
    pub at: Timestamp,
    /// The number the device sent.
    pub raw: f64,
}

/// How far a value can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// Calibrated, within all limits.
    Good,
    /// Outside the sensor's limits or the calibration's valid interval.
    OutOfRange,
    /// No calibration was in force; the value is the raw number.
    Uncalibrated,
}

impl Quality {
    /// Every quality.
    pub const ALL: [Self; 3] = [Self::Good, Self::OutOfRange, Self::Uncalibrated];

    /// The quality with this code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quality| quality.code() == code)
    }

    /// The code, as stored and as shown.
    pub const fn code(self) -> &'static str {
        match self {
            Quality::Good => "good",
            Quality::OutOfRange => "out_of_range",
            Quality::Uncalibrated => "uncalibrated",
        }
    }
}

/// A calibrated reading, ready to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The series it belongs to.
    pub series: Series,
    /// When it was measured. Series and instant identify a reading.
    pub at: Timestamp,
    /// When AWS received it.
    pub received_at: Timestamp,
    /// The number the device sent.
    pub raw: f64,
    /// The physical quantity, in `unit`.
    pub value: f64,
    /// The unit of `value`; may be empty.
    pub unit: String,
    /// The version of the calibration that produced `value`; 0 for none.
    pub calibration: u32,
    /// How far `value` can be trusted.
    pub quality: Quality,
    /// Whether its sensor has alerts, so that the reading must be judged.
    pub judge: bool,
}

impl Reading {
    /// The precedence of this reading among those of the same series and instant, as one number for stores that compare record
    /// versions: the earlier reception wins; at equal reception, with the same raw number, the newer calibration.
    ///
    /// (2⁴² − 1 − reception in ms) · 2²¹ + calibration, valid until the year 2109 and for two million calibrations.
    pub fn rank(&self) -> i64 {
        const RECEPTIONS: i64 = 1 << 42;
        const CALIBRATIONS: i64 = 1 << 21;
        let earlier = (RECEPTIONS - 1).saturating_sub(self.received_at.millis()).clamp(0, RECEPTIONS - 1);
        earlier * CALIBRATIONS + i64::from(self.calibration).min(CALIBRATIONS - 1)
    }

    /// Decides what happens to this reading when `stored` already has its series and instant.
    ///
    /// Of two different raw numbers the one received earlier wins, at equal reception the smaller: a total order, so the stored one
    /// does not depend on the order of arrival. The calibration does not matter here; otherwise a number sent again after a new
    /// calibration could replace the first one. Of the same raw number the value with the newer calibration wins and keeps the
    /// earlier reception, so that the raw number keeps its precedence.
    pub fn resolve_conflict(&self, stored: &Self) -> ConflictResolution {
        if self.raw != stored.raw {
            let wins = (self.received_at, self.raw) < (stored.received_at, stored.raw);
            return if wins { ConflictResolution::ReplaceAndQuarantineOld } else { ConflictResolution::QuarantineNew };
        }
        let newer = (self.calibration, stored.received_at) > (stored.calibration, self.received_at);
        if !newer && stored.received_at <= self.received_at {
            return ConflictResolution::Duplicate;
        }
        let received_at = self.received_at.min(stored.received_at);
        let value = if newer { self } else { stored };
        ConflictResolution::Replace(Box::new(Self { received_at, ..value.clone() }))
    }
}

/// What happens to a reading whose series and instant are already stored.
#[derive(Debug, Clone, PartialEq)]
pub enum ConflictResolution {
    /// The same raw number with a newer calibration or an earlier reception: this reading, which combines the newer calibration with
    /// the earlier reception, replaces the stored one.
    Replace(Box<Reading>),
    /// The same raw number, neither calibration newer nor reception earlier: nothing is written.
    Duplicate,
    /// Another raw number that wins: it replaces the stored reading, which goes to quarantine.
    ReplaceAndQuarantineOld,
    /// Another number, which loses: it goes to quarantine.
    QuarantineNew,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A reading of which the value tells the calibration that made it.
    fn reading(raw: f64, calibration: u32, received_at: i64) -> Reading {
        Reading {
            series: Series { device: "buoy-01".parse().unwrap(), sensor: "ph".parse().unwrap() },
            at: Timestamp::from_millis(1_795_155_884_123),
            received_at: Timestamp::from_millis(received_at),
            raw,
            value: raw + f64::from(calibration),
            unit: "pH".into(),
            calibration,
            quality: Quality::Good,
            judge: false,
        }
    }

    #[test]
    fn the_earlier_reception_wins_and_of_one_number_the_newer_calibration() {
        let replace = |reading| ConflictResolution::Replace(Box::new(reading));
        let first = reading(7.0, 1, 500);
        for (other, expected) in [
            (reading(7.0, 1, 500), ConflictResolution::Duplicate),
            (reading(7.0, 1, 900), ConflictResolution::Duplicate),
            (reading(7.0, 0, 900), ConflictResolution::Duplicate),
            (reading(7.0, 1, 400), replace(reading(7.0, 1, 400))),
            // The newer value, and the earlier reception.
            (reading(7.0, 2, 900), replace(reading(7.0, 2, 500))),
            (reading(7.0, 0, 400), replace(reading(7.0, 1, 400))),
            (reading(7.0, 2, 400), replace(reading(7.0, 2, 400))),
            (reading(8.0, 1, 900), ConflictResolution::QuarantineNew),
            (reading(8.0, 1, 400), ConflictResolution::ReplaceAndQuarantineOld),
            // Sent again after a calibration was entered: the calibration does not matter.
            (reading(8.0, 2, 900), ConflictResolution::QuarantineNew),
            (reading(6.0, 2, 900), ConflictResolution::QuarantineNew),
            (reading(8.0, 0, 400), ConflictResolution::ReplaceAndQuarantineOld),
        ] {
            assert_eq!(other.resolve_conflict(&first), expected, "{other:?}");
        }
    }

    #[test]
    fn of_two_different_numbers_exactly_one_wins() {
        let (a, b) = (reading(7.0, 1, 500), reading(8.0, 1, 500));
        assert_eq!(a.resolve_conflict(&b), ConflictResolution::ReplaceAndQuarantineOld);
        assert_eq!(b.resolve_conflict(&a), ConflictResolution::QuarantineNew);
    }

    #[test]
    fn ranks_do_not_overflow() {
        for (calibration, received) in [(u32::MAX, i64::MIN), (0, i64::MAX), (2_000_000, 1_795_155_884_500)] {
            assert!(reading(1.0, calibration, received).rank() >= 0);
        }
    }

    /// What is stored after these readings came in this order.
    fn stored(readings: impl IntoIterator<Item = Reading>) -> Option<Reading> {
        readings.into_iter().fold(None, |stored, new| match &stored {
            None => Some(new),
            Some(known) => match new.resolve_conflict(known) {
                ConflictResolution::Replace(merged) => Some(*merged),
                ConflictResolution::ReplaceAndQuarantineOld => Some(new),
                ConflictResolution::Duplicate | ConflictResolution::QuarantineNew => stored,
            },
        })
    }

    /// Deliveries, each as (raw number, reception), in any order.
    fn deliveries() -> impl Strategy<Value = Vec<(u8, u8)>> {
        prop::collection::vec((0..3_u8, 0..4_u8), 1..7).prop_shuffle()
    }

    proptest! {
        /// Calibrations are only ever added, so a delivery that is handled later has the same version or a newer one.
        #[test]
        fn the_stored_reading_does_not_depend_on_the_order_of_arrival(deliveries in deliveries(), steps in prop::collection::vec(0..2_u32, 7)) {
            let (mut version, mut made) = (0, Vec::new());
            for ((raw, received), step) in deliveries.iter().zip(steps) {
                version += step;
                made.push(reading(f64::from(*raw), version, i64::from(*received)));
            }
            let (received, raw) = deliveries.iter().map(|(raw, received)| (*received, *raw)).min().unwrap();
            let newest = made.iter().filter(|one| one.raw == f64::from(raw)).map(|one| one.calibration).max().unwrap();
            prop_assert_eq!(stored(made), Some(reading(f64::from(raw), newest, i64::from(received))));
        }

        /// Whatever the versions are, the raw number and its reception do not depend on the order, and a second delivery of
        /// everything changes nothing.
        #[test]
        fn versions_do_not_decide_which_raw_number_stays(
            readings in prop::collection::vec((0..3_u8, 0..4_u8, 0..3_u32), 1..7).prop_shuffle(),
        ) {
            let made = || readings.iter().map(|(raw, received, version)| reading(f64::from(*raw), *version, i64::from(*received)));
            let (received, raw) = readings.iter().map(|(raw, received, _)| (*received, *raw)).min().unwrap();
            let once = stored(made()).unwrap();
            prop_assert_eq!((once.raw, once.received_at.millis()), (f64::from(raw), i64::from(received)));
            let newest = readings.iter().filter(|one| one.0 == raw).map(|one| one.2).max().unwrap();
            let twice = stored(made().chain(made())).unwrap();
            prop_assert_eq!(twice.calibration, newest);
            prop_assert_eq!(stored([twice.clone()].into_iter().chain(made())), Some(twice));
        }

        /// The record version of Timestream says the same of two raw numbers, and lets a recalculated value win.
        #[test]
        fn ranks_say_the_same(a in (0..3_u8, 0..4_i64, 0..3_u32), b in (0..3_u8, 0..4_i64, 0..3_u32)) {
            let made = |(raw, received, version): (u8, i64, u32)| reading(f64::from(raw), version, received);
            let (one, other) = (made(a), made(b));
            if one.raw != other.raw && one.received_at != other.received_at {
                prop_assert_eq!(one.rank() > other.rank(), one.resolve_conflict(&other) == ConflictResolution::ReplaceAndQuarantineOld);
            }
            let recalculated = Reading { calibration: one.calibration + 1, ..one.clone() };
            prop_assert!(recalculated.rank() > one.rank());
        }
    }
}

//! A reading: one number of one sensor at one instant, before and after calibration.

use super::calibration::{Calibration, Inputs};
use super::device::Sensor;
use super::{Refusal, Timestamp};
use crate::id::{DeviceId, SensorCode};

/// The code under which the full history of a flow sensor's level is kept.
pub const FILLING: &str = "filling";

/// Which series of numbers a reading belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// The device; for a flow sensor's level its level id.
    pub device: DeviceId,
    /// The sensor.
    pub sensor: SensorCode,
}

/// What a device sent, checked but not calibrated.
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

    /// The quality that the word stands for.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quality| quality.code() == code)
    }

    /// The word that is stored.
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
    /// Device and sensor.
    pub series: Series,
    /// When it was measured; with the series it is the reading's identity.
    pub at: Timestamp,
    /// When AWS received it.
    pub received_at: Timestamp,
    /// The number the device sent.
    pub raw: f64,
    /// The physical quantity, in `unit`.
    pub value: f64,
    /// The unit of `value`; may be empty.
    pub unit: String,
    /// The version of the calibration that made `value`; 0 for none.
    pub calibration: u32,
    /// How far `value` can be trusted.
    pub quality: Quality,
}

impl Reading {
    /// The reading that `calibration` makes of `raw`; without one, the raw number marked `uncalibrated`. `inputs` are
    /// the values of the device's other sensors at the same instant.
    ///
    /// # Errors
    /// What [`Calibration::apply`] refuses.
    pub fn of(
        device: &DeviceId,
        sensor: &Sensor,
        calibration: Option<&Calibration>,
        raw: &RawReading,
        received_at: Timestamp,
        inputs: Inputs<'_>,
    ) -> Result<Self, Refusal> {
        let (value, version, quality) = match calibration {
            None => (raw.raw, 0, Quality::Uncalibrated),
            Some(calibration) => {
                let calibrated = calibration.apply(raw.raw, inputs)?;
                let within = sensor.limits.is_none_or(|limits| limits.contains(calibrated.value));
                let quality = if calibrated.valid && within { Quality::Good } else { Quality::OutOfRange };
                (calibrated.value, calibration.version, quality)
            }
        };
        Ok(Self {
            series: Series { device: device.clone(), sensor: sensor.code.clone() },
            at: raw.at,
            received_at,
            raw: raw.raw,
            value,
            unit: sensor.unit.clone(),
            calibration: version,
            quality,
        })
    }

    /// What decides between two readings of one series and instant: the newer calibration, then the earlier
    /// reception, then the smaller raw number. A total order, so that the stored one does not depend on the order in
    /// which they come.
    ///
    /// The order is told by the first two alone in one number, for stores that compare a version:
    /// calibration · 2⁴² + (2⁴² − 1 − reception in ms), good until the year 2109 and two million calibrations.
    pub fn rank(&self) -> i64 {
        const SPAN: i64 = 1 << 42;
        let earlier = (SPAN - 1).saturating_sub(self.received_at.millis()).clamp(0, SPAN - 1);
        i64::from(self.calibration).saturating_mul(SPAN).saturating_add(earlier)
    }

    /// What to do with this reading where `stored` already is at its place.
    pub fn settle(&self, stored: &Stored) -> Settlement {
        let wins = (self.rank(), stored.raw) > (stored.rank, self.raw);
        match (wins, self.raw == stored.raw) {
            (true, true) => Settlement::Replace,
            (false, true) => Settlement::Duplicate,
            (true, false) => Settlement::Displace,
            (false, false) => Settlement::Conflict,
        }
    }
}

/// What of a stored reading decides whether another may take its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stored {
    /// Its [`Reading::rank`].
    pub rank: i64,
    /// Its raw number.
    pub raw: f64,
}

/// The outcome of [`Reading::settle`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settlement {
    /// The same number, better known now: it takes the place.
    Replace,
    /// The same number, and nothing to add.
    Duplicate,
    /// Another number that has the better claim: it takes the place, and the stored one is set aside.
    Displace,
    /// Another number with the worse claim: it is set aside.
    Conflict,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(raw: f64, calibration: u32, received_at: i64) -> Reading {
        Reading {
            series: Series { device: "buoy-01".parse().unwrap(), sensor: "ph".parse().unwrap() },
            at: Timestamp::from_millis(1_795_155_884_123),
            received_at: Timestamp::from_millis(received_at),
            raw,
            value: raw,
            unit: "pH".into(),
            calibration,
            quality: Quality::Good,
        }
    }

    fn stored(reading: &Reading) -> Stored {
        Stored { rank: reading.rank(), raw: reading.raw }
    }

    #[test]
    fn a_newer_calibration_wins_then_the_earlier_reception() {
        let first = reading(7.0, 1, 1_795_155_884_500);
        for (other, expected) in [
            (reading(7.0, 1, 1_795_155_884_500), Settlement::Duplicate),
            (reading(7.0, 1, 1_795_155_884_900), Settlement::Duplicate),
            (reading(7.0, 1, 1_795_155_884_400), Settlement::Replace),
            (reading(7.0, 2, 1_795_155_884_900), Settlement::Replace),
            (reading(7.0, 0, 1_795_155_884_400), Settlement::Duplicate),
            (reading(8.0, 1, 1_795_155_884_900), Settlement::Conflict),
            (reading(8.0, 1, 1_795_155_884_400), Settlement::Displace),
        ] {
            assert_eq!(other.settle(&stored(&first)), expected, "{other:?}");
        }
    }

    #[test]
    fn of_two_different_numbers_exactly_one_has_the_better_claim() {
        let (a, b) = (reading(7.0, 1, 1_795_155_884_500), reading(8.0, 1, 1_795_155_884_500));
        assert_eq!(a.settle(&stored(&b)), Settlement::Displace);
        assert_eq!(b.settle(&stored(&a)), Settlement::Conflict);
    }

    #[test]
    fn ranks_do_not_overflow() {
        for (calibration, received) in [(u32::MAX, i64::MIN), (0, i64::MAX), (2_000_000, 1_795_155_884_500)] {
            assert!(reading(1.0, calibration, received).rank() >= 0);
        }
    }
}

//! A reading: one number of one sensor at one instant, before and after calibration.

use super::calibration::{Calibration, Inputs};
use super::device::Sensor;
use super::{Refusal, Timestamp};
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
}

impl Reading {
    /// Calibrates `raw`. Without a calibration the value is the raw number, with quality `uncalibrated`. `inputs` are
    /// the values of the device's other sensors at the same instant.
    ///
    /// # Errors
    /// The same as [`Calibration::apply`].
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

    /// The precedence of this reading over others of the same series and instant: the newer calibration wins, then the
    /// earlier reception. (Of two with the same rank the smaller raw number wins, so that the order is total and the
    /// stored reading does not depend on the order of arrival.)
    ///
    /// One number, for stores that compare a record version:
    /// calibration · 2⁴² + (2⁴² − 1 − reception in ms), valid until the year 2109 and for two million calibrations.
    pub fn rank(&self) -> i64 {
        const SPAN: i64 = 1 << 42;
        let earlier = (SPAN - 1).saturating_sub(self.received_at.millis()).clamp(0, SPAN - 1);
        i64::from(self.calibration).saturating_mul(SPAN).saturating_add(earlier)
    }

    /// Decides what happens to this reading when `stored` already has its series and instant.
    pub fn resolve_conflict(&self, stored: &StoredReading) -> ConflictResolution {
        let wins = (self.rank(), stored.raw) > (stored.rank, self.raw);
        match (wins, self.raw == stored.raw) {
            (true, true) => ConflictResolution::Replace,
            (false, true) => ConflictResolution::Duplicate,
            (true, false) => ConflictResolution::ReplaceAndQuarantineOld,
            (false, false) => ConflictResolution::QuarantineNew,
        }
    }
}

/// The part of a stored reading that [`Reading::resolve_conflict`] needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StoredReading {
    /// Its [`Reading::rank`].
    pub rank: i64,
    /// Its raw number.
    pub raw: f64,
}

/// What happens to a reading whose series and instant are already stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConflictResolution {
    /// The same raw number with a higher rank: it replaces the stored reading.
    Replace,
    /// The same raw number without a higher rank: nothing is written.
    Duplicate,
    /// Another raw number that wins: it replaces the stored reading, which goes to quarantine.
    ReplaceAndQuarantineOld,
    /// Another number, which loses: it goes to quarantine.
    QuarantineNew,
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

    fn stored(reading: &Reading) -> StoredReading {
        StoredReading { rank: reading.rank(), raw: reading.raw }
    }

    #[test]
    fn a_newer_calibration_wins_then_the_earlier_reception() {
        let first = reading(7.0, 1, 1_795_155_884_500);
        for (other, expected) in [
            (reading(7.0, 1, 1_795_155_884_500), ConflictResolution::Duplicate),
            (reading(7.0, 1, 1_795_155_884_900), ConflictResolution::Duplicate),
            (reading(7.0, 1, 1_795_155_884_400), ConflictResolution::Replace),
            (reading(7.0, 2, 1_795_155_884_900), ConflictResolution::Replace),
            (reading(7.0, 0, 1_795_155_884_400), ConflictResolution::Duplicate),
            (reading(8.0, 1, 1_795_155_884_900), ConflictResolution::QuarantineNew),
            (reading(8.0, 1, 1_795_155_884_400), ConflictResolution::ReplaceAndQuarantineOld),
        ] {
            assert_eq!(other.resolve_conflict(&stored(&first)), expected, "{other:?}");
        }
    }

    #[test]
    fn of_two_different_numbers_exactly_one_wins() {
        let (a, b) = (reading(7.0, 1, 1_795_155_884_500), reading(8.0, 1, 1_795_155_884_500));
        assert_eq!(a.resolve_conflict(&stored(&b)), ConflictResolution::ReplaceAndQuarantineOld);
        assert_eq!(b.resolve_conflict(&stored(&a)), ConflictResolution::QuarantineNew);
    }

    #[test]
    fn ranks_do_not_overflow() {
        for (calibration, received) in [(u32::MAX, i64::MIN), (0, i64::MAX), (2_000_000, 1_795_155_884_500)] {
            assert!(reading(1.0, calibration, received).rank() >= 0);
        }
    }
}

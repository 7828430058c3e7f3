//! The versions of a sensor's calibration, and which of them is in force at an instant.

use std::sync::Arc;

use super::Calibration;
use crate::domain::Timestamp;

/// A version of a calibration as it was entered.
#[derive(Debug, Clone, PartialEq)]
pub struct CalibrationEntry {
    /// The calibration.
    pub calibration: Arc<Calibration>,
    /// Who entered it.
    pub by: String,
    /// When it was entered.
    pub at: Timestamp,
    /// A note, may be empty.
    pub note: String,
}

impl From<Calibration> for CalibrationEntry {
    /// An entry without an author, entered at the instant at which it becomes valid.
    fn from(calibration: Calibration) -> Self {
        let at = calibration.valid_from;
        Self { calibration: Arc::new(calibration), by: String::new(), at, note: String::new() }
    }
}

/// The calibrations of one sensor as its device holds them: the latest, and their number. All versions are in the history.
#[derive(Debug, Clone, PartialEq)]
pub struct SensorCalibrations {
    /// The version with the latest `valid_from`; of equal ones the highest.
    pub latest: CalibrationEntry,
    /// How many versions there are. They are numbered from 1 without a gap, so it is also the highest version number.
    pub count: u32,
}

impl SensorCalibrations {
    /// These versions as a device holds them; `None` without any.
    pub fn of(history: impl IntoIterator<Item = CalibrationEntry>) -> Option<Self> {
        history.into_iter().fold(None, |known, entry| Some(Self::with(known, entry)))
    }

    /// `known` with one more version.
    pub(in crate::domain) fn with(known: Option<Self>, entry: CalibrationEntry) -> Self {
        let begins = |entry: &CalibrationEntry| (entry.calibration.valid_from, entry.calibration.version);
        match known {
            None => Self { count: entry.calibration.version, latest: entry },
            Some(known) => Self {
                count: known.count.max(entry.calibration.version),
                latest: if begins(&entry) > begins(&known.latest) { entry } else { known.latest },
            },
        }
    }
}

/// The version in force at `at`: of those whose `valid_from` is not after it, the one with the latest `valid_from`; of
/// equal ones the highest version, because it was written to correct the other.
///
/// ```
/// use std::sync::Arc;
/// use weir_core::domain::Timestamp;
/// use weir_core::domain::calibration::{Calibration, Model, Options, in_force};
///
/// let version = |version, millis| {
///     let valid_from = Timestamp::from_millis(millis);
///     Arc::new(Calibration { version, valid_from, model: Model::Identity, options: Options::default() })
/// };
/// // The third version was entered last, for a time in the past.
/// let versions = [version(1, 100), version(2, 300), version(3, 200)];
/// let at = |millis| in_force(&versions, Timestamp::from_millis(millis)).map(|calibration| calibration.version);
/// assert_eq!([at(99), at(250), at(300)], [None, Some(3), Some(2)]);
/// ```
pub fn in_force<'a>(
    versions: impl IntoIterator<Item = &'a Arc<Calibration>>,
    at: Timestamp,
) -> Option<&'a Arc<Calibration>> {
    versions
        .into_iter()
        .filter(|calibration| calibration.valid_from <= at)
        .max_by_key(|calibration| (calibration.valid_from, calibration.version))
}

#[cfg(test)]
mod tests {
    use super::super::{Model, Options};
    use super::*;

    fn version(version: u32, valid_from: i64) -> Arc<Calibration> {
        let valid_from = Timestamp::from_millis(valid_from);
        Arc::new(Calibration { version, valid_from, model: Model::Identity, options: Options::default() })
    }

    #[test]
    fn the_latest_start_not_after_the_instant_wins_and_then_the_highest_version() {
        let versions = [version(1, 100), version(2, 300), version(3, 200), version(4, 200)];
        for (at, expected) in
            [(99, None), (100, Some(1)), (199, Some(1)), (200, Some(4)), (299, Some(4)), (300, Some(2))]
        {
            let found = in_force(&versions, Timestamp::from_millis(at)).map(|calibration| calibration.version);
            assert_eq!(found, expected, "at {at}");
        }
    }
}

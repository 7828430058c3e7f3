//! Which version of a calibration is in force at an instant.

use std::sync::Arc;

use super::Calibration;
use crate::domain::Timestamp;

/// The version in force at `at`: of those whose `valid_from` is not after it, the one with the latest `valid_from`; of
/// equal ones the highest version, since it was written to correct the other.
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

//! The rows that this process wrote last, so that the next report of a sensor need not read its row first.
//!
//! A remembered row is only right while no other process writes the same sensors, and a wrong one costs a write unit
//! (five times the read it saves). So memory has to earn trust: only after it would have been right [`EARNED`] times in
//! a row is it used, and one mistake starts that anew. With one environment nearly all reads go away; with several,
//! memory is hardly ever used, and costs at most one write unit in [`EARNED`] + 1 reports.

use std::collections::HashMap;

use super::LevelState;
use weir_core::id::LevelId;

/// So many times in a row memory must have been right before it is relied on.
const EARNED: u32 = 32;
/// More sensors than this and memory is emptied: it is bounded to a few megabytes.
const MOST: usize = 5_000;

#[derive(Debug, Default)]
pub(super) struct Recent {
    rows: HashMap<LevelId, LevelState>,
    right: u32,
}

impl Recent {
    /// The row, when memory is trusted and has it. A sensor that was not watched soon is, by the detector, which does
    /// not count as a report: such a row is read.
    pub(super) fn trusted(&self, id: &LevelId) -> Option<LevelState> {
        if self.right < EARNED { None } else { self.rows.get(id).filter(|row| row.watch.is_some()).cloned() }
    }

    /// The row as it was just read, for memory to be compared with.
    pub(super) fn compare(&mut self, id: &LevelId, read: Option<&LevelState>) {
        if let Some(remembered) = self.rows.get(id) {
            let right = read.is_some_and(|read| read.revision == remembered.revision);
            self.right = if right { self.right.saturating_add(1) } else { 0 };
        }
    }

    /// A write that relied on memory found another row.
    pub(super) fn wrong(&mut self) {
        self.right = 0;
    }

    /// The row as it was just written.
    pub(super) fn wrote(&mut self, id: &LevelId, state: LevelState) {
        if self.rows.len() >= MOST && !self.rows.contains_key(id) {
            self.rows.clear();
        }
        self.rows.insert(id.clone(), state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use weir_core::domain::level::Measurements;

    fn state(revision: u64) -> LevelState {
        LevelState { measurements: Measurements::default(), revision: Some(revision), watch: Some(1), again: false }
    }

    #[test]
    fn memory_is_used_only_after_it_has_been_right_for_long_enough() {
        let (mut recent, id) = (Recent::default(), "01".parse().unwrap());
        recent.wrote(&id, state(1));
        for _ in 0..EARNED {
            assert_eq!(recent.trusted(&id), None);
            recent.compare(&id, Some(&state(1)));
        }
        assert_eq!(recent.trusted(&id), Some(state(1)));
        recent.wrong();
        assert_eq!(recent.trusted(&id), None);
    }

    #[test]
    fn one_difference_starts_trust_anew_and_an_unknown_sensor_says_nothing() {
        let (mut recent, id, other) = (Recent::default(), "01".parse().unwrap(), "02".parse().unwrap());
        recent.wrote(&id, state(1));
        for _ in 0..EARNED {
            recent.compare(&id, Some(&state(1)));
        }
        recent.compare(&other, Some(&state(9)));
        assert!(recent.trusted(&id).is_some());
        recent.compare(&id, Some(&state(2)));
        assert_eq!(recent.trusted(&id), None);
    }

    #[test]
    fn a_sensor_that_was_not_watched_is_read() {
        let (mut recent, id) = (Recent::default(), "01".parse().unwrap());
        recent.wrote(&id, LevelState { watch: None, ..state(1) });
        for _ in 0..EARNED {
            recent.compare(&id, Some(&state(1)));
        }
        assert_eq!(recent.trusted(&id), None);
    }

    #[test]
    fn memory_never_outgrows_its_bound() {
        let mut recent = Recent::default();
        for number in 0..2 * MOST {
            recent.wrote(&format!("0{number}").parse().unwrap(), state(1));
        }
        assert!(recent.rows.len() <= MOST);
    }
}

//! The changes of an event, bounded, so that no document, however large, leads to a row that cannot be stored or sent.

use super::FieldChange;

/// Maximum changes of an event.
pub const MOST_CHANGES: usize = 100;
/// Maximum size of the changes of an event, in bytes of their JSON. With it an event fits into a frame of the live feed.
pub const MOST_BYTES: usize = 24 * 1024;

/// The changes of an event: the first ones, and the number of those left out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changes {
    list: Vec<FieldChange>,
    more: u64,
}

impl Changes {
    /// As many of the changes as an event has room for.
    pub fn of(changes: Vec<FieldChange>) -> Self {
        let mut kept = Self::default();
        let mut bytes = 0_usize;
        for change in changes {
            let size = change.bytes();
            if kept.list.len() < MOST_CHANGES && bytes.saturating_add(size) <= MOST_BYTES {
                bytes = bytes.saturating_add(size);
                kept.list.push(change);
            } else {
                kept.more = kept.more.saturating_add(1);
            }
        }
        kept
    }

    /// Changes as they were stored.
    pub fn stored(list: Vec<FieldChange>, more: u64) -> Self {
        Self { list, more }
    }

    /// The changes that the event has.
    pub fn list(&self) -> &[FieldChange] {
        &self.list
    }

    /// How many changes were left out.
    pub fn more(&self) -> u64 {
        self.more
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty() && self.more == 0
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change(name: usize, text: usize) -> FieldChange {
        FieldChange { pointer: format!("/{name}"), before: None, after: Some(json!("x".repeat(text))) }
    }

    #[test]
    fn a_hundred_changes_are_kept_and_the_others_counted() {
        for (count, kept, more) in [(0, 0, 0), (100, 100, 0), (101, 100, 1), (350, 100, 250)] {
            let changes = Changes::of((0..count).map(|name| change(name, 1)).collect());
            assert_eq!((changes.list().len(), changes.more()), (kept, more));
            assert_eq!(changes.is_empty(), count == 0);
        }
    }

    #[test]
    fn a_change_that_is_too_large_is_counted_and_a_small_one_after_it_is_kept() {
        let changes = Changes::of(vec![change(0, 10), change(1, MOST_BYTES), change(2, 10)]);
        let pointers: Vec<_> = changes.list().iter().map(|change| change.pointer.as_str()).collect();
        assert_eq!((pointers, changes.more()), (vec!["/0", "/2"], 1));
        let changes = Changes::of((0..50).map(|name| change(name, 1_000)).collect());
        let bytes: usize = changes.list().iter().map(FieldChange::bytes).sum();
        assert!(bytes <= MOST_BYTES && bytes > MOST_BYTES - 1_100, "{bytes}");
        assert_eq!(changes.list().len() as u64 + changes.more(), 50);
    }
}

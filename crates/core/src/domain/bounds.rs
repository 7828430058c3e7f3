//! Limits on the work and cost that one message can cause.

/// Maximum values of one message; a message with more is quarantined as a whole.
pub const MOST_VALUES: usize = 1_000;
/// Maximum quarantine entries from one message. The last one holds all parts that have no entry of their own.
pub const MOST_ENTRIES: usize = 50;
/// Maximum quarantine entries of one message for readings that the store refuses, for example because a stored reading has
/// precedence: each has cost a write unit before it is refused.
pub const MOST_UNSTORED: usize = 40;
/// Maximum rollups that a call invalidates one by one, in addition to one for each reading that took a single write. When more are
/// affected, all rollups of the series concerned are invalidated at once.
pub const MOST_CELLS: usize = 16;
/// Maximum write units for the entries of one message. Its payload takes one for each KB of its base64.
const ENTRY_UNITS: usize = 256;
/// Write units of an entry: one for the row, and one for each of its four indexes.
const UNITS_EACH: usize = 5;

/// How many quarantine entries a message with a payload of this size may cause: 50 up to 4.5 KB, fewer for a larger one, because
/// the entries together hold the payload, and each KB of its base64 costs a write unit.
///
/// With the readings (a write unit each, two if one is replaced) this keeps a message within twice its values + 300 units.
pub const fn entries(payload_bytes: usize) -> usize {
    let left = ENTRY_UNITS.saturating_sub(payload_bytes.div_ceil(768)) / UNITS_EACH;
    if left > MOST_ENTRIES {
        MOST_ENTRIES
    } else if left < 2 {
        2
    } else {
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_message_has_fewer_entries() {
        for (bytes, expected) in [(0, 50), (6 * 768, 50), (6 * 768 + 1, 49), (128 * 1024, 17), (usize::MAX, 2)] {
            assert_eq!(entries(bytes), expected, "{bytes}");
        }
    }
}

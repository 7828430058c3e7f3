//! Profiles whose user is gone: users can delete themselves in Cognito (`DeleteUser` with an access token), without Weir.

use super::profile::ProfileRecord;
use crate::domain::Timestamp;

/// How old a profile must be to count as an orphan, in seconds. Cognito may not yet list a user who was just created.
const SETTLED_SECONDS: i64 = 3_600;
/// Maximum orphans in one page that are plausible. More of them suggest that the function is configured with another pool.
const BELIEVABLE: usize = 10;

/// Whether the profile is old enough to be an orphan when its user is not in the pool.
pub fn is_settled(record: &ProfileRecord, now: Timestamp) -> bool {
    record.created_at.plus_seconds(SETTLED_SECONDS) <= now
}

/// Whether this number of orphans in one page is plausible, so that they may be removed automatically.
pub fn is_believable(orphans: usize) -> bool {
    orphans <= BELIEVABLE
}

#[cfg(test)]
mod tests {
    use super::super::profile::Profile;
    use super::*;

    #[test]
    fn a_profile_is_settled_an_hour_after_it_was_made() {
        let made = Timestamp::from_millis(1_795_155_884_123);
        let record = ProfileRecord::new("s-1".parse().unwrap(), Profile::default(), 0, "ann".into(), made);
        assert!(!is_settled(&record, made) && !is_settled(&record, made.plus_seconds(3_599)));
        assert!(is_settled(&record, made.plus_seconds(3_600)));
    }

    #[test]
    fn many_orphans_at_once_are_not_believed() {
        assert!(is_believable(0) && is_believable(10) && !is_believable(11));
    }
}

//! Changes of a profile: read it, check `If-Match`, decide, and write if the version is still the one that was read.
//! Otherwise begin again.

use serde_json::{Value, json};
use weir_aws::profile::StoredProfile;
use weir_aws::{Attempts, WriteOutcome};
use weir_core::domain::people::profile::{Profile, ProfileRecord};
use weir_core::id::Sub;
use weir_core::wire::profile::ProfileJson;
use weir_http::{ApiError, Caller, Preconditions};

use super::Parts;

/// Maximum number of attempts to change a profile.
const ATTEMPTS: u32 = 10;

/// Whether a change may create a profile where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Creation {
    Allowed,
    Refused,
}

/// A profile before and after a change.
pub(super) struct Changed {
    pub before: Option<ProfileRecord>,
    pub record: ProfileRecord,
}

impl Parts {
    /// The profile; 404 when there is none.
    pub(super) async fn profile(&self, sub: &Sub) -> Result<ProfileRecord, ApiError> {
        match self.profiles.find(sub).await? {
            StoredProfile::Present(record) => Ok(record),
            StoredProfile::Absent(_) | StoredProfile::UserDeleted => Err(ApiError::not_found()),
        }
    }

    /// Changes the profile to what `decide` makes of the current one.
    pub(super) async fn change(
        &self,
        sub: &Sub,
        conditions: &Preconditions,
        caller: &Caller,
        creation: Creation,
        decide: impl Fn(&Profile) -> Result<Profile, ApiError>,
    ) -> Result<Changed, ApiError> {
        let mut attempts = attempts(sub);
        loop {
            attempts.next().await?;
            let (by, at) = (caller.name(), self.clock.now());
            let (before, record) = match self.profiles.find(sub).await? {
                StoredProfile::Present(record) => {
                    conditions.check(record.version)?;
                    let changed = record.rewritten(decide(&record.profile)?, by, at);
                    (Some(record), changed)
                }
                StoredProfile::Absent(version) if creation == Creation::Allowed => {
                    // A profile that does not exist is shown as version 0, even if there was one before.
                    conditions.check(0)?;
                    (None, ProfileRecord::new(sub.clone(), decide(&Profile::default())?, version, by, at))
                }
                // A token outlives a deleted user by some minutes.
                StoredProfile::Absent(_) | StoredProfile::UserDeleted => return Err(ApiError::not_found()),
            };
            if self.profiles.write(&record).await? == WriteOutcome::Done {
                return Ok(Changed { before, record });
            }
        }
    }
}

/// The attempts to change the profile of this user.
pub(super) fn attempts(sub: &Sub) -> Attempts<'_, Sub> {
    Attempts::new("users", sub, ATTEMPTS)
}

/// The caller's own id.
pub(super) fn own(caller: &Caller) -> Result<Sub, ApiError> {
    caller.sub.parse().map_err(|_| ApiError::not_found())
}

/// A profile as it is logged.
pub(super) fn logged(record: Option<&ProfileRecord>) -> Value {
    record.map_or(Value::Null, |record| json!(ProfileJson::of(record)))
}

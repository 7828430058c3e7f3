//! Changes of a profile: read it, check `If-Match`, decide, and write if the version is still the one that was read.
//! Otherwise begin again.

use serde_json::{Value, json};
use weir_aws::profile::StoredProfile;
use weir_aws::{Attempts, WriteOutcome};
use weir_core::domain::Timestamp;
use weir_core::domain::event::{Event, Kind, diff};
use weir_core::domain::people::profile::{Profile, ProfileRecord};
use weir_core::id::Sub;
use weir_core::wire::profile::ProfileJson;
use weir_http::{ApiError, Caller, Preconditions};

use super::Parts;

/// Fields that events leave out, because they follow from the change itself.
const UNTOLD: [&str; 5] = ["sub", "version", "created_at", "updated_at", "updated_by"];

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

    /// Replaces the profile by what `decide` returns for the current one.
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
            let events: Vec<Event> = told(before.as_ref(), Some(&record), &record.updated_by, at).into_iter().collect();
            if self.profiles.write_with(&record, self.events.with(&events)).await? == WriteOutcome::Done {
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

/// The event of a profile that is created, changed or deleted; `None` when nothing is different.
pub(super) fn told(
    before: Option<&ProfileRecord>,
    after: Option<&ProfileRecord>,
    by: &str,
    at: Timestamp,
) -> Option<Event> {
    let known = |record: Option<&ProfileRecord>| match logged(record) {
        Value::Object(mut fields) => {
            fields.retain(|name, _| !UNTOLD.contains(&name.as_str()));
            Value::Object(fields)
        }
        _ => json!({}),
    };
    let changes = diff(&known(before), &known(after));
    let record = after.or(before)?;
    let (version, detail) = match (before, after) {
        (None, _) => (record.version, Some("profile created")),
        (_, None) => (record.version.saturating_add(1), Some("profile deleted")),
        _ => (record.version, None),
    };
    if changes.is_empty() && detail.is_none() {
        return None;
    }
    let event = Event::new(None, Kind::People, &format!("{}-profile-{version}", record.sub), at);
    let event = event.by(by).target(&record.sub).changes(changes);
    Some(match detail {
        Some(detail) => event.detail(detail),
        None => event,
    })
}

/// A profile as it is logged.
pub(super) fn logged(record: Option<&ProfileRecord>) -> Value {
    record.map_or(Value::Null, |record| json!(ProfileJson::of(record)))
}

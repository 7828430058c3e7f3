//! How a profile is changed: read, checked against `If-Match`, decided, and written for the version that was read. Who is
//! overtaken begins anew.

use serde_json::{Value, json};
use weir_aws::device::Write;
use weir_aws::profile::Found;
use weir_aws::{AwsError, wait_turn};
use weir_core::domain::people::profile::{Profile, Record};
use weir_core::id::Sub;
use weir_core::wire::profile::ProfileJson;
use weir_http::{ApiError, Caller, IfMatch};

use super::Parts;

const ATTEMPTS: u32 = 10;

/// Whether a profile may be made where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Making {
    Allowed,
    Never,
}

/// A profile that was changed.
pub(super) struct Changed {
    pub before: Option<Record>,
    pub record: Record,
}

impl Parts {
    /// The profile; 404 when there is none.
    pub(super) async fn live(&self, sub: &Sub) -> Result<Record, ApiError> {
        match self.profiles.find(sub).await? {
            Found::Profile(record) => Ok(record),
            Found::Nothing(_) | Found::Gone => Err(ApiError::not_found()),
        }
    }

    /// Changes the profile to what `decide` makes of the present one.
    pub(super) async fn change(
        &self,
        sub: &Sub,
        expected: IfMatch,
        caller: &Caller,
        making: Making,
        decide: impl Fn(&Profile) -> Result<Profile, ApiError>,
    ) -> Result<Changed, ApiError> {
        for attempt in 0..ATTEMPTS {
            wait_turn(attempt).await;
            let (by, at) = (caller.name(), self.clock.now());
            let (before, record) = match self.profiles.find(sub).await? {
                Found::Profile(record) => {
                    expected.check(record.version)?;
                    let changed = record.rewritten(decide(&record.profile)?, by, at);
                    (Some(record), changed)
                }
                Found::Nothing(version) if making == Making::Allowed => {
                    // Shown as version 0, whatever stood there once.
                    expected.check(0)?;
                    (None, Record::new(sub.clone(), decide(&Profile::default())?, version, by, at))
                }
                // A token outlives the person by some minutes.
                Found::Nothing(_) | Found::Gone => return Err(ApiError::not_found()),
            };
            if self.profiles.write(&record).await? == Write::Done {
                return Ok(Changed { before, record });
            }
        }
        Err(contended(sub))
    }
}

/// The id of the caller.
pub(super) fn own(caller: &Caller) -> Result<Sub, ApiError> {
    caller.sub.parse().map_err(|_| ApiError::not_found())
}

/// A profile as the log tells it.
pub(super) fn told(record: Option<&Record>) -> Value {
    record.map_or(Value::Null, |record| json!(ProfileJson::of(record)))
}

/// Others kept changing the profile.
pub(super) fn contended(sub: &Sub) -> ApiError {
    AwsError::Contended { table: "users", key: sub.to_string() }.into()
}

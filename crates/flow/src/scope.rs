//! Who sees what: a level belongs to the devices whose `level_id` it is, a problem to those of either of its sensors.
//!
//! Only the registry's `level_id` counts. The digits at the end of a device's id, by which uplinks find their level where
//! the registry is silent, would give the level `01` to whoever may see `buoy-01`.

use std::collections::BTreeSet;

use weir_core::domain::access::Scope;
use weir_core::domain::problem::Subject;
use weir_core::id::LevelId;
use weir_http::{ApiError, Caller};

use super::Parts;

impl Parts {
    /// The levels that the caller sees; `None`: every one.
    pub(super) async fn visible(&self, caller: &Caller) -> Result<Option<BTreeSet<LevelId>>, ApiError> {
        match &caller.scope {
            Scope::All => Ok(None),
            Scope::Devices(devices) => Ok(Some(self.devices.levels_of(devices).await?)),
        }
    }

    /// Lets the level through when it is in scope.
    pub(super) async fn sees_level(&self, caller: &Caller, id: &LevelId) -> Result<(), ApiError> {
        match &caller.scope {
            Scope::All => Ok(()),
            Scope::Devices(devices) if devices.is_empty() => Err(ApiError::not_found()),
            scope => {
                let owners = self.devices.of_level(id).await?;
                let seen = owners.iter().any(|owner| scope.sees(&owner.device));
                if seen { Ok(()) } else { Err(ApiError::not_found()) }
            }
        }
    }

    /// The problem of that id, when it is in scope: when one of its sensors is.
    pub(super) async fn seen(&self, caller: &Caller, id: &str) -> Result<Subject, ApiError> {
        let subject = Subject::parse(id).ok_or_else(ApiError::not_found)?;
        let (current, following) = subject.sensors();
        match (self.sees_level(caller, current).await, following) {
            (Err(refused), Some(following)) if refused == ApiError::not_found() => {
                self.sees_level(caller, following).await?;
            }
            (seen, _) => seen?,
        }
        Ok(subject)
    }
}

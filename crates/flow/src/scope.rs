//! What a caller may see: a level belongs to the devices with that `level_id`, a problem to the devices of either sensor.
//!
//! Only the registry's `level_id` counts. The digits that are the last part of a device's id, which identify the level of an uplink when
//! the registry has none, would show the level `01` to every caller who may see `buoy-01`.

use std::collections::BTreeSet;

use weir_core::domain::access::Scope;
use weir_core::domain::problem::Subject;
use weir_core::id::LevelId;
use weir_http::{ApiError, Caller};

use super::Parts;

impl Parts {
    /// The levels that the caller may see; `None` for all of them.
    pub(super) async fn visible(&self, caller: &Caller) -> Result<Option<BTreeSet<LevelId>>, ApiError> {
        match &caller.scope {
            Scope::All => Ok(None),
            Scope::Devices(devices) => Ok(Some(self.devices.levels_of(devices).await?)),
        }
    }

    /// Answers 404 when the level is not in the caller's scope.
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

    /// The subject of the problem with this id; 404 when neither of its sensors is in the caller's scope.
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

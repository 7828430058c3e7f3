//! What a caller may see: a level belongs to the devices with that `level_id`, a problem of levels to the devices of either
//! sensor, and one of readings or of a silent device to that device.
//!
//! Only the registry's `level_id` counts. The digits that are the last part of a device's id, which identify the level of an uplink when
//! the registry has none, would show the level `01` to every caller who may see `buoy-01`.

use std::collections::BTreeSet;

use weir_core::domain::access::Scope;
use weir_core::domain::problem::Subject;
use weir_core::id::{DeviceId, LevelId};
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

    /// The devices whose problems the caller may see; `None` for all of them.
    pub(super) fn visible_devices(caller: &Caller) -> Option<BTreeSet<DeviceId>> {
        match &caller.scope {
            Scope::All => None,
            Scope::Devices(devices) => Some(devices.clone()),
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

    /// The subject of the problem with this id; 404 when neither its device nor one of its flow sensors is in the caller's scope.
    pub(super) async fn seen(&self, caller: &Caller, id: &str) -> Result<Subject, ApiError> {
        let subject = Subject::parse(id).ok_or_else(ApiError::not_found)?;
        if let Some(device) = subject.device() {
            caller.sees(device)?;
            return Ok(subject);
        }
        let levels: Vec<LevelId> = subject.levels().cloned().collect();
        for level in &levels {
            match self.sees_level(caller, level).await {
                Ok(()) => return Ok(subject),
                Err(error) if error == ApiError::not_found() => {}
                Err(error) => return Err(error),
            }
        }
        Err(ApiError::not_found())
    }
}

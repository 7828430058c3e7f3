//! `POST /users/me/devices`: a person adds a device to their scope with its claim code.
//!
//! The steps are in this order, so that the same request completes an interrupted one: the try is counted; the code becomes this
//! person's and nobody else's; the scope is changed; the profile is created; the events are written, with keys that a repetition also
//! has; the claim is marked complete. After that a repetition changes nothing, so a person who has lost the device since does not get
//! it back with the old code.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weir_aws::device::{ClaimHash, ClaimOutcome, Registration};
use weir_aws::profile::StoredProfile;
use weir_core::domain::Timestamp;
use weir_core::domain::access::{Role, Scope};
use weir_core::domain::claim::{ClaimCode, MOST_TRIES};
use weir_core::domain::event::{Event, Kind};
use weir_core::domain::people::profile::{Profile, ProfileRecord};
use weir_core::domain::people::scope::scope;
use weir_core::id::{DeviceId, Sub};
use weir_http::{ApiError, Audit, Caller, ErrorKind, Member, Strict};

use super::Parts;
use super::claim::{SEES_ALL, ScopeChange, has, is_all, without};
use super::lock::LockLease;

/// A claim.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimBody {
    /// The code, as it was printed; with or without hyphens, in upper or lower case.
    #[schema(max_length = 64, example = "5BNEN-TQAXB-NENTQ-AXBNE-NTQAXB")]
    claim_code: String,
}

/// A device that the caller has claimed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Claimed {
    /// The device.
    device: DeviceId,
    /// The caller's scope from the next token on: space-separated device ids.
    devices: String,
}

/// Adds a device to the caller's scope with its claim code, which can be used once. The new scope takes effect with the next token. At
/// most 10 tries an hour; an invalid code, a used one and somebody else's get the same answer.
#[utoipa::path(
    post, path = "/users/me/devices", tag = "users",
    request_body = ClaimBody,
    responses(
        (status = 200, description = "Claimed.", body = Claimed),
        (status = 404, description = "The code is none that can be used."),
        (status = 409, description = "The caller sees every device, or as many as a scope can name."),
        (status = 429, description = "10 tries in an hour."),
    )
)]
pub(super) async fn claim_device(
    State(parts): State<Parts>,
    Member(caller): Member,
    Strict(body): Strict<ClaimBody>,
) -> Result<Json<Claimed>, ApiError> {
    if caller.scope == Scope::All {
        return Err(ApiError::transition(SEES_ALL));
    }
    let sub: Sub = caller.sub.parse().map_err(|_| ApiError::not_found())?;
    if !parts.profiles.count_try(&sub, parts.clock.now()).await? {
        return Err(ApiError::new(ErrorKind::TooMany, format!("at most {MOST_TRIES} tries an hour")));
    }
    let hash = ClaimHash::of(&ClaimCode::presented(&body.claim_code).ok_or_else(unusable)?);
    let device = parts.claimable(&hash, &sub).await?.ok_or_else(unusable)?;
    let ClaimOutcome::Own(at) = parts.devices.use_claim(&hash, &sub, parts.clock.now()).await? else {
        return Err(unusable());
    };
    let lease = parts.lock.take().await?;
    let claimed = parts.claim_locked(&caller, &sub, &device, &hash, at, &lease).await;
    lease.release().await;
    Ok(Json(Claimed { device, devices: claimed? }))
}

/// The answer to every code that cannot be used, whatever the reason.
fn unusable() -> ApiError {
    ApiError::new(ErrorKind::NotFound, "this code cannot be used")
}

impl Parts {
    /// The device whose current code this is, if nobody else has used it.
    async fn claimable(&self, hash: &ClaimHash, sub: &Sub) -> Result<Option<DeviceId>, ApiError> {
        let Some(claim) = self.devices.claim(hash).await? else { return Ok(None) };
        if claim.by.as_ref().is_some_and(|by| by != sub) {
            return Ok(None);
        }
        // A code that was replaced, or whose device was deleted.
        let Registration::Device(stored) = self.devices.find(&claim.device).await? else { return Ok(None) };
        Ok((stored.claim.as_ref() == Some(hash)).then_some(claim.device))
    }

    /// Changes the scope of a person who has had the code since `at`; returns the new scope.
    async fn claim_locked(
        &self,
        caller: &Caller,
        sub: &Sub,
        device: &DeviceId,
        hash: &ClaimHash,
        at: Timestamp,
        lease: &LockLease<'_>,
    ) -> Result<String, ApiError> {
        let person = self.caller_in_pool(caller).await?;
        // Read under the lock: a request of the same person may have done it meanwhile.
        let done = self.devices.claim(hash).await?.is_none_or(|claim| claim.done);
        if done && !has(&person.devices, device) {
            return Err(unusable());
        }
        let refused = if person.role == Some(Role::Admin) || is_all(&person.devices) {
            Some(ApiError::transition(SEES_ALL))
        } else {
            let after = scope("/claim_code", &format!("{} {device}", person.devices));
            after.err().map(|_| ApiError::new(ErrorKind::LimitReached, "your scope can name no more devices"))
        };
        if let Some(refused) = refused {
            self.devices.free_claim(hash, sub).await?;
            return Err(refused);
        }
        let after = scope("/claim_code", &format!("{} {device}", person.devices)).map_err(|error| vec![error])?;
        // Without it, as it was before: a repeat finds the device there already.
        let change = ScopeChange { before: without(&person.devices, device), after };
        let audit = Audit::of(caller, "device.claim", sub);
        self.set_scope(&person, &change.after, lease).await?;
        self.make_profile(sub, caller, at).await?;
        let key = format!("claim-{}", hash.short());
        let claimed = Event::new(Some(device.clone()), Kind::Device, &key, at).by(caller.name()).detail("claimed");
        self.events.put(&claimed).await?;
        self.events.put(&self.scope_event(sub, &key, caller, "claimed a device", &change, at)).await?;
        self.devices.finish_claim(hash, sub, self.clock.now()).await?;
        audit.done(&change.before.clone().into(), &change.after.clone().into());
        Ok(change.after)
    }

    /// Creates the profile of a person who has none.
    async fn make_profile(&self, sub: &Sub, caller: &Caller, at: Timestamp) -> Result<(), ApiError> {
        match self.profiles.find(sub).await? {
            StoredProfile::Present(_) => Ok(()),
            StoredProfile::UserDeleted => Err(ApiError::not_found()),
            StoredProfile::Absent(version) => {
                let record = ProfileRecord::new(sub.clone(), Profile::default(), version, caller.name(), at);
                let event = Event::new(None, Kind::People, &format!("{sub}-profile-{}", record.version), at);
                let events = [event.by(caller.name()).target(sub).detail("profile created")];
                // Overtaken: the person has written it themselves meanwhile.
                self.profiles.write_with(&record, self.events.with(&events)).await?;
                Ok(())
            }
        }
    }
}

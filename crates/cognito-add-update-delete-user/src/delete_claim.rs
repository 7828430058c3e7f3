//! `DELETE /users/me/devices/{id}`: a person gives a device back.
//!
//! The code by which it came ends first: it was for once. Then the event of the device is written, then the scope is changed, and last
//! the person's event, by which their live connections are told. Whoever is interrupted still has the device, and repeats it.

use axum::extract::State;
use axum::http::StatusCode;
use weir_aws::device::Registration;
use weir_core::domain::access::Role;
use weir_core::domain::event::{Event, Kind};
use weir_core::id::{DeviceId, Sub};
use weir_http::{ApiError, Audit, Caller, Member, Path};

use super::Parts;
use super::claim::{SEES_ALL, ScopeChange, is_all, without};
use super::lock::LockLease;

/// Takes a device out of the caller's scope; it counts from the next token on. A claim code by which it came cannot be used again.
#[utoipa::path(
    delete, path = "/users/me/devices/{id}", tag = "users",
    params(("id" = DeviceId, Path)),
    responses(
        (status = 204, description = "Given back."),
        (status = 409, description = "The caller sees every device."),
    )
)]
pub(super) async fn give_back_device(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<DeviceId>,
) -> Result<StatusCode, ApiError> {
    let sub: Sub = caller.sub.parse().map_err(|_| ApiError::not_found())?;
    let lease = parts.lock.take().await?;
    let given = parts.give_back_locked(&caller, &sub, &id, &lease).await;
    lease.release().await;
    given.map(|()| StatusCode::NO_CONTENT)
}

impl Parts {
    async fn give_back_locked(
        &self,
        caller: &Caller,
        sub: &Sub,
        device: &DeviceId,
        lease: &LockLease<'_>,
    ) -> Result<(), ApiError> {
        let person = self.caller_in_pool(caller).await?;
        if person.role == Some(Role::Admin) || is_all(&person.devices) {
            return Err(ApiError::transition(SEES_ALL));
        }
        let after = without(&person.devices, device);
        if !person.devices.split_whitespace().any(|word| word == device.as_str()) {
            return Err(ApiError::not_found());
        }
        let (change, now) = (ScopeChange { before: person.devices.clone(), after }, self.clock.now());
        self.end_own_claim(sub, device).await?;
        let audit = Audit::of(caller, "device.give_back", sub);
        let given = Event::new(Some(device.clone()), Kind::Device, &format!("given-back-{sub}"), now);
        self.events.put(&given.by(caller.name()).detail("given back")).await?;
        self.set_scope(&person, &change.after, lease).await?;
        let key = format!("given-back-{device}");
        self.events.put(&self.scope_event(sub, &key, caller, "gave a device back", &change, now)).await?;
        audit.done(&change.before.clone().into(), &change.after.clone().into());
        Ok(())
    }

    /// Ends the code of the device, if this person has used it.
    async fn end_own_claim(&self, sub: &Sub, device: &DeviceId) -> Result<(), ApiError> {
        // A device that was deleted has no code.
        let Registration::Device(stored) = self.devices.find(device).await? else { return Ok(()) };
        let Some(hash) = &stored.claim else { return Ok(()) };
        if self.devices.claim(hash).await?.is_some_and(|claim| claim.by.as_ref() == Some(sub)) {
            // Overtaken: the device has another code by now, which is not this person's.
            self.devices.end_claim(device, hash).await?;
        }
        Ok(())
    }
}

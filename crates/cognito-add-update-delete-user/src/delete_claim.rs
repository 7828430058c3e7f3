//! `DELETE /users/me/devices/{id}`: a person gives a device back.
//!
//! First the claim code is invalidated, since it works only once. Then the events of the device and of the person are written (the
//! latter informs their live connections), and last the scope is changed. After an interruption the person still has the device and can
//! repeat the request: there may then be two events, but never a change without one.

use axum::extract::State;
use axum::http::StatusCode;
use weir_aws::device::Registration;
use weir_core::domain::access::Role;
use weir_core::domain::event::{Event, Kind};
use weir_core::domain::people::Person;
use weir_core::id::{DeviceId, Sub};
use weir_http::{ApiError, Audit, Caller, Member, Path};

use super::Parts;
use super::claim::{SEES_ALL, ScopeChange, has, is_all, without};
use super::lock::LockLease;

/// Removes a device from the caller's scope; this takes effect with the next token. Its used claim code cannot be used again.
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
    // Checked before the lock is taken, because there is one lock for all changes of people.
    parts.held_by(&caller, &id).await?;
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
        let person = self.held_by(caller, device).await?;
        let after = without(&person.devices, device);
        let (change, now) = (ScopeChange { before: person.devices.clone(), after }, self.clock.now());
        self.end_own_claim(sub, device).await?;
        let audit = Audit::of(caller, "device.give_back", sub);
        let given = Event::new(Some(device.clone()), Kind::Device, &format!("given-back-{sub}"), now);
        self.events.put(&given.by(caller.name()).detail("given back")).await?;
        let key = format!("given-back-{device}");
        self.events.put(&self.scope_event(sub, &key, caller, "gave a device back", &change, now)).await?;
        self.set_scope(&person, &change.after, lease).await?;
        audit.done(&change.before.clone().into(), &change.after.clone().into());
        Ok(())
    }

    /// The caller as the user pool has them now, if their scope names the device.
    async fn held_by(&self, caller: &Caller, device: &DeviceId) -> Result<Person, ApiError> {
        let person = self.caller_in_pool(caller).await?;
        if person.role == Some(Role::Admin) || is_all(&person.devices) {
            return Err(ApiError::transition(SEES_ALL));
        }
        if has(&person.devices, device) { Ok(person) } else { Err(ApiError::not_found()) }
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

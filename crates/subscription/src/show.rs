//! How subscriptions are shown, and what all routes check.

use weir_aws::subscription::StoredSubscription;
use weir_core::domain::FieldError;
use weir_core::domain::notice::{Channel, Subscription};
use weir_core::id::{DeviceId, Sub, SubscriptionId};
use weir_core::wire::subscription::{SubscriptionBody, SubscriptionJson};
use weir_http::{ApiError, Caller, ErrorKind};

use super::Parts;

/// A stored subscription as shown, without its secret.
pub(super) fn shown(stored: &StoredSubscription) -> SubscriptionJson {
    SubscriptionJson {
        id: stored.id.clone(),
        owner: stored.owner.clone(),
        body: SubscriptionBody::of(&stored.subscription),
        disabled_because: stored.subscription.disabled.map(Into::into),
        secret: None,
        version: stored.version,
        created_at: stored.created_at,
        updated_at: stored.updated_at,
    }
}

/// The caller's own id.
pub(super) fn own(caller: &Caller) -> Result<Sub, ApiError> {
    caller.sub.parse().map_err(|_| ApiError::not_found())
}

impl Parts {
    /// The caller's subscription with this id.
    pub(super) async fn of_caller(&self, caller: &Caller, id: &SubscriptionId) -> Result<StoredSubscription, ApiError> {
        self.subscriptions.find(&own(caller)?, id).await?.ok_or_else(ApiError::not_found)
    }

    /// The subscription in a body, if the caller may have it: the devices of the filter have to be in the caller's scope, and e-mail
    /// has to be switched on. `known` are the devices that the subscription names already: one that has left the scope does not
    /// prevent other changes.
    pub(super) fn checked(
        &self,
        caller: &Caller,
        body: SubscriptionBody,
        known: impl Fn(&DeviceId) -> bool,
    ) -> Result<Subscription, ApiError> {
        let unseen = body.filter.devices.iter().enumerate().filter(|(_, id)| !known(id) && !caller.scope.sees(id));
        let mut errors: Vec<FieldError> = unseen
            .map(|(place, id)| {
                FieldError::new(format!("/filter/devices/{place}"), format!("{id} is no device that you may see"))
            })
            .collect();
        match body.subscription(self.loopback) {
            Ok(subscription) if errors.is_empty() => {
                if subscription.channel == Channel::Email && !self.email && subscription.disabled.is_none() {
                    let detail = "this environment sends no e-mails (its parameter NoticeFrom is empty): use a webhook";
                    return Err(ApiError::new(ErrorKind::EmailOff, detail));
                }
                Ok(subscription)
            }
            Ok(_) => Err(errors.into()),
            Err(more) => {
                errors.extend(more);
                Err(errors.into())
            }
        }
    }
}

//! `PATCH /users/me/subscriptions/{id}`: the caller changes a subscription.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use weir_aws::subscription::StoredSubscription;
use weir_aws::{Attempts, WriteOutcome};
use weir_core::domain::FieldError;
use weir_core::domain::notice::{Channel, Subscription};
use weir_core::id::{DeviceId, SubscriptionId};
use weir_core::wire::subscription::{SubscriptionBody, SubscriptionJson, patched};
use weir_http::{ApiError, ETag, Member, Merge, Path, Preconditions, from_value};

use super::Parts;
use super::show::shown;
use super::told::told;

/// Maximum attempts while others change it.
const ATTEMPTS: u32 = 10;

/// Changes the fields in the patch; `null` clears a field. A subscription stays with its channel; a webhook may get another address.
/// `{"enabled": true}` switches one on again that was ended by a link or by its receiver.
#[utoipa::path(
    patch, path = "/users/me/subscriptions/{id}", tag = "notices",
    params(("id" = SubscriptionId, Path), ("If-Match" = Option<String>, Header)),
    request_body(content = SubscriptionBody, content_type = "application/merge-patch+json"),
    responses((status = 200, description = "Changed.", body = SubscriptionJson, headers(("ETag" = String))))
)]
pub(super) async fn patch_subscription(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<SubscriptionId>,
    conditions: Preconditions,
    Merge(patch): Merge,
) -> Result<impl IntoResponse, ApiError> {
    let mut attempts = Attempts::new("subscriptions", &id, ATTEMPTS);
    loop {
        attempts.next().await?;
        let stored = parts.of_caller(&caller, &id).await?;
        conditions.check(stored.version)?;
        let body: SubscriptionBody = from_value(patched(&stored.subscription, patch.clone()))?;
        let known = |device: &DeviceId| stored.subscription.filter.devices.contains(device);
        let subscription = parts.checked(&caller, body, known)?;
        let subscription = kept(&stored.subscription, subscription)?;
        if subscription == stored.subscription {
            return Ok((ETag(stored.version), Json(shown(&stored))));
        }
        let (version, updated_at) = (stored.version + 1, parts.clock.now());
        let changed = StoredSubscription { subscription, version, updated_at, ..stored.clone() };
        let events: Vec<_> = told(Some(&stored), Some(&changed), &caller.name(), updated_at).into_iter().collect();
        if parts.subscriptions.change(&changed, parts.events.with(&events)).await? == WriteOutcome::Done {
            return Ok((ETag(changed.version), Json(shown(&changed))));
        }
    }
}

/// The changed subscription, which keeps its channel and the reason why it is disabled.
fn kept(before: &Subscription, after: Subscription) -> Result<Subscription, ApiError> {
    let same = matches!(
        (&before.channel, &after.channel),
        (Channel::Email, Channel::Email) | (Channel::Webhook(_), Channel::Webhook(_))
    );
    if !same {
        return Err(FieldError::new("/channel", "cannot be another one: make another subscription").into());
    }
    let disabled = after.disabled.map(|owner| before.disabled.unwrap_or(owner));
    Ok(Subscription { disabled, ..after })
}

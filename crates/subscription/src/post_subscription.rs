//! `POST /users/me/subscriptions`: the caller subscribes to notices.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use weir_aws::subscription::{Added, Secret, StoredSubscription, draw_id};
use weir_core::domain::notice::{Channel, MOST_SUBSCRIPTIONS};
use weir_core::wire::subscription::{SubscriptionBody, SubscriptionJson};
use weir_http::{ApiError, ETag, ErrorKind, Member, Strict};

use super::Parts;
use super::show::{own, shown};
use super::told::told;

/// Subscribes the caller to notices. A person has at most 10 subscriptions. The answer shows the secret of a webhook; it is not
/// shown again.
#[utoipa::path(
    post, path = "/users/me/subscriptions", tag = "notices",
    request_body = SubscriptionBody,
    responses(
        (status = 201, description = "Subscribed.", body = SubscriptionJson, headers(("Location" = String), ("ETag" = String))),
    )
)]
pub(super) async fn post_subscription(
    State(parts): State<Parts>,
    Member(caller): Member,
    Strict(body): Strict<SubscriptionBody>,
) -> Result<impl IntoResponse, ApiError> {
    let subscription = parts.checked(&caller, body, |_| false)?;
    let now = parts.clock.now();
    let secret = Secret::draw()?;
    let new = StoredSubscription {
        owner: own(&caller)?,
        id: draw_id()?,
        subscription,
        version: 1,
        created_at: now,
        updated_at: now,
        secret: Some(secret.clone()),
    };
    let events: Vec<_> = told(None, Some(&new), &caller.name(), now).into_iter().collect();
    if parts.subscriptions.add(&new, parts.events.with(&events)).await? == Added::TooMany {
        let detail = format!("a person has at most {MOST_SUBSCRIPTIONS} subscriptions: change or delete one");
        return Err(ApiError::new(ErrorKind::LimitReached, detail));
    }
    let of_webhook = matches!(new.subscription.channel, Channel::Webhook(_));
    let json = SubscriptionJson { secret: of_webhook.then(|| secret.text().to_owned()), ..shown(&new) };
    let location = [(LOCATION, format!("/users/me/subscriptions/{}", new.id))];
    Ok((StatusCode::CREATED, ETag(new.version), location, Json(json)))
}

//! `/unsubscribe/{token}`: the link of an e-mail, without signing in.
//!
//! A mail program that knows RFC 8058 posts to it; a person who opens it gets a page with a button that does. Opening the page
//! changes nothing, because security scanners for e-mails follow every link.

use axum::extract::State;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY};
use axum::response::{IntoResponse, Response};
use weir_aws::subscription::{StoredSubscription, Told, UnsubscribeToken};
use weir_core::domain::notice::Disabled;
use weir_http::{ApiError, Path};

use super::Parts;
use super::told::unsubscribed;

const ASK: &str = include_str!("unsubscribe/ask.html");
const DONE: &str = include_str!("unsubscribe/done.html");

/// Shows a page with a button that ends the subscription.
#[utoipa::path(
    get, path = "/unsubscribe/{token}", tag = "notices", security(()),
    params(("token" = String, Path, example = "5f1e0000-0000-4000-8000-000000000001.3f0c6a7e9b1d4c58a2e67f9013b5d8c4.00112233445566778899aabbccddeeff")),
    responses((status = 200, description = "The page.", body = String, content_type = "text/html"))
)]
pub(super) async fn get_unsubscribe(
    State(parts): State<Parts>,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    parts.of_token(&token).await?;
    Ok(page(ASK))
}

/// Disables the subscription that the token belongs to. Doing so again changes nothing.
#[utoipa::path(
    post, path = "/unsubscribe/{token}", tag = "notices", security(()),
    params(("token" = String, Path, example = "5f1e0000-0000-4000-8000-000000000001.3f0c6a7e9b1d4c58a2e67f9013b5d8c4.00112233445566778899aabbccddeeff")),
    responses((status = 200, description = "It is disabled.", body = String, content_type = "text/html"))
)]
pub(super) async fn post_unsubscribe(
    State(parts): State<Parts>,
    Path(token): Path<String>,
) -> Result<Response, ApiError> {
    let StoredSubscription { owner, id, .. } = parts.of_token(&token).await?;
    let (now, events) = (parts.clock.now(), Some((&parts.events, unsubscribed as Told)));
    if parts.subscriptions.disable(&owner, &id, Disabled::Unsubscribed, now, events).await? {
        tracing::info!(%id, "unsubscribed by a link");
    }
    Ok(page(DONE))
}

impl Parts {
    /// The subscription of a token; 404 for one that is not valid, and when the subscription was deleted.
    async fn of_token(&self, text: &str) -> Result<StoredSubscription, ApiError> {
        let token = UnsubscribeToken::parse(text).ok_or_else(ApiError::not_found)?;
        let stored = self.subscriptions.find(&token.owner, &token.id).await?.ok_or_else(ApiError::not_found)?;
        let opens = stored.secret.as_ref().map(|secret| secret.opens(&token)).transpose()?;
        if opens == Some(true) { Ok(stored) } else { Err(ApiError::not_found()) }
    }
}

fn page(html: &'static str) -> Response {
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, policy),
        // The address is a secret.
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, html).into_response()
}

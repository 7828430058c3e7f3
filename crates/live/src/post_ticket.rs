//! `POST /live/tickets`: a ticket with which one connection is opened or renewed.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use weir_aws::live::Ticket;
use weir_core::domain::Timestamp;
use weir_core::domain::live::Session;
use weir_core::wire::time;
use weir_http::{ApiError, Claims, Member, Validity};

use super::Parts;

/// A ticket for the live feed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiveTicket)]
pub(super) struct TicketJson {
    /// The ticket: 32 hexadecimal digits. It is used once, to open a connection or to renew one.
    #[schema(example = "0f8fad5bd9cb469fa16570867728950e", pattern = "^[0-9a-f]{32}$")]
    ticket: String,
    /// The address that opens a connection with this ticket.
    #[schema(
        example = "wss://abc123.execute-api.eu-central-1.amazonaws.com/live?ticket=0f8fad5bd9cb469fa16570867728950e"
    )]
    url: String,
    /// Until when the ticket is valid: half a minute, and not longer than the token.
    #[serde(with = "time")]
    expires_at: Timestamp,
}

/// Issues a ticket for the live feed, with the rights of the caller's token, so that no token has to be part of an address.
#[utoipa::path(
    post, path = "/live/tickets", tag = "live",
    responses((status = 201, description = "The ticket.", body = TicketJson))
)]
pub(super) async fn post_ticket(
    State(parts): State<Parts>,
    Member(caller): Member,
    Validity { issued_at, expires_at }: Validity,
    axum::Extension(claims): axum::Extension<Claims>,
) -> Result<(StatusCode, Json<TicketJson>), ApiError> {
    let devices = claims.0.get("custom:devices").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    // `Member` has made sure of it.
    let role = caller.role.ok_or_else(|| ApiError::forbidden("you have no role"))?;
    let session = Session { sub: caller.sub, role, devices, issued_at, expires_at };
    if session.is_stopped(parts.live.stopped_at(&session.sub).await?) {
        return Err(ApiError::unauthorized("you were signed out: sign in again"));
    }
    let ticket = Ticket::draw()?;
    let until = parts.live.issue(&ticket, &session, parts.clock.now()).await?;
    let (text, url) = (ticket.secret().to_owned(), format!("{}?ticket={}", parts.url, ticket.secret()));
    Ok((StatusCode::CREATED, Json(TicketJson { ticket: text, url, expires_at: until })))
}

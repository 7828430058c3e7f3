//! `POST /notices/{id}/retry`: a notice that has failed is sent again.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use weir_aws::notice::{Address, Notice, Write};
use weir_aws::{Attempts, WriteOutcome};
use weir_core::id::NoticeId;
use weir_core::wire::notice::{NoticeJson, NoticeStatus};
use weir_http::{Admin, ApiError, Path};

use super::Parts;
use super::told::retried;

/// Maximum attempts while others write the outbox.
const ATTEMPTS: u32 = 10;

/// Puts a notice that has failed into its outbox again: it is tried within a minute, and for another 24 hours if need be.
#[utoipa::path(
    post, path = "/notices/{id}/retry", tag = "notices",
    params(("id" = NoticeId, Path)),
    responses((status = 202, description = "It is tried again.", body = NoticeJson))
)]
pub(super) async fn post_retry(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Path(id): Path<NoticeId>,
) -> Result<impl IntoResponse, ApiError> {
    let mut attempts = Attempts::new("notices", &id, ATTEMPTS);
    loop {
        attempts.next().await?;
        let subscription = id.subscription().ok_or_else(ApiError::not_found)?;
        // The outbox first: whoever changes a notice writes its outbox too.
        let read = parts.notices.queue(&subscription).await?;
        let notice = parts.notices.notice(&id).await?.ok_or_else(ApiError::not_found)?;
        if notice.status != NoticeStatus::Failed {
            let detail = format!("the notice is {}: only one that has failed is tried again", notice.status.code());
            return Err(ApiError::transition(detail));
        }
        let now = parts.clock.now();
        let mut queue = read.value.clone();
        queue.pending.push(id.clone());
        let again = Notice { status: NoticeStatus::Pending, since: now, detail: None, ..notice };
        let to = Address { subscription, owner: again.owner.clone() };
        let events = [retried(&id, &caller.name(), now)];
        let write = Write {
            queue: Some((&read, queue)),
            notices: vec![again.clone()],
            events: parts.events.with(&events),
            ..Write::default()
        };
        if parts.notices.write(&to, write, now).await? == WriteOutcome::Done {
            tracing::info!(%id, by = caller.username, "tried again");
            return Ok((StatusCode::ACCEPTED, Json(NoticeJson::from(again))));
        }
    }
}

//! `POST /quarantine/replay`: everything that fits a filter, delivered again, a bounded part of it with each request.

use std::time::Duration;

use axum::extract::State;
use axum::{Extension, Json};
use futures_util::{StreamExt, future, stream};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;
use weir_aws::AwsError;
use weir_aws::quarantine::{Entry, Place, Wanted};
use weir_core::domain::calibration::FieldError;
use weir_core::domain::{Reason, Timestamp};
use weir_core::id::QuarantineId;
use weir_core::wire::time;
use weir_http::{Admin, ApiError, Cursor, Strict};
use weir_runtime::Until;

use super::Parts;
use super::get_quarantine::name;
use super::replay::{Failed, Outcome};

/// So many entries one request replays.
const MOST: usize = 100;
/// So many at once.
const AT_ONCE: usize = 8;
/// After so long no further one is begun, so that those under way can come to their end as a rule.
const BUDGET: Duration = Duration::from_secs(15);

/// Which entries are replayed, and from where on.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayBody {
    /// Only what was set aside for this reason.
    reason: Option<Reason>,
    /// Only what came from this device.
    device: Option<String>,
    /// Only what was set aside at this instant or later.
    #[serde(default, with = "time::option")]
    #[schema(value_type = Option<Timestamp>)]
    since: Option<Timestamp>,
    /// How many at most: 1 to 100, 100 unless said otherwise.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// The `next` of the answer before, with the same filters.
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

/// What came of a part of the filter's entries.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct ReplayedJson {
    /// So many have left the quarantine.
    accepted: usize,
    /// So many were refused again, and stay.
    refused: usize,
    /// Of so many nobody could say in time; as long as they are listed they can be replayed again.
    failed: usize,
    /// To be sent with the next request; absent when every entry of the filter has been tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    next: Option<Cursor>,
}

/// Delivers entries again, newest first. Ask again with `next` until there is none: each entry is tried once, however many are
/// refused, and what was set aside since the first request is left out.
#[utoipa::path(
    post, path = "/quarantine/replay", tag = "quarantine",
    request_body = ReplayBody,
    responses((status = 200, description = "What came of them.", body = ReplayedJson))
)]
pub(super) async fn post_replay_all(
    State(parts): State<Parts>,
    Admin(_): Admin,
    Extension(until): Extension<Until>,
    Strict(body): Strict<ReplayBody>,
) -> Result<Json<ReplayedJson>, ApiError> {
    parts.replay_all(body, until).await.map(Json)
}

impl Parts {
    /// Replays a part of what the body names.
    pub(super) async fn replay_all(&self, body: ReplayBody, until: Until) -> Result<ReplayedJson, ApiError> {
        let ReplayBody { reason, device, since, limit, next } = body;
        let limit = limit.unwrap_or(MOST);
        if !(1..=MOST).contains(&limit) {
            return Err(FieldError::new("/limit", format!("must be 1 to {MOST}")).into());
        }
        let wanted = Wanted { reason, device, since };
        let name = format!("replay of {}", name(&wanted));
        let after = next.map(|next| next.open(&name)).transpose()?;
        let (entries, more) = self.quarantine.list(&wanted, limit, after).await?;
        let last = Instant::now() + BUDGET;
        let places: Vec<Place> = entries.iter().map(Place::from).collect();
        let begun = stream::iter(entries).take_while(move |_| future::ready(Instant::now() < last && !until.is_over()));
        // One that is broken off has its entry still, or is done: to replay it again is never wrong.
        let one = |entry: Entry| async move {
            let ended = until.finish(self.replay_listed(&entry.id)).await;
            ended.unwrap_or_else(|| Err(AwsError::Late("replay").into()))
        };
        let ended: Vec<_> = begun.map(one).buffer_unordered(AT_ONCE).collect().await;
        let left = places.len() > ended.len();
        let place = if left { places.into_iter().nth(ended.len().saturating_sub(1)) } else { more };
        let mut answer = ReplayedJson {
            next: place.map(|place| Cursor::new(&name, &place)).transpose()?,
            ..ReplayedJson::default()
        };
        for outcome in ended {
            match outcome {
                Ok(Outcome::Accepted(_)) => answer.accepted += 1,
                Ok(Outcome::Refused(_)) => answer.refused += 1,
                Ok(Outcome::Gone) => {}
                Err(error) => {
                    tracing::warn!(%error, "a replay failed, and its entry stays");
                    answer.failed += 1;
                }
            }
        }
        Ok(answer)
    }

    /// An index knows no payload, and may still list what is gone.
    async fn replay_listed(&self, id: &QuarantineId) -> Result<Outcome, Failed> {
        match self.quarantine.get(id).await? {
            Some(original) => self.replay(&original).await,
            None => Ok(Outcome::Gone),
        }
    }
}

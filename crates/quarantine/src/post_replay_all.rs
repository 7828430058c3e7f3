//! `POST /quarantine/replay`: replays the entries that match a filter, a bounded number with each request.

use std::time::Duration;

use axum::extract::State;
use axum::{Extension, Json};
use futures_util::{StreamExt, future, stream};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;
use utoipa::ToSchema;
use weir_aws::AwsError;
use weir_aws::quarantine::{EntryFilter, EntryPosition, StoredEntry};
use weir_core::domain::{FieldError, Reason, Timestamp};
use weir_core::id::QuarantineId;
use weir_core::wire::time;
use weir_http::{Admin, ApiError, Cursor, Strict};
use weir_runtime::Until;

use super::Parts;
use super::get_quarantine::name;
use super::replay::{ReplayError, ReplayOutcome};

/// Maximum entries per request.
const MOST: usize = 100;
/// Maximum concurrent replays.
const AT_ONCE: usize = 8;
/// No further replay begins after this time, so that those in progress can usually finish.
const BUDGET: Duration = Duration::from_secs(15);

/// Which entries to replay, and where to continue.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReplayBody {
    /// Only entries with this reason.
    reason: Option<Reason>,
    /// Only entries of this device.
    device: Option<String>,
    /// Only entries that were quarantined at this instant or later.
    #[serde(default, with = "time::option")]
    #[schema(value_type = Option<Timestamp>)]
    since: Option<Timestamp>,
    /// The maximum number of entries: 1 to 100; the default is 100.
    #[serde(default, with = "weir_core::wire::whole")]
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<u64>,
    /// The `next` of the previous answer, with the same filters.
    #[schema(value_type = Option<String>, min_length = 12, pattern = "^[A-Za-z0-9_-]+$")]
    next: Option<Cursor>,
}

/// The result of replaying a part of the entries.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct ReplayedJson {
    /// The number of entries that have left the quarantine.
    accepted: usize,
    /// The number of entries that were refused again, and stay.
    refused: usize,
    /// The number of entries whose outcome is not known; those that are still listed can be replayed again.
    failed: usize,
    /// To be sent with the next request; absent when all entries of the filter have been replayed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, min_length = 12, pattern = "^[A-Za-z0-9_-]+$")]
    next: Option<Cursor>,
}

/// Delivers entries again, newest first. Repeat the request with `next` until there is none: each entry is replayed once, even if it
/// is refused, and entries that were quarantined since the first request are left out.
#[utoipa::path(
    post, path = "/quarantine/replay", tag = "quarantine",
    request_body = ReplayBody,
    responses((status = 200, description = "The result.", body = ReplayedJson))
)]
pub(super) async fn post_replay_all(
    State(parts): State<Parts>,
    Admin(caller): Admin,
    Extension(until): Extension<Until>,
    Strict(body): Strict<ReplayBody>,
) -> Result<Json<ReplayedJson>, ApiError> {
    parts.replay_all(body, Some(&caller.name()), until).await.map(Json)
}

impl Parts {
    /// Replays a part of the entries that match the body.
    pub(super) async fn replay_all(
        &self,
        body: ReplayBody,
        by: Option<&str>,
        until: Until,
    ) -> Result<ReplayedJson, ApiError> {
        let ReplayBody { reason, device, since, limit, next } = body;
        let limit = limit.map_or(MOST, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        if !(1..=MOST).contains(&limit) {
            return Err(FieldError::new("/limit", format!("must be 1 to {MOST}")).into());
        }
        let filter = EntryFilter { reason, device, since };
        let name = name(&filter).filter("replay", Some(true));
        let after = name.open(next)?;
        let (entries, more) = self.quarantine.list(&filter, limit, after).await?;
        let last = Instant::now() + BUDGET;
        let positions: Vec<EntryPosition> = entries.iter().map(EntryPosition::from).collect();
        let begun = stream::iter(entries).take_while(move |_| future::ready(Instant::now() < last && !until.is_over()));
        // A replay that is cut off has still its entry, or is done: to repeat it is always safe.
        let one = |entry: StoredEntry| async move {
            let ended = until.finish(self.replay_listed(&entry.id, by)).await;
            ended.unwrap_or_else(|| Err(AwsError::OutOfTime("replay").into()))
        };
        let ended: Vec<_> = begun.map(one).buffer_unordered(AT_ONCE).collect().await;
        let left = positions.len() > ended.len();
        let position = if left { positions.into_iter().nth(ended.len().saturating_sub(1)) } else { more };
        let mut answer = ReplayedJson { next: name.next(position)?, ..ReplayedJson::default() };
        for outcome in ended {
            match outcome {
                Ok(ReplayOutcome::Accepted(_)) => answer.accepted += 1,
                Ok(ReplayOutcome::Refused(_)) => answer.refused += 1,
                Ok(ReplayOutcome::Gone) => {}
                Err(error) => {
                    tracing::warn!(%error, "a replay failed; its entry stays");
                    answer.failed += 1;
                }
            }
        }
        Ok(answer)
    }

    /// Reads the entry, since the index has no payload and may list deleted entries, and replays it.
    async fn replay_listed(&self, id: &QuarantineId, by: Option<&str>) -> Result<ReplayOutcome, ReplayError> {
        match self.quarantine.get(id).await? {
            Some(found) => self.replay(&found, by).await,
            None => Ok(ReplayOutcome::Gone),
        }
    }
}

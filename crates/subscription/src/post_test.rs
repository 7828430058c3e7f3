//! `POST /users/me/subscriptions/{id}/test`: the caller tests whether a subscription reaches its receiver.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use weir_aws::invoke::InvokeError;
use weir_core::id::SubscriptionId;
use weir_http::{ApiError, ErrorKind, Member, Path};

use super::Parts;

/// How the test ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TestJson {
    /// Whether the receiver has taken it.
    delivered: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "the receiver has answered 500")]
    detail: Option<String>,
}

/// What `notify` answers.
#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Sent,
    Failed { detail: String },
    NotFound,
    TooMany,
}

/// Sends a test notice at once, also of a disabled subscription. It counts among the 20 notices of an hour.
#[utoipa::path(
    post, path = "/users/me/subscriptions/{id}/test", tag = "notices",
    params(("id" = SubscriptionId, Path)),
    responses((status = 200, description = "How it ended.", body = TestJson))
)]
pub(super) async fn post_test(
    State(parts): State<Parts>,
    Member(caller): Member,
    Path(id): Path<SubscriptionId>,
) -> Result<Json<TestJson>, ApiError> {
    let stored = parts.of_caller(&caller, &id).await?;
    let event = json!({"test": {"owner": stored.owner, "id": stored.id}});
    let answer = parts.invoker.invoke(&parts.notify, &event).await.map_err(|error| match error {
        InvokeError::Aws(error) => ApiError::from(error),
        // A function that fails asks to be called again.
        InvokeError::Failed { .. } => ApiError::unavailable(error.to_string()),
    })?;
    match serde_json::from_value(answer) {
        Ok(Outcome::Sent) => Ok(Json(TestJson { delivered: true, detail: None })),
        Ok(Outcome::Failed { detail }) => Ok(Json(TestJson { delivered: false, detail: Some(detail) })),
        Ok(Outcome::NotFound) => Err(ApiError::not_found()),
        Ok(Outcome::TooMany) => {
            Err(ApiError::new(ErrorKind::TooMany, "the subscription was sent 20 notices within an hour: test it later"))
        }
        Err(error) => Err(ApiError::internal(format!("notify answers something else: {error}"))),
    }
}

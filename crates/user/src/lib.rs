//! `user`: what people say about themselves. Who exists and what they may do is Cognito's; here is the profile beside it.
//!
//! One file per route; `change` is how a profile is changed.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde_json::Value;
use utoipa::OpenApi;
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::profile::ProfileTable;
use weir_core::clock::{Clock, SystemClock};
use weir_core::http::{finish, gateway};

mod change;
mod delete_user;
mod get_me;
mod get_user;
mod get_users;
mod patch_me;
mod patch_user;
mod post_user;
mod put_user;

/// The function with what it works on.
pub struct User {
    router: Router,
    parts: Parts,
}

/// What the handlers share.
#[derive(Clone)]
pub struct Parts {
    /// The profiles.
    pub profiles: ProfileTable,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(
    get_users::get_users,
    post_user::post_user,
    get_me::get_me,
    patch_me::patch_me,
    get_user::get_user,
    put_user::put_user,
    patch_user::patch_user,
    delete_user::delete_user,
))]
struct Document;

impl User {
    /// The function over these parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/users", get(get_users::get_users).post(post_user::post_user))
            .route("/users/me", get(get_me::get_me).patch(patch_me::patch_me))
            .route(
                "/users/{sub}",
                get(get_user::get_user)
                    .put(put_user::put_user)
                    .patch(patch_user::patch_user)
                    .delete(delete_user::delete_user),
            );
        Self { router: finish(routes.with_state(parts.clone())), parts }
    }

    /// What the code says about its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }

    /// The function as its environment describes it.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub async fn from_environment() -> Result<Self, ConfigError> {
        let sdk = config::sdk()?;
        let profiles = ProfileTable::new(config::dynamodb(&sdk), config::required("USERS_TABLE")?);
        Ok(Self::new(Parts { profiles, clock: Arc::new(SystemClock) }))
    }

    /// Opens the connection to DynamoDB while the init phase still has a whole processor, by asking for a person whom no
    /// id stands for.
    pub async fn warm_up(&self) {
        if let Ok(nobody) = "0".parse() {
            let _ = self.parts.profiles.find(&nobody).await;
        }
    }

    /// Answers a request.
    pub async fn handle(&self, event: Value) -> Value {
        gateway::answer(&self.router, event).await
    }
}

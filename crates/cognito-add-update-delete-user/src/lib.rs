//! `cognito-add-update-delete-user`: an admin adds, changes and deletes people.
//!
//! Cognito knows no transactions. So adding marks the user as half-made with the first call and takes the mark off with
//! the last (`adding`); changing and deleting stand behind a lock (`locked`), which the guards against locking everybody
//! out rely on; and every step may be repeated.

use std::sync::Arc;

use axum::Router;
use axum::routing::{patch, post};
use serde_json::Value;
use utoipa::OpenApi;
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::people::{self, Lock, Pool};
use weir_core::aws::profile::ProfileTable;
use weir_core::clock::{Clock, SystemClock};
use weir_core::http::{finish, gateway};

mod adding;
mod body;
mod delete_user;
mod locked;
mod patch_user;
mod post_user;
mod steps;

/// The function with what it works on.
pub struct ChangeUser {
    router: Router,
    parts: Parts,
}

/// What the handlers share.
#[derive(Clone)]
pub struct Parts {
    /// Who exists.
    pub pool: Pool,
    /// What they say about themselves.
    pub profiles: ProfileTable,
    /// One change at a time.
    pub lock: Lock,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(post_user::add_cognito_user, patch_user::change_cognito_user, delete_user::delete_cognito_user))]
struct Document;

impl ChangeUser {
    /// The function over these parts.
    pub fn new(parts: Parts) -> Self {
        let one = patch(patch_user::change_cognito_user).delete(delete_user::delete_cognito_user);
        let routes = Router::new()
            .route("/cognito/users", post(post_user::add_cognito_user))
            .route("/cognito/users/{username}", one);
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
        let (dynamodb, table) = (config::dynamodb(&sdk), config::required("USERS_TABLE")?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        Ok(Self::new(Parts {
            pool: Pool::new(people::client(&sdk), config::required("USER_POOL_ID")?),
            profiles: ProfileTable::new(dynamodb.clone(), &table),
            lock: Lock::new(dynamodb, table, Arc::clone(&clock)),
            clock,
        }))
    }

    /// Opens the connections while the init phase still has a whole processor.
    pub async fn warm_up(&self) {
        self.parts.pool.warm_up().await;
        if let Ok(nobody) = "0".parse() {
            let _ = self.parts.profiles.find(&nobody).await;
        }
    }

    /// Answers a request.
    pub async fn handle(&self, event: Value) -> Value {
        gateway::answer(&self.router, event).await
    }
}

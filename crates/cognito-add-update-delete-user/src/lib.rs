//! `cognito-add-update-delete-user`: an admin adds, changes and deletes people.
//!
//! Cognito knows no transactions. So adding marks the user as half-made with the first call and takes the mark off with
//! the last (`adding`); changing and deleting stand behind a lock (`locked`), which the guards against locking everybody
//! out rely on; and every step may be repeated.

use std::sync::Arc;

use axum::Router;
use axum::routing::{patch, post};
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::people::{self, Lock, Pool};
use weir_aws::profile::ProfileTable;
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod adding;
mod body;
mod delete_user;
mod locked;
mod patch_user;
mod post_user;
mod settings;
mod steps;

pub use settings::Settings;

/// The function with what it works on.
pub struct ChangeUser {
    router: Router,
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
        Self { router: finish(routes.with_state(parts)) }
    }

    /// What the code says about its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for ChangeUser {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let pool = Pool::new(people::client(&sdk), settings.user_pool_id);
        let profiles = ProfileTable::new(dynamodb.clone(), &settings.users_table);
        pool.warm_up().await;
        profiles.warm_up().await;
        let lock = Lock::new(dynamodb, settings.users_table, Arc::clone(&clock));
        Ok(Self::new(Parts { pool, profiles, lock, clock }))
    }

    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        gateway::serve(&self.router, event, until).await
    }
}

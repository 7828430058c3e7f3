//! `user`: the profiles of users. Which users exist and what they may do is kept in Cognito.
//!
//! There is one file per route; `change` is the common part of all changes.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::event::EventTable;
use weir_aws::profile::ProfileTable;
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod change;
mod delete_user;
mod get_me;
mod get_user;
mod get_users;
mod patch_me;
mod patch_user;
mod post_user;
mod put_user;
mod settings;

pub use settings::Settings;

/// The function.
pub struct User {
    router: Router,
}

/// What the route handlers share.
#[derive(Clone)]
pub struct Parts {
    /// The profiles.
    pub profiles: ProfileTable,
    /// The log of their changes.
    pub events: EventTable,
    /// The clock.
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
    /// The function with these parts.
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
        Self { router: finish(routes.with_state(parts)) }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for User {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let dynamodb = config::dynamodb(&config::sdk()?);
        let profiles = ProfileTable::new(dynamodb.clone(), settings.users_table);
        let events = EventTable::open(dynamodb, settings.events);
        profiles.warm_up().await;
        Ok(Self::new(Parts { profiles, events, clock: Arc::new(SystemClock) }))
    }

    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        gateway::serve(&self.router, event, until).await
    }
}

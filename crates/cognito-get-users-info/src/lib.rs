//! `cognito-get-users-info`: the users of the user pool with role, status and device scope, for admins.

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;
use weir_aws::people::{Pool, PoolSettings};
use weir_http::{finish, gateway};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod get_user;
mod get_users;

/// The function.
pub struct UsersInfo {
    router: Router,
}

#[derive(OpenApi)]
#[openapi(paths(get_users::get_cognito_users, get_user::get_cognito_user))]
struct Document;

impl UsersInfo {
    /// The function with this user pool.
    pub fn new(pool: Pool) -> Self {
        let routes = Router::new()
            .route("/cognito/users", get(get_users::get_cognito_users))
            .route("/cognito/users/{username}", get(get_user::get_cognito_user));
        Self { router: finish(routes.with_state(pool)) }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for UsersInfo {
    type Settings = PoolSettings;

    async fn start(settings: PoolSettings) -> Result<Self, StartError> {
        Ok(Self::new(Pool::start(settings).await?))
    }

    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        gateway::serve(&self.router, event, until).await
    }
}

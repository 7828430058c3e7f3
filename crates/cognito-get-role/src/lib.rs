//! `cognito-get-role`: the current role and device scope of one user, which may differ from those in a token. Users may read
//! their own, admins everyone's.
//!
//! As the smallest function behind the API it also serves the OpenAPI document of the whole API.

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;
use weir_aws::people::{Pool, PoolSettings};
use weir_http::{finish, gateway, served};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod get_role;

/// The function.
pub struct GetRole {
    router: Router,
}

/// The OpenAPI document of all functions. A test generates it and keeps it in this file, so that the function does not
/// contain the code that generates it.
const DOCUMENT: &str = include_str!("../openapi.json");

#[derive(OpenApi)]
#[openapi(paths(get_role::get_role))]
struct Document;

impl GetRole {
    /// The function with this user pool.
    pub fn new(pool: Pool) -> Self {
        let routes = Router::new().route("/cognito/users/{username}/role", get(get_role::get_role));
        let routes = routes.with_state(pool).route("/openapi.json", served(DOCUMENT));
        Self { router: finish(routes) }
    }

    /// The OpenAPI document of its routes. A test combines it with those of the other functions and compares the result with
    /// `openapi.json`.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for GetRole {
    type Settings = PoolSettings;

    async fn start(settings: PoolSettings) -> Result<Self, StartError> {
        Ok(Self::new(Pool::start(settings).await?))
    }

    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        gateway::serve(&self.router, event, until).await
    }
}

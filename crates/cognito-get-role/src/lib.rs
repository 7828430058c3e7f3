//! `cognito-get-role`: the role and the device scope of one person, as they are now and not as a token said when it was
//! made. Anyone may ask about themself, an admin about everybody.
//!
//! It also serves the OpenAPI document of the whole API, being the smallest of the functions behind it.

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::people::{self, Pool};
use weir_http::{finish, gateway, served};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod get_role;
mod settings;

pub use settings::Settings;

/// The function with what it works on.
pub struct GetRole {
    router: Router,
}

/// What every function behind the API says of its routes, put together by the house tests and kept in a file so that
/// this function need not carry the code that makes it.
const DOCUMENT: &str = include_str!("../openapi.json");

#[derive(OpenApi)]
#[openapi(paths(get_role::get_role))]
struct Document;

impl GetRole {
    /// The function over this pool.
    pub fn new(pool: Pool) -> Self {
        let routes = Router::new().route("/cognito/users/{username}/role", get(get_role::get_role));
        let routes = routes.with_state(pool).route("/openapi.json", served(DOCUMENT));
        Self { router: finish(routes) }
    }

    /// What the code says about its routes. `openapi.json` is made of this and of what the other functions say; a test
    /// compares them.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for GetRole {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let pool = Pool::new(people::client(&config::sdk()?), settings.user_pool_id);
        pool.warm_up().await;
        Ok(Self::new(pool))
    }

    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        gateway::serve(&self.router, event, until).await
    }
}

//! `cognito-get-role`: the role and the device scope of one person, as they are now and not as a token said when it was
//! made. Anyone may ask about themself, an admin about everybody.
//!
//! It also serves the OpenAPI document of the whole API, being the smallest of the functions behind it.

use axum::Router;
use axum::routing::get;
use serde_json::Value;
use utoipa::OpenApi;
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::people::{self, Pool};
use weir_core::http::{finish, gateway, served};

mod get_role;

/// The function with what it works on.
pub struct GetRole {
    router: Router,
    pool: Pool,
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
        let routes = routes.with_state(pool.clone()).route("/openapi.json", served(DOCUMENT));
        Self { router: finish(routes), pool }
    }

    /// What the code says about its routes. `openapi.json` is made of this and of what the other functions say; a test
    /// compares them.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }

    /// The function as its environment describes it.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub async fn from_environment() -> Result<Self, ConfigError> {
        let sdk = config::sdk()?;
        Ok(Self::new(Pool::new(people::client(&sdk), config::required("USER_POOL_ID")?)))
    }

    /// Opens the connection to Cognito while the init phase still has a whole processor.
    pub async fn warm_up(&self) {
        self.pool.warm_up().await;
    }

    /// Answers a request.
    pub async fn handle(&self, event: Value) -> Value {
        gateway::answer(&self.router, event).await
    }
}

//! `cognito-get-role`: the role and the device scope of one person, as they are now and not as a token said when it was
//! made. Anyone may ask about themself, an admin about everybody.

use axum::Router;
use axum::routing::get;
use serde_json::Value;
use utoipa::OpenApi;
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::people::{self, Pool};
use weir_core::http::{finish, gateway};

mod get_role;

/// The function with what it works on.
pub struct GetRole {
    router: Router,
    pool: Pool,
}

#[derive(OpenApi)]
#[openapi(paths(get_role::get_role))]
struct Document;

impl GetRole {
    /// The function over this pool.
    pub fn new(pool: Pool) -> Self {
        let routes = Router::new().route("/cognito/users/{username}/role", get(get_role::get_role));
        Self { router: finish(routes.with_state(pool.clone())), pool }
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

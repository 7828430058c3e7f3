//! `reading`: the time-series store over HTTP. What a device measured, as it is stored, added up over intervals, or the
//! latest of each sensor; as JSON, or as CSV for a spreadsheet.
//!
//! Woken by API Gateway with one request each. One file per route; what a caller may ask for is in `ask` and `sensors`,
//! what they are shown in `show` and `sheet`.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde_json::Value;
use utoipa::OpenApi;
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::device::DeviceTable;
use weir_core::aws::time_series::History;
use weir_core::clock::{Clock, SystemClock};
use weir_core::http::{finish, gateway};

mod accept;
mod ask;
mod get_latest;
mod get_readings;
mod sensors;
mod sheet;
mod show;

/// The function with what it works on.
pub struct Reading {
    router: Router,
    parts: Parts,
}

/// What the handlers share.
#[derive(Clone)]
pub struct Parts {
    /// The devices.
    pub devices: DeviceTable,
    /// Their readings.
    pub history: Arc<History>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(get_readings::get_readings, get_latest::get_latest))]
struct Document;

impl Reading {
    /// The function over these parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/devices/{id}/readings", get(get_readings::get_readings))
            .route("/devices/{id}/readings/latest", get(get_latest::get_latest))
            .with_state(parts.clone());
        Self { router: finish(routes), parts }
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
        let dynamodb = config::dynamodb(&sdk);
        let history = Arc::new(History::from_environment(&sdk, &dynamodb).await?);
        let devices = DeviceTable::new(dynamodb, config::required("DEVICES_TABLE")?);
        Ok(Self::new(Parts { devices, history, clock: Arc::new(SystemClock) }))
    }

    /// Opens the connection to DynamoDB while the init phase still has a whole processor.
    pub async fn warm_up(&self) {
        self.parts.devices.warm_up().await;
    }

    /// Answers a request. Never fails: what goes wrong is an answer too.
    pub async fn handle(&self, event: Value) -> Value {
        gateway::answer(&self.router, event).await
    }
}

//! `reading`: the time-series store over HTTP. The readings of a device, their aggregates over intervals, or the latest reading
//! of each sensor; as JSON, or as CSV for spreadsheets. It also tries alerts on stored readings.
//!
//! It is invoked by API Gateway. Each route has a file; `query` and `sensors` validate a request, `show` and `csv` write the
//! answer.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::time_series::History;
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod csv;
mod get_latest;
mod get_readings;
mod post_try;
mod query;
mod sensors;
mod settings;
mod show;

pub use settings::Settings;

/// The function `reading`.
pub struct Reading {
    router: Router,
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
#[openapi(paths(get_readings::get_readings, get_latest::get_latest, post_try::post_try))]
struct Document;

impl Reading {
    /// Creates the function from its parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/devices/{id}/readings", get(get_readings::get_readings))
            .route("/devices/{id}/readings/latest", get(get_latest::get_latest))
            .route("/devices/{id}/sensors/{code}/alerts/try", post(post_try::post_try))
            .with_state(parts);
        Self { router: finish(routes) }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for Reading {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let history = Arc::new(History::open(&sdk, &dynamodb, &settings.store).await?);
        let devices = DeviceTable::new(dynamodb, settings.devices_table);
        devices.warm_up().await;
        Ok(Self::new(Parts { devices, history, clock: Arc::new(SystemClock) }))
    }

    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        gateway::serve(&self.router, event, until).await
    }
}

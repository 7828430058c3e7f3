//! `provision`: which boards may become devices.
//!
//! API Gateway invokes it with one request at a time for the allow list of serial numbers. AWS IoT invokes it before it provisions a
//! board (the pre-provisioning hook) and waits 5 s for the answer. Each route has its own file; `hook` decides about a board.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{delete, get, post};
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::event::EventTable;
use weir_aws::serial::SerialTable;
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod change;
mod delete_serial;
mod get_serials;
mod hook;
mod post_reset;
mod post_serials;
mod settings;
mod upload;

pub use settings::Settings;

/// AWS IoT waits 5 s for the answer about a board, and a cold start is part of them; after this time the board is refused.
const PATIENCE: Duration = Duration::from_secs(3);

/// The function.
pub struct Provision {
    router: Router,
    parts: Parts,
}

/// What the function works on.
#[derive(Clone)]
pub struct Parts {
    /// The allow list.
    pub serials: SerialTable,
    /// The devices.
    pub devices: DeviceTable,
    /// What happened to them.
    pub events: EventTable,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(
    get_serials::get_serials,
    post_serials::post_serials,
    delete_serial::delete_serial,
    post_reset::post_serial_reset,
))]
struct Document;

impl Provision {
    /// Creates the function from its parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/fleet/serials", get(get_serials::get_serials).post(post_serials::post_serials))
            .route("/fleet/serials/{serial}", delete(delete_serial::delete_serial))
            .route("/fleet/serials/{serial}/reset", post(post_reset::post_serial_reset));
        Self { router: finish(routes.with_state(parts.clone())), parts }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for Provision {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let dynamodb = config::dynamodb(&config::sdk()?);
        let serials = SerialTable::new(dynamodb.clone(), settings.serials_table);
        serials.warm_up().await;
        Ok(Self::new(Parts {
            serials,
            devices: DeviceTable::new(dynamodb.clone(), settings.devices_table),
            events: EventTable::open(dynamodb, settings.events),
            clock: Arc::new(SystemClock),
        }))
    }

    /// Answers a request, or AWS IoT's question whether a board may be provisioned.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_http() {
            return Ok(gateway::answer(&self.router, event, until).await);
        }
        let until = until.earlier(Until::after(PATIENCE));
        Ok(self.parts.answer(event.json(), until).await.into())
    }
}

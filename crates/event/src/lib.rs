//! `event`: the log of what happened to devices and people, over HTTP. It only reads.

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::event::EventTable;
use weir_http::{finish, gateway};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod csv;
mod get_device_events;
mod get_events;
mod page;
mod settings;

pub use settings::Settings;

/// The function.
pub struct Events {
    router: Router,
}

/// What the handlers share.
#[derive(Clone)]
pub struct Parts {
    /// The log. This function writes no events, so how long they are kept does not matter.
    pub events: EventTable,
}

#[derive(OpenApi)]
#[openapi(paths(get_device_events::get_device_events, get_events::get_events))]
struct Document;

impl Events {
    /// The function with these parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/devices/{id}/events", get(get_device_events::get_device_events))
            .route("/events", get(get_events::get_events));
        Self { router: finish(routes.with_state(parts)) }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for Events {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let events = EventTable::new(config::dynamodb(&config::sdk()?), settings.events_table, 0);
        events.warm_up_query().await;
        Ok(Self::new(Parts { events }))
    }

    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        gateway::serve(&self.router, event, until).await
    }
}

//! `device`: the registry over HTTP, and the delivery of settings.
//!
//! API Gateway invokes it with one request at a time, and a schedule to deliver what is still pending. Each route has its own
//! file; they share `change` (how a device is changed), `show` (how it is shown), `page` (how many devices fit into an answer)
//! and `delivery` (how settings reach AWS IoT, and how `certificate` is invoked for changes of certificates).

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde_json::json;
use utoipa::OpenApi;
use weir_aws::CalibrationTable;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::event::EventTable;
use weir_aws::invoke::{self, Invoker};
use weir_aws::iot::{self, Iot};
use weir_aws::level::LevelTable;
use weir_aws::problem::ProblemTable;
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod change;
mod delete_device;
mod delete_sensor;
mod delivery;
mod get_calibrations;
mod get_device;
mod get_devices;
mod get_sensor;
mod get_settings;
mod inputs;
mod page;
mod patch_device;
mod post_calibration;
mod post_device;
mod problems;
mod publish;
mod put_device;
mod put_sensor;
mod put_settings;
mod settings;
mod show;
mod tag;

pub use delivery::{CertificateFunction, Delivery, PATIENCE, Sweep};
pub use publish::publish;
pub use settings::Settings;

/// The function.
pub struct Device {
    router: Router,
    parts: Parts,
}

/// What the function works on.
#[derive(Clone)]
pub struct Parts {
    /// The devices.
    pub devices: DeviceTable,
    /// The versions of their calibrations.
    pub calibrations: CalibrationTable,
    /// The problems of their alerts and of their silence.
    pub problems: ProblemTable,
    /// The log of what happens to them, and whether they are connected.
    pub events: EventTable,
    /// The delivery of their settings.
    pub delivery: Delivery,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Weir", description = "Devices, readings, levels, problems and people."),
    paths(
        get_devices::get_devices,
        post_device::post_device,
        get_device::get_device,
        put_device::put_device,
        patch_device::patch_device,
        delete_device::delete_device,
        get_settings::get_settings,
        put_settings::put_settings,
        get_sensor::get_sensor,
        put_sensor::put_sensor,
        delete_sensor::delete_sensor,
        get_calibrations::get_calibrations,
        post_calibration::post_calibration,
    )
)]
struct Document;

impl Device {
    /// Creates the function from its parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/devices", get(get_devices::get_devices).post(post_device::post_device))
            .route(
                "/devices/{id}",
                get(get_device::get_device)
                    .put(put_device::put_device)
                    .patch(patch_device::patch_device)
                    .delete(delete_device::delete_device),
            )
            .route("/devices/{id}/settings", get(get_settings::get_settings).put(put_settings::put_settings))
            .route(
                "/devices/{id}/sensors/{code}",
                get(get_sensor::get_sensor).put(put_sensor::put_sensor).delete(delete_sensor::delete_sensor),
            )
            .route(
                "/devices/{id}/sensors/{code}/calibrations",
                get(get_calibrations::get_calibrations).post(post_calibration::post_calibration),
            );
        Self { router: finish(routes.with_state(parts.clone())), parts }
    }

    /// The OpenAPI document of its routes. The document of the whole API begins with it.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for Device {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let devices = DeviceTable::new(dynamodb.clone(), settings.devices_table);
        let calibrations = CalibrationTable::new(dynamodb.clone(), settings.calibrations_table);
        // The problems of a device do not depend on levels, whose table is never read.
        let levels = LevelTable::new(dynamodb.clone(), "");
        let problems = ProblemTable::new(dynamodb.clone(), settings.problems_table, levels);
        let events = EventTable::open(dynamodb, settings.events);
        let invoker = Invoker::new(invoke::client(&sdk, PATIENCE));
        let certificates = CertificateFunction::new(invoker, settings.certificate_function);
        let delivery = Delivery::new(devices.clone(), Iot::new(iot::client(&sdk)), certificates, Arc::clone(&clock));
        devices.warm_up().await;
        Ok(Self::new(Parts { devices, calibrations, problems, events, delivery, clock }))
    }

    /// Answers a request, or delivers what is pending. Whatever there is no time for stays pending.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_http() {
            return Ok(gateway::answer(&self.router, event, until).await);
        }
        let sweep = self.parts.delivery.sweep(until).await?;
        if sweep.pending > 0 {
            tracing::warn!(delivered = sweep.delivered, pending = sweep.pending, "deliveries are still pending");
        }
        Ok(json!({"delivered": sweep.delivered, "pending": sweep.pending}).into())
    }
}

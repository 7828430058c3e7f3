//! `device`: the registry over HTTP, and the delivery of settings that did not get through at once.
//!
//! Woken by API Gateway with one request each, and by a schedule to deliver what is still pending. One file per route;
//! what they share is in `change` (how a device is changed), `show` (how it is shown) and `page` (how many at once).

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde_json::json;
use utoipa::OpenApi;
use weir_aws::CalibrationTable;
use weir_aws::config;
use weir_aws::delivery::Delivery;
use weir_aws::device::DeviceTable;
use weir_aws::iot::{self, Iot};
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod change;
mod delete_device;
mod delete_sensor;
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
mod put_device;
mod put_sensor;
mod put_settings;
mod settings;
mod show;
mod tag;

pub use settings::Settings;

/// The function with what it works on.
pub struct Device {
    router: Router,
    parts: Parts,
}

/// What the handlers share.
#[derive(Clone)]
pub struct Parts {
    /// The devices.
    pub devices: DeviceTable,
    /// The versions of their calibrations.
    pub calibrations: CalibrationTable,
    /// The way of their settings to AWS IoT.
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
    /// The function over these parts.
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

    /// What the code says about its routes. The document of the whole API begins with this.
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
        let calibrations = CalibrationTable::new(dynamodb, settings.calibrations_table);
        let delivery = Delivery::new(devices.clone(), Iot::new(iot::client(&sdk)), Arc::clone(&clock));
        devices.warm_up().await;
        Ok(Self::new(Parts { devices, calibrations, delivery, clock }))
    }

    /// Answers a request, or delivers what is pending; what is not delivered in time stays pending.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_http() {
            return Ok(gateway::answer(&self.router, event, until).await);
        }
        let swept = self.parts.delivery.sweep(until).await?;
        if swept.pending > 0 {
            tracing::warn!(delivered = swept.delivered, pending = swept.pending, "settings are still to be delivered");
        }
        Ok(json!({"delivered": swept.delivered, "pending": swept.pending}).into())
    }
}

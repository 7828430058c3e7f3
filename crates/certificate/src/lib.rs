//! `certificate`: the certificates of devices, which are deactivated with their device and renewed before they expire.
//!
//! API Gateway invokes it with one request at a time, `device` when certificates are due, an IoT rule with each certificate signing
//! request of a device, and a schedule to find certificates that are to be renewed. Each route has its own file; `attempt` makes the
//! certificates of a device match its row, `settle` does that under a lease, `csr` issues, and `sweep` asks for requests.

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get};
use serde::Deserialize;
use serde_json::json;
use utoipa::OpenApi;
use weir_aws::certificates::{self as aws_certificates, Certificates};
use weir_aws::config;
use weir_aws::device::{DeviceTable, Registration, StoredDevice};
use weir_aws::event::EventTable;
use weir_aws::iot::{self, Iot};
use weir_core::id::DeviceId;
use weir_http::{ApiError, finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod attempt;
mod csr;
mod delete_certificate;
mod finding;
mod get_certificates;
mod settings;
mod settle;
mod sweep;

pub use settings::Settings;
pub use sweep::Sweep;

/// The function.
pub struct Certificate {
    router: Router,
    parts: Parts,
}

/// What the function works on.
#[derive(Clone)]
pub struct Parts {
    /// The devices.
    pub devices: DeviceTable,
    /// What happened to them.
    pub events: EventTable,
    /// Messages to devices.
    pub iot: Iot,
    /// AWS IoT's control plane.
    pub certificates: Certificates,
    /// The policy that a certificate gets.
    pub policy: Arc<str>,
    /// How many days before it expires a certificate is renewed.
    pub renew_days: u32,
    /// How many days after it was issued a certificate is renewed in any case; 0: only before it expires.
    pub most_days: u32,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(get_certificates::get_certificates, delete_certificate::delete_certificate))]
struct Document;

/// The event with which `device` asks for what is due for this device, under its lease.
#[derive(Debug, Deserialize)]
struct Loan {
    device: DeviceId,
    lease: String,
}

impl Certificate {
    /// Creates the function from its parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/devices/{id}/certificates", get(get_certificates::get_certificates))
            .route("/devices/{id}/certificates/{certificate}", delete(delete_certificate::delete_certificate));
        Self { router: finish(routes.with_state(parts.clone())), parts }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Parts {
    /// The device; 404 if there is none.
    async fn registered(&self, id: &DeviceId) -> Result<StoredDevice, ApiError> {
        match self.devices.find(id).await? {
            Registration::Device(stored) => Ok(*stored),
            Registration::Deleted(_) | Registration::None => Err(ApiError::not_found()),
        }
    }
}

impl Function for Certificate {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let devices = DeviceTable::new(dynamodb.clone(), settings.devices_table);
        devices.warm_up().await;
        Ok(Self::new(Parts {
            devices,
            events: EventTable::open(dynamodb, settings.events),
            iot: Iot::new(iot::client(&sdk)),
            certificates: Certificates::new(aws_certificates::client(&sdk)),
            policy: settings.device_policy.into(),
            renew_days: settings.renew_days,
            most_days: settings.most_days,
            clock: Arc::new(SystemClock),
        }))
    }

    /// Answers a request; or looks for certificates to renew, for a schedule; or does what is due for a device, for `device`; or checks
    /// certificates that an audit has found; or issues a certificate, for any other event.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_http() {
            return Ok(gateway::answer(&self.router, event, until).await);
        }
        if event.is_schedule() {
            let Sweep { looked, asked, left } = self.parts.sweep(until).await?;
            if left {
                tracing::warn!(looked, asked, "more certificates are to be looked at: the next sweep goes on");
            }
            return Ok(json!({"looked": looked, "asked": asked, "left": left}).into());
        }
        if let Ok(Loan { device, lease }) = Loan::deserialize(event.json()) {
            return Ok(self.parts.lent(&device, &lease, until).await?.into());
        }
        let done = until.finish(async {
            match finding::of(event.json()) {
                Some(found) => self.parts.found(&found).await,
                None => self.parts.request(event.json()).await,
            }
        });
        let outcome = done.await.unwrap_or_else(|| Err(Retry::out_of_time()))?;
        Ok(json!({"outcome": outcome}).into())
    }
}

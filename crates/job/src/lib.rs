//! `job`: firmware over the air. Admins announce firmwares and create jobs; AWS IoT Jobs delivers them to the devices and
//! reports how each one ends.
//!
//! API Gateway invokes it with one request at a time, two IoT rules with what has ended, and a schedule for what is left to do.
//! Each route has its own file; `work` does the next step of a job, and `prepare` is the first of these steps.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde_json::json;
use utoipa::OpenApi;
use weir_aws::bucket::Bucket;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::event::EventTable;
use weir_aws::iot_jobs::{self, IotJobs};
use weir_aws::job::JobTable;
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod delete_job;
mod get_firmware;
mod get_job;
mod get_jobs;
mod post_firmware;
mod post_job;
mod prepare;
mod settings;
mod sweep;
mod told;
mod work;

pub use settings::Settings;
pub use sweep::Sweep;

/// The function.
pub struct Job {
    router: Router,
    parts: Parts,
}

/// What the function works on.
#[derive(Clone)]
pub struct Parts {
    /// The firmwares and the jobs.
    pub jobs: JobTable,
    /// The devices.
    pub devices: DeviceTable,
    /// What happened to the jobs.
    pub events: EventTable,
    /// The files.
    pub bucket: Bucket,
    /// AWS IoT's side.
    pub iot: IotJobs,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(
    get_firmware::get_firmware,
    post_firmware::post_firmware,
    get_jobs::get_jobs,
    post_job::post_job,
    get_job::get_job,
    delete_job::delete_job,
))]
struct Document;

impl Job {
    /// Creates the function from its parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/fleet/firmware", get(get_firmware::get_firmware).post(post_firmware::post_firmware))
            .route("/fleet/jobs", get(get_jobs::get_jobs).post(post_job::post_job))
            .route("/fleet/jobs/{job}", get(get_job::get_job).delete(delete_job::delete_job));
        Self { router: finish(routes.with_state(parts.clone())), parts }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for Job {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let jobs = JobTable::new(dynamodb.clone(), settings.jobs_table);
        jobs.warm_up().await;
        Ok(Self::new(Parts {
            jobs,
            devices: DeviceTable::new(dynamodb.clone(), settings.devices_table),
            events: EventTable::open(dynamodb, settings.events),
            bucket: Bucket::open(&sdk, settings.firmware_bucket, &settings.s3_url)?,
            iot: IotJobs::new(iot_jobs::client(&sdk), settings.group_prefix, settings.download_role),
            clock: Arc::new(SystemClock),
        }))
    }

    /// Answers a request; or does what is due, for a schedule; or records what has ended, for any other event.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_http() {
            return Ok(gateway::answer(&self.router, event, until).await);
        }
        if event.is_schedule() {
            let sweep = self.parts.sweep(until).await?;
            if sweep.failed > 0 {
                tracing::warn!(looked = sweep.looked, failed = sweep.failed, "jobs are left to the next sweep");
            }
            return Ok(json!({"looked": sweep.looked, "failed": sweep.failed}).into());
        }
        let told = until.finish(self.parts.told(event.json())).await;
        let outcome = told.unwrap_or_else(|| Err(Retry::out_of_time()))?;
        Ok(json!({"outcome": outcome}).into())
    }
}

//! `recalculation`: recalculates stored readings after a calibration was corrected, and fits models to reference points.
//!
//! It is invoked by API Gateway with HTTP requests, by the stream of the table `recalculations` to continue a job, and by a
//! schedule to begin waiting jobs and to wake stalled ones. Each route has a file; `work` runs a job slice by slice, and `slice`
//! recalculates one slice.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_lambda_events::dynamodb::EventRecord;
use axum::Router;
use axum::routing::{get, post};
use serde_json::json;
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::event::EventTable;
use weir_aws::recalculation::RecalculationTable;
use weir_aws::time_series::{History, TimeSeries};
use weir_aws::{AwsError, CalibrationTable};
use weir_core::domain::recalculation::stalled;
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::event::Record;
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod get_recalculation;
mod post_fit;
mod post_recalculation;
mod record;
mod settings;
mod show;
mod slice;
mod work;

pub use settings::Settings;

/// Maximum jobs that a sweep wakes.
const SWEPT: i32 = 100;

/// The function `recalculation`.
pub struct Recalculation {
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
    /// The jobs.
    pub jobs: RecalculationTable,
    /// The log of who began them.
    pub events: EventTable,
    /// Queries of stored readings.
    pub history: Arc<History>,
    /// The store, to replace readings.
    pub store: Arc<TimeSeries>,
    /// How long the other functions cache calibrations, in seconds.
    pub cache_seconds: i64,
    /// The number of readings per slice.
    pub slice: usize,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(post_fit::post_fit, post_recalculation::post_recalculation, get_recalculation::get_recalculation,))]
struct Document;

impl Recalculation {
    /// Creates the function from its parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/devices/{id}/sensors/{code}/calibrations/fit", post(post_fit::post_fit))
            .route("/devices/{id}/sensors/{code}/recalculate", post(post_recalculation::post_recalculation))
            .route("/devices/{id}/sensors/{code}/recalculate/{job}", get(get_recalculation::get_recalculation))
            .with_state(parts.clone());
        Self { router: finish(routes), parts }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for Recalculation {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let history = Arc::new(History::open(&sdk, &dynamodb, &settings.store).await?);
        let store = Arc::new(TimeSeries::open(&sdk, &dynamodb, &settings.store).await?);
        let devices = DeviceTable::new(dynamodb.clone(), settings.devices_table);
        devices.warm_up().await;
        Ok(Self::new(Parts {
            devices,
            calibrations: CalibrationTable::new(dynamodb.clone(), settings.calibrations_table),
            jobs: RecalculationTable::new(dynamodb.clone(), settings.recalculations_table),
            events: EventTable::open(dynamodb, settings.events),
            history,
            store,
            cache_seconds: settings.device_cache_seconds,
            slice: work::SLICE,
            clock: Arc::new(SystemClock),
        }))
    }

    /// Answers an HTTP request; or continues the jobs of a batch of stream records, and returns the records to deliver again; or
    /// wakes jobs that are due, for any other event.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_http() {
            return Ok(gateway::answer(&self.router, event, until).await);
        }
        match event.stream_records() {
            Some(records) => self.continue_jobs(records?, until).await,
            None => self.sweep(until).await,
        }
    }
}

impl Recalculation {
    async fn continue_jobs(&self, records: Vec<Record<EventRecord>>, until: Until) -> Result<Response, Retry> {
        let (mut failed, mut done) = (Vec::new(), BTreeSet::new());
        for Record { id: sequence, decoded } in records {
            match decoded.and_then(|record| record::job(&record)) {
                Ok((series, job)) => {
                    // Several records of one job are one piece of work: it continues from its current state.
                    if !done.insert((series.clone(), job.clone())) {
                        continue;
                    }
                    // A slice that is cut off is repeated, and need not replace what it has replaced already: however slow
                    // AWS is, there is less to do each time.
                    let worked = until.finish(self.parts.work(&series, &job)).await;
                    if let Err(error) = worked.unwrap_or(Err(AwsError::OutOfTime("slice"))) {
                        tracing::warn!(device = %series.device, sensor = %series.sensor, %job, %error, "continues later");
                        failed.push(sequence);
                    }
                }
                Err(detail) => {
                    tracing::error!(sequence, detail, "a stream record cannot be read");
                    failed.push(sequence);
                }
            }
        }
        Ok(Response::failed_records(failed))
    }

    /// Wakes jobs that are due. Those for which there is no time stay due.
    async fn sweep(&self, until: Until) -> Result<Response, Retry> {
        let now = self.parts.clock.now();
        let out_of_time = || AwsError::OutOfTime("sweep");
        let due = until.finish(self.parts.jobs.due(now, SWEPT)).await.ok_or_else(out_of_time)??;
        let mut woken = 0;
        for job in &due {
            match until.finish(self.parts.jobs.wake(job, stalled(now))).await {
                Some(done) => done?,
                None => break,
            }
            woken += 1;
        }
        Ok(json!({"woken": woken, "more": woken < due.len()}).into())
    }
}

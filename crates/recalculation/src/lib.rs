//! `recalculation`: a wrong calibration is corrected after the fact, and models are fitted to reference points.
//!
//! Woken by API Gateway with one request each; by the stream of the table `recalculations`, to go on with a job; and by
//! a schedule, to begin what had to wait and to wake what has stopped. One file per route; the work itself is in `work`
//! (slice after slice) and `slice` (one of them).

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_lambda_events::dynamodb::EventRecord;
use axum::Router;
use axum::routing::{get, post};
use serde_json::json;
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::recalculation::RecalculationTable;
use weir_aws::time_series::{History, TimeSeries};
use weir_aws::{AwsError, CalibrationTable};
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

/// So many jobs a sweep wakes at most.
const SWEPT: i32 = 100;

/// The function with what it works on.
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
    /// The stored readings, to be read.
    pub history: Arc<History>,
    /// The same, to be replaced.
    pub store: Arc<TimeSeries>,
    /// So long the other functions remember calibrations, in seconds.
    pub cache_seconds: i64,
    /// So many readings make a slice.
    pub slice: usize,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(post_fit::post_fit, post_recalculation::post_recalculation, get_recalculation::get_recalculation,))]
struct Document;

impl Recalculation {
    /// The function over these parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/devices/{id}/sensors/{code}/calibrations/fit", post(post_fit::post_fit))
            .route("/devices/{id}/sensors/{code}/recalculate", post(post_recalculation::post_recalculation))
            .route("/devices/{id}/sensors/{code}/recalculate/{job}", get(get_recalculation::get_recalculation))
            .with_state(parts.clone());
        Self { router: finish(routes), parts }
    }

    /// What the code says about its routes.
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
            jobs: RecalculationTable::new(dynamodb, settings.recalculations_table),
            history,
            store,
            cache_seconds: settings.device_cache_seconds,
            slice: work::SLICE,
            clock: Arc::new(SystemClock),
        }))
    }

    /// Answers a request; goes on with the jobs that a batch of stream records names, and answers with the records to
    /// deliver again; or wakes what is due when the event is neither.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_http() {
            return Ok(gateway::answer(&self.router, event, until).await);
        }
        match event.stream_records() {
            Some(records) => self.go_on(records?, until).await,
            None => self.sweep(until).await,
        }
    }
}

impl Recalculation {
    async fn go_on(&self, records: Vec<Record<EventRecord>>, until: Until) -> Result<Response, Retry> {
        let (mut failed, mut done) = (Vec::new(), BTreeSet::new());
        for Record { id: sequence, decoded } in records {
            match decoded.and_then(|record| record::job(&record)) {
                Ok((series, job)) => {
                    // Two records of one job are worked on once: what counts is how the job stands now.
                    if !done.insert((series.clone(), job.clone())) {
                        continue;
                    }
                    // A slice that is cut off is begun anew, and finds what it has replaced in place: however slow AWS
                    // is, there is less to do each time.
                    let worked = until.finish(self.parts.work(&series, &job)).await;
                    if let Err(error) = worked.unwrap_or(Err(AwsError::Late("slice"))) {
                        tracing::warn!(device = %series.device, sensor = %series.sensor, %job, %error, "to go on later");
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

    /// Wakes what is due; what there is no time for stays due.
    async fn sweep(&self, until: Until) -> Result<Response, Retry> {
        let now = self.parts.clock.now();
        let late = || AwsError::Late("sweep");
        let due = until.finish(self.parts.jobs.due(now, SWEPT)).await.ok_or_else(late)??;
        let mut woken = 0;
        for job in &due {
            match until.finish(self.parts.jobs.wake(job, now)).await {
                Some(done) => done?,
                None => break,
            }
            woken += 1;
        }
        Ok(json!({"woken": woken, "more": woken < due.len()}).into())
    }
}

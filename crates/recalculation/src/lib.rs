//! `recalculation`: a wrong calibration is corrected after the fact, and models are fitted to reference points.
//!
//! Woken by API Gateway with one request each; by the stream of the table `recalculations`, to go on with a job; and by
//! a schedule, to begin what had to wait and to wake what has stopped. One file per route; the work itself is in `work`
//! (slice after slice) and `slice` (one of them).

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use serde_json::{Value, json};
use utoipa::OpenApi;
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::device::DeviceTable;
use weir_core::aws::recalculation::RecalculationTable;
use weir_core::aws::time_series::{History, TimeSeries};
use weir_core::aws::{AwsError, CalibrationTable};
use weir_core::clock::{Clock, SystemClock, Until};
use weir_core::http::{finish, gateway};

mod get_recalculation;
mod post_fit;
mod post_recalculation;
mod record;
mod show;
mod slice;
mod work;

use record::{Poison, Record};

/// So many jobs a sweep wakes at most.
const SWEPT: i32 = 100;

/// The function with what it works on.
pub struct Recalculation {
    router: Router,
    parts: Parts,
}

/// The event has to be delivered again.
#[derive(Debug, thiserror::Error)]
pub enum CallAgain {
    /// It could not be found out what is due.
    #[error("call again: {0}")]
    Aws(#[from] AwsError),
    /// A record has no sequence number to name it by.
    #[error("this is no batch of a stream: {0}")]
    NoBatch(&'static str),
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

    /// The function as its environment describes it.
    ///
    /// # Errors
    /// When a variable is missing or wrong.
    pub async fn from_environment() -> Result<Self, ConfigError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let history = Arc::new(History::from_environment(&sdk, &dynamodb).await?);
        let store = Arc::new(TimeSeries::from_environment(&sdk, &dynamodb).await?);
        Ok(Self::new(Parts {
            devices: DeviceTable::new(dynamodb.clone(), config::required("DEVICES_TABLE")?),
            calibrations: CalibrationTable::new(dynamodb.clone(), config::required("CALIBRATIONS_TABLE")?),
            jobs: RecalculationTable::new(dynamodb, config::required("RECALCULATIONS_TABLE")?),
            history,
            store,
            cache_seconds: config::number("DEVICE_CACHE_SECONDS", 60, 0)?,
            slice: work::SLICE,
            clock: Arc::new(SystemClock),
        }))
    }

    /// Opens the connection to DynamoDB while the init phase still has a whole processor.
    pub async fn warm_up(&self) {
        self.parts.devices.warm_up().await;
    }

    /// Answers a request; goes on with the jobs that a batch of stream records names, and answers with the records to
    /// deliver again; or wakes what is due when the event is neither.
    ///
    /// # Errors
    /// When the event has to be delivered again as a whole.
    pub async fn handle(&self, event: Value) -> Result<Value, CallAgain> {
        self.handle_within(event, Duration::MAX).await
    }

    /// As [`Recalculation::handle`], and jobs whose slice is not finished when `left` is over are named, to be called for
    /// again.
    ///
    /// # Errors
    /// When the event has to be delivered again as a whole.
    pub async fn handle_within(&self, event: Value, left: Duration) -> Result<Value, CallAgain> {
        if gateway::is_http(&event) {
            return Ok(gateway::answer(&self.router, event).await);
        }
        let until = Until::after(left);
        match event.get("Records").and_then(Value::as_array) {
            Some(records) => self.go_on(records, until).await,
            None => self.sweep(until).await,
        }
    }

    async fn go_on(&self, records: &[Value], until: Until) -> Result<Value, CallAgain> {
        let (mut failed, mut done) = (Vec::new(), BTreeSet::new());
        for record in records {
            match Record::parse(record) {
                Ok(Record { sequence, series, job }) => {
                    // Two records of one job are worked on once: what counts is how the job stands now.
                    if !done.insert((series.clone(), job.clone())) {
                        continue;
                    }
                    // A slice that is broken off is begun anew, and finds what it has replaced in place: however slow
                    // AWS is, there is less to do each time.
                    let worked = until.finish(self.parts.work(&series, &job)).await;
                    if let Err(error) = worked.unwrap_or(Err(AwsError::Late("slice"))) {
                        tracing::warn!(device = %series.device, sensor = %series.sensor, %job, %error, "to go on later");
                        failed.push(sequence);
                    }
                }
                Err(Poison::Unnamed) => return Err(CallAgain::NoBatch("a record without a sequence number")),
                Err(Poison::Unreadable { sequence, detail }) => {
                    tracing::error!(sequence, detail, "a record that cannot be read");
                    failed.push(sequence);
                }
            }
        }
        let failures: Vec<Value> = failed.iter().map(|sequence| json!({"itemIdentifier": sequence})).collect();
        Ok(json!({"batchItemFailures": failures}))
    }

    /// Wakes what is due; what there is no time for stays due.
    async fn sweep(&self, until: Until) -> Result<Value, CallAgain> {
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
        Ok(json!({"woken": woken, "more": woken < due.len()}))
    }
}

//! `flow`: the operator's view of the pipes: levels, and problems with what people do about them.
//!
//! Woken by API Gateway with one request each. One file per route; what they share is in `scope` (who sees what) and
//! `show` (how levels and problems are shown).

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde_json::Value;
use utoipa::OpenApi;
use weir_core::aws::CalibrationTable;
use weir_core::aws::config::{self, ConfigError};
use weir_core::aws::device::DeviceTable;
use weir_core::aws::level::LevelTable;
use weir_core::aws::problem::ProblemTable;
use weir_core::aws::registry::Registry;
use weir_core::clock::{Clock, SystemClock};
use weir_core::http::{finish, gateway};

mod get_level;
mod get_levels;
mod get_problem;
mod get_problems;
mod patch_problem;
mod scope;
mod show;

/// The function with what it works on.
pub struct Flow {
    router: Router,
    parts: Parts,
}

/// The event is none that this function knows.
#[derive(Debug, thiserror::Error)]
#[error("this is no request of API Gateway")]
pub struct NoRequest;

/// What the handlers share.
#[derive(Clone)]
pub struct Parts {
    /// The levels.
    pub levels: LevelTable,
    /// The problems.
    pub problems: ProblemTable,
    /// The devices, which say who may see what.
    pub devices: DeviceTable,
    /// Which sensors are neighbours.
    pub registry: Arc<Registry>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(
    get_levels::get_levels,
    get_level::get_level,
    get_problems::get_problems,
    get_problem::get_problem,
    patch_problem::patch_problem,
))]
struct Document;

impl Flow {
    /// The function over these parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/levels", get(get_levels::get_levels))
            .route("/levels/{id}", get(get_level::get_level))
            .route("/problems", get(get_problems::get_problems))
            .route("/problems/{problem_id}", get(get_problem::get_problem).patch(patch_problem::patch_problem));
        Self { router: finish(routes.with_state(parts.clone())), parts }
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
        let dynamodb = config::dynamodb(&config::sdk()?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let devices = DeviceTable::new(dynamodb.clone(), config::required("DEVICES_TABLE")?);
        let levels = LevelTable::new(dynamodb.clone(), config::required("LEVELS_TABLE")?);
        let problems = ProblemTable::new(dynamodb.clone(), config::required("PROBLEMS_TABLE")?, levels.clone());
        // Levels have no calibration, so the history of calibrations is never asked for.
        let calibrations = CalibrationTable::new(dynamodb, "");
        let seconds = config::number("DEVICE_CACHE_SECONDS", 60, 0)?;
        let registry = Arc::new(Registry::new(devices.clone(), calibrations, seconds, Arc::clone(&clock)));
        Ok(Self::new(Parts { levels, problems, devices, registry, clock }))
    }

    /// Reads the registry's links, and so opens the connection to DynamoDB, while the init phase still has a whole
    /// processor.
    pub async fn warm_up(&self) {
        let _ = self.parts.registry.topology().await;
    }

    /// Answers a request.
    ///
    /// # Errors
    /// When the event is none.
    pub async fn handle(&self, event: Value) -> Result<Value, NoRequest> {
        if gateway::is_http(&event) { Ok(gateway::answer(&self.router, event).await) } else { Err(NoRequest) }
    }
}

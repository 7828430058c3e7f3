//! `flow`: the API of levels and problems, and of the state of many devices at once.
//!
//! API Gateway invokes it with one request each. Every route has its own file; `scope` decides what a caller may see, and
//! `show` has the JSON of levels and problems.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use utoipa::OpenApi;
use weir_aws::CalibrationTable;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::event::EventTable;
use weir_aws::level::LevelTable;
use weir_aws::problem::ProblemTable;
use weir_aws::registry::Registry;
use weir_aws::time_series::ReadingTable;
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod change;
mod delete_level;
mod event;
mod get_level;
mod get_levels;
mod get_overview;
mod get_problem;
mod get_problems;
mod patch_problem;
mod post_changes;
mod scope;
mod settings;
mod show;

pub use settings::Settings;

/// The function.
pub struct Flow {
    router: Router,
}

/// The dependencies of the handlers.
#[derive(Clone)]
pub struct Parts {
    /// The levels.
    pub levels: LevelTable,
    /// The problems.
    pub problems: ProblemTable,
    /// The log of what people change, and whether devices are connected.
    pub events: EventTable,
    /// The devices, which decide who may see what.
    pub devices: DeviceTable,
    /// The readings; `None` where Timestream is the store.
    pub readings: Option<ReadingTable>,
    /// Which sensors are neighbours.
    pub registry: Arc<Registry>,
    /// The current time.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(
    get_levels::get_levels,
    get_level::get_level,
    delete_level::delete_level,
    get_overview::get_overview,
    get_problems::get_problems,
    get_problem::get_problem,
    patch_problem::patch_problem,
    post_changes::post_changes,
))]
struct Document;

impl Flow {
    /// The function with these dependencies.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route("/levels", get(get_levels::get_levels))
            .route("/levels/{id}", get(get_level::get_level).delete(delete_level::delete_level))
            .route("/overview", get(get_overview::get_overview))
            .route("/problems", get(get_problems::get_problems))
            .route("/problems/changes", post(post_changes::post_changes))
            .route("/problems/{problem_id}", get(get_problem::get_problem).patch(patch_problem::patch_problem));
        Self { router: finish(routes.with_state(parts)) }
    }

    /// The OpenAPI document of the routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for Flow {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let dynamodb = config::dynamodb(&config::sdk()?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let devices = DeviceTable::new(dynamodb.clone(), settings.devices_table);
        let levels = LevelTable::new(dynamodb.clone(), settings.levels_table);
        let problems = ProblemTable::new(dynamodb.clone(), settings.problems_table, levels.clone());
        let events = EventTable::open(dynamodb.clone(), settings.events);
        let readings = settings.readings.table(&dynamodb);
        // Levels are not calibrated, so the history of calibrations is never read.
        let calibrations = CalibrationTable::new(dynamodb, "");
        let registry = Registry::new(devices.clone(), calibrations, settings.device_cache_seconds, Arc::clone(&clock));
        // Opens the connection, and loads the topology for the first request.
        let _ = registry.topology().await;
        Ok(Self::new(Parts { levels, problems, events, devices, readings, registry: Arc::new(registry), clock }))
    }

    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        gateway::serve(&self.router, event, until).await
    }
}

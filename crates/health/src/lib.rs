//! `health`: how the system itself is, over HTTP, for administrators. It only reads, and a part that cannot be read does not affect the
//! rest, because it is needed most when something is wrong.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;
use weir_aws::alarms::Alarms;
use weir_aws::config;
use weir_aws::queues::{self, Queues};
use weir_aws::table_sizes::TableSizes;
use weir_aws::waiting::WaitingCounts;
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod get_system;
mod read;
mod settings;

pub use read::BILL;
pub use settings::{Settings, Stack};

use get_system::{Shared, get_system};

/// The function.
pub struct Health {
    router: Router,
}

/// What the handler reads from.
pub struct Parts {
    /// The alarms of the stack.
    pub alarms: Alarms,
    /// Its queues.
    pub queues: Queues,
    /// Its tables.
    pub sizes: TableSizes,
    /// The work that waits in them.
    pub waiting: WaitingCounts,
    /// What the stack has.
    pub stack: Stack,
    /// The prefix of the names of its alarms.
    pub alarm_prefix: String,
    /// The region of AWS.
    pub region: String,
    /// The version of this function that runs.
    pub function_version: String,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(get_system::get_system))]
struct Document;

impl Health {
    /// The function with these parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new().route("/system", get(get_system)).with_state(Arc::new(Shared::new(parts)));
        Self { router: finish(routes) }
    }

    /// The OpenAPI document of its route.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for Health {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let Settings { stack, alarm_prefix, monitoring_url } = settings;
        let dynamodb = config::dynamodb(&sdk);
        Ok(Self::new(Parts {
            alarms: Alarms::open(&sdk, alarm_prefix.clone(), &monitoring_url)?,
            queues: Queues::new(queues::client(&sdk)),
            sizes: TableSizes::new(dynamodb.clone()),
            waiting: WaitingCounts::new(dynamodb, stack.waiting.clone()),
            stack,
            alarm_prefix,
            region: sdk.region().map(ToString::to_string).unwrap_or_default(),
            // Lambda sets it; outside Lambda there are no versions.
            function_version: std::env::var("AWS_LAMBDA_FUNCTION_VERSION").unwrap_or_default(),
            clock: Arc::new(SystemClock),
        }))
    }

    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        gateway::serve(&self.router, event, until).await
    }
}

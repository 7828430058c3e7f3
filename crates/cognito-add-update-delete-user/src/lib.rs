//! `cognito-add-update-delete-user`: an admin adds, changes and deletes users, and a person claims devices and gives them back.
//!
//! Cognito has no transactions. Users being created are therefore flagged by the first call, and the last call removes the
//! flag (`creation`); changes and deletions hold a lock (`lock`), on which the guards against losing the last admin rely
//! (`guards`); and every step may be repeated (`steps`). A schedule looks for profiles whose user has gone without the API
//! (`sweep`).

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, patch, post};
use serde_json::json;
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::event::EventTable;
use weir_aws::live::LiveTable;
use weir_aws::people::{self, Pool};
use weir_aws::profile::ProfileTable;
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod body;
mod claim;
mod creation;
mod delete_claim;
mod delete_user;
mod event;
mod guards;
mod lock;
mod patch_user;
mod post_claim;
mod post_user;
mod settings;
mod steps;
mod sweep;

pub use lock::Lock;
pub use settings::{Mfa, Settings};

use sweep::Swept;

/// The function.
pub struct ChangeUser {
    router: Router,
    parts: Parts,
}

/// What the route handlers share.
#[derive(Clone)]
pub struct Parts {
    /// The user pool.
    pub pool: Pool,
    /// The profiles, tombstones and leases.
    pub profiles: ProfileTable,
    /// The log of changes of people.
    pub events: EventTable,
    /// The devices and their claim codes.
    pub devices: DeviceTable,
    /// The live connections, which end with the sessions of their person.
    pub live: LiveTable,
    /// Admits one change at a time.
    pub lock: Lock,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Whether admins must have one-time codes.
    pub mfa: Mfa,
}

#[derive(OpenApi)]
#[openapi(paths(
    post_user::add_cognito_user,
    patch_user::change_cognito_user,
    delete_user::delete_cognito_user,
    post_claim::claim_device,
    delete_claim::give_back_device,
))]
struct Document;

impl ChangeUser {
    /// The function with these parts.
    pub fn new(parts: Parts) -> Self {
        let one = patch(patch_user::change_cognito_user).delete(delete_user::delete_cognito_user);
        let routes = Router::new()
            .route("/cognito/users", post(post_user::add_cognito_user))
            .route("/cognito/users/{username}", one)
            .route("/users/me/devices", post(post_claim::claim_device))
            .route("/users/me/devices/{id}", delete(delete_claim::give_back_device));
        Self { router: finish(routes.with_state(parts.clone())), parts }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for ChangeUser {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let pool = Pool::new(people::client(&sdk), settings.user_pool_id);
        let dynamodb = config::dynamodb(&sdk);
        let profiles = ProfileTable::new(dynamodb.clone(), settings.users_table);
        let devices = DeviceTable::new(dynamodb.clone(), settings.devices_table);
        let live = LiveTable::new(dynamodb.clone(), settings.live_table);
        let events = EventTable::open(dynamodb, settings.events);
        pool.warm_up().await;
        profiles.warm_up().await;
        let lock = Lock::new(profiles.clone(), Arc::clone(&clock));
        Ok(Self::new(Parts { pool, profiles, events, devices, live, lock, clock, mfa: settings.mfa }))
    }

    /// Answers a request, or sweeps.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if !event.is_schedule() {
            return gateway::serve(&self.router, event, until).await;
        }
        let Swept { admins, checked, orphans } = self.parts.sweep(until).await?;
        if orphans > 0 {
            tracing::warn!(orphans, "profiles were removed, because their users have deleted themselves");
        }
        Ok(json!({"admins": admins, "checked": checked, "orphans": orphans}).into())
    }
}

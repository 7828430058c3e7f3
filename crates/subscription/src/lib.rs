//! `subscription`: subscriptions to notices, over HTTP. An admin also sees the notices that could not be delivered, and has
//! them sent again.
//!
//! It only stores subscriptions; `notify` sends the notices. So this function, which everybody with a token can call, can neither send
//! e-mails nor open connections to the outside, and `notify`, which can, cannot be called by anybody.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use utoipa::OpenApi;
use weir_aws::config;
use weir_aws::event::EventTable;
use weir_aws::invoke::{self, Invoker};
use weir_aws::notice::NoticeTable;
use weir_aws::subscription::SubscriptionTable;
use weir_http::{finish, gateway};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod delete_subscription;
mod get_notices;
mod get_own_subscriptions;
mod get_subscription;
mod get_subscriptions;
mod patch_subscription;
mod post_retry;
mod post_subscription;
mod post_test;
mod settings;
mod show;
mod told;
mod unsubscribe;

pub use settings::Settings;

/// How long to wait for a test notice: longer than a receiver has.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// The function `subscription`.
pub struct SubscriptionApi {
    router: Router,
}

/// What the handlers share.
#[derive(Clone)]
pub struct Parts {
    /// The subscriptions.
    pub subscriptions: SubscriptionTable,
    /// The outboxes.
    pub notices: NoticeTable,
    /// The log of who changed what.
    pub events: EventTable,
    /// Invokes `notify`.
    pub invoker: Invoker,
    /// The name of `notify`.
    pub notify: String,
    /// Whether e-mails can be sent.
    pub email: bool,
    /// Whether webhooks may go to the same machine.
    pub loopback: bool,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

#[derive(OpenApi)]
#[openapi(paths(
    post_subscription::post_subscription,
    get_own_subscriptions::get_own_subscriptions,
    get_subscription::get_subscription,
    patch_subscription::patch_subscription,
    delete_subscription::delete_subscription,
    post_test::post_test,
    get_subscriptions::get_subscriptions,
    get_notices::get_notices,
    post_retry::post_retry,
    unsubscribe::get_unsubscribe,
    unsubscribe::post_unsubscribe,
))]
struct Document;

impl SubscriptionApi {
    /// Creates the function from its parts.
    pub fn new(parts: Parts) -> Self {
        let routes = Router::new()
            .route(
                "/users/me/subscriptions",
                get(get_own_subscriptions::get_own_subscriptions).post(post_subscription::post_subscription),
            )
            .route(
                "/users/me/subscriptions/{id}",
                get(get_subscription::get_subscription)
                    .patch(patch_subscription::patch_subscription)
                    .delete(delete_subscription::delete_subscription),
            )
            .route("/users/me/subscriptions/{id}/test", post(post_test::post_test))
            .route("/subscriptions", get(get_subscriptions::get_subscriptions))
            .route("/notices", get(get_notices::get_notices))
            .route("/notices/{id}/retry", post(post_retry::post_retry))
            .route("/unsubscribe/{token}", get(unsubscribe::get_unsubscribe).post(unsubscribe::post_unsubscribe));
        Self { router: finish(routes.with_state(parts)) }
    }

    /// The OpenAPI document of its routes.
    pub fn document() -> utoipa::openapi::OpenApi {
        Document::openapi()
    }
}

impl Function for SubscriptionApi {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let subscriptions = SubscriptionTable::new(dynamodb.clone(), settings.subscriptions_table);
        subscriptions.warm_up().await;
        Ok(Self::new(Parts {
            subscriptions,
            notices: NoticeTable::new(dynamodb.clone(), settings.notices_table),
            events: EventTable::open(dynamodb, settings.events),
            invoker: Invoker::new(invoke::client(&sdk, PATIENCE)),
            notify: settings.notify_function,
            email: settings.notice_from.is_some(),
            loopback: settings.loopback,
            clock: Arc::new(SystemClock),
        }))
    }

    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        gateway::serve(&self.router, event, until).await
    }
}

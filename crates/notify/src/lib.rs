//! `notify`: tells people what happens to problems, by e-mail and by webhook.
//!
//! The stream of the table `problems` invokes it, and a schedule for retries, digests and reminders. The stored problem and what was told
//! before decide what to tell ([`follow`]); that is written to an outbox, and then the outbox is sent. After a crash between sending a
//! notice and recording that, the notice is sent again with the same id.
//!
//! [`follow`]: weir_core::domain::notice::follow

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use weir_aws::config;
use weir_aws::device::DeviceTable;
use weir_aws::level::LevelTable;
use weir_aws::mail::{self, Mailer};
use weir_aws::notice::NoticeTable;
use weir_aws::people::{self, Pool};
use weir_aws::problem::ProblemTable;
use weir_aws::profile::ProfileTable;
use weir_aws::subscription::SubscriptionTable;
use weir_aws::time_series::ReadingTable;
use weir_core::domain::Timestamp;
use weir_core::id::Sub;
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod batch;
mod deliver;
mod mail_body;
mod outbox;
mod person;
mod send;
mod settings;
mod sweep;
mod tell;
mod test_notice;
mod webhook;
mod words;

pub use settings::Settings;
pub use webhook::{Lookup, Webhooks, system_lookup};

use person::Known;

/// The function.
pub struct Notify {
    parts: Parts,
    people: Mutex<HashMap<Sub, (Timestamp, Known)>>,
}

/// The dependencies of the function.
pub struct Parts {
    /// The subscriptions.
    pub subscriptions: SubscriptionTable,
    /// The outboxes.
    pub notices: NoticeTable,
    /// The problems.
    pub problems: ProblemTable,
    /// The devices, which decide who may see the problems of a flow sensor.
    pub devices: DeviceTable,
    /// The readings that an e-mail shows.
    pub readings: ReadingTable,
    /// The profiles, which know the language.
    pub profiles: ProfileTable,
    /// The user pool, which knows who may see what, and where e-mails go.
    pub pool: Pool,
    /// Sends e-mails; `None`: e-mail is off.
    pub mailer: Option<Mailer>,
    /// Sends webhooks.
    pub webhooks: Webhooks,
    /// The address of the API, without a slash at its end.
    pub api_url: String,
    /// The address of the page that shows problems, without a slash at its end.
    pub page_url: Option<String>,
    /// The current time.
    pub clock: Arc<dyn Clock>,
}

impl Notify {
    /// The function with these dependencies.
    pub fn new(parts: Parts) -> Self {
        Self { parts, people: Mutex::default() }
    }

    fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }
}

impl Function for Notify {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let dynamodb = config::dynamodb(&sdk);
        let subscriptions = SubscriptionTable::new(dynamodb.clone(), settings.subscriptions_table);
        subscriptions.warm_up_query().await;
        // Which levels a problem depends on does not matter to who is told of it.
        let levels = LevelTable::new(dynamodb.clone(), "");
        let trimmed = |url: String| url.trim_end_matches('/').to_owned();
        Ok(Self::new(Parts {
            subscriptions,
            notices: NoticeTable::new(dynamodb.clone(), settings.notices_table),
            problems: ProblemTable::new(dynamodb.clone(), settings.problems_table, levels),
            devices: DeviceTable::new(dynamodb.clone(), settings.devices_table),
            // Readings are only read, by their key.
            readings: ReadingTable::new(dynamodb.clone(), settings.readings_table, "", 0),
            profiles: ProfileTable::new(dynamodb, settings.users_table),
            pool: Pool::new(people::client(&sdk), settings.user_pool_id),
            mailer: settings.notice_from.map(|from| Mailer::new(mail::client(&sdk), from)),
            webhooks: Webhooks::new(system_lookup(), settings.loopback),
            api_url: trimmed(settings.api_url),
            page_url: settings.page_url.map(trimmed),
            clock: Arc::new(SystemClock),
        }))
    }

    /// Answers a batch of stream records with those to deliver again, the schedule with what was due, and the request for a test
    /// notice with how that ended.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        if event.is_schedule() {
            return self.sweep(until).await;
        }
        if let Some(of) = event.json().get("test") {
            return self.test(of, until).await;
        }
        self.batch(&event, until).await
    }
}

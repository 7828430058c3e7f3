//! `live-push`: sends changes in the tables to the connections that watch them.
//!
//! The streams of `readings`, `levels`, `problems`, `quarantine` and `events` invoke it. A batch is grouped by topic, and each connection
//! gets one message with all its changes. If something cannot be sent to a connection, the batch is not delivered again: the next message
//! tells the connection of the gap, and the client reads again over HTTP.

use std::sync::{Arc, Mutex};

use weir_aws::config;
use weir_aws::live::LiveTable;
use weir_aws::sockets::{self, Sockets, SocketsUrl};
use weir_runtime::clock::{Clock, SystemClock};
use weir_runtime::event::Record;
use weir_runtime::{Event, Function, Response, Retry, StartError, Until};

mod batch;
mod change;
mod memory;
mod scope;
mod send;
mod settings;

pub use settings::{Settings, Tables};

use batch::Batch;
use memory::Memory;

/// The function with its dependencies.
pub struct LivePush {
    live: LiveTable,
    sockets: Sockets,
    tables: Tables,
    memory: Mutex<Memory>,
    clock: Arc<dyn Clock>,
}

impl LivePush {
    /// The function with these dependencies.
    pub fn new(live: LiveTable, sockets: Sockets, tables: Tables, clock: Arc<dyn Clock>) -> Self {
        Self { live, sockets, tables, memory: Mutex::default(), clock }
    }
}

impl Function for LivePush {
    type Settings = Settings;

    async fn start(settings: Settings) -> Result<Self, StartError> {
        let sdk = config::sdk()?;
        let live = LiveTable::new(config::dynamodb(&sdk), settings.live_table);
        live.warm_up_query().await;
        let url = SocketsUrl::of(&settings.live_url);
        let sockets = Sockets::new(sockets::client(&sdk, &url));
        Ok(Self::new(live, sockets, settings.tables, Arc::new(SystemClock)))
    }

    /// Sends what a batch of stream records changes. The batch is delivered again only if the watchers cannot be read;
    /// nothing is sent then.
    async fn handle(&self, event: Event, until: Until) -> Result<Response, Retry> {
        let records = event.stream_records().ok_or_else(|| Retry::new("the event is not a batch of a stream"))??;
        let mut batch = Batch::default();
        let mut scopes = Vec::new();
        for Record { id: sequence, decoded } in records {
            scopes.extend(decoded.as_ref().ok().and_then(|record| change::new_scope(record, &self.tables)));
            match decoded.and_then(|record| change::of(record, &self.tables)) {
                Ok(change) => batch.extend(change),
                // It would be the same when delivered again.
                Err(detail) => tracing::error!(sequence, detail, "a stream record cannot be decoded"),
            }
        }
        let Some(audience) = until.finish(self.audience(batch.topics())).await else {
            return Err(Retry::out_of_time());
        };
        let audience = audience?;
        let send = async {
            self.send(&batch, audience).await;
            self.tell_scopes(&scopes).await;
        };
        if until.finish(send).await.is_none() {
            tracing::error!("out of time: not everybody is told what has changed");
        }
        Ok(Response::failed_records([]))
    }
}

//! A DynamoDB of its own for each test: `dynoxide` in the process, behind HTTP on a loopback port, with the tables that
//! template.yaml declares.
//!
//! Tests that wait run with tokio's clock paused, so that pauses between tries take no time. The server runs in the same
//! runtime as the client, and no time-out is set on the client: a paused clock jumps while a socket is awaited.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_dynamodb::{Client, Config};
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use dynoxide::{Database, server};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use weir_aws::event::EventTable;

use crate::direct::Direct;
use crate::root;
use crate::template::Template;
use crate::wire::{Wire, through};

/// What stands for `${Project}-${Environment}-` in the tables' names.
const PREFIX: &str = "weir-test-";

static TABLES: LazyLock<Vec<Value>> = LazyLock::new(|| tables(PREFIX));

/// The `CreateTable` requests of the template's tables; `prefix` stands for `${Project}-${Environment}-` in their names.
///
/// # Panics
/// When the template declares no table, or one whose name is not of that form.
pub fn tables(prefix: &str) -> Vec<Value> {
    let template = Template::read(&root());
    let tables = template.resources("AWS::DynamoDB::Table").into_values();
    let tables: Vec<Value> = tables.map(|table| create(table, prefix)).collect();
    assert!(!tables.is_empty(), "the template declares no table");
    tables
}

/// A folder that goes with this value; in memory where the system has such a place.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        let folder = base.join(format!("weir-test-{}", std::process::id()));
        std::fs::create_dir(&folder).expect("a new folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is no harm to the test.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running DynamoDB; it ends with this value.
pub struct Engine {
    database: Database,
    url: String,
    http: SharedHttpClient,
    folder: Option<Folder>,
    _stop: oneshot::Sender<()>,
}

impl Engine {
    /// A new one with empty tables.
    pub async fn start() -> Self {
        Self::over(Database::memory().expect("an in-memory database"), None).await
    }

    /// A new one with empty tables in a file of its own, for so many writes that [`forget_stream`](Self::forget_stream) is
    /// needed.
    pub async fn in_file() -> Self {
        let folder = Folder::new();
        let path = folder.0.join("dynamodb");
        Self::over(Database::new(path.to_str().expect("a path is text")).expect("a database"), Some(folder)).await
    }

    async fn over(database: Database, folder: Option<Folder>) -> Self {
        for table in TABLES.iter() {
            let request = serde_json::from_value(table.clone()).unwrap_or_else(|error| panic!("{table}: {error}"));
            database.create_table(request).unwrap_or_else(|error| panic!("{table}: {error:?}"));
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(server::serve_with_shutdown(listener, database.clone(), async {
            let _ = stopped.await;
        }));
        Self { database, url, http: Builder::new().build_http(), folder, _stop: stop }
    }

    /// Forgets what the streams hold but for the last record, as DynamoDB does after a day. The engine keeps all, and
    /// looks through all of it with each write: so a million writes would take longer and longer.
    pub fn forget_stream(&self) {
        let folder = self.folder.as_ref().expect("a database in a file");
        let file = rusqlite::Connection::open(folder.0.join("dynamodb")).expect("the engine's file");
        let last = "SELECT MAX(id) FROM _stream_records GROUP BY table_name";
        file.execute(&format!("DELETE FROM _stream_records WHERE id NOT IN ({last})"), []).expect("records");
    }

    /// The database itself, for looking at it without a request.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The full name of the table called `noun`.
    pub fn name(&self, noun: &str) -> String {
        format!("{PREFIX}{noun}")
    }

    /// The log of events.
    pub fn events(&self) -> EventTable {
        self.events_by(self.client())
    }

    /// The log of events, over another client.
    pub fn events_by(&self, client: Client) -> EventTable {
        EventTable::new(client, self.name("events"), 400)
    }

    /// A client of it.
    pub fn client(&self) -> Client {
        self.client_by(self.http.clone(), 3)
    }

    /// A client whose requests go over `wire`.
    pub fn client_over(&self, wire: Arc<dyn Wire>) -> Client {
        self.client_by(through(self.http.clone(), wire), 3)
    }

    /// The same, and each request is tried once.
    pub fn client_once(&self, wire: Arc<dyn Wire>) -> Client {
        self.client_by(through(self.http.clone(), wire), 1)
    }

    /// A client whose requests go over `wire` and then reach the engine without a socket, with the time-outs that functions
    /// have. For tests with a paused clock: what takes time is then the wire alone.
    pub fn client_timed(&self, wire: Arc<dyn Wire>) -> Client {
        let http = through(SharedHttpClient::new(Direct::to(self.database.clone())), wire);
        let partition = RetryPartition::custom(self.url.clone()).build();
        let timeouts = weir_aws::config::timeouts();
        Client::from_conf(self.config(http, 3).retry_partition(partition).timeout_config(timeouts).build())
    }

    fn client_by(&self, http: SharedHttpClient, attempts: u32) -> Client {
        // The allowance for retries is shared by all clients of a partition in the process; each engine has its own.
        let partition = RetryPartition::custom(self.url.clone()).build();
        let config = self.config(http, attempts).retry_partition(partition).timeout_config(TimeoutConfig::disabled());
        Client::from_conf(config.build())
    }

    fn config(&self, http: SharedHttpClient, attempts: u32) -> aws_sdk_dynamodb::config::Builder {
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKIDTEST", "test", None, None, "test"))
            .endpoint_url(&self.url)
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_attempts(attempts))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
    }
}

/// A table of the template as `CreateTable` wants it.
fn create(table: &Value, prefix: &str) -> Value {
    let name = table["TableName"]["Fn::Sub"].as_str().and_then(|name| name.strip_prefix("${Project}-${Environment}-"));
    let mut request = json!({"TableName": format!("{prefix}{}", name.expect("a name of this stack"))});
    for key in ["BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "StreamSpecification"] {
        if !table[key].is_null() {
            request[key] = table[key].clone();
        }
    }
    if let Some(stream) = request.get_mut("StreamSpecification") {
        stream["StreamEnabled"] = true.into();
    }
    request
}

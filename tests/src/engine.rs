//! A separate DynamoDB for each test: `dynoxide` in the process, behind HTTP on a loopback port, with the tables of template.yaml.
//!
//! Tests that wait run with tokio's clock paused, so that pauses between attempts take no time. The server runs in the same runtime as the
//! client, and the client has no timeouts, because a paused clock jumps while a socket is awaited.

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

/// Replaces `${Project}-${Environment}-` in the names of tables.
const PREFIX: &str = "weir-test-";

static TABLES: LazyLock<Vec<Value>> = LazyLock::new(|| tables(PREFIX));

/// The `CreateTable` requests of the template's tables; `prefix` replaces `${Project}-${Environment}-` in their names.
///
/// # Panics
/// When the template has no tables, or one whose name has another format.
pub fn tables(prefix: &str) -> Vec<Value> {
    let template = Template::read(&root());
    let tables = template.resources("AWS::DynamoDB::Table").into_values();
    let tables: Vec<Value> = tables.map(|table| create(table, prefix)).collect();
    assert!(!tables.is_empty(), "the template declares no table");
    tables
}

/// A folder that is deleted when this is dropped; in memory if the system has a place for that.
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
        // A remaining folder does not affect the test.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A running DynamoDB, which is stopped when this is dropped.
pub struct Engine {
    database: Database,
    url: String,
    http: SharedHttpClient,
    folder: Option<Folder>,
    _stop: oneshot::Sender<()>,
}

impl Engine {
    /// Starts one in memory, with empty tables.
    pub async fn start() -> Self {
        Self::over(Database::memory().expect("an in-memory database"), None).await
    }

    /// Starts one in a new file, with empty tables, for so many writes that [`forget_stream`](Self::forget_stream) is needed.
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

    /// Deletes all records of the streams except the last one, as DynamoDB does after a day. The engine keeps all of them and searches them
    /// at each write, so a million writes would become slower and slower.
    pub fn forget_stream(&self) {
        let folder = self.folder.as_ref().expect("a database in a file");
        let file = rusqlite::Connection::open(folder.0.join("dynamodb")).expect("the engine's file");
        let last = "SELECT MAX(id) FROM _stream_records GROUP BY table_name";
        file.execute(&format!("DELETE FROM _stream_records WHERE id NOT IN ({last})"), []).expect("records");
    }

    /// The database itself, for access without requests.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The full name of the table with this short name.
    pub fn name(&self, noun: &str) -> String {
        format!("{PREFIX}{noun}")
    }

    /// The table of events.
    pub fn events(&self) -> EventTable {
        self.events_by(self.client())
    }

    /// The table of events, accessed with another client.
    pub fn events_by(&self, client: Client) -> EventTable {
        EventTable::new(client, self.name("events"), 400)
    }

    /// A client for it.
    pub fn client(&self) -> Client {
        self.client_by(self.http.clone(), 3)
    }

    /// A client whose requests go over `wire`.
    pub fn client_over(&self, wire: Arc<dyn Wire>) -> Client {
        self.client_by(through(self.http.clone(), wire), 3)
    }

    /// The same, with a single attempt per request.
    pub fn client_once(&self, wire: Arc<dyn Wire>) -> Client {
        self.client_by(through(self.http.clone(), wire), 1)
    }

    /// A client whose requests go over `wire` and then to the engine without a socket, with the timeouts of the functions. For tests with a
    /// paused clock: then only the wire takes time.
    pub fn client_timed(&self, wire: Arc<dyn Wire>) -> Client {
        let http = through(SharedHttpClient::new(Direct::to(self.database.clone())), wire);
        let partition = RetryPartition::custom(self.url.clone()).build();
        let timeouts = weir_aws::config::timeouts();
        Client::from_conf(self.config(http, 3).retry_partition(partition).timeout_config(timeouts).build())
    }

    fn client_by(&self, http: SharedHttpClient, attempts: u32) -> Client {
        // All clients of a partition in the process share a retry quota, so each engine has a separate partition.
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

/// The `CreateTable` request for a table of the template.
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

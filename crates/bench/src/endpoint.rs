//! The AWS endpoint for the functions: a real DynamoDB engine in this process, behind a layer that counts requests. Timestream's
//! WriteRecords succeeds without storing anything. Cognito is simulated by recorded answers, which the tests of requests also use; changes
//! have no effect on them.
//!
//! While processor time is measured, the engine is not used: its work would evict the function's data from the processor's caches. Each
//! kind of request then gets the engine's last answer to that kind, at once.

use crate::http::{Connection, Message};
use crate::tally::Tally;
use crate::{pool, world};
use anyhow::{Context, Result, anyhow};
use dynoxide::Database;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const JSON: (&str, &str) = ("content-type", "application/x-amz-json-1.0");

/// The running endpoint. Clones are handles to the same one.
#[derive(Clone)]
pub struct Endpoint {
    address: SocketAddr,
    engine: SocketAddr,
    database: Database,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    tally: Mutex<Tally>,
    replaying: AtomicBool,
    pause_ms: AtomicU64,
    answers: Mutex<HashMap<String, Vec<u8>>>,
}

impl Endpoint {
    /// Starts an empty engine and the counting layer, both on loopback.
    pub fn start() -> Result<Self> {
        let database = Database::memory().context("the DynamoDB engine does not start")?;
        let engine = start_engine(database.clone())?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let shared = Arc::clone(&serving);
                // A stopped function breaks its connections, which is no error.
                std::thread::spawn(move || serve(Connection::new(stream)?, engine, &shared, Duration::ZERO));
            }
        });
        Ok(Self { address, engine, database, shared })
    }

    /// Serves one more connection of any kind, with a pause before each answer, until the other side closes it.
    pub fn serve(&self, function: Connection, pause: Duration) -> Result<()> {
        serve(function, self.engine, &self.shared, pause)
    }

    /// The value for AWS_ENDPOINT_URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The address of the engine itself, whose requests are not counted.
    pub fn engine_url(&self) -> String {
        format!("http://{}", self.engine)
    }

    /// The requests since the previous call.
    pub fn take(&self) -> Tally {
        lock(&self.shared.tally).take()
    }

    /// Whether to repeat earlier answers from now on, instead of asking the engine.
    pub fn replay(&self, replaying: bool) {
        self.shared.replaying.store(replaying, Ordering::Relaxed);
    }

    /// Sets the delay of every answer from now on.
    pub fn pause(&self, pause: Duration) {
        self.shared.pause_ms.store(pause.as_millis() as u64, Ordering::Relaxed);
    }

    /// A BatchWriteItem of the engine in this process, for many rows.
    pub fn put(&self, batch: Value) -> Result<()> {
        let answer = self.database.batch_write_item(serde_json::from_value(batch)?);
        answer.map(drop).map_err(|error| anyhow!("BatchWriteItem: {error:?}"))
    }

    /// A request to the engine that is not counted.
    pub fn call(&self, operation: &str, body: &Value) -> Result<Value> {
        let mut connection = Connection::new(TcpStream::connect(self.engine)?)?;
        let target = format!("DynamoDB_20120810.{operation}");
        let signed = "AWS4-HMAC-SHA256 Credential=bench/20260101/eu-central-1/dynamodb/aws4_request, \
                      SignedHeaders=host;x-amz-date;x-amz-target, Signature=0";
        let headers = [
            JSON,
            ("host", "dynamodb"),
            ("x-amz-target", target.as_str()),
            ("x-amz-date", "20260101T000000Z"),
            ("authorization", signed),
        ];
        connection.send("POST / HTTP/1.1", &headers, &serde_json::to_vec(body)?)?;
        let answer = connection.answer()?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        anyhow::ensure!(answer.first == "200", "{operation}: {text}");
        serde_json::from_str(&text).with_context(|| format!("{operation}: {text}"))
    }
}

/// Starts the engine, with a separate runtime and thread, until the benchmark ends.
fn start_engine(database: Database) -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async move {
            if let Ok(listener) = tokio::net::TcpListener::from_std(listener) {
                let _ = dynoxide::server::serve_with_shutdown(listener, database, std::future::pending()).await;
            }
        });
    });
    Ok(address)
}

fn serve(mut function: Connection, engine: SocketAddr, shared: &Shared, pause: Duration) -> Result<()> {
    let mut engine = Connection::new(TcpStream::connect(engine)?)?;
    while let Some(request) = function.request()? {
        lock(&shared.tally).begin(request.arrived);
        let kind = kind(&request);
        // Cognito's answers do not come from the engine, and differ from person to person.
        let ours = request.header("x-amz-target").is_some_and(|target| target.starts_with("AWSCognito"));
        let repeated = match shared.replaying.load(Ordering::Relaxed) && !ours {
            true => lock(&shared.answers).get(&kind).cloned(),
            false => None,
        };
        let (status, bytes) = match repeated {
            Some(bytes) => ("200".to_owned(), bytes),
            None => {
                let (status, bytes) = ask(&mut engine, &request, &shared.tally)?;
                if status == "200" {
                    lock(&shared.answers).insert(kind, bytes.clone());
                }
                (status, bytes)
            }
        };
        std::thread::sleep(pause.max(Duration::from_millis(shared.pause_ms.load(Ordering::Relaxed))));
        lock(&shared.tally).end(Instant::now());
        function.send(&format!("HTTP/1.1 {status} -"), &[JSON, ("x-amzn-requestid", "bench")], &bytes)?;
    }
    Ok(())
}

/// The operation and the tables of a request. Requests of the same kind can get each other's answers.
fn kind(request: &Message) -> String {
    let body = String::from_utf8_lossy(&request.body);
    let tables = world::nouns().filter(|table| body.contains(table)).collect::<Vec<_>>().join("+");
    format!("{} {tables}", request.header("x-amz-target").unwrap_or_default())
}

/// Forwards a request, and records its kind and cost.
fn ask(engine: &mut Connection, request: &Message, tally: &Mutex<Tally>) -> Result<(String, Vec<u8>)> {
    let (service, operation) = request.header("x-amz-target").and_then(|t| t.split_once('.')).unwrap_or_default();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let (status, answer) = match service {
        service if service.starts_with("Timestream") => ("200".to_owned(), timestream(operation, &body)),
        service if service.starts_with("AWSCognito") => pool::PEOPLE.answers(operation, &body),
        _ => forward(engine, request, body.clone())?,
    };
    lock(tally).note(operation, &body, &status, &answer);
    Ok((status, serde_json::to_vec(&without_capacity(answer, &body))?))
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Forwards the request to the engine, and requests the consumed capacity in addition.
fn forward(engine: &mut Connection, request: &Message, mut body: Value) -> Result<(String, Value)> {
    if let Value::Object(fields) = &mut body {
        fields.entry("ReturnConsumedCapacity").or_insert_with(|| json!("TOTAL"));
    }
    let kept = ["host", "content-type", "x-amz-target", "x-amz-date", "authorization"];
    let headers: Vec<_> = kept.iter().filter_map(|name| request.header(name).map(|value| (*name, value))).collect();
    engine.send("POST / HTTP/1.1", &headers, &serde_json::to_vec(&body)?)?;
    let answer = engine.answer()?;
    Ok((answer.first, serde_json::from_slice(&answer.body).unwrap_or_default()))
}

/// Removes the consumed capacity that the function did not request, so that it need not parse it.
fn without_capacity(mut answer: Value, request: &Value) -> Value {
    if request.get("ReturnConsumedCapacity").is_none()
        && let Value::Object(fields) = &mut answer
    {
        fields.remove("ConsumedCapacity");
    }
    answer
}

fn timestream(operation: &str, body: &Value) -> Value {
    let records = body.get("Records").and_then(Value::as_array).map_or(0, Vec::len);
    match operation {
        "WriteRecords" => json!({"RecordsIngested": {"Total": records, "MemoryStore": records, "MagneticStore": 0}}),
        _ => json!({"Endpoints": [{"Address": "127.0.0.1", "CachePeriodInMinutes": 1440}]}),
    }
}

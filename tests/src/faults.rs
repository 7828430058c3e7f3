//! Faults of requests to DynamoDB, selected by a seed.
//!
//! The fault of a request depends on the seed, the content of the request, and the number of equal requests before it. So a run can be
//! repeated, whatever the order of the tasks.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use axum::body::Bytes;
use fastrand::Rng;
use futures_util::future::BoxFuture;
use http_body::{Body, Frame};
use serde_json::{Map, Value, json};
use tokio::time::sleep;

use crate::wire::{Answer, Request, Wire, answer, opened, refusal};

/// A fault of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Refused: the throughput of the table is exceeded.
    Throughput,
    /// Refused: too many requests.
    Throttling,
    /// Refused: internal error of the service.
    Internal,
    /// The connection breaks before the request arrives.
    Reset,
    /// There is no answer, and the request was not executed.
    TimeoutBefore,
    /// There is no answer, but the request was executed.
    TimeoutAfter,
    /// There is no answer, and the request is executed later, when the caller may have moved on.
    Late,
    /// The request was executed, and the connection breaks in the middle of the answer.
    Torn,
    /// The answer is delayed, up to longer than any caller waits.
    Slow,
    /// Of several statements or keys, some are refused or not processed.
    Partly,
}

/// All kinds of faults.
pub const ALL: [Fault; 10] = [
    Fault::Throughput,
    Fault::Throttling,
    Fault::Internal,
    Fault::Reset,
    Fault::TimeoutBefore,
    Fault::TimeoutAfter,
    Fault::Late,
    Fault::Torn,
    Fault::Slow,
    Fault::Partly,
];

/// A request arrives within this time, or never.
pub const LATEST: Duration = Duration::from_secs(90);

/// A wire with faults.
#[derive(Debug)]
pub struct Faults {
    seed: u64,
    /// Percentage of requests with a fault.
    percent: u8,
    kinds: Vec<Fault>,
    on: AtomicBool,
    said: Mutex<HashMap<u64, u64>>,
    met: Mutex<HashMap<Fault, usize>>,
}

impl Faults {
    /// Faults of all kinds.
    pub fn of(seed: u64, percent: u8) -> Arc<Self> {
        Self::only(seed, percent, &ALL)
    }

    /// Faults of these kinds only.
    pub fn only(seed: u64, percent: u8, kinds: &[Fault]) -> Arc<Self> {
        let (said, met) = (Mutex::default(), Mutex::default());
        Arc::new(Self { seed, percent, kinds: kinds.to_vec(), on: AtomicBool::new(true), said, met })
    }

    /// Ends the faults.
    pub fn end(&self) {
        self.on.store(false, Ordering::SeqCst);
    }

    /// Number of requests with each kind of fault.
    pub fn met(&self) -> HashMap<Fault, usize> {
        self.met.lock().unwrap().clone()
    }

    /// Draws the fault of a request, and a generator for its details.
    fn draw(&self, request: &Request) -> Option<(Fault, Rng)> {
        if !self.on.load(Ordering::SeqCst) {
            return None;
        }
        let mut body = request.body();
        // The SDK generates a random one for each call.
        body.as_object_mut().expect("a request is an object").remove("ClientRequestToken");
        let mut hash = DefaultHasher::new();
        (self.seed, request.operation(), body.to_string()).hash(&mut hash);
        let mut said = self.said.lock().unwrap();
        let times = said.entry(hash.finish()).or_default();
        *times += 1;
        let mut rng = Rng::with_seed(hash.finish() ^ *times);
        if rng.u8(..100) >= self.percent {
            return None;
        }
        let fault = *rng.choice(&self.kinds).expect("a kind of fault");
        *self.met.lock().unwrap().entry(fault).or_default() += 1;
        Some((fault, rng))
    }
}

impl Wire for Faults {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let Some((fault, mut rng)) = self.draw(&request) else { return request.deliver().await };
            let lost = |what: &str| Err(ConnectorError::timeout(what.to_owned().into()));
            match fault {
                Fault::Throughput => refusal(400, "ProvisionedThroughputExceededException", "slow down"),
                Fault::Throttling => refusal(400, "ThrottlingException", "rate exceeded"),
                Fault::Internal => refusal(500, "InternalServerError", "internal error"),
                Fault::Reset => Err(ConnectorError::io("connection reset by peer".into())),
                Fault::TimeoutBefore => lost("no answer, nothing done"),
                Fault::TimeoutAfter => {
                    request.deliver().await?;
                    lost("no answer, everything done")
                }
                Fault::Late => {
                    later(request, &mut rng);
                    lost("no answer, done later")
                }
                Fault::Torn => torn(request.deliver().await?).await,
                Fault::Slow => {
                    let answer = request.deliver().await;
                    sleep(Duration::from_millis(rng.u64(50..6_000))).await;
                    answer
                }
                Fault::Partly => match request.operation() {
                    "BatchExecuteStatement" => some_statements(request, rng).await,
                    "BatchGetItem" => some_keys(request, rng).await,
                    _ => refusal(400, "ThrottlingException", "rate exceeded"),
                },
            }
        })
    }
}

/// Delivers the request at a random time within [`LATEST`].
pub(crate) fn later(request: Request, rng: &mut Rng) {
    let after = Duration::from_millis(rng.u64(..LATEST.as_millis().try_into().unwrap_or(u64::MAX)));
    tokio::spawn(async move {
        sleep(after).await;
        let _ = request.deliver().await;
    });
}

/// The first half of the answer, followed by the end of the connection.
async fn torn(response: HttpResponse) -> Answer {
    let (status, body) = opened(response).await;
    let mut half = body.to_string().into_bytes();
    half.truncate(half.len() / 2);
    let status = StatusCode::try_from(status).expect("a status");
    Ok(HttpResponse::new(status, SdkBody::from_body_1_x(Half(Some(half.into())))))
}

/// A body that ends after half of its length.
struct Half(Option<Bytes>);

impl Body for Half {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let reset = || std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        Poll::Ready(Some(self.0.take().map(Frame::data).ok_or_else(reset)))
    }
}

/// Some statements are throttled, at least one; the others are executed.
async fn some_statements(request: Request, mut rng: Rng) -> Answer {
    let body = request.body();
    let statements = body["Statements"].as_array().expect("statements").clone();
    let spared = rng.usize(..statements.len());
    let refused: Vec<bool> = (0..statements.len()).map(|place| place == spared || rng.bool()).collect();
    let kept: Vec<_> =
        statements.iter().zip(&refused).filter(|(_, refused)| !**refused).map(|(kept, _)| kept).collect();
    let mut done = Vec::new();
    if !kept.is_empty() {
        let request = request.with_body(&json!({"Statements": kept}));
        let (status, mut body) = opened(request.deliver().await?).await;
        if status != 200 {
            return answer(status, &body);
        }
        done = std::mem::take(body["Responses"].as_array_mut().expect("responses"));
    }
    let throttled = json!({"Error": {"Code": "ThrottlingError", "Message": "rate exceeded"}});
    let mut done = done.into_iter();
    let responses: Vec<_> = refused
        .into_iter()
        .map(|refused| if refused { throttled.clone() } else { done.next().expect("one response each") })
        .collect();
    answer(200, &json!({"Responses": responses}))
}

/// Some keys are not processed; at least one is.
async fn some_keys(request: Request, mut rng: Rng) -> Answer {
    let mut body = request.body();
    let mut left = Map::new();
    let mut first = true;
    for (table, asked) in body["RequestItems"].as_object_mut().expect("tables") {
        let keys = std::mem::take(asked["Keys"].as_array_mut().expect("keys"));
        let (kept, over): (Vec<_>, Vec<_>) = keys.into_iter().partition(|_| std::mem::take(&mut first) || rng.bool());
        if !over.is_empty() {
            left.insert(table.clone(), json!({"Keys": over, "ConsistentRead": asked["ConsistentRead"]}));
        }
        asked["Keys"] = kept.into();
    }
    let asked = body["RequestItems"].as_object_mut().expect("tables");
    asked.retain(|_, asked| asked["Keys"].as_array().is_some_and(|keys| !keys.is_empty()));
    let (status, mut answered) = opened(request.with_body(&body).deliver().await?).await;
    if status == 200 {
        answered["UnprocessedKeys"] = Value::Object(left);
    }
    answer(status, &answered)
}

//! The layer between an SDK client and its service, where each request can be inspected, answered differently, or lost.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use futures_util::future::BoxFuture;
use serde_json::Value;

/// The result of a request.
pub type Answer = Result<HttpResponse, ConnectorError>;

/// A transport of requests.
pub trait Wire: fmt::Debug + Send + Sync + 'static {
    /// Handles a request: delivers it, or answers it otherwise.
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer>;
}

/// A request under way.
#[derive(Debug)]
pub struct Request {
    http: HttpRequest,
    onward: SharedHttpConnector,
}

impl Request {
    /// The operation, e.g. `PutItem`.
    pub fn operation(&self) -> &str {
        operation(&self.http)
    }

    /// A header, if it is present.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.http.headers().get(name)
    }

    /// The body; `null` if there is none, as often in requests to AWS IoT's control plane.
    pub fn body(&self) -> Value {
        match self.http.body().bytes().unwrap_or_default() {
            [] => Value::Null,
            bytes => serde_json::from_slice(bytes).expect("AWS requests are JSON"),
        }
    }

    /// The same request with another body. Its signature is then invalid, which the engine does not check.
    pub fn with_body(mut self, body: &Value) -> Self {
        let text = body.to_string();
        self.http.headers_mut().insert("content-length", text.len().to_string());
        *self.http.body_mut() = SdkBody::from(text);
        self
    }

    /// Delivers the request to the service.
    pub async fn deliver(self) -> Answer {
        self.onward.call(self.http).await
    }
}

/// The operation of a request.
pub(crate) fn operation(http: &HttpRequest) -> &str {
    http.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next()).unwrap_or_default()
}

/// An answer with this status and body.
pub fn answer(status: u16, body: &Value) -> Answer {
    let status = StatusCode::try_from(status).expect("a status");
    Ok(HttpResponse::new(status, SdkBody::from(body.to_string())))
}

/// An error in the format of AWS.
pub fn refusal(status: u16, kind: &str, message: &str) -> Answer {
    answer(
        status,
        &serde_json::json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": message}),
    )
}

/// The status and body of an answer.
pub async fn opened(response: HttpResponse) -> (u16, Value) {
    let status = response.status().as_u16();
    let bytes = ByteStream::new(response.into_body()).collect().await.expect("the body arrives").into_bytes();
    (status, serde_json::from_slice(&bytes).expect("AWS answers in JSON"))
}

/// The client, with `wire` between it and its service.
pub fn through(http: SharedHttpClient, wire: Arc<dyn Wire>) -> SharedHttpClient {
    SharedHttpClient::new(Wired { http, wire })
}

#[derive(Debug)]
struct Wired {
    http: SharedHttpClient,
    wire: Arc<dyn Wire>,
}

impl HttpClient for Wired {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let onward = self.http.http_connector(settings, parts);
        SharedHttpConnector::new(Connection { onward, wire: Arc::clone(&self.wire) })
    }
}

#[derive(Debug)]
struct Connection {
    onward: SharedHttpConnector,
    wire: Arc<dyn Wire>,
}

impl HttpConnector for Connection {
    fn call(&self, http: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(Arc::clone(&self.wire).carry(Request { http, onward: self.onward.clone() }))
    }
}

type Answers = Arc<dyn Fn(&HttpRequest) -> Option<Answer> + Send + Sync>;

/// A service in the process: a function answers each request. `None` means that no answer ever arrives.
#[derive(Clone)]
pub struct Service(Answers);

impl Service {
    /// A service that answers with this function.
    pub fn new(answer: impl Fn(&HttpRequest) -> Option<Answer> + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }

    /// The client for an SDK client's configuration.
    pub fn client(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// The connector for an adapter that makes requests without the SDK.
    pub fn connector(&self) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Service")
    }
}

impl HttpClient for Service {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        self.connector()
    }
}

impl HttpConnector for Service {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        match (self.0)(&request) {
            Some(answered) => HttpConnectorFuture::ready(answered),
            None => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

/// Suspends before and after each request, so that whoever makes it can be killed there: a request that is answered at once is no
/// place to be killed at.
#[derive(Debug)]
pub struct Suspending<W>(pub Arc<W>);

impl<W: Wire> Wire for Suspending<W> {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        let wire = Arc::clone(&self.0);
        Box::pin(async move {
            tokio::task::yield_now().await;
            let answer = wire.carry(request).await;
            tokio::task::yield_now().await;
            answer
        })
    }
}

/// Records requests.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Vec<(String, Value)>>);

impl Ledger {
    /// The requests since the previous call: operations with their bodies.
    pub fn take(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// The operations since the previous call, sorted, each with the short name of its table: `GetItem devices`.
    pub fn operations(&self) -> Vec<String> {
        let noun =
            |body: &Value| body["TableName"].as_str().and_then(|name| name.rsplit('-').next()).map(str::to_owned);
        let line = |(operation, body): (String, Value)| match noun(&body) {
            Some(noun) => format!("{operation} {noun}"),
            None => operation,
        };
        let mut lines: Vec<_> = self.take().into_iter().map(line).collect();
        lines.sort();
        lines
    }
}

impl Wire for Ledger {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        self.0.lock().unwrap().push((request.operation().to_owned(), request.body()));
        Box::pin(request.deliver())
    }
}

type Act = Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// Calls a function before each of the first requests of one kind.
pub struct Interlude {
    before: &'static str,
    left: AtomicUsize,
    act: Act,
}

impl Interlude {
    /// Calls `act` before each of the first `times` requests of this operation.
    pub fn new(
        before: &'static str,
        times: usize,
        act: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static,
    ) -> Self {
        Self { before, left: AtomicUsize::new(times), act: Box::new(act) }
    }

    /// Number of remaining calls.
    pub fn left(&self) -> usize {
        self.left.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for Interlude {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interlude({})", self.before)
    }
}

impl Wire for Interlude {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let less = |left: usize| left.checked_sub(1);
            if request.operation() == self.before
                && self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
            {
                (self.act)().await;
            }
            request.deliver().await
        })
    }
}

/// An outage for all requests of one kind that contain a word, until it is ended.
#[derive(Debug)]
pub struct Outage {
    operation: &'static str,
    mentions: &'static str,
    down: AtomicBool,
    answers: bool,
}

impl Outage {
    /// An outage from the start on, with errors.
    pub fn of(operation: &'static str, mentions: &'static str) -> Arc<Self> {
        Arc::new(Self { operation, mentions, down: AtomicBool::new(true), answers: true })
    }

    /// An outage from the start on, without any answers.
    pub fn silent(operation: &'static str, mentions: &'static str) -> Arc<Self> {
        Arc::new(Self { operation, mentions, down: AtomicBool::new(true), answers: false })
    }

    /// Ends the outage.
    pub fn end(&self) {
        self.down.store(false, Ordering::SeqCst);
    }
}

impl Wire for Outage {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        let meant = request.operation() == self.operation && request.body().to_string().contains(self.mentions);
        if meant && !self.answers && self.down.load(Ordering::SeqCst) {
            return Box::pin(std::future::pending());
        }
        if meant && self.down.load(Ordering::SeqCst) {
            return Box::pin(async { refusal(400, "ProvisionedThroughputExceededException", "down for a while") });
        }
        Box::pin(request.deliver())
    }
}

/// Cancels all transactions for this reason, such as `ThrottlingError`.
#[derive(Debug)]
pub struct CancelledTransactions(pub &'static str);

impl Wire for CancelledTransactions {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        if request.operation() != "TransactWriteItems" {
            return Box::pin(request.deliver());
        }
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        let message =
            format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}, None]", self.0);
        let reasons = serde_json::json!([{"Code": self.0, "Message": "x"}, {"Code": "None"}]);
        let body = serde_json::json!({"__type": kind, "message": message, "CancellationReasons": reasons});
        Box::pin(async move { answer(400, &body) })
    }
}

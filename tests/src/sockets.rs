//! API Gateway's callback for WebSocket connections, with answers as in its API reference: connections that are open, closed, throttled or
//! slow, accessed through the SDK.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_apigatewaymanagement::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_apigatewaymanagement::config::timeout::TimeoutConfig;
use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_apigatewaymanagement::{Client, Config};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use weir_aws::sockets::Sockets;

use crate::wire::Answer;

/// The behaviour of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// It accepts messages at once.
    Open,
    /// It is closed: 410.
    Gone,
    /// API Gateway throttles it: 429.
    Throttled,
    /// It accepts messages after this time.
    Slow(Duration),
}

#[derive(Debug, Default)]
struct Seen {
    moods: BTreeMap<String, Mood>,
    frames: Vec<(String, String)>,
    closed: Vec<String>,
    asked: usize,
    under_way: usize,
    most: usize,
}

/// The connections of an API.
#[derive(Clone, Default)]
pub struct Gateway(Arc<Mutex<Seen>>);

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gateway")
    }
}

impl Gateway {
    /// Opens a connection, or changes its behaviour.
    pub fn set(&self, id: &str, mood: Mood) {
        self.0.lock().unwrap().moods.insert(id.to_owned(), mood);
    }

    /// The frames since the previous call, each with its connection.
    pub fn frames(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.0.lock().unwrap().frames)
    }

    /// The messages to a connection since the previous call, from all its frames; those of other connections are discarded.
    pub fn messages(&self, id: &str) -> Vec<Value> {
        let frames = self.frames().into_iter().filter(|(to, _)| to == id);
        let read = |text: &str| serde_json::from_str::<Value>(text).expect("a frame is JSON");
        frames.flat_map(|(_, text)| read(&text)["messages"].as_array().expect("a list of messages").clone()).collect()
    }

    /// The connections that were closed since the previous call.
    pub fn closed(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().closed)
    }

    /// The number of requests since the previous call, and the maximum number of concurrent requests so far.
    pub fn load(&self) -> (usize, usize) {
        let mut seen = self.0.lock().unwrap();
        (std::mem::take(&mut seen.asked), seen.most)
    }

    /// A client for them, with two attempts per request like that of the functions.
    pub fn sockets(&self) -> Sockets {
        let partition = RetryPartition::custom(format!("{:p}", Arc::as_ptr(&self.0))).build();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKIDTEST", "test", None, None, "test"))
            .endpoint_url("https://live.example/live")
            .http_client(SharedHttpClient::new(self.clone()))
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .retry_partition(partition)
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Sockets::new(Client::from_conf(config.build()))
    }

    async fn answer(self, method: String, id: String, body: String) -> Answer {
        let mood = {
            let mut seen = self.0.lock().unwrap();
            seen.asked += 1;
            seen.under_way += 1;
            seen.most = seen.most.max(seen.under_way);
            seen.moods.get(&id).copied().unwrap_or(Mood::Gone)
        };
        let _under_way = UnderWay(&self.0);
        if let Mood::Slow(time) = mood {
            tokio::time::sleep(time).await;
        } else {
            // Other requests run meanwhile.
            tokio::task::yield_now().await;
        }
        match mood {
            Mood::Gone => return said(410, "GoneException"),
            Mood::Throttled => return said(429, "LimitExceededException"),
            Mood::Open | Mood::Slow(_) => {}
        }
        let mut seen = self.0.lock().unwrap();
        match method.as_str() {
            "POST" => seen.frames.push((id, body)),
            "DELETE" => {
                seen.moods.remove(&id);
                seen.closed.push(id);
            }
            _ => {}
        }
        drop(seen);
        said(if method == "DELETE" { 204 } else { 200 }, "")
    }
}

/// A request under way; it is no longer counted when it is dropped.
struct UnderWay<'a>(&'a Mutex<Seen>);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap().under_way -= 1;
    }
}

fn said(status: u16, error: &'static str) -> Answer {
    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from("{}"));
    if !error.is_empty() {
        response.headers_mut().insert("x-amzn-errortype", error);
    }
    Ok(response)
}

impl HttpClient for Gateway {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Gateway {
    fn call(&self, http: HttpRequest) -> HttpConnectorFuture {
        let id = http.uri().split("/@connections/").nth(1).expect("a connection is named").to_owned();
        assert!(http.uri().starts_with("https://live.example/live/@connections/"), "{}", http.uri());
        let body = http.body().bytes().unwrap_or_default();
        let body = String::from_utf8(body.to_vec()).expect("a frame is text");
        HttpConnectorFuture::new(self.clone().answer(http.method().to_owned(), id, body))
    }
}

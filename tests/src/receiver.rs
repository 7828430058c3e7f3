//! A receiver of webhooks: an HTTP server on a loopback port that checks signatures according to Standard Webhooks, with another library
//! than the sender.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::net::TcpListener;

/// Its behaviour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// Answers with this status.
    Status(u16),
    /// Answers with 200 after this time.
    Slow(Duration),
    /// Redirects with 302 to the path `/other`.
    Redirects,
    /// Redirects with 307 to another port of this machine.
    RedirectsTo(u16),
    /// Answers with 200 and an endless body.
    Endless,
    /// Closes the connection without an answer.
    Closes,
}

/// A received webhook.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each is the part of that name")]
pub struct Hook {
    pub path: String,
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: Value,
    raw: Vec<u8>,
}

impl Hook {
    /// Whether it is signed with this secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{}.{}.", self.id, self.timestamp).as_bytes());
        mac.update(&self.raw);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.signature.split(' ').any(|signature| signature == expected)
    }

    /// The notices: id, transition and problem.
    pub fn notices(&self) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let of = |told: &Value| (text(&told["id"]), text(&told["transition"]), text(&told["problem"]["problem_id"]));
        self.body["data"]["notices"].as_array().expect("notices").iter().map(of).collect()
    }
}

#[derive(Debug)]
struct Seen {
    mood: Mood,
    hooks: Vec<Hook>,
}

/// A running receiver, which is stopped when this is dropped.
#[derive(Debug)]
pub struct Receiver {
    /// Its address, without a path.
    pub url: String,
    seen: Arc<Mutex<Seen>>,
    task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    /// Starts one that answers 200.
    pub async fn start() -> Self {
        let seen = Arc::new(Mutex::new(Seen { mood: Mood::Status(200), hooks: Vec::new() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let routes = Router::new().fallback(any(receive)).with_state(Arc::clone(&seen));
        let task = tokio::spawn(async move { axum::serve(listener, routes).await.expect("a server") });
        Self { url, seen, task }
    }

    /// Sets its behaviour.
    pub fn set(&self, mood: Mood) {
        self.seen.lock().unwrap().mood = mood;
    }

    /// The webhooks since the previous call, including those that were answered with an error.
    pub fn take(&self) -> Vec<Hook> {
        std::mem::take(&mut self.seen.lock().unwrap().hooks)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(
    State(seen): State<Arc<Mutex<Seen>>>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| headers[name].to_str().expect("a text").to_owned();
    let hook = Hook {
        path: uri.path().to_owned(),
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().expect("a number"),
        signature: header("webhook-signature"),
        body: serde_json::from_slice(&body).expect("JSON"),
        raw: body.to_vec(),
    };
    assert_eq!(header("content-type"), "application/json");
    let mood = {
        let mut seen = seen.lock().unwrap();
        seen.hooks.push(hook);
        seen.mood
    };
    match mood {
        Mood::Status(status) => StatusCode::from_u16(status).expect("a status").into_response(),
        Mood::Slow(time) => {
            tokio::time::sleep(time).await;
            StatusCode::OK.into_response()
        }
        Mood::Redirects => (StatusCode::FOUND, [("location", "/other")]).into_response(),
        Mood::RedirectsTo(port) => {
            (StatusCode::TEMPORARY_REDIRECT, [("location", format!("http://127.0.0.1:{port}/inside"))]).into_response()
        }
        Mood::Endless => {
            let drops =
                futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b'x'; 65_536])));
            axum::body::Body::from_stream(drops).into_response()
        }
        // A panic of a handler drops its connection.
        Mood::Closes => panic!("the receiver closes the connection"),
    }
}

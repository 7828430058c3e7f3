//! Webhooks: HTTP requests to addresses that people have entered, signed as Standard Webhooks specifies.
//!
//! The name is resolved once, every address that it resolves to must be public, and the connection goes to
//! those addresses: a name that resolves to another address a moment later changes nothing. Redirects are not followed, and the
//! answer's body is not read.

use std::future::ready;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper_rustls::builderstates::WantsSchemes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use standardwebhooks::Webhook;
use tokio::time::timeout;
use tower::Service;
use weir_aws::subscription::Secret;
use weir_core::domain::Timestamp;
use weir_core::domain::notice::{WebhookUrl, is_public};

use super::send::Sent;

/// How long a receiver has, from the name's resolution to the head of its answer.
const PATIENCE: Duration = Duration::from_secs(5);
const AGENT: &str = concat!("weir/", env!("CARGO_PKG_VERSION"));

/// Resolves the name of a host.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

type Https = Client<HttpsConnector<HttpConnector<Guard>>, Full<Bytes>>;

/// Resolves names as the system does.
pub fn system_lookup() -> Lookup {
    Arc::new(|name| {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    })
}

/// Sends webhooks.
pub struct Webhooks {
    guard: Guard,
    /// Authorities to trust instead of the machine's.
    roots: Option<RootCertStore>,
    /// Made when it is first needed: it reads the machine's certificates, which most calls of the function do not need.
    client: OnceLock<Https>,
}

/// What is sent.
pub(super) struct Outgoing<'a> {
    pub url: &'a WebhookUrl,
    pub id: &'a str,
    pub secret: &'a Secret,
    pub body: Vec<u8>,
    pub now: Timestamp,
}

impl Webhooks {
    /// `loopback` allows addresses of the same machine, and them without TLS.
    pub fn new(lookup: Lookup, loopback: bool) -> Self {
        Self { guard: Guard { lookup, loopback }, roots: None, client: OnceLock::new() }
    }

    /// Trusts these certificate authorities and not those of the machine.
    #[must_use]
    pub fn trusting(self, roots: RootCertStore) -> Self {
        Self { roots: Some(roots), ..self }
    }

    /// Sends a webhook.
    pub(super) async fn send(&self, outgoing: Outgoing<'_>) -> Sent {
        // What was stored when loopback was allowed need not be allowed now.
        if let Err(detail) = WebhookUrl::parse(&outgoing.url.to_string(), self.guard.loopback) {
            return Sent::Failed(format!("the address {detail}"));
        }
        let prepared = self.client().and_then(|client| Ok((client, request(outgoing)?)));
        let (client, request) = match prepared {
            Ok(prepared) => prepared,
            Err(detail) => return Sent::Failed(detail),
        };
        match timeout(PATIENCE, client.request(request)).await {
            Err(_) => Sent::Failed(format!("no answer within {} s", PATIENCE.as_secs())),
            Ok(Err(error)) => Sent::Failed(chain(&error)),
            Ok(Ok(answer)) => outcome(answer.status()),
        }
    }

    fn client(&self) -> Result<&Https, String> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let mut http = HttpConnector::new_with_resolver(self.guard.clone());
        http.enforce_http(false);
        http.set_connect_timeout(Some(PATIENCE));
        let connector = self.tls().map_err(|error| format!("HTTPS cannot be used: {error}"))?;
        let connector = connector.https_or_http().enable_http1().wrap_connector(http);
        // Between two calls a Lambda function is frozen, and what is open then is closed by the other side.
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Ok(self.client.get_or_init(|| client))
    }
}

impl Webhooks {
    fn tls(&self) -> io::Result<HttpsConnectorBuilder<WantsSchemes>> {
        let (builder, provider) = (HttpsConnectorBuilder::new(), rustls::crypto::ring::default_provider());
        let Some(roots) = &self.roots else { return builder.with_provider_and_native_roots(provider) };
        let config = ClientConfig::builder_with_provider(provider.into()).with_safe_default_protocol_versions();
        let config = config.map_err(io::Error::other)?.with_root_certificates(roots.clone());
        Ok(builder.with_tls_config(config.with_no_client_auth()))
    }
}

fn request(outgoing: Outgoing<'_>) -> Result<Request<Full<Bytes>>, String> {
    let Outgoing { url, id, secret, body, now } = outgoing;
    let signer = Webhook::from_bytes(secret.key().to_vec()).map_err(|error| error.to_string())?;
    let signature = signer.sign(id, now.seconds(), &body).map_err(|error| error.to_string())?;
    Request::post(url.uri())
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, AGENT)
        .header("webhook-id", id)
        .header("webhook-timestamp", now.seconds())
        .header("webhook-signature", signature)
        .body(Full::new(body.into()))
        .map_err(|error| error.to_string())
}

fn outcome(status: StatusCode) -> Sent {
    match status {
        StatusCode::GONE => Sent::Gone,
        status if status.is_success() => Sent::Done,
        status if status.is_redirection() => {
            Sent::Failed(format!("the receiver has answered {}: redirects are not followed", status.as_u16()))
        }
        status => Sent::Failed(format!("the receiver has answered {}", status.as_u16())),
    }
}

/// An error with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text.chars().take(300).collect()
}

/// Resolves the name of a host, and refuses every name with an address that is not public.
#[derive(Clone)]
struct Guard {
    lookup: Lookup,
    loopback: bool,
}

impl Guard {
    fn admits(&self, address: IpAddr) -> bool {
        is_public(address) || (self.loopback && address.is_loopback())
    }
}

impl Service<Name> for Guard {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let guard = self.clone();
        let refused = |detail| Err(io::Error::new(io::ErrorKind::PermissionDenied, detail));
        if name.as_str().len() > 253 {
            return Box::pin(ready(refused("the name is too long")));
        }
        Box::pin(async move {
            let found = (guard.lookup)(name.as_str().to_owned()).await?;
            if found.is_empty() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
            }
            if !found.iter().all(|address| guard.admits(*address)) {
                return refused("the name has an address that is not public");
            }
            Ok(found.into_iter().map(|address| SocketAddr::new(address, 0)).collect::<Vec<_>>().into_iter())
        })
    }
}

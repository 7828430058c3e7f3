//! Calls over plain HTTP to this computer: to the local cloud and to the API in it. No proxy sees them, whatever is set for the internet.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

pub use http::{HeaderMap, Request, Response};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most bytes of an answer: a package of a function is the largest.
const MOST: usize = 256 << 20;

/// A client that keeps its connections.
#[derive(Debug, Clone)]
pub struct Http(Client<HttpConnector, Full<Bytes>>);

impl Http {
    /// A client without connections.
    pub fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    /// The answer to a request, whatever its status.
    ///
    /// # Errors
    /// When nobody answers in time.
    pub async fn call(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>> {
        let call = async {
            let answer = self.0.request(request.map(|body| Full::new(body.into()))).await?;
            let (parts, body) = answer.into_parts();
            let body = Limited::new(body, MOST).collect().await.map_err(|error| anyhow::anyhow!(error))?;
            Ok(Response::from_parts(parts, body.to_bytes().into()))
        };
        tokio::time::timeout(PATIENCE, call).await.with_context(|| format!("no answer in {} s", PATIENCE.as_secs()))?
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

//! The HTTP API as somebody calls it who has a token.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use ureq::http::{HeaderMap, Request};

use crate::stack::Stack;

/// The API, called by one person or by nobody.
#[derive(Debug, Clone)]
pub struct Api {
    address: String,
    host: String,
    token: Option<String>,
    agent: ureq::Agent,
}

/// What it answered, whatever the status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Api {
    /// The API of this stack, for whoever holds `token`.
    ///
    /// # Errors
    /// When the template has no such output.
    pub fn of(stack: &Stack, token: Option<&str>) -> Result<Self> {
        // A proxy that is set for the internet must not see calls to this computer.
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(60)))
            .http_status_as_error(false)
            .proxy(None)
            .build();
        let url = stack.output("ApiUrl")?;
        // Not every computer knows that names under `localhost` are itself, so the name is only told.
        let host = url.split("://").last().unwrap_or_default().to_owned();
        Ok(Self { address: stack.endpoint.clone(), host, token: token.map(str::to_owned), agent: config.into() })
    }

    /// Calls it; `body` is sent as JSON.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        self.call_with(method, path, &[], body).await
    }

    /// Calls it with further headers.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn call_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer> {
        let what = format!("{method} {path}");
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.address));
        request = request.header("host", &self.host);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let request = request.body(body).with_context(|| format!("{what} is not a request"))?;
        let agent = self.agent.clone();
        let answered = tokio::task::spawn_blocking(move || -> Result<_, ureq::Error> {
            let mut answer = agent.run(request)?;
            let bytes = answer.body_mut().with_config().limit(16 << 20).read_to_vec()?;
            Ok(Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), bytes })
        });
        answered.await.context("a call was torn down")?.with_context(|| format!("{what}: the API does not answer"))
    }

    /// Calls it and expects one of `statuses`.
    ///
    /// # Errors
    /// When it does not answer, or with another status; then with what it says.
    pub async fn expect(&self, statuses: &[u16], method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        let answer = self.call(method, path, body).await?;
        if !statuses.contains(&answer.status) {
            bail!("{method} {path}: {} {}", answer.status, String::from_utf8_lossy(&answer.bytes));
        }
        Ok(answer)
    }
}

impl Answer {
    /// The body as JSON; `null` when it is empty or none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }

    /// A header; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

//! A client of the deployed HTTP API.

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::http::{HeaderMap, Http, Request};
use crate::stack::Stack;

/// The API, called with the token of one person or with none.
#[derive(Debug, Clone)]
pub struct Api {
    address: String,
    host: String,
    token: Option<String>,
    http: Http,
}

/// Its answer, whatever the status.
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
    /// The API of this stack, called with `token`.
    ///
    /// # Errors
    /// When the template has no such output.
    pub fn of(stack: &Stack, token: Option<&str>) -> Result<Self> {
        let url = stack.output("ApiUrl")?;
        // Not every computer resolves names under `localhost`, so the name goes into the header only.
        let host = url.split("://").last().unwrap_or_default().to_owned();
        Ok(Self { address: stack.endpoint.clone(), host, token: token.map(str::to_owned), http: Http::new() })
    }

    /// The token that it is called with.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
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
        let answer = self.http.call(request).await.with_context(|| format!("{what}: the API does not answer"))?;
        let (parts, bytes) = answer.into_parts();
        Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, bytes })
    }

    /// Calls it and expects one of `statuses`.
    ///
    /// # Errors
    /// When it does not answer, or with another status; the message carries its body.
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

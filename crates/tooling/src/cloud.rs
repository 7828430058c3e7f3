//! Plain HTTP calls to the local cloud, for the services whose SDK would take too long to compile.

use std::fmt;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::process::Command;

use crate::http::{Http, Request};
use crate::secret;

/// The account of every caller of the emulator.
pub const ACCOUNT: &str = "000000000000";
/// Access key and secret key of the account's owner in a run: random, so that nobody else has them.
#[derive(Clone, Serialize, Deserialize)]
pub struct Key {
    /// The access key.
    pub id: String,
    /// The secret key.
    pub secret: String,
}

/// The control planes of the local cloud.
#[derive(Debug, Clone)]
pub struct Cloud {
    endpoint: String,
    region: String,
    key: Key,
    http: Http,
}

/// One call.
#[derive(Debug, Default)]
pub struct Call<'a> {
    /// The service's name in a request's signature, for example `iot`.
    pub service: &'a str,
    /// `GET`, `POST`, `PUT` …
    pub method: &'a str,
    /// Path and query.
    pub path: &'a str,
    /// Headers beside those every call has.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body; empty for none.
    pub body: Vec<u8>,
}

impl Key {
    /// A new random key.
    ///
    /// # Errors
    /// When this computer has no random numbers.
    pub fn made_up() -> Result<Self> {
        let [id, secret] = [secret::random::<12>()?, secret::random::<12>()?].map(hexadecimal);
        // No key of AWS begins with this, so the emulator does not take it for the key of a user or a role.
        Ok(Self { id: format!("WEIR{}", id.to_uppercase()), secret })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str("Key")
    }
}

fn hexadecimal(bytes: [u8; 12]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Cloud {
    /// The cloud at an endpoint such as `http://127.0.0.1:4566`, whose owner has this key.
    pub fn new(endpoint: &str, region: &str, key: &Key) -> Self {
        Self { endpoint: endpoint.to_owned(), region: region.to_owned(), key: key.clone(), http: Http::new() }
    }

    /// The answer's bytes.
    ///
    /// # Errors
    /// When the cloud does not answer, or answers with anything but success.
    pub async fn bytes(&self, call: Call<'_>) -> Result<Vec<u8>> {
        let Call { service, method, path, headers, body } = call;
        let what = format!("{method} {path} ({service})");
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.endpoint))
            // The emulator reads the key and the service from the owner's signature, and does not verify it.
            .header(
                "authorization",
                format!(
                    "AWS4-HMAC-SHA256 Credential={}/20260101/{}/{service}/aws4_request, SignedHeaders=host, Signature=0",
                    self.key.id, self.region
                ),
            )
            .header("x-amz-date", "20260101T000000Z");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).with_context(|| format!("{what} is not a request"))?;
        let answer =
            self.http.call(request).await.with_context(|| format!("{what}: the local cloud does not answer"))?;
        let (status, body) = (answer.status(), answer.into_body());
        if !status.is_success() {
            bail!("{what}: {status} {}", String::from_utf8_lossy(&body));
        }
        Ok(body)
    }

    /// The answer as JSON; `null` when it is empty.
    ///
    /// # Errors
    /// As [`Cloud::bytes`], and when the answer is not JSON.
    pub async fn json(
        &self,
        service: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value> {
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let answer = self.bytes(Call { service, method, path, headers, body }).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).with_context(|| format!("{method} {path} ({service}): the answer is not JSON"))
    }

    /// Its address.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Its region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Its owner's key.
    pub fn key(&self) -> &Key {
        &self.key
    }
}

/// Environment variables that make a program talk to the local cloud and never to AWS, whatever the caller has configured.
pub fn environment(cloud: &Cloud) -> Vec<(&'static str, String)> {
    vec![
        ("AWS_ENDPOINT_URL", cloud.endpoint.clone()),
        ("AWS_REGION", cloud.region.clone()),
        ("AWS_DEFAULT_REGION", cloud.region.clone()),
        ("AWS_ACCESS_KEY_ID", cloud.key.id.clone()),
        ("AWS_SECRET_ACCESS_KEY", cloud.key.secret.clone()),
        ("AWS_CONFIG_FILE", "/dev/null".to_owned()),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("SAM_CLI_TELEMETRY", "0".to_owned()),
        ("NO_PROXY", "127.0.0.1,localhost".to_owned()),
        ("no_proxy", "127.0.0.1,localhost".to_owned()),
    ]
}

/// Gives a program [`environment`], and removes what would override it.
pub fn only(command: &mut Command, cloud: &Cloud) {
    command.envs(environment(cloud));
    for name in FOREIGN {
        command.env_remove(name);
    }
}

/// Variables of the caller that would override [`environment`].
pub const FOREIGN: [&str; 6] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_run_has_a_key_of_its_own_which_is_not_written_into_logs() {
        let (one, other) = (Key::made_up().unwrap(), Key::made_up().unwrap());
        assert!(one.id != other.id && one.secret != other.secret && one.id.len() == 28);
        assert_eq!(format!("{one:?}"), "Key");
    }
}

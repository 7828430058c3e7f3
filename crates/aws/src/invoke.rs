//! Invoking other functions synchronously.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use serde_json::Value;

use super::AwsError;
use crate::config::variable;

const OPERATION: &str = "Invoke";

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// The function returned an error, or Lambda stopped it. It may have done part of its work; it is safe to invoke it again.
    #[error("{function} failed: {detail}")]
    Failed {
        /// The function.
        function: String,
        /// Its error message.
        detail: String,
    },
    /// The function could not be invoked, or its result is not known.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

/// Invokes functions.
#[derive(Debug, Clone)]
pub struct Invoker {
    client: Client,
}

/// A client that waits `patience` for an answer. It retries only requests that Lambda rejected, because to repeat one that timed
/// out would make the function do its work twice.
pub fn client(config: &SdkConfig, patience: Duration) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .operation_attempt_timeout(patience)
        .operation_timeout(patience);
    let mut own = aws_sdk_lambda::config::Builder::from(config)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(timeouts.build());
    if let Some(url) = variable("AWS_ENDPOINT_URL_LAMBDA") {
        own = own.endpoint_url(url);
    }
    Client::from_conf(own.build())
}

impl Invoker {
    /// Creates an invoker with a client made by [`client`].
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Invokes the function called `name` with `event` and returns its answer.
    ///
    /// # Errors
    /// When the function fails, or its result is not known.
    pub async fn invoke(&self, name: &str, event: &Value) -> Result<Value, InvokeError> {
        let payload = Blob::new(event.to_string());
        let answer = self.client.invoke().function_name(name).payload(payload).send().await;
        let answer = answer.map_err(|error| AwsError::call(OPERATION, error))?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let said: Value = serde_json::from_slice(&payload).unwrap_or(Value::Null);
        if answer.function_error.is_some() {
            let message = said.get("errorMessage").and_then(Value::as_str).unwrap_or("without a message");
            return Err(InvokeError::Failed { function: name.to_owned(), detail: message.to_owned() });
        }
        Ok(said)
    }
}

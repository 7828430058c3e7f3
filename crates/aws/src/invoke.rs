//! Other functions, called with an event and waited for.

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

/// Why a function that was called has not done what it is for.
#[derive(Debug, thiserror::Error)]
pub enum Undone {
    /// It says so itself, or Lambda had to end it. What it did before stays; to call it again is never wrong.
    #[error("{function} failed: {detail}")]
    Failed {
        /// The function.
        function: String,
        /// Its own words.
        detail: String,
    },
    /// It could not be called, or nobody knows how it went.
    #[error(transparent)]
    Aws(#[from] AwsError),
}

/// The functions of an account.
#[derive(Debug, Clone)]
pub struct Invoker {
    client: Client,
}

/// A client that waits for an answer for `patience`. It retries only what was refused before it began, since a function that
/// does not answer in time would only be made to do it twice.
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
    /// Over this client; [`client`] makes one.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Calls the function called `name` and answers with what it answered.
    ///
    /// # Errors
    /// When it failed, or it is not known whether it did.
    pub async fn invoke(&self, name: &str, event: &Value) -> Result<Value, Undone> {
        let payload = Blob::new(event.to_string());
        let answer = self.client.invoke().function_name(name).payload(payload).send().await;
        let answer = answer.map_err(|error| AwsError::call(OPERATION, error))?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let said: Value = serde_json::from_slice(&payload).unwrap_or(Value::Null);
        if answer.function_error.is_some() {
            let message = said.get("errorMessage").and_then(Value::as_str).unwrap_or("without a message");
            return Err(Undone::Failed { function: name.to_owned(), detail: message.to_owned() });
        }
        Ok(said)
    }
}

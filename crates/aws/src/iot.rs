//! AWS IoT's data plane: the retained message and the shadow of a device.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iotdataplane::Client;
use aws_sdk_iotdataplane::primitives::Blob;
use serde_json::{Map, Value, json};

use super::{AwsError, WriteOutcome};
use crate::config::variable;
use weir_core::id::DeviceId;
use weir_core::wire::rotation::Topic;

mod desired;

pub use desired::DesiredOutcome;

/// How long to wait for an answer. The request may still arrive later.
const TIMEOUT: Duration = Duration::from_secs(2);
pub(crate) const NOT_FOUND: u16 = 404;
const CONFLICT: u16 = 409;

/// A failed request, distinguished by whether it may still take effect.
#[derive(Debug, thiserror::Error)]
pub enum IotError {
    /// AWS IoT refused it: it has no effect.
    #[error("refused: {0}")]
    Refused(AwsError),
    /// There was no answer, or one that leaves the effect open.
    #[error("without an answer: {0}")]
    Unknown(AwsError),
}

impl IotError {
    /// The underlying error, where it does not matter whether the request may still take effect.
    pub fn into_error(self) -> AwsError {
        let (Self::Refused(error) | Self::Unknown(error)) = self;
        error
    }
}

/// A device's shadow.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shadow {
    /// The state that the device should have.
    pub desired: Map<String, Value>,
    /// The state that the device reports.
    pub reported: Map<String, Value>,
    /// Counts the changes; none while there is no shadow.
    pub version: Option<u64>,
}

/// AWS IoT's data plane.
#[derive(Debug, Clone)]
pub struct Iot {
    client: Client,
}

/// A client without retries: a retry could arrive after a later request.
pub fn client(config: &SdkConfig) -> Client {
    let mut own = aws_sdk_iotdataplane::config::Builder::from(config)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts());
    if let Some(url) = variable("AWS_ENDPOINT_URL_IOT_DATA_PLANE") {
        own = own.endpoint_url(url);
    }
    Client::from_conf(own.build())
}

/// How long a request of either plane may take.
pub(crate) fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(TIMEOUT)
        .operation_timeout(TIMEOUT)
        .build()
}

impl Iot {
    /// Uses this client, which must not retry; see [`client`].
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// The device's shadow; an empty one if there is none.
    ///
    /// # Errors
    /// When AWS IoT does not answer with a shadow.
    pub async fn shadow(&self, id: &DeviceId) -> Result<Shadow, IotError> {
        let answer = match self.client.get_thing_shadow().thing_name(id.as_str()).send().await {
            Ok(answer) => answer,
            Err(error) if status(&error) == Some(NOT_FOUND) => return Ok(Shadow::default()),
            Err(error) => return Err(iot_error("GetThingShadow", error)),
        };
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let document: Value = serde_json::from_slice(&payload)
            .map_err(|error| IotError::Refused(AwsError::corrupt("shadow", id, error)))?;
        let part = |name: &str| document.pointer(&format!("/state/{name}")).and_then(Value::as_object).cloned();
        Ok(Shadow {
            desired: part("desired").unwrap_or_default(),
            reported: part("reported").unwrap_or_default(),
            version: document.get("version").and_then(Value::as_u64),
        })
    }

    /// Publishes the device's settings as a retained message; an empty one removes it.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn publish_settings(&self, id: &DeviceId, message: String) -> Result<(), IotError> {
        let publish = self.client.publish().topic(format!("{id}/config")).qos(1).retain(true);
        let sent = publish.payload(Blob::new(message)).send().await;
        sent.map(drop).map_err(|error| iot_error("Publish", error))
    }

    /// Publishes a message about the device's certificate, retained or not. An empty retained message removes the previous one.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn publish_about_certificate(
        &self,
        id: &DeviceId,
        topic: Topic,
        message: Option<Value>,
    ) -> Result<(), IotError> {
        let publish = self.client.publish().topic(topic.of(id)).qos(1).retain(topic != Topic::Rejected);
        let message = message.map(|message| message.to_string()).unwrap_or_default();
        let sent = publish.payload(Blob::new(message)).send().await;
        sent.map(drop).map_err(|error| iot_error("Publish", error))
    }

    /// Merges `desired` into the desired state of the shadow, if its version is still `version`, so that a late request has
    /// no effect. Overtaken when the shadow has another version by now, for example after a report of the device.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn update_shadow(
        &self,
        id: &DeviceId,
        desired: Map<String, Value>,
        version: Option<u64>,
    ) -> Result<WriteOutcome, IotError> {
        let mut document = json!({"state": {"desired": desired}});
        if let (Some(version), Value::Object(document)) = (version, &mut document) {
            document.insert("version".to_owned(), version.into());
        }
        let update = self.client.update_thing_shadow().thing_name(id.as_str());
        match update.payload(Blob::new(document.to_string())).send().await {
            Ok(_) => Ok(WriteOutcome::Done),
            Err(error) if status(&error) == Some(CONFLICT) => Ok(WriteOutcome::Overtaken),
            Err(error) => Err(iot_error("UpdateThingShadow", error)),
        }
    }

    /// Deletes the shadow, if there is one.
    ///
    /// # Errors
    /// When AWS IoT does not confirm it.
    pub async fn delete_shadow(&self, id: &DeviceId) -> Result<(), IotError> {
        match self.client.delete_thing_shadow().thing_name(id.as_str()).send().await {
            Ok(_) => Ok(()),
            Err(error) if status(&error) == Some(NOT_FOUND) => Ok(()),
            Err(error) => Err(iot_error("DeleteThingShadow", error)),
        }
    }
}

/// The status of the answer. The error's name is in a header, which not every emulator of AWS IoT sets.
pub(crate) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

pub(crate) fn iot_error<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> IotError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let never_sent = matches!(error, SdkError::ConstructionFailure(_));
    // A request that is answered with a 5xx may have taken effect nevertheless.
    let refused = never_sent || status(&error).is_some_and(|status| (400..500).contains(&status));
    let error = AwsError::call(operation, error);
    if refused { IotError::Refused(error) } else { IotError::Unknown(error) }
}

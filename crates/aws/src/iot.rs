//! AWS IoT: the retained message and the shadow of a device.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_iotdataplane::Client;
use aws_sdk_iotdataplane::primitives::Blob;
use serde_json::{Map, Value, json};

use super::AwsError;
use super::device::Job;
use crate::config::variable;
use weir_core::id::DeviceId;

/// A request without an answer after so long is given up. It may still arrive; see `aws::delivery`.
const PATIENCE: Duration = Duration::from_secs(2);
/// So often a change of the shadow is tried against a device that reports at the same time.
const ATTEMPTS: usize = 3;
const NOT_FOUND: u16 = 404;
const CONFLICT: u16 = 409;

/// Why a delivery did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// AWS IoT said no: nothing of this attempt is still on its way.
    #[error("refused: {0}")]
    Refused(AwsError),
    /// No answer, or one that leaves open what was done.
    #[error("without an answer: {0}")]
    Unknown(AwsError),
}

/// A device's shadow, as far as settings go.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shadow {
    /// What the device should be.
    pub desired: Map<String, Value>,
    /// What the device says it is.
    pub reported: Map<String, Value>,
    /// Counts the changes.
    version: Option<u64>,
}

/// AWS IoT's data plane.
#[derive(Debug, Clone)]
pub struct Iot {
    client: Client,
}

/// A client for it that asks once: a retry of the SDK could overtake what comes after it.
pub fn client(config: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(PATIENCE)
        .operation_timeout(PATIENCE);
    let mut own = aws_sdk_iotdataplane::config::Builder::from(config)
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts.build());
    if let Some(url) = variable("AWS_ENDPOINT_URL_IOT_DATA_PLANE") {
        own = own.endpoint_url(url);
    }
    Client::from_conf(own.build())
}

impl Iot {
    /// Over this client, which must not retry by itself; [`client`] makes such a one.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Brings the retained message and the shadow to what the job says. Both are tried, so that a shadow that is refused
    /// does not keep the message from a device; carrying it out twice is the same as once.
    ///
    /// # Errors
    /// The first thing that went wrong; anything that may still be on its way before anything that was refused.
    pub async fn carry_out(&self, id: &DeviceId, job: &Job) -> Result<(), Undelivered> {
        let message = match &job.settings {
            Some(settings) => format!(r#"{{"version":{},"settings":{settings}}}"#, job.version),
            // An empty message clears the retained one.
            None => String::new(),
        };
        let published = self.publish(id, message).await;
        if let Err(unknown @ Undelivered::Unknown(_)) = published {
            return Err(unknown);
        }
        let shadowed = match &job.settings {
            Some(settings) => self.desire(id, job.version, settings).await,
            None => self.forget(id).await,
        };
        match (published, shadowed) {
            (_, Err(unknown @ Undelivered::Unknown(_))) => Err(unknown),
            (published, shadowed) => published.and(shadowed),
        }
    }

    /// The device's shadow; an empty one when there is none.
    ///
    /// # Errors
    /// When AWS IoT does not answer with one.
    pub async fn shadow(&self, id: &DeviceId) -> Result<Shadow, Undelivered> {
        let answer = match self.client.get_thing_shadow().thing_name(id.as_str()).send().await {
            Ok(answer) => answer,
            Err(error) if status(&error) == Some(NOT_FOUND) => return Ok(Shadow::default()),
            Err(error) => return Err(undelivered("GetThingShadow", error)),
        };
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        let document: Value = serde_json::from_slice(&payload)
            .map_err(|error| Undelivered::Refused(AwsError::corrupt("shadow", id, error)))?;
        let part = |name: &str| document.pointer(&format!("/state/{name}")).and_then(Value::as_object).cloned();
        Ok(Shadow {
            desired: part("desired").unwrap_or_default(),
            reported: part("reported").unwrap_or_default(),
            version: document.get("version").and_then(Value::as_u64),
        })
    }

    async fn publish(&self, id: &DeviceId, message: String) -> Result<(), Undelivered> {
        let publish = self.client.publish().topic(format!("{id}/config")).qos(1).retain(true);
        let sent = publish.payload(Blob::new(message)).send().await;
        sent.map(drop).map_err(|error| undelivered("Publish", error))
    }

    /// Makes the settings the desired state. A shadow is merged, not replaced, so what is there and should not be is
    /// removed by name; the change is for the shadow as it was read, so nothing late can undo it.
    async fn desire(&self, id: &DeviceId, version: u64, settings: &str) -> Result<(), Undelivered> {
        let settings: Value = serde_json::from_str(settings)
            .map_err(|error| Undelivered::Refused(AwsError::corrupt("devices", id, error)))?;
        let wanted = Map::from_iter([("version".to_owned(), version.into()), ("settings".to_owned(), settings)]);
        for _ in 0..ATTEMPTS {
            let shadow = self.shadow(id).await?;
            let change = merging(&shadow.desired, &wanted);
            if change.is_empty() {
                return Ok(());
            }
            let mut document = json!({"state": {"desired": change}});
            if let (Some(version), Value::Object(document)) = (shadow.version, &mut document) {
                document.insert("version".to_owned(), version.into());
            }
            let update = self.client.update_thing_shadow().thing_name(id.as_str());
            let Err(error) = update.payload(Blob::new(document.to_string())).send().await else { return Ok(()) };
            // At a conflict the device has reported since.
            if status(&error) != Some(CONFLICT) {
                return Err(undelivered("UpdateThingShadow", error));
            }
        }
        Err(Undelivered::Refused(AwsError::Contended { table: "shadow", key: id.to_string() }))
    }

    async fn forget(&self, id: &DeviceId) -> Result<(), Undelivered> {
        let Err(error) = self.client.delete_thing_shadow().thing_name(id.as_str()).send().await else { return Ok(()) };
        if status(&error) == Some(NOT_FOUND) { Ok(()) } else { Err(undelivered("DeleteThingShadow", error)) }
    }
}

/// The merge patch that makes `wanted` of `current`; what `current` has beside the names in `wanted` is somebody else's.
fn merging(current: &Map<String, Value>, wanted: &Map<String, Value>) -> Map<String, Value> {
    let changed = |(name, wanted): (&String, &Value)| {
        let change = match (current.get(name), wanted) {
            (Some(current), wanted) if current == wanted => None,
            (Some(Value::Object(current)), Value::Object(wanted)) => {
                let mut change = merging(current, wanted);
                let gone = current.keys().filter(|name| !wanted.contains_key(*name));
                change.extend(gone.map(|name| (name.clone(), Value::Null)));
                Some(Value::Object(change))
            }
            (_, wanted) => Some(wanted.clone()),
        };
        change.map(|change| (name.clone(), change))
    };
    wanted.iter().filter_map(changed).collect()
}

/// The status of the answer. By it the data plane's few errors are told apart: their names stand in a header that not
/// everything that speaks for AWS IoT sets.
fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn undelivered<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Undelivered
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let never_sent = matches!(error, SdkError::ConstructionFailure(_));
    // An error of AWS's own, or of something before it, may come from a request that is carried out all the same.
    let refused = never_sent || status(&error).is_some_and(|status| (400..500).contains(&status));
    let error = AwsError::call(operation, error);
    if refused { Undelivered::Refused(error) } else { Undelivered::Unknown(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(current: Value, wanted: Value) -> (Value, Value) {
        let change = Value::Object(merging(current.as_object().unwrap(), wanted.as_object().unwrap()));
        let mut after = current;
        json_patch::merge(&mut after, &change);
        (change, after)
    }

    #[test]
    fn a_shadow_is_merged_into_exactly_what_is_wanted() {
        let wanted = json!({"version": 2, "settings": {"a": 1, "b": {"c": [1], "d": {}}}});
        for current in [
            json!({}),
            json!({"version": 1, "settings": {"a": 0, "x": 1}}),
            json!({"version": 1, "settings": {"a": {"y": 1}, "b": {"c": [2, 3], "z": {"y": 1}, "d": {"e": 1}}}}),
            json!({"version": 1, "settings": "none", "other": true}),
        ] {
            let (_, after) = merged(current.clone(), wanted.clone());
            assert_eq!((&after["version"], &after["settings"]), (&wanted["version"], &wanted["settings"]), "{current}");
            assert_eq!(after.get("other"), current.get("other"), "what is not ours stays");
        }
    }

    #[test]
    fn nothing_is_sent_where_nothing_changes() {
        let same = json!({"version": 2, "settings": {"a": {"b": 1}}});
        assert_eq!(merged(same.clone(), same).0, json!({}));
    }
}

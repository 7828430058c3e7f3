//! The alarms of a stack, from CloudWatch.
//!
//! Only one request of CloudWatch is needed. The SDK's client brings a format of its own (CBOR) with half a dozen crates, so the
//! request is signed and its answer read here, in JSON 1.0, which CloudWatch also supports (docs/decisions/0100). Reading alarms costs
//! nothing.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sigv4::http_request::{SignableBody, SigningSettings};
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde::{Deserialize, Serialize};

use super::AwsError;
use super::config::variable;
use super::signature::{Signer, Unsigned, connector};
use weir_core::domain::Timestamp;
use weir_core::domain::system::AlarmState;
use weir_runtime::StartError;

const OPERATION: &str = "DescribeAlarms";
/// The name of CloudWatch in signatures.
const SERVICE: &str = "monitoring";
const TARGET: &str = "GraniteServiceVersion20100801.DescribeAlarms";
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// How long a page may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Alarms of a page: the maximum of CloudWatch.
const PAGE: u32 = 100;
/// Maximum pages. A stack has about fifty alarms.
const PAGES: usize = 5;

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its whole name.
    pub name: String,
    /// What it means when it is raised.
    pub description: String,
    /// Its state.
    pub state: AlarmState,
    /// Since when it is in this state.
    pub since: Option<Timestamp>,
    /// How many metrics it watches.
    pub metrics: usize,
}

/// The alarms whose names have a common prefix.
#[derive(Debug, Clone)]
pub struct Alarms {
    prefix: String,
    endpoint: String,
    signer: Signer,
    http: SharedHttpConnector,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Asked<'a> {
    alarm_name_prefix: &'a str,
    max_records: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    metric_alarms: Vec<MetricAlarm>,
    #[serde(default)]
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricAlarm {
    alarm_name: String,
    #[serde(default)]
    alarm_description: Option<String>,
    state_value: String,
    /// When the state last changed, in seconds since the epoch.
    #[serde(default)]
    state_transitioned_timestamp: Option<f64>,
    /// When the state or its reason last changed, in seconds since the epoch.
    #[serde(default)]
    state_updated_timestamp: Option<f64>,
    /// A metric or expression of an alarm that combines several.
    #[serde(default)]
    metrics: Option<Vec<MetricQuery>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricQuery {
    /// Absent of an expression.
    #[serde(default)]
    metric_stat: Option<serde::de::IgnoredAny>,
}

impl Alarms {
    /// The alarms whose names begin with `prefix`. CloudWatch is at `endpoint`, unless the environment sets one for all of AWS.
    ///
    /// # Errors
    /// When there are no credentials, or no HTTPS client can be made.
    pub fn open(sdk: &SdkConfig, prefix: String, endpoint: &str) -> Result<Self, StartError> {
        let signer = Signer::of(sdk, SERVICE)?;
        let http = connector(&signer.region)?;
        let own = variable("AWS_ENDPOINT_URL_CLOUDWATCH").or_else(|| variable("AWS_ENDPOINT_URL"));
        let endpoint = own.unwrap_or_else(|| endpoint.to_owned());
        Ok(Self::new(prefix, signer.region, &endpoint, signer.credentials, http))
    }

    /// The alarms over this connector.
    pub fn new(
        prefix: String,
        region: String,
        endpoint: &str,
        credentials: SharedCredentialsProvider,
        http: SharedHttpConnector,
    ) -> Self {
        let endpoint = format!("{}/", endpoint.trim_end_matches('/'));
        Self { prefix, endpoint, signer: Signer { service: SERVICE, region, credentials }, http }
    }

    /// All of them, by name; at most 500.
    ///
    /// # Errors
    /// When CloudWatch does not answer, or its answer cannot be read.
    pub async fn read(&self, now: Timestamp) -> Result<Vec<Alarm>, AwsError> {
        let (mut alarms, mut next) = (Vec::new(), None);
        for _ in 0..PAGES {
            let page = self.page(next.as_deref(), now).await?;
            alarms.extend(page.metric_alarms.into_iter().map(alarm).collect::<Result<Vec<_>, _>>()?);
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(alarms)
    }

    async fn page(&self, next_token: Option<&str>, now: Timestamp) -> Result<Page, AwsError> {
        let failed = |detail: String| AwsError::Call { operation: OPERATION, detail };
        let busy = |detail: String| AwsError::Unavailable { operation: OPERATION, detail };
        let asked = Asked { alarm_name_prefix: &self.prefix, max_records: PAGE, next_token };
        let body = serde_json::to_string(&asked).map_err(|error| failed(error.to_string()))?;
        let own = [("content-type", CONTENT_TYPE), ("x-amz-target", TARGET)];
        let unsigned = Unsigned {
            method: "POST",
            url: &self.endpoint,
            headers: own.into_iter(),
            body: SignableBody::Bytes(body.as_bytes()),
        };
        let signature = self.signer.sign(unsigned, SigningSettings::default(), now).await?;
        let mut request = http::Request::builder().method("POST").uri(&self.endpoint);
        for (name, value) in own {
            request = request.header(name, value);
        }
        for (name, value) in &signature.headers {
            request = request.header(name, value);
        }
        let request = request.body(SdkBody::from(body)).map_err(|error| failed(error.to_string()))?;
        let request = request.try_into().map_err(|error| failed(format!("{error}")))?;
        let answered = tokio::time::timeout(TIMEOUT, async {
            let answer = self.http.call(request).await.map_err(|error| busy(format!("{error}")))?;
            let status = answer.status().as_u16();
            let bytes = ByteStream::new(answer.into_body()).collect().await;
            Ok((status, bytes.map_err(|error| busy(error.to_string()))?.into_bytes()))
        });
        let (status, bytes) = answered.await.map_err(|_| busy("no answer in time".to_owned()))??;
        let said = || String::from_utf8_lossy(&bytes).chars().take(300).collect::<String>();
        match status {
            200 => serde_json::from_slice(&bytes).map_err(|error| failed(format!("{error}: {}", said()))),
            status if status >= 500 || status == 429 || said().contains("Throttl") => {
                Err(busy(format!("status {status}: {}", said())))
            }
            status => Err(failed(format!("status {status}: {}", said()))),
        }
    }
}

fn alarm(read: MetricAlarm) -> Result<Alarm, AwsError> {
    let state = AlarmState::of(&read.state_value).ok_or_else(|| AwsError::Call {
        operation: OPERATION,
        detail: format!("{} is in the unknown state {:?}", read.alarm_name, read.state_value),
    })?;
    let since = read.state_transitioned_timestamp.or(read.state_updated_timestamp);
    // An alarm of one metric names it itself.
    let metrics = read.metrics.map_or(1, |all| all.iter().filter(|query| query.metric_stat.is_some()).count());
    Ok(Alarm {
        name: read.alarm_name,
        description: read.alarm_description.unwrap_or_default(),
        state,
        since: since.map(|seconds| Timestamp::from_millis((seconds * 1000.0).round() as i64)),
        metrics: metrics.max(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(alarm_json: serde_json::Value) -> Result<Alarm, AwsError> {
        alarm(serde_json::from_value(alarm_json).unwrap())
    }

    #[test]
    fn an_alarm_is_read_as_cloudwatch_writes_it() {
        let of_one = json!({"AlarmName": "weir-dev-SiteErrorsAlarm-1X", "AlarmDescription": "It fails.", "StateValue": "ALARM",
            "StateTransitionedTimestamp": 1_795_155_884.123, "StateUpdatedTimestamp": 1_795_155_990.0, "MetricName": "Errors"});
        assert_eq!(
            read(of_one).unwrap(),
            Alarm {
                name: "weir-dev-SiteErrorsAlarm-1X".to_owned(),
                description: "It fails.".to_owned(),
                state: AlarmState::Alarm,
                since: Some(Timestamp::from_millis(1_795_155_884_123)),
                metrics: 1,
            }
        );
        let of_two = json!({"AlarmName": "a", "StateValue": "OK", "StateUpdatedTimestamp": 1, "Metrics": [
            {"Id": "sum", "Expression": "a + b"}, {"Id": "a", "MetricStat": {"Period": 60}}, {"Id": "b", "MetricStat": {}}]});
        let read_of_two = read(of_two).unwrap();
        assert_eq!((read_of_two.metrics, read_of_two.since), (2, Some(Timestamp::from_millis(1_000))));
        let unknown = read(json!({"AlarmName": "a", "StateValue": "RINGS"})).unwrap_err();
        assert!(!unknown.is_temporary() && unknown.to_string().contains("RINGS"), "{unknown}");
    }
}

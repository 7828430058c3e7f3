//! The one SDK configuration of a process, and the clients made of it.
//!
//! The configuration is built by hand. `aws_config::load()` would bring the whole chain of credential sources (and
//! STS with it: 0.3 MB zipped, 0.2 ms of each start), of which a function only ever uses the environment.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SystemTimeSource;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};

use weir_runtime::{SettingsError, StartError};

/// Amazon Root CA 1 to 4 and Starfield Services Root CA G2: the roots of every AWS endpoint in the commercial and GovCloud
/// regions (Amazon Trust Services, "Certificate Authorities"). Reading the machine's store instead costs
/// 2 ms of each start.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// A query over years takes Timestream seconds; behind the API there are 30.
#[cfg(feature = "query")]
const QUERY_ATTEMPT: Duration = Duration::from_secs(20);
#[cfg(feature = "query")]
const QUERY: Duration = Duration::from_secs(24);

/// A variable of the process's environment; `None` when it is not set or empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// How long a call to AWS may take. An attempt that takes longer than 2 s is given up and, with three attempts and their
/// pauses, an operation ends within 8 s: below the functions' own time-outs, so that they can still say what is
/// unfinished.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(Duration::from_secs(2))
        .operation_timeout(Duration::from_secs(8))
        .build()
}

/// The process's SDK configuration: region, credentials and endpoint from the environment, one HTTPS client.
///
/// # Errors
/// When there is no region or the HTTPS client cannot be made.
pub fn sdk() -> Result<SdkConfig, StartError> {
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    let region = region.ok_or(SettingsError::Missing("AWS_REGION"))?;
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    sdk_of(region, credentials, variable("AWS_ENDPOINT_URL"))
}

/// An SDK configuration for a region with these credentials. `endpoint` replaces the endpoints of AWS.
///
/// # Errors
/// When the HTTPS client cannot be made.
pub fn sdk_of(
    region: String,
    credentials: SharedCredentialsProvider,
    endpoint: Option<String>,
) -> Result<SdkConfig, StartError> {
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(https(&region)?)
        .region(Region::new(region))
        .credentials_provider(credentials)
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(timeouts())
        .sleep_impl(TokioSleep::new())
        .time_source(SystemTimeSource::new());
    config.set_endpoint_url(endpoint);
    Ok(config.build())
}

/// A DynamoDB client.
pub fn dynamodb(config: &SdkConfig) -> aws_sdk_dynamodb::Client {
    let mut own = aws_sdk_dynamodb::config::Builder::from(config);
    if let Some(url) = variable("AWS_ENDPOINT_URL_DYNAMODB") {
        own = own.endpoint_url(url);
    }
    aws_sdk_dynamodb::Client::from_conf(own.build())
}

/// A Timestream client for writes. Its endpoint is discovered from AWS, unless one is configured (in tests, or behind a
/// VPC endpoint).
///
/// # Errors
/// When the discovery fails.
pub async fn timestream_write(config: &SdkConfig) -> Result<aws_sdk_timestreamwrite::Client, StartError> {
    let mut own = aws_sdk_timestreamwrite::config::Builder::from(config);
    let by_hand = variable("AWS_ENDPOINT_URL_TIMESTREAM_WRITE").or_else(|| variable("AWS_ENDPOINT_URL"));
    own.set_endpoint_url(by_hand.clone());
    let client = aws_sdk_timestreamwrite::Client::from_conf(own.build());
    if by_hand.is_some() {
        return Ok(client);
    }
    let (client, reload) = client
        .with_endpoint_discovery_enabled()
        .await
        .map_err(|error| StartError::Client(format!("Timestream's endpoint: {error}")))?;
    // AWS gives an endpoint for a day; the task renews it between two events.
    tokio::spawn(reload.reload_task());
    Ok(client)
}

/// How long a query of Timestream may take.
#[cfg(feature = "query")]
pub fn query_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(QUERY_ATTEMPT)
        .operation_timeout(QUERY)
        .build()
}

/// A Timestream client for queries. As with [`timestream_write`], the endpoint is discovered unless one is configured.
///
/// # Errors
/// When the discovery fails.
#[cfg(feature = "query")]
pub async fn timestream_query(config: &SdkConfig) -> Result<aws_sdk_timestreamquery::Client, StartError> {
    let mut own = aws_sdk_timestreamquery::config::Builder::from(config);
    let by_hand = variable("AWS_ENDPOINT_URL_TIMESTREAM_QUERY").or_else(|| variable("AWS_ENDPOINT_URL"));
    own.set_endpoint_url(by_hand.clone());
    own.set_timeout_config(Some(query_timeouts()));
    let client = aws_sdk_timestreamquery::Client::from_conf(own.build());
    if by_hand.is_some() {
        return Ok(client);
    }
    let (client, reload) = client
        .with_endpoint_discovery_enabled()
        .await
        .map_err(|error| StartError::Client(format!("Timestream's endpoint: {error}")))?;
    tokio::spawn(reload.reload_task());
    Ok(client)
}

fn https(region: &str) -> Result<SharedHttpClient, StartError> {
    let context = tls_context(region)?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https())
}

/// The root certificates that HTTPS clients trust.
pub(crate) fn tls_context(region: &str) -> Result<TlsContext, StartError> {
    // The regions in China have other roots; and a bundle that somebody has set has to be used.
    let own_roots = ["SSL_CERT_FILE", "AWS_CA_BUNDLE"].iter().any(|name| std::env::var_os(name).is_some());
    let trust = if own_roots || region.starts_with("cn-") {
        TrustStore::default()
    } else {
        TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
    };
    let context = TlsContext::builder().with_trust_store(trust).build();
    context.map_err(|error| StartError::Client(format!("HTTPS: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_amazon_roots_can_be_read() {
        let trust = TrustStore::empty().with_pem_certificate(AMAZON_ROOTS);
        let context = TlsContext::builder().with_trust_store(trust).build().unwrap();
        // Building the connector parses the certificates, and panics on one that cannot be read.
        let _ = Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https();
        assert_eq!(String::from_utf8_lossy(AMAZON_ROOTS).matches("BEGIN CERTIFICATE").count(), 5);
    }
}

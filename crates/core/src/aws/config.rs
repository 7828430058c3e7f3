//! Where functions learn what they need to know, and the one SDK configuration of a process.
//!
//! The configuration is built by hand. `aws_config::load()` would bring the whole chain of credential sources (and
//! STS with it: 0.3 MB zipped, 0.2 ms of each start), of which a function only ever uses the environment.

use std::str::FromStr;
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

use super::agent::Agent;

/// Amazon Root CA 1 to 4 and Starfield Services Root CA G2: what every AWS endpoint of the commercial and GovCloud
/// regions chains to (Amazon Trust Services, "Certificate Authorities"). Reading the machine's store instead costs
/// 2 ms of each start.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// A query over years takes Timestream seconds; behind the API there are 30.
#[cfg(feature = "query")]
const QUERY_ATTEMPT: Duration = Duration::from_secs(20);
#[cfg(feature = "query")]
const QUERY: Duration = Duration::from_secs(24);

/// What a function's environment lacks.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A variable is not there.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// A variable cannot be read.
    #[error("the environment variable {name} is {value:?}, which is not {expected}")]
    Bad {
        /// The variable.
        name: &'static str,
        /// What it says.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The HTTPS client cannot be made.
    #[error("the HTTPS client cannot be made: {0}")]
    Https(String),
    /// The address of Timestream could not be found out.
    #[error("the endpoint of Timestream could not be discovered: {0}")]
    Discovery(String),
}

/// The text of the environment variable `name`.
///
/// # Errors
/// When it is not set or empty.
pub fn required(name: &'static str) -> Result<String, ConfigError> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).ok_or(ConfigError::Missing(name))
}

/// The number in the environment variable `name`, at least `least`; `default` when it is not set.
///
/// # Errors
/// When it is set and not such a number.
pub fn number<N: FromStr + PartialOrd>(name: &'static str, default: N, least: N) -> Result<N, ConfigError> {
    match std::env::var(name) {
        Err(_) => Ok(default),
        Ok(value) => value.parse().ok().filter(|number| *number >= least).ok_or(ConfigError::Bad {
            name,
            value,
            expected: "a number in range",
        }),
    }
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
pub fn sdk() -> Result<SdkConfig, ConfigError> {
    let region = required("AWS_REGION").or_else(|_| required("AWS_DEFAULT_REGION"))?;
    let credentials = SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new());
    sdk_of(region, credentials, required("AWS_ENDPOINT_URL").ok())
}

/// The same for a region, with these credentials, at this endpoint where it is not AWS's own.
///
/// # Errors
/// When the HTTPS client cannot be made.
pub fn sdk_of(
    region: String,
    credentials: SharedCredentialsProvider,
    endpoint: Option<String>,
) -> Result<SdkConfig, ConfigError> {
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
    let mut own = aws_sdk_dynamodb::config::Builder::from(config).interceptor(Agent);
    if let Ok(url) = required("AWS_ENDPOINT_URL_DYNAMODB") {
        own = own.endpoint_url(url);
    }
    aws_sdk_dynamodb::Client::from_conf(own.build())
}

/// A Timestream client that knows where to write to. AWS wants its endpoint discovered; where one is set by hand (in
/// tests, behind a VPC endpoint) it is used as it stands.
///
/// # Errors
/// When the discovery fails.
pub async fn timestream_write(config: &SdkConfig) -> Result<aws_sdk_timestreamwrite::Client, ConfigError> {
    let mut own = aws_sdk_timestreamwrite::config::Builder::from(config).interceptor(Agent);
    let by_hand = required("AWS_ENDPOINT_URL_TIMESTREAM_WRITE").or_else(|_| required("AWS_ENDPOINT_URL")).ok();
    own.set_endpoint_url(by_hand.clone());
    let client = aws_sdk_timestreamwrite::Client::from_conf(own.build());
    if by_hand.is_some() {
        return Ok(client);
    }
    let (client, reload) =
        client.with_endpoint_discovery_enabled().await.map_err(|error| ConfigError::Discovery(error.to_string()))?;
    // AWS gives an endpoint for a day; the task renews it between two events.
    tokio::spawn(reload.reload_task());
    Ok(client)
}

/// How long a question to Timestream may take.
#[cfg(feature = "query")]
pub fn query_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(1))
        .operation_attempt_timeout(QUERY_ATTEMPT)
        .operation_timeout(QUERY)
        .build()
}

/// A Timestream client that knows where to ask. What holds for [`timestream_write`] holds for it.
///
/// # Errors
/// When the discovery fails.
#[cfg(feature = "query")]
pub async fn timestream_query(config: &SdkConfig) -> Result<aws_sdk_timestreamquery::Client, ConfigError> {
    let mut own = aws_sdk_timestreamquery::config::Builder::from(config);
    let by_hand = required("AWS_ENDPOINT_URL_TIMESTREAM_QUERY").or_else(|_| required("AWS_ENDPOINT_URL")).ok();
    own.set_endpoint_url(by_hand.clone());
    own.set_timeout_config(Some(query_timeouts()));
    let client = aws_sdk_timestreamquery::Client::from_conf(own.build());
    if by_hand.is_some() {
        return Ok(client);
    }
    let (client, reload) =
        client.with_endpoint_discovery_enabled().await.map_err(|error| ConfigError::Discovery(error.to_string()))?;
    tokio::spawn(reload.reload_task());
    Ok(client)
}

fn https(region: &str) -> Result<SharedHttpClient, ConfigError> {
    // The regions in China have other roots, and whoever sets a bundle wants it used.
    let own_roots = ["SSL_CERT_FILE", "AWS_CA_BUNDLE"].iter().any(|name| std::env::var_os(name).is_some());
    let trust = if own_roots || region.starts_with("cn-") {
        TrustStore::default()
    } else {
        TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)
    };
    let context =
        TlsContext::builder().with_trust_store(trust).build().map_err(|error| ConfigError::Https(error.to_string()))?;
    Ok(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context).build_https())
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

    #[test]
    fn a_number_out_of_range_names_the_variable() {
        // PATH is set everywhere and is no number.
        let error = number("PATH", 1_u32, 0).unwrap_err().to_string();
        assert!(error.contains("PATH"), "{error}");
        assert!(required("WEIR_NOT_SET_ANYWHERE").is_err());
        assert_eq!(number("WEIR_NOT_SET_ANYWHERE", 7_u32, 0).unwrap(), 7);
    }
}

//! Requests that are signed and sent without an SDK client of their service, which would be larger than the rest of the function. They
//! use the SDK's signer and HTTPS client.

use std::time::{Duration, UNIX_EPOCH};

use aws_config::SdkConfig;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use aws_smithy_runtime_api::client::identity::Identity;

use super::AwsError;
use super::config::tls_context;
use weir_core::domain::Timestamp;
use weir_runtime::StartError;

/// What signing adds to a request.
pub(crate) struct Signature {
    /// Headers, unless the signature is in the query.
    pub headers: Vec<(String, String)>,
    /// Parameters of the query, if the signature is there.
    pub query: Vec<(String, String)>,
}

/// The credentials and the service of such requests.
#[derive(Debug, Clone)]
pub(crate) struct Signer {
    /// The name of the service in signatures.
    pub service: &'static str,
    /// The region.
    pub region: String,
    /// The credentials.
    pub credentials: SharedCredentialsProvider,
}

/// A request without its signature.
pub(crate) struct Unsigned<'a, H> {
    /// The method.
    pub method: &'a str,
    /// The whole address.
    pub url: &'a str,
    /// The headers that are signed in addition to `host`.
    pub headers: H,
    /// The body.
    pub body: SignableBody<'a>,
}

impl Signer {
    /// A signer for a service, with the credentials of this configuration.
    ///
    /// # Errors
    /// When it has none.
    pub fn of(sdk: &SdkConfig, service: &'static str) -> Result<Self, StartError> {
        let region = sdk.region().map(ToString::to_string).unwrap_or_default();
        let credentials = sdk
            .credentials_provider()
            .ok_or_else(|| StartError::Client(format!("no credentials for the service {service}")))?;
        Ok(Self { service, region, credentials })
    }

    /// The signature of a request.
    ///
    /// # Errors
    /// When there are no credentials, or the request is not valid.
    pub async fn sign<'a, H: Iterator<Item = (&'a str, &'a str)>>(
        &self,
        request: Unsigned<'a, H>,
        settings: SigningSettings,
        now: Timestamp,
    ) -> Result<Signature, AwsError> {
        let bad = |error: String| AwsError::request("sign a request", error);
        let credentials = self.credentials.provide_credentials().await.map_err(|error| bad(error.to_string()))?;
        let identity: Identity = credentials.into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(self.service)
            .time(UNIX_EPOCH + Duration::from_millis(u64::try_from(now.millis()).unwrap_or(0)))
            .settings(settings)
            .build()
            .map_err(|error| bad(error.to_string()))?;
        let Unsigned { method, url, headers, body } = request;
        let request = SignableRequest::new(method, url, headers, body).map_err(|error| bad(error.to_string()))?;
        let signed = sign(request, &parameters.into()).map_err(|error| bad(error.to_string()))?;
        let (instructions, _) = signed.into_parts();
        let headers = instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let query = instructions.params().iter().map(|(name, value)| ((*name).to_owned(), value.to_string()));
        Ok(Signature { headers: headers.collect(), query: query.collect() })
    }
}

/// The client that sends such requests.
///
/// # Errors
/// When no HTTPS client can be made.
pub(crate) fn connector(region: &str) -> Result<SharedHttpConnector, StartError> {
    let connector = Connector::builder()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .tls_context(tls_context(region)?)
        .build();
    Ok(SharedHttpConnector::new(connector))
}

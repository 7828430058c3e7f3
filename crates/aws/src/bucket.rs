//! The bucket with the files of firmwares: signed addresses for uploads, and whether a file is there.
//!
//! Only two requests of S3 are needed. The SDK's client of S3 would be the largest part of the function, so they are signed
//! here, with the SDK's own signer.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignatureLocation, SigningSettings, UriPathNormalizationMode,
};
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_types::body::SdkBody;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::AwsError;
use super::config::variable;
use super::signature::{Signature, Signer, Unsigned, connector};
use weir_core::domain::Timestamp;
use weir_core::domain::firmware::{Firmware, UPLOAD_SECONDS};
use weir_core::id::Checksum;
use weir_runtime::StartError;

/// The name of S3 in signatures.
const SERVICE: &str = "s3";
/// How long a request may take.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Stands in a signature for the hash of an unknown body.
const UNSIGNED: &str = "UNSIGNED-PAYLOAD";

/// The bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    name: String,
    signer: Signer,
    /// The address before the path, such as `https://s3.eu-central-1.amazonaws.com`.
    endpoint: String,
    /// The same in job documents: AWS IoT only accepts addresses of AWS itself, whatever endpoint the environment sets.
    named: String,
    http: SharedHttpConnector,
}

/// An upload: a PUT to this address with these headers, and with no others that are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The address.
    pub url: String,
    /// The headers.
    pub headers: HashMap<&'static str, String>,
    /// How long it is valid, in seconds.
    pub seconds: u64,
}

/// What is in the bucket under the key of a firmware.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// Its file.
    File,
    /// A file with another size or checksum.
    Other,
}

impl Bucket {
    /// The bucket called `name`, whose S3 is at `endpoint`, unless the environment sets one for all of AWS.
    ///
    /// # Errors
    /// When there are no credentials, or no HTTPS client can be made.
    pub fn open(sdk: &SdkConfig, name: String, endpoint: &str) -> Result<Self, StartError> {
        let signer = Signer::of(sdk, SERVICE)?;
        let http = connector(&signer.region)?;
        let own = variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL"));
        let named = endpoint.to_owned();
        let endpoint = own.unwrap_or_else(|| named.clone());
        Ok(Self { named, ..Self::new(name, signer.region, endpoint, signer.credentials, http) })
    }

    /// The bucket over this connector.
    pub fn new(
        name: String,
        region: String,
        endpoint: String,
        credentials: SharedCredentialsProvider,
        http: SharedHttpConnector,
    ) -> Self {
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        let signer = Signer { service: SERVICE, region, credentials };
        Self { name, signer, named: endpoint.clone(), endpoint, http }
    }

    /// The address of the file of a firmware, without a signature, as a job's document names it.
    pub fn file(&self, firmware: &Firmware) -> String {
        self.at(&self.named, firmware)
    }

    fn at(&self, endpoint: &str, firmware: &Firmware) -> String {
        // Neither a version nor a checksum has a character that would have to be escaped.
        format!("{endpoint}/{}/{}", self.name, firmware.key())
    }

    /// An upload of the file of a firmware. Its size and its checksum are part of the signature: S3 refuses any other file.
    ///
    /// # Errors
    /// When there are no credentials.
    pub async fn upload(&self, firmware: &Firmware, now: Timestamp) -> Result<Upload, AwsError> {
        let headers = HashMap::from([
            ("content-length", firmware.size.to_string()),
            ("x-amz-checksum-sha256", base64_of(&firmware.sha256)),
        ]);
        let url = self.at(&self.endpoint, firmware);
        let signed = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let parts = self.signature("PUT", &url, signed, Some(UPLOAD_SECONDS), now).await?;
        let query: Vec<String> = parts.query.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        Ok(Upload { url: format!("{url}?{}", query.join("&")), headers, seconds: UPLOAD_SECONDS })
    }

    /// What is in the bucket under the key of a firmware.
    ///
    /// # Errors
    /// When S3 does not answer.
    pub async fn find(&self, firmware: &Firmware, now: Timestamp) -> Result<Found, AwsError> {
        const OPERATION: &str = "HeadObject";
        let failed = |detail: String| AwsError::Call { operation: OPERATION, detail };
        let busy = |detail: String| AwsError::Unavailable { operation: OPERATION, detail };
        let url = self.at(&self.endpoint, firmware);
        let own = [("x-amz-checksum-mode", "ENABLED"), ("x-amz-content-sha256", UNSIGNED)];
        let parts = self.signature("HEAD", &url, own.into_iter(), None, now).await?;
        let mut request = http::Request::builder().method("HEAD").uri(&url);
        for (name, value) in
            own.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).chain(parts.headers)
        {
            request = request.header(name, value);
        }
        let request = request.body(SdkBody::empty()).map_err(|error| failed(error.to_string()))?;
        let request = request.try_into().map_err(|error| failed(format!("{error}")))?;
        let answer = tokio::time::timeout(TIMEOUT, self.http.call(request)).await;
        let answer =
            answer.map_err(|_| busy("no answer in time".to_owned()))?.map_err(|error| busy(format!("{error}")))?;
        let header = |name: &str| answer.headers().get(name).unwrap_or_default().to_owned();
        match answer.status().as_u16() {
            200 => {
                let right = header("content-length") == firmware.size.to_string()
                    && header("x-amz-checksum-sha256") == base64_of(&firmware.sha256);
                Ok(if right { Found::File } else { Found::Other })
            }
            404 => Ok(Found::Nothing),
            status if status >= 500 || status == 429 => Err(busy(format!("status {status}"))),
            status => Err(failed(format!("status {status}"))),
        }
    }

    async fn signature<'a>(
        &self,
        method: &'a str,
        url: &'a str,
        headers: impl Iterator<Item = (&'a str, &'a str)>,
        expires_in: Option<u64>,
        now: Timestamp,
    ) -> Result<Signature, AwsError> {
        let mut settings = SigningSettings::default();
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.expires_in = expires_in.map(Duration::from_secs);
        settings.signature_location =
            if expires_in.is_some() { SignatureLocation::QueryParams } else { SignatureLocation::Headers };
        let request = Unsigned { method, url, headers, body: SignableBody::UnsignedPayload };
        self.signer.sign(request, settings, now).await
    }
}

/// A checksum in the form that S3 uses.
fn base64_of(checksum: &Checksum) -> String {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
    let bytes: Vec<u8> = checksum
        .as_str()
        .as_bytes()
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, letter| byte << 4 | digit(*letter)))
        .collect();
    STANDARD.encode(bytes)
}

/// A value in a query, with everything escaped that is not a letter, a digit or one of `-._~`.
fn escaped(value: &str) -> String {
    value.bytes().fold(String::new(), |mut text, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
        text
    })
}

//! `GET /app/…`: the files of the dashboard, the page itself for each of its addresses, and its configuration.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
};
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use weir_http::{ApiError, ErrorKind, Preconditions};

use crate::addresses::Addresses;
use crate::files::{Files, PAGE};

/// Where the dashboard is.
pub const BASE: &str = "/app/";
/// The file that is made of the settings.
const CONFIG: &str = "config.json";
/// Its name has a digest of its content in it.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// It may change with each deployment.
const ASKED_FOR: HeaderValue = HeaderValue::from_static("no-cache");

/// What is served, and what the answers say about it.
#[derive(Debug)]
pub struct Served {
    files: Files,
    policy: HeaderValue,
    referrer: HeaderValue,
}

impl Served {
    /// The files, and the page's addresses as one more of them.
    pub fn new(mut files: Files, addresses: &Addresses) -> Self {
        files.add(CONFIG, serde_json::to_vec(addresses).unwrap_or_default());
        let policy = HeaderValue::from_str(&addresses.policy());
        let policy = policy.unwrap_or(HeaderValue::from_static("default-src 'none'"));
        Self { files, policy, referrer: HeaderValue::from_static(addresses.referrer()) }
    }
}

/// Redirects from the root of the API to the dashboard.
pub async fn to_the_dashboard() -> Redirect {
    Redirect::to(BASE)
}

/// A file, or the page.
pub async fn get_app(
    State(served): State<Arc<Served>>,
    conditions: Preconditions,
    request: Request,
) -> Result<Response, ApiError> {
    let asked = request.uri().path().strip_prefix(BASE).unwrap_or_default();
    let name = if served.files.get(asked).is_some() { asked } else { PAGE };
    // A file of an earlier version is no page: a browser that got one for a script would not say what is wrong.
    if name == PAGE && asked.starts_with("assets/") {
        return Err(ApiError::not_found());
    }
    let accepted = request.headers().get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some((encoding, copy)) = served.files.get(name).and_then(|file| file.copy(accepted)) else {
        return Err(ApiError::new(ErrorKind::NotFound, "this stack was deployed without the dashboard"));
    };
    let mut response = conditions.answer_tagged(&copy.tag, || copy.bytes.clone().into_response())?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(CACHE_CONTROL, if name.starts_with("assets/") { FOR_EVER } else { ASKED_FOR });
    headers.insert(VARY, HeaderValue::from_name(ACCEPT_ENCODING));
    if let Some(encoding) = encoding.name() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    headers.insert(CONTENT_SECURITY_POLICY, served.policy.clone());
    headers.insert(REFERRER_POLICY, served.referrer.clone());
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    );
    Ok(response)
}

/// The media type of a file, by the end of its name.
fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

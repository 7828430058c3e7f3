//! AWS Lambda, as far as functions invoke each other: the functions with an engine, invoked through the SDK.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use weir_runtime::Function as _;

use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::config::{BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_lambda::{Client, Config};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use certificate::Certificate;
use device::CertificateFunction;
use futures_util::future::BoxFuture;
use notify::Notify;
use serde_json::{Value, json};
use weir_aws::invoke::Invoker;

use crate::functions::Functions;
use crate::wire::{Answer, answer};

/// The fate of an invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Lambda throttles it, and the function is not invoked.
    Throttled,
    /// The function fails.
    Fails,
    /// The function succeeds, and the answer is lost.
    Unanswered,
    /// The function has an older version, which does not support replays.
    Old,
}

type Before = Arc<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>;

/// The functions, invoked like Lambda does.
#[derive(Clone)]
pub struct Lambda {
    functions: Arc<Functions>,
    fates: Arc<Mutex<VecDeque<Fate>>>,
    called: Arc<Mutex<Vec<(String, Value)>>>,
    before: Option<Before>,
    notify: Option<Arc<Notify>>,
}

impl fmt::Debug for Lambda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lambda")
    }
}

impl Lambda {
    /// With these functions, which are invoked by their names in the repository.
    pub fn over(functions: Arc<Functions>) -> Self {
        Self { functions, fates: Arc::default(), called: Arc::default(), before: None, notify: None }
    }

    /// The same, calling `before` before each invocation.
    pub fn with(&self, before: impl Fn() -> BoxFuture<'static, ()> + Send + Sync + 'static) -> Self {
        Self { before: Some(Arc::new(before)), ..self.clone() }
    }

    /// The same, with `notify` among the functions.
    pub fn and_notify(&self, notify: Arc<Notify>) -> Self {
        Self { notify: Some(notify), ..self.clone() }
    }

    /// Sets the fate of the next invocation; further ones are queued.
    pub fn next(&self, fate: Fate) {
        self.fates.lock().unwrap().push_back(fate);
    }

    /// The invocations since the previous call: the function and the event.
    pub fn called(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut *self.called.lock().unwrap())
    }

    /// A client for invocations.
    pub fn invoker(&self) -> Invoker {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKIDTEST", "test", None, None, "test"))
            .http_client(SharedHttpClient::new(self.clone()))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Invoker::new(Client::from_conf(config.build()))
    }

    async fn call_function(self, name: String, event: Value) -> Answer {
        if let Some(before) = &self.before {
            before().await;
        }
        self.called.lock().unwrap().push((name.clone(), event.clone()));
        let fate = self.fates.lock().unwrap().pop_front();
        match fate {
            Some(Fate::Throttled) => return answer(429, &json!({"__type": "TooManyRequestsException", "Reason": "x"})),
            Some(Fate::Fails) => return failed("deliver again: throttled"),
            Some(Fate::Unanswered | Fate::Old) | None => {}
        }
        let said = match name.as_str() {
            "calibration" => self.functions.calibration.answer(event).await.map_err(|error| error.to_string()),
            "organizer" => self.functions.organizer.answer(event).await.map_err(|error| error.to_string()),
            "twin" => self.functions.twin.answer(event).await.map_err(|error| error.to_string()),
            "notify" => {
                let notify = self.notify.as_ref().expect("a function of that name");
                notify.answer(event).await.map_err(|error| error.to_string())
            }
            other => panic!("{other} is not called by anybody"),
        };
        match (said, fate) {
            (_, Some(Fate::Unanswered)) => Err(ConnectorError::timeout("no answer, everything done".into())),
            (Ok(_), Some(Fate::Old)) => answer(200, &json!({"stored": 1, "duplicate": 0, "quarantined": 0})),
            (Ok(said), _) => answer(200, &said),
            (Err(error), _) => failed(&error),
        }
    }
}

fn failed(message: &str) -> Answer {
    let body = json!({"errorMessage": message, "errorType": "CallAgain"});
    let mut response = HttpResponse::new(200.try_into().unwrap(), SdkBody::from(body.to_string()));
    response.headers_mut().insert("x-amz-function-error", "Unhandled");
    Ok(response)
}

impl HttpClient for Lambda {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Lambda {
    fn call(&self, http: HttpRequest) -> HttpConnectorFuture {
        let name = http.uri().split('/').rev().nth(1).expect("…/functions/<name>/invocations").to_owned();
        let event = serde_json::from_slice(http.body().bytes().unwrap_or_default()).expect("an event is JSON");
        HttpConnectorFuture::new(self.clone().call_function(name, event))
    }
}

/// The function `certificate` alone, as invoked by `device`.
#[derive(Clone)]
struct Only(Arc<Certificate>);

impl fmt::Debug for Only {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Only")
    }
}

/// A client for this function, as used by `device`.
pub fn certificate(function: Certificate) -> CertificateFunction {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDTEST", "test", None, None, "test"))
        .http_client(SharedHttpClient::new(Only(Arc::new(function))))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    CertificateFunction::new(Invoker::new(Client::from_conf(config.build())), "certificate")
}

impl HttpClient for Only {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Only {
    fn call(&self, http: HttpRequest) -> HttpConnectorFuture {
        let event = serde_json::from_slice(http.body().bytes().unwrap_or_default()).expect("an event is JSON");
        let function = Arc::clone(&self.0);
        HttpConnectorFuture::new(async move {
            match function.answer(event).await {
                Ok(said) => answer(200, &said),
                Err(error) => failed(&error.to_string()),
            }
        })
    }
}

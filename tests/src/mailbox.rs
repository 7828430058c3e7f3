//! SES, with the answers to `SendEmail` as in its API reference: e-mails are stored, or refused.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};

use aws_sdk_sesv2::config::retry::RetryConfig;
use aws_sdk_sesv2::config::timeout::TimeoutConfig;
use aws_sdk_sesv2::config::{BehaviorVersion, Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_sesv2::{Client, Config};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::{Value, json};
use weir_aws::mail::Mailer;

use crate::wire::{Wire, answer, refusal, through};

/// The sender of e-mails.
pub const FROM: &str = "weir@example.org";

/// An e-mail as received by SES.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the part of that name")]
pub struct Received {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    pub headers: Vec<(String, String)>,
}

impl Received {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A simulated SES.
#[derive(Clone, Default)]
pub struct Mailbox {
    received: Arc<Mutex<Vec<Received>>>,
    refusals: Arc<Mutex<VecDeque<(u16, &'static str)>>>,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox")
    }
}

impl Mailbox {
    /// The e-mails since the previous call.
    pub fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.received.lock().unwrap())
    }

    /// Refuses the next e-mail with this status and code.
    pub fn refuse(&self, status: u16, code: &'static str) {
        self.refusals.lock().unwrap().push_back((status, code));
    }

    /// A client for it, over `wire` if there is one, with a single attempt per request.
    pub fn mailer(&self, wire: Option<Arc<dyn Wire>>) -> Mailer {
        let http = SharedHttpClient::new(self.clone());
        let http = wire.map_or(http.clone(), |wire| through(http, wire));
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKIDTEST", "test", None, None, "test"))
            .endpoint_url("https://ses.example")
            .http_client(http)
            .retry_config(RetryConfig::standard().with_max_attempts(1))
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Mailer::new(Client::from_conf(config.build()), FROM)
    }

    fn get(&self, mail: &Value) {
        assert_eq!(mail["FromEmailAddress"], FROM);
        let to = mail["Destination"]["ToAddresses"].as_array().expect("addresses");
        assert_eq!(to.len(), 1, "{to:?}");
        let simple = &mail["Content"]["Simple"];
        let text = |value: &Value| value["Data"].as_str().expect("a text").to_owned();
        let header = |header: &Value| {
            let part = |name: &str| header[name].as_str().expect("a text").to_owned();
            // The rules of SES for headers (API reference, "MessageHeader").
            assert!(part("Name").is_ascii() && part("Value").len() <= 995 && !part("Value").contains(['\r', '\n']));
            (part("Name"), part("Value"))
        };
        self.received.lock().unwrap().push(Received {
            to: to[0].as_str().expect("an address").to_owned(),
            subject: text(&simple["Subject"]),
            text: text(&simple["Body"]["Text"]),
            html: text(&simple["Body"]["Html"]),
            headers: simple["Headers"].as_array().expect("headers").iter().map(header).collect(),
        });
    }
}

impl HttpClient for Mailbox {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Mailbox {
    fn call(&self, http: HttpRequest) -> HttpConnectorFuture {
        assert!(http.uri().ends_with("/v2/email/outbound-emails"), "{}", http.uri());
        let mail: Value = serde_json::from_slice(http.body().bytes().unwrap_or_default()).expect("a mail is JSON");
        if let Some((status, code)) = self.refusals.lock().unwrap().pop_front() {
            return HttpConnectorFuture::ready(refusal(status, code, "refused"));
        }
        self.get(&mail);
        HttpConnectorFuture::ready(answer(200, &json!({"MessageId": "0102019c"})))
    }
}

//! AWS IoT's data plane, as far as settings need it: published and retained messages, with all faults of requests. Its control plane has no
//! things here: certificates are tested on the emulator, in `tests/local/certificates`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws_sdk_iotdataplane::config::retry::RetryConfig;
use aws_sdk_iotdataplane::config::timeout::TimeoutConfig;
use aws_sdk_iotdataplane::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_iotdataplane::{Client, Config};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use weir_aws::certificates::Certificates;
use weir_aws::iot::Iot;
use weir_tests::wire::{Answer, answer};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is carried out and answered.
    Fine,
    /// It is refused with this status.
    Refused(u16),
    /// It is lost on the way, and no answer comes.
    Lost,
    /// It is carried out, and no answer comes.
    Unanswered,
    /// It is carried out only when the test says so, and no answer comes.
    Late,
    /// It is carried out and answered with an error.
    Misreported,
    /// Before it the device reports something, so that the shadow has another version.
    AfterAReport,
}

#[derive(Debug, Default)]
struct Kept {
    fates: VecDeque<(&'static str, Fate)>,
    /// Every message that was published, in the order AWS IoT took them.
    published: Vec<(String, Value)>,
    retained: BTreeMap<String, Value>,
    shadows: BTreeMap<String, Value>,
    late: Vec<(String, String, Vec<u8>)>,
    /// The certificates of each thing, by their ARNs.
    principals: BTreeMap<String, Vec<String>>,
    /// The ids of the commands that shadows came to ask for, with their devices, in this order.
    commands: Vec<(String, String)>,
    asked: Vec<String>,
}

/// An AWS IoT of its own.
#[derive(Debug, Clone, Default)]
pub struct Cloud(Arc<Mutex<Kept>>);

type Before = Arc<dyn Fn(&str) -> BoxFuture<'static, ()> + Send + Sync>;

impl Cloud {
    /// A client of it.
    pub fn iot(&self) -> Iot {
        self.iot_with(Arc::new(|_| Box::pin(async {})))
    }

    /// A client that does something of its own before each request; it hears what is asked.
    pub fn iot_with(&self, before: Before) -> Iot {
        let http = SharedHttpClient::new(Http { cloud: self.clone(), before });
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKIDTEST", "test", None, None, "test"))
            .http_client(http)
            .retry_config(RetryConfig::disabled())
            // No answer is told at once: a wait in real time would also end what a busy machine is slow at.
            .timeout_config(TimeoutConfig::disabled());
        Iot::new(Client::from_conf(config.build()))
    }

    /// A client of its control plane.
    pub fn certificates(&self) -> Certificates {
        let http = SharedHttpClient::new(Http { cloud: self.clone(), before: Arc::new(|_| Box::pin(async {})) });
        let config = aws_sdk_iot::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKIDTEST", "test", None, None, "test"))
            .http_client(http)
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled());
        Certificates::new(aws_sdk_iot::Client::from_conf(config.build()))
    }

    /// The next request whose operation is called so meets this fate.
    pub fn next(&self, operation: &'static str, fate: Fate) {
        self.0.lock().unwrap().fates.push_back((operation, fate));
    }

    /// The versions published to the device's topic, in the order AWS IoT took them; 0 for a cleared message.
    pub fn versions(&self, device: &str) -> Vec<u64> {
        let topic = format!("{device}/config");
        let kept = self.0.lock().unwrap();
        let own = kept.published.iter().filter(|(published, _)| *published == topic);
        own.map(|(_, message)| message["version"].as_u64().unwrap_or(0)).collect()
    }

    /// The messages published to the topic, in the order AWS IoT took them.
    pub fn published(&self, topic: &str) -> Vec<Value> {
        let kept = self.0.lock().unwrap();
        kept.published.iter().filter(|(published, _)| published == topic).map(|(_, message)| message.clone()).collect()
    }

    /// The topic of each message that was published, in the order AWS IoT took them.
    pub fn topics(&self) -> Vec<String> {
        self.0.lock().unwrap().published.iter().map(|(topic, _)| topic.clone()).collect()
    }

    /// The device's retained message.
    pub fn retained(&self, device: &str) -> Option<Value> {
        self.0.lock().unwrap().retained.get(&format!("{device}/config")).cloned()
    }

    /// A part of the device's shadow, `/state/desired` for example.
    pub fn shadow(&self, device: &str, part: &str) -> Option<Value> {
        self.0.lock().unwrap().shadows.get(device)?.pointer(part).cloned()
    }

    /// The device reports its settings.
    pub fn report(&self, device: &str, reported: &Value) {
        let mut kept = self.0.lock().unwrap();
        kept.update(device, &json!({"state": {"reported": reported}}));
    }

    /// The thing of a device gets a certificate.
    pub fn attach(&self, device: &str, arn: &str) {
        self.0.lock().unwrap().principals.entry(device.to_owned()).or_default().push(arn.to_owned());
    }

    /// The ids of the commands that the device's shadow came to ask for, in this order.
    pub fn commands(&self, device: &str) -> Vec<String> {
        let kept = self.0.lock().unwrap();
        kept.commands.iter().filter(|(of, _)| of == device).map(|(_, id)| id.clone()).collect()
    }

    /// The shadow is deleted with its thing.
    pub fn forget(&self, device: &str) {
        self.0.lock().unwrap().shadows.remove(device);
    }

    /// From now on every request is carried out and answered.
    pub fn calm(&self) {
        self.0.lock().unwrap().fates.clear();
    }

    /// What was late arrives now.
    pub fn let_in(&self) {
        let mut kept = self.0.lock().unwrap();
        for (operation, name, body) in std::mem::take(&mut kept.late) {
            kept.carry_out(&operation, &name, &body);
        }
    }

    /// The operations asked for since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}

impl Kept {
    fn fate(&mut self, operation: &str) -> Fate {
        let place = self.fates.iter().position(|(meant, _)| *meant == operation);
        place.and_then(|place| self.fates.remove(place)).map_or(Fate::Fine, |(_, fate)| fate)
    }

    /// Status and body of the answer, as the API reference has them.
    fn carry_out(&mut self, operation: &str, name: &str, body: &[u8]) -> (u16, Value) {
        match operation {
            "Publish" => {
                let message: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(body).unwrap() };
                self.published.push((name.to_owned(), message.clone()));
                if body.is_empty() {
                    self.retained.remove(name);
                } else {
                    self.retained.insert(name.to_owned(), message);
                }
                (200, json!({"message": "OK"}))
            }
            "GetThingShadow" => match self.shadows.get(name) {
                Some(shadow) => (200, shadow.clone()),
                None => (404, json!({"message": "No shadow exists"})),
            },
            "UpdateThingShadow" => self.update(name, &serde_json::from_slice(body).unwrap()),
            "DeleteThingShadow" => match self.shadows.remove(name) {
                Some(_) => (200, json!({})),
                None => (404, json!({"message": "No shadow exists"})),
            },
            "ListThingPrincipals" => match self.principals.get(name) {
                Some(principals) => (200, json!({"principals": principals})),
                None => (404, json!({"message": "Thing not found"})),
            },
            // Certificates themselves are tested on the emulator.
            "DescribeCertificate" => (404, json!({"message": "Certificate not found"})),
            "DeleteThing" => (200, json!({})),
            other => panic!("nobody asks for {other}"),
        }
    }

    fn update(&mut self, name: &str, change: &Value) -> (u16, Value) {
        let shadow = self.shadows.entry(name.to_owned()).or_insert_with(|| json!({"state": {}, "version": 0}));
        if change["version"].as_u64().is_some_and(|version| Some(version) != shadow["version"].as_u64()) {
            return (409, json!({"message": "Version conflict"}));
        }
        merge(&mut shadow["state"], &change["state"]);
        assert!(shadow["state"].to_string().len() <= 8 * 1024, "the shadow is larger than AWS allows");
        shadow["version"] = (shadow["version"].as_u64().unwrap() + 1).into();
        if let Some(id) = change.pointer("/state/desired/command/id").and_then(Value::as_str) {
            self.commands.push((name.to_owned(), id.to_owned()));
        }
        (200, shadow.clone())
    }
}

fn merge(document: &mut Value, change: &Value) {
    let Some(change) = change.as_object() else {
        *document = change.clone();
        return;
    };
    if !document.is_object() {
        *document = json!({});
    }
    for (name, value) in change {
        if value.is_null() {
            document.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut document[name], value);
        }
    }
}

struct Http {
    cloud: Cloud,
    before: Before,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Http")
    }
}

impl HttpClient for Http {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Http { cloud: self.cloud.clone(), before: Arc::clone(&self.before) })
    }
}

impl HttpConnector for Http {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (cloud, before) = (self.cloud.clone(), Arc::clone(&self.before));
        HttpConnectorFuture::new(async move {
            let (operation, name) = meant(&request);
            before(&operation).await;
            cloud.answer(&operation, &name, request.body().bytes().unwrap_or_default()).await
        })
    }
}

impl Cloud {
    async fn answer(&self, operation: &str, name: &str, body: &[u8]) -> Answer {
        // Whoever asks may be killed before the request arrives, and before its answer does.
        tokio::task::yield_now().await;
        let answer = self.answer_now(operation, name, body);
        tokio::task::yield_now().await;
        answer
    }

    fn answer_now(&self, operation: &str, name: &str, body: &[u8]) -> Answer {
        let fate = {
            let mut kept = self.0.lock().unwrap();
            kept.asked.push(operation.to_owned());
            kept.fate(operation)
        };
        if fate == Fate::AfterAReport {
            self.report(name, &json!({"uptime": 1}));
        }
        let carry_out = || self.0.lock().unwrap().carry_out(operation, name, body);
        match fate {
            Fate::Fine | Fate::AfterAReport => {
                let (status, body) = carry_out();
                answer(status, &body)
            }
            Fate::Refused(status) => answer(status, &json!({"message": "refused"})),
            Fate::Misreported => {
                carry_out();
                answer(500, &json!({"message": "internal failure"}))
            }
            Fate::Unanswered => {
                carry_out();
                Err(ConnectorError::timeout("no answer came".into()))
            }
            Fate::Lost => Err(ConnectorError::timeout("no answer came".into())),
            Fate::Late => {
                self.0.lock().unwrap().late.push((operation.to_owned(), name.to_owned(), body.to_vec()));
                Err(ConnectorError::timeout("no answer came".into()))
            }
        }
    }
}

/// The operation that a request is for, and the topic or thing it names.
fn meant(request: &HttpRequest) -> (String, String) {
    let uri = request.uri();
    let path = uri.split("amazonaws.com").nth(1).unwrap_or(uri);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<_> = path.split('/').skip(1).collect();
    match (request.method(), parts.as_slice()) {
        ("POST", ["topics", topic]) => {
            assert!(
                query.contains("qos=1") && (query.contains("retain=true") || topic.ends_with("rejected")),
                "not kept for a sleeping device: {query}"
            );
            ("Publish".to_owned(), topic.replace("%2F", "/"))
        }
        ("GET", ["things", thing, "principals"]) => ("ListThingPrincipals".to_owned(), (*thing).to_owned()),
        ("GET", ["certificates", id]) => ("DescribeCertificate".to_owned(), (*id).to_owned()),
        ("DELETE", ["things", thing]) => ("DeleteThing".to_owned(), (*thing).to_owned()),
        ("GET", ["things", thing, "shadow"]) => ("GetThingShadow".to_owned(), (*thing).to_owned()),
        ("POST", ["things", thing, "shadow"]) => ("UpdateThingShadow".to_owned(), (*thing).to_owned()),
        ("DELETE", ["things", thing, "shadow"]) => ("DeleteThingShadow".to_owned(), (*thing).to_owned()),
        other => panic!("nobody asks for {other:?}"),
    }
}

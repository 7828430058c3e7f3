//! CloudWatch and SQS, as far as the function needs them, with all faults of requests. The answers of the real services are tested on the
//! emulator, in `tests/local/health`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use serde_json::{Value, json};
use weir_aws::alarms::Alarms;
use weir_aws::queues::Queues;
use weir_tests::wire::{Answer, Service, answer};

/// What happens to requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// They are refused with this status.
    Refused(u16),
    /// They are lost on the way.
    Lost,
    /// They wait for an answer for good.
    Waits,
}

#[derive(Debug)]
struct Kept {
    alarms: Vec<Value>,
    /// Alarms of a page.
    page: usize,
    /// What waits in a queue and what is in flight, by the last word of its URL.
    queues: BTreeMap<String, (u64, u64)>,
    /// By operation, or by operation and queue.
    fates: BTreeMap<String, Fate>,
    asked: Vec<(String, Value)>,
}

/// The cloud.
#[derive(Debug, Clone)]
pub struct Cloud(Arc<Mutex<Kept>>);

fn credentials() -> Credentials {
    Credentials::new("AKIDTEST", "test", None, None, "test")
}

impl Cloud {
    /// With these alarms and queues.
    pub fn new(alarms: Vec<Value>, queues: &[(&str, u64, u64)]) -> Self {
        let queues = queues.iter().map(|(name, waiting, taken)| ((*name).to_owned(), (*waiting, *taken))).collect();
        Self(Arc::new(Mutex::new(Kept { alarms, page: 100, queues, fates: BTreeMap::new(), asked: Vec::new() })))
    }

    /// What its clients ask.
    fn service(&self) -> Service {
        let cloud = self.clone();
        Service::new(move |request| cloud.answer(request))
    }

    /// The alarms in it.
    pub fn alarms(&self, prefix: &str) -> Alarms {
        let endpoint = "https://monitoring.eu-central-1.amazonaws.com";
        let credentials = SharedCredentialsProvider::new(credentials());
        Alarms::new(prefix.to_owned(), "eu-central-1".to_owned(), endpoint, credentials, self.service().connector())
    }

    /// The queues in it.
    pub fn queues(&self) -> Queues {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(credentials())
            .http_client(self.service().client())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled());
        Queues::new(aws_sdk_sqs::Client::from_conf(config.build()))
    }

    /// From now on requests for this operation, or for this operation of one queue (`GetQueueAttributes ingest`), meet this fate.
    pub fn fate(&self, operation: &str, fate: Option<Fate>) {
        let mut kept = self.0.lock().unwrap();
        match fate {
            Some(fate) => kept.fates.insert(operation.to_owned(), fate),
            None => kept.fates.remove(operation),
        };
    }

    /// Pages of alarms are so long.
    pub fn pages_of(&self, alarms: usize) {
        self.0.lock().unwrap().page = alarms;
    }

    /// The operations asked for since the last time, with their bodies.
    pub fn asked(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    /// The answer, unless there is never one.
    fn answer(&self, request: &HttpRequest) -> Option<Answer> {
        let headers = request.headers();
        let signed = headers.get("authorization").is_some_and(|signature| signature.starts_with("AWS4-HMAC-SHA256 "));
        let target = headers.get("x-amz-target").unwrap();
        let body: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        assert!(signed, "{target} is not signed");
        let operation = target.rsplit('.').next().unwrap();
        let queue = body["QueueUrl"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
        let mut kept = self.0.lock().unwrap();
        kept.asked.push((operation.to_owned(), body.clone()));
        let of_queue = kept.fates.get(&format!("{operation} {queue}")).copied();
        match of_queue.or_else(|| kept.fates.get(operation).copied()) {
            Some(Fate::Waits) => None,
            Some(Fate::Lost) => Some(Err(ConnectorError::timeout("no answer came".into()))),
            Some(Fate::Refused(status)) => {
                Some(answer(status, &json!({"__type": "AccessDenied", "message": "refused"})))
            }
            None => Some(match operation {
                "DescribeAlarms" => kept.described(&body),
                "GetQueueAttributes" => kept.counted(&queue),
                other => panic!("nobody asks for {other}"),
            }),
        }
    }
}

impl Kept {
    fn described(&self, body: &Value) -> Answer {
        let prefix = body["AlarmNamePrefix"].as_str().unwrap();
        let named = |alarm: &&Value| alarm["AlarmName"].as_str().unwrap().starts_with(prefix);
        let all: Vec<&Value> = self.alarms.iter().filter(named).collect();
        let start = body["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let end = all.len().min(start + self.page);
        let mut page = json!({"MetricAlarms": all[start..end], "CompositeAlarms": []});
        if end < all.len() {
            page["NextToken"] = end.to_string().into();
        }
        answer(200, &page)
    }

    fn counted(&self, queue: &str) -> Answer {
        let Some((waiting, taken)) = self.queues.get(queue) else {
            return answer(400, &json!({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no such queue"}));
        };
        let attributes = json!({"ApproximateNumberOfMessages": waiting.to_string(),
            "ApproximateNumberOfMessagesNotVisible": taken.to_string()});
        answer(200, &json!({"Attributes": attributes}))
    }
}

//! AWS IoT's groups and jobs and S3's files, as far as the function needs them, with all faults of requests. How the real services handle a
//! job is tested on the emulator, in `tests/local/job`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_iot::config::retry::RetryConfig;
use aws_sdk_iot::config::timeout::TimeoutConfig;
use aws_sdk_iot::config::{BehaviorVersion, Credentials, Region};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use weir_aws::bucket::Bucket;
use weir_aws::iot_jobs::IotJobs;
use weir_tests::wire::{Answer, Service, answer};

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is refused with this status.
    Refused(u16),
    /// It is refused as one that cannot be carried out.
    Invalid,
    /// It is lost on the way, and no answer comes.
    Lost,
    /// It is carried out, and no answer comes.
    Unanswered,
    /// It waits for an answer for good.
    Waits,
}

#[derive(Debug, Default)]
struct Kept {
    fates: VecDeque<(&'static str, Fate)>,
    things: BTreeSet<String>,
    groups: BTreeMap<String, BTreeSet<String>>,
    jobs: BTreeMap<String, Value>,
    /// Sizes and checksums by key.
    files: BTreeMap<String, (u64, String)>,
    asked: Vec<&'static str>,
}

/// The cloud.
#[derive(Debug, Clone, Default)]
pub struct Cloud(Arc<Mutex<Kept>>);

fn credentials() -> Credentials {
    Credentials::new("AKIDTEST", "test", None, None, "test")
}

impl Cloud {
    /// What its clients ask.
    fn service(&self) -> Service {
        let cloud = self.clone();
        Service::new(move |request| cloud.answer(request))
    }

    /// AWS IoT Jobs in it.
    pub fn iot(&self) -> IotJobs {
        let config = aws_sdk_iot::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(credentials())
            .http_client(self.service().client())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled());
        let role = "arn:aws:iam::123456789012:role/weir-test-download";
        IotJobs::new(aws_sdk_iot::Client::from_conf(config.build()), "weir-test", role)
    }

    /// The bucket in it.
    pub fn bucket(&self) -> Bucket {
        let (name, region) = ("weir-test-firmware".to_owned(), "eu-central-1".to_owned());
        let endpoint = "https://s3.eu-central-1.amazonaws.com".to_owned();
        let credentials = SharedCredentialsProvider::new(credentials());
        Bucket::new(name, region, endpoint, credentials, self.service().connector())
    }

    /// A thing of this name.
    pub fn thing(&self, name: &str) {
        self.0.lock().unwrap().things.insert(name.to_owned());
    }

    /// A file under this key of the bucket.
    pub fn upload(&self, key: &str, size: u64, sha256: &str) {
        self.0.lock().unwrap().files.insert(key.to_owned(), (size, sha256.to_owned()));
    }

    /// The next request for this operation meets this fate.
    pub fn next(&self, operation: &'static str, fate: Fate) {
        self.0.lock().unwrap().fates.push_back((operation, fate));
    }

    /// The job as it was made, with its `status`.
    pub fn job(&self, id: &str) -> Option<Value> {
        self.0.lock().unwrap().jobs.get(id).cloned()
    }

    /// How many jobs there are.
    pub fn jobs(&self) -> usize {
        self.0.lock().unwrap().jobs.len()
    }

    /// Something becomes of the job.
    pub fn becomes(&self, id: &str, change: &Value) {
        let mut kept = self.0.lock().unwrap();
        let job = kept.jobs.get_mut(id).unwrap();
        for (name, value) in change.as_object().unwrap() {
            job[name] = value.clone();
        }
    }

    /// The groups with their things.
    pub fn groups(&self) -> BTreeMap<String, BTreeSet<String>> {
        self.0.lock().unwrap().groups.clone()
    }

    /// The operations asked for since the last time.
    pub fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    /// The answer, unless there is never one.
    fn answer(&self, request: &HttpRequest) -> Option<Answer> {
        let uri = request.uri().split("amazonaws.com").nth(1).unwrap().to_owned();
        let (path, _) = uri.split_once('?').unwrap_or((&uri, ""));
        let parts: Vec<_> = path.split('/').skip(1).collect();
        let body = request.body().bytes().unwrap_or_default();
        let body: Value = if body.is_empty() { Value::Null } else { serde_json::from_slice(body).unwrap() };
        let mut kept = self.0.lock().unwrap();
        let operation = match (request.method(), parts.as_slice()) {
            ("HEAD", _) => "HeadObject",
            ("POST", ["thing-groups", _]) => "CreateThingGroup",
            ("GET", ["thing-groups", _]) => "DescribeThingGroup",
            ("DELETE", ["thing-groups", _]) => "DeleteThingGroup",
            ("PUT", ["thing-groups", "addThingToThingGroup"]) => "AddThingToThingGroup",
            ("PUT", ["jobs", _]) => "CreateJob",
            ("PUT", ["jobs", _, "cancel"]) => "CancelJob",
            ("GET", ["jobs", _]) => "DescribeJob",
            ("GET", ["jobs", _, "things"]) => "ListJobExecutionsForJob",
            other => panic!("nobody asks for {other:?}"),
        };
        kept.asked.push(operation);
        let place = kept.fates.iter().position(|(meant, _)| *meant == operation);
        let fate = place.and_then(|place| kept.fates.remove(place)).map(|(_, fate)| fate);
        match fate {
            Some(Fate::Waits) => return None,
            Some(Fate::Refused(status)) => return Some(answer(status, &json!({"message": "refused"}))),
            Some(Fate::Invalid) => {
                return Some(answer(400, &json!({"__type": "InvalidRequestException", "message": "too many groups"})));
            }
            Some(Fate::Lost) => return Some(Err(ConnectorError::timeout("no answer came".into()))),
            _ => {}
        }
        let answered = kept.carry_out(operation, &parts, &body);
        let lost = fate == Some(Fate::Unanswered);
        Some(if lost { Err(ConnectorError::timeout("no answer came".into())) } else { answered })
    }
}

impl Kept {
    fn carry_out(&mut self, operation: &str, parts: &[&str], body: &Value) -> Answer {
        let name = parts.get(1).copied().unwrap_or_default();
        let missing = || answer(404, &json!({"__type": "ResourceNotFoundException", "message": "not found"}));
        match operation {
            "HeadObject" => {
                let key = parts[1..].join("/");
                let Some((size, sha256)) = self.files.get(&key) else { return empty(404, &[]) };
                empty(200, &[("content-length", &size.to_string()), ("x-amz-checksum-sha256", sha256)])
            }
            "CreateThingGroup" if self.groups.contains_key(name) => {
                answer(409, &json!({"__type": "ResourceAlreadyExistsException", "message": "exists"}))
            }
            "CreateThingGroup" | "DescribeThingGroup" => {
                if operation == "CreateThingGroup" {
                    self.groups.insert(name.to_owned(), BTreeSet::new());
                }
                answer(200, &json!({"thingGroupName": name, "thingGroupArn": arn("thinggroup", name)}))
            }
            "DeleteThingGroup" => {
                self.groups.remove(name);
                answer(200, &json!({}))
            }
            "AddThingToThingGroup" => {
                let text = |name: &str| body[name].as_str().unwrap().to_owned();
                let (group, thing) = (text("thingGroupName"), text("thingName"));
                let known = self.things.contains(&thing);
                match self.groups.get_mut(&group) {
                    Some(things) if known => {
                        things.insert(thing);
                        answer(200, &json!({}))
                    }
                    _ => missing(),
                }
            }
            "CreateJob" if self.jobs.contains_key(name) => {
                answer(409, &json!({"__type": "ResourceAlreadyExistsException", "message": "exists"}))
            }
            "CreateJob" => {
                let target = body["targets"][0].as_str().unwrap().rsplit('/').next().unwrap();
                let Some(things) = self.groups.get(target) else { return missing() };
                let mut job = body.clone();
                job["jobId"] = name.into();
                job["status"] = "IN_PROGRESS".into();
                job["things"] = json!(things);
                self.jobs.insert(name.to_owned(), job);
                answer(200, &json!({"jobId": name}))
            }
            "CancelJob" => match self.jobs.get_mut(name) {
                None => missing(),
                Some(job) if job["status"] != "IN_PROGRESS" => {
                    answer(400, &json!({"__type": "InvalidRequestException", "message": "it has ended"}))
                }
                Some(job) => {
                    job["status"] = "CANCELED".into();
                    answer(200, &json!({"jobId": name}))
                }
            },
            "DescribeJob" => match self.jobs.get(name) {
                None => missing(),
                Some(job) => {
                    let things = job["things"].as_array().unwrap().len();
                    let mut shown = json!({"jobId": name, "status": job["status"],
                        "jobProcessDetails": {"numberOfQueuedThings": things}});
                    for member in ["reasonCode", "comment", "jobProcessDetails"] {
                        if !job[member].is_null() {
                            shown[member] = job[member].clone();
                        }
                    }
                    answer(200, &json!({"job": shown}))
                }
            },
            "ListJobExecutionsForJob" => match self.jobs.get(name) {
                None => missing(),
                Some(job) => {
                    let things = job["things"].as_array().unwrap().iter();
                    let summaries = things.map(|thing| {
                        json!({"thingArn": arn("thing", thing.as_str().unwrap()),
                            "jobExecutionSummary": {"status": "QUEUED", "queuedAt": 1_795_155_884, "executionNumber": 1}})
                    });
                    answer(200, &json!({"executionSummaries": summaries.collect::<Vec<_>>()}))
                }
            },
            other => panic!("nobody asks for {other}"),
        }
    }
}

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:iot:eu-central-1:123456789012:{kind}/{name}")
}

fn empty(status: u16, headers: &[(&'static str, &str)]) -> Answer {
    let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
    for (name, value) in headers {
        response.headers_mut().insert(*name, (*value).to_owned());
    }
    Ok(response)
}

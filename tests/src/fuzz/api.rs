//! The functions behind the API, and the requests of the recorded events, whose queries and bodies a fuzzer changes.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use weir_runtime::Function as _;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_iotdataplane::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_iotdataplane::{Client, Config};
use aws_smithy_http_client::Builder;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use certificate::Certificate;
use cognito_add_update_delete_user::{ChangeUser, Lock, Mfa};
use cognito_get_role::GetRole;
use cognito_get_users_info::UsersInfo;
use command::Command;
use device::Device;
use event::Events;
use health::Health;
use job::Job;
use provision::Provision;
use quarantine::Quarantine;
use reading::Reading;
use recalculation::Recalculation;
use serde_json::{Value, json};
use subscription::SubscriptionApi;
use user::User;
use weir_aws::CalibrationTable;
use weir_aws::alarms::Alarms;
use weir_aws::bucket::Bucket;
use weir_aws::certificates::Certificates;
use weir_aws::command::CommandTable;
use weir_aws::device::DeviceTable;
use weir_aws::event::EventTable;
use weir_aws::iot::Iot;
use weir_aws::iot_jobs::IotJobs;
use weir_aws::job::JobTable;
use weir_aws::level::LevelTable;
use weir_aws::live::LiveTable;
use weir_aws::notice::NoticeTable;
use weir_aws::problem::ProblemTable;
use weir_aws::profile::ProfileTable;
use weir_aws::quarantine::QuarantineTable;
use weir_aws::queues::Queues;
use weir_aws::recalculation::RecalculationTable;
use weir_aws::serial::SerialTable;
use weir_aws::subscription::SubscriptionTable;
use weir_aws::table_sizes::TableSizes;
use weir_aws::time_series::{History, ReadingTable, TimeSeries};
use weir_aws::waiting::WaitingCounts;
use weir_core::wire::system::SwitchesJson;

use crate::engine::Engine;
use crate::events::{event, names};
use crate::functions::Functions;
use crate::lambda::Lambda;
use crate::pool::{Recorded, person};
use crate::wire::{Answer, Request, Wire, answer, through};

/// The names of the functions behind the API.
pub const FUNCTIONS: [&str; 16] = [
    "certificate",
    "command",
    "device",
    "job",
    "event",
    "reading",
    "recalculation",
    "flow",
    "health",
    "provision",
    "quarantine",
    "subscription",
    "user",
    "cognito-get-users-info",
    "cognito-get-role",
    "cognito-add-update-delete-user",
];

/// A function, and a request to it in the format of API Gateway.
pub type Route = (&'static str, Value);

/// One recorded request for each function, method and path, by an administrator if there is one.
pub static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let mut routes: BTreeMap<(&str, String, String), Value> = BTreeMap::new();
    for (function, event) in requests() {
        let Some((method, path)) = asks(&event) else { continue };
        let kept = routes.entry((function, method.to_owned(), path.to_owned())).or_insert_with(|| event.clone());
        if !is_admins(kept) && is_admins(&event) {
            *kept = event;
        }
    }
    routes.into_iter().map(|((function, ..), event)| (function, event)).collect()
});

/// Every recorded request with its function.
pub fn requests() -> impl Iterator<Item = Route> {
    FUNCTIONS
        .into_iter()
        .flat_map(|function| names(function).into_iter().map(move |name| (function, event(function, &name))))
}

/// Method and path; `None` if it is not a request.
pub fn asks(event: &Value) -> Option<(&str, &str)> {
    Some((event["requestContext"]["http"]["method"].as_str()?, event["rawPath"].as_str()?))
}

fn is_admins(event: &Value) -> bool {
    let groups = &event["requestContext"]["authorizer"]["jwt"]["claims"]["cognito:groups"];
    groups.as_str().is_some_and(|groups| groups.contains("admin"))
}

/// The functions with one engine. AWS IoT accepts everything, and the user pool is recorded.
pub struct Api {
    functions: Arc<Functions>,
    certificate: Certificate,
    provision: Provision,
    command: Command,
    device: Device,
    job: Job,
    reading: Reading,
    recalculation: Recalculation,
    quarantine: Quarantine,
    subscription: SubscriptionApi,
    user: User,
    event: Events,
    health: Health,
    info: UsersInfo,
    role: GetRole,
    change: ChangeUser,
}

impl Api {
    /// With this engine, and the clock of these functions.
    pub fn new(engine: &Engine, functions: Arc<Functions>) -> Self {
        engine.put("devices", &json!({"id": "dispenser-123", "enabled": true, "sensors": []}));
        let (client, clock) = (|| engine.client(), functions.clock.clone());
        let devices = || DeviceTable::new(client(), engine.name("devices"));
        let calibrations = || CalibrationTable::new(client(), engine.name("calibrations"));
        let levels = || LevelTable::new(client(), engine.name("levels"));
        let readings = || ReadingTable::new(client(), engine.name("readings"), engine.name("rollups"), 0);
        let profiles = || ProfileTable::new(client(), engine.name("users"));
        let pool = Recorded::of(vec![person(1, "ann", &["admin", "user"], ""), person(2, "bob", &["user"], "buoy-01")]);
        let lambda = Lambda::over(functions.clone());
        let events = || EventTable::new(client(), engine.name("events"), 400);
        let names = quarantine::Functions {
            calibration: "calibration".into(),
            organizer: "organizer".into(),
            twin: "twin".into(),
        };
        let certificate = || {
            Certificate::new(certificate::Parts {
                devices: devices(),
                events: events(),
                iot: Iot::new(iot()),
                certificates: Certificates::new(control()),
                policy: "weir-dev-device".into(),
                renew_days: 30,
                most_days: 365,
                clock: clock.clone(),
            })
        };
        Self {
            command: Command::new(command::Parts {
                commands: CommandTable::new(client(), engine.name("commands")),
                devices: devices(),
                events: EventTable::new(client(), engine.name("events"), 400),
                iot: Iot::new(iot()),
                clock: clock.clone(),
            }),
            certificate: certificate(),
            provision: Provision::new(provision::Parts {
                serials: SerialTable::new(client(), engine.name("serials")),
                devices: devices(),
                events: events(),
                clock: clock.clone(),
            }),
            device: Device::new(device::Parts {
                devices: devices(),
                calibrations: calibrations(),
                problems: ProblemTable::new(client(), engine.name("problems"), levels()),
                events: events(),
                delivery: device::Delivery::new(
                    devices(),
                    Iot::new(iot()),
                    crate::lambda::certificate(certificate()),
                    clock.clone(),
                ),
                clock: clock.clone(),
            }),
            job: Job::new(job::Parts {
                jobs: JobTable::new(client(), engine.name("jobs")),
                devices: devices(),
                events: events(),
                bucket: bucket(),
                iot: IotJobs::new(control(), "weir-fuzz", "arn:aws:iam::123456789012:role/weir-fuzz"),
                clock: clock.clone(),
            }),
            reading: Reading::new(reading::Parts {
                devices: devices(),
                history: Arc::new(History::DynamoDb(readings())),
                clock: clock.clone(),
            }),
            recalculation: Recalculation::new(recalculation::Parts {
                devices: devices(),
                calibrations: calibrations(),
                jobs: RecalculationTable::new(client(), engine.name("recalculations")),
                events: events(),
                history: Arc::new(History::DynamoDb(readings())),
                store: Arc::new(TimeSeries::DynamoDb(readings())),
                cache_seconds: 60,
                slice: 10,
                clock: clock.clone(),
            }),
            quarantine: Quarantine::new(quarantine::Parts {
                quarantine: QuarantineTable::new(client(), engine.name("quarantine"), 30),
                events: events(),
                invoker: lambda.invoker(),
                functions: names,
                clock: clock.clone(),
            }),
            subscription: SubscriptionApi::new(subscription::Parts {
                subscriptions: SubscriptionTable::new(client(), engine.name("subscriptions")),
                notices: NoticeTable::new(client(), engine.name("notices")),
                events: events(),
                invoker: lambda.invoker(),
                notify: "notify".to_owned(),
                email: true,
                loopback: true,
                clock: clock.clone(),
            }),
            user: User::new(user::Parts { profiles: profiles(), events: events(), clock: clock.clone() }),
            event: Events::new(event::Parts { events: events() }),
            health: Health::new(health::Parts {
                alarms: alarms(),
                queues: queues(),
                sizes: TableSizes::new(client()),
                waiting: WaitingCounts::new(
                    client(),
                    ["devices", "recalculations", "jobs"].map(|noun| engine.name(noun)),
                ),
                stack: health::Stack {
                    project: "weir".into(),
                    environment: "fuzz".into(),
                    time_series_store: "dynamodb".into(),
                    switches: SwitchesJson {
                        email: true,
                        alarm_email: false,
                        device_defender: false,
                        backup: false,
                        tracing: false,
                        mfa_required: false,
                        registered_levels_only: false,
                    },
                    queues: vec!["http://127.0.0.1:9/weir-fuzz-ingest".into()],
                    tables: vec![engine.name("devices")],
                    waiting: ["devices", "recalculations", "jobs"].map(|noun| engine.name(noun)),
                },
                alarm_prefix: "weir-fuzz-".into(),
                region: "eu-central-1".into(),
                function_version: "1".into(),
                clock: clock.clone(),
            }),
            info: UsersInfo::new(pool.pool()),
            role: GetRole::new(pool.pool()),
            change: ChangeUser::new(cognito_add_update_delete_user::Parts {
                pool: pool.pool(),
                profiles: profiles(),
                events: events(),
                devices: devices(),
                live: LiveTable::new(client(), engine.name("live")),
                lock: Lock::new(profiles(), clock.clone()),
                clock: clock.clone(),
                mfa: Mfa::Optional,
            }),
            functions,
        }
    }

    /// Invokes the function with the recorded request, changed to another query and body.
    ///
    /// # Panics
    /// When the function panics, or returns an error.
    pub async fn ask(&self, (function, recorded): &Route, query: &str, body: &[u8]) -> Value {
        let mut event = recorded.clone();
        event["rawQueryString"] = json!(query);
        (event["isBase64Encoded"], event["body"]) = (json!(true), json!(STANDARD.encode(body)));
        match *function {
            "certificate" => self.certificate.answer(event).await.expect("an answer"),
            "provision" => self.provision.answer(event).await.expect("an answer"),
            "command" => self.command.answer(event).await.expect("an answer"),
            "device" => self.device.answer(event).await.expect("an answer"),
            "job" => self.job.answer(event).await.expect("an answer"),
            "reading" => self.reading.answer(event).await.expect("an answer"),
            "recalculation" => self.recalculation.answer(event).await.expect("an answer"),
            "flow" => self.functions.flow.answer(event).await.expect("an answer"),
            "quarantine" => self.quarantine.answer(event).await.expect("an answer"),
            "health" => self.health.answer(event).await.expect("an answer"),
            "event" => self.event.answer(event).await.expect("an answer"),
            "subscription" => self.subscription.answer(event).await.expect("an answer"),
            "user" => self.user.answer(event).await.expect("an answer"),
            "cognito-get-users-info" => self.info.answer(event).await.expect("an answer"),
            "cognito-get-role" => self.role.answer(event).await.expect("an answer"),
            "cognito-add-update-delete-user" => self.change.answer(event).await.expect("an answer"),
            other => panic!("{other} is not behind the API"),
        }
    }
}

/// An AWS service that accepts everything.
#[derive(Debug)]
struct Agrees;

impl Wire for Agrees {
    fn carry(self: Arc<Self>, _: Request) -> futures_util::future::BoxFuture<'static, Answer> {
        Box::pin(async { answer(200, &json!({})) })
    }
}

fn credentials() -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new("AKIDTEST", "test", None, None, "test"))
}

/// A CloudWatch that answers every request with 404.
fn alarms() -> Alarms {
    let (prefix, region) = ("weir-fuzz-".to_owned(), "eu-central-1".to_owned());
    Alarms::new(prefix, region, "http://127.0.0.1:9", credentials(), SharedHttpConnector::new(Empty))
}

/// An SQS with empty answers.
fn queues() -> Queues {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(credentials())
        .endpoint_url("http://127.0.0.1:9")
        .http_client(through(Builder::new().build_http(), Arc::new(Agrees)));
    Queues::new(aws_sdk_sqs::Client::from_conf(config.build()))
}

/// A bucket without files.
fn bucket() -> Bucket {
    let (name, region) = ("weir-fuzz".to_owned(), "eu-central-1".to_owned());
    Bucket::new(name, region, "http://127.0.0.1:9".to_owned(), credentials(), SharedHttpConnector::new(Empty))
}

/// A service that answers every request with 404, like an S3 without files.
#[derive(Debug)]
struct Empty;

impl HttpConnector for Empty {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(answer(404, &Value::Null))
    }
}

/// A client of AWS IoT's control plane without any things.
fn control() -> aws_sdk_iot::Client {
    let config = aws_sdk_iot::Config::builder()
        .behavior_version(aws_sdk_iot::config::BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDTEST", "test", None, None, "test"))
        .endpoint_url("http://127.0.0.1:9")
        .http_client(through(Builder::new().build_http(), Arc::new(Agrees)));
    aws_sdk_iot::Client::from_conf(config.build())
}

fn iot() -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("AKIDTEST", "test", None, None, "test"))
        .endpoint_url("http://127.0.0.1:9")
        .http_client(through(Builder::new().build_http(), Arc::new(Agrees)));
    Client::from_conf(config.build())
}

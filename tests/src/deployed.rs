//! A deployed stack as the smoke tests ask it: in the local cloud, or in an account of AWS with the caller's credentials.
//!
//! Where it is, the environment says: `WEIR_STACK` is the name of a stack in AWS, in the region `AWS_REGION`. Without it, the tests
//! ask the local cloud that `WEIR_LOCAL` tells of, as all others do.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tooling::ask::{Aws, Page, Request, field};
use tooling::deploy::Settings;
use tooling::place::Place;

use crate::local::Local;
use crate::probe;
use crate::template::Template;

/// Everything that AWS is asked, and the action that whoever asks has to be allowed: what the role of the pipeline needs for these
/// tests and no more.
pub const ASKED: [(&str, &str, &str); 10] = [
    ("cloudformation", "describe_stacks", "cloudformation:DescribeStacks"),
    ("lambda", "invoke", "lambda:InvokeFunction"),
    ("lambda", "get_alias", "lambda:GetAlias"),
    ("lambda", "list_versions_by_function", "lambda:ListVersionsByFunction"),
    ("lambda", "list_event_source_mappings", "lambda:ListEventSourceMappings"),
    ("iot-data", "publish", "iot:Publish"),
    ("sqs", "send_message", "sqs:SendMessage"),
    ("dynamodb", "describe_table", "dynamodb:DescribeTable"),
    ("dynamodb", "describe_continuous_backups", "dynamodb:DescribeContinuousBackups"),
    ("dynamodb", "describe_time_to_live", "dynamodb:DescribeTimeToLive"),
];

/// How the outputs end that name functions, and those that name tables.
const FUNCTION: &str = "FunctionName";
const TABLE: &str = "TableName";

/// A deployed stack, and whom to ask about it.
#[derive(Debug)]
pub struct Deployed {
    aws: Aws,
    /// Its region.
    pub region: String,
    outputs: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
}

static DEPLOYED: OnceCell<Deployed> = OnceCell::const_new();

impl Deployed {
    /// The stack that the environment tells of.
    ///
    /// # Panics
    /// When it tells of none, or the stack does not answer.
    pub async fn find() -> &'static Self {
        DEPLOYED.get_or_init(Self::ask_for_it).await
    }

    async fn ask_for_it() -> Self {
        let place = Place::of_run("smoke").expect("a folder for the run");
        let (aws, region, name) = if let Ok(name) = std::env::var("WEIR_STACK") {
            let region = std::env::var("AWS_REGION").expect("AWS_REGION says where the stack of WEIR_STACK is");
            (Aws::of_the_caller(&place, &region), region, name)
        } else {
            let local = Local::running().stack;
            let name = Settings::read(&place, &[]).expect("samconfig.toml names the local stack").stack;
            (Aws::emulated(&place, &local.cloud()), local.region, name)
        };
        let mut deployed = Self { aws, region, outputs: BTreeMap::new(), parameters: BTreeMap::new() };
        let answer = deployed.ask("cloudformation", "describe_stacks", json!({ "StackName": name })).await;
        let pairs = |list: &str, key: &str, value: &str| -> BTreeMap<String, String> {
            let found = answer.pointer(&format!("/Stacks/0/{list}")).and_then(Value::as_array);
            let text = |pair: &Value, key: &str| field(pair, key).as_str().unwrap_or_default().to_owned();
            found.into_iter().flatten().map(|pair| (text(pair, key), text(pair, value))).collect()
        };
        deployed.outputs = pairs("Outputs", "OutputKey", "OutputValue");
        deployed.parameters = pairs("Parameters", "ParameterKey", "ParameterValue");
        deployed
    }

    /// The template that the stack was made of: that of the repository when these tests were built.
    pub fn template() -> Template {
        Template::parse(include_str!("../../template.yaml"))
    }

    /// Compares what the stack has with what the template says, in whatever order.
    ///
    /// # Panics
    /// When they differ.
    pub fn is_as_the_template_says(mut found: Vec<String>, expected: impl IntoIterator<Item = impl Into<String>>) {
        let mut expected: Vec<String> = expected.into_iter().map(Into::into).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "left the stack, right the template");
    }

    /// An output of the template.
    pub fn output(&self, key: &str) -> &str {
        self.outputs.get(key).unwrap_or_else(|| panic!("the stack has no output {key}"))
    }

    /// A parameter of the template, as the stack has it.
    pub fn parameter(&self, key: &str) -> &str {
        self.parameters.get(key).unwrap_or_else(|| panic!("the stack has no parameter {key}"))
    }

    /// The functions, as the template calls them without `Function`, each with its name in the cloud.
    pub fn functions(&self) -> Vec<(&str, &str)> {
        self.named(FUNCTION)
    }

    /// The tables, as the template calls them without `Table`, each with its name in the cloud.
    pub fn tables(&self) -> Vec<(&str, &str)> {
        self.named(TABLE)
    }

    fn named(&self, ending: &str) -> Vec<(&str, &str)> {
        let all = self.outputs.iter().filter_map(|(key, name)| Some((key.strip_suffix(ending)?, name.as_str())));
        let all: Vec<_> = all.collect();
        assert!(!all.is_empty(), "the stack has no output that ends in {ending}");
        all
    }

    /// Asks AWS, which must not refuse.
    pub async fn ask(&self, service: &str, operation: &str, parameters: Value) -> Value {
        self.ask_each(service, operation, &[parameters]).await.remove(0)
    }

    /// Asks AWS the same about many things.
    pub async fn ask_each(&self, service: &str, operation: &str, parameters: &[Value]) -> Vec<Value> {
        let known = ASKED.iter().any(|(of, what, _)| (*of, *what) == (service, operation));
        assert!(known, "{service} {operation} is not in ASKED, so nobody looks that the pipeline may ask it");
        self.aws.ask_each(service, operation, parameters).await.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Calls functions, each by its name in the cloud, by the alias that everything else calls it by.
    pub async fn call_each(&self, calls: &[(&str, String)]) -> Vec<Value> {
        let ask = |(function, event): &(&str, String)| json!({"FunctionName": function, "Qualifier": "live", "Payload": event});
        let asks: Vec<Value> = calls.iter().map(ask).collect();
        let answers = self.ask_each("lambda", "invoke", &asks).await;
        let answer = |((function, _), answer): (&(&str, String), Value)| {
            let payload = field(&answer, "Payload").as_str().unwrap_or_default();
            assert!(answer.get("FunctionError").is_none(), "{function} fails: {payload}");
            serde_json::from_str(payload).unwrap_or_else(|_| panic!("{function} answers no JSON: {payload}"))
        };
        calls.iter().zip(answers).map(answer).collect()
    }

    /// Asks the function `quarantine` as API Gateway asks it for an administrator; the status and the body.
    pub async fn quarantine(&self, method: &str, path: &str, query: &str) -> (u64, Value) {
        let (name, admin) = (probe::NOBODY, "[admin]");
        let claims = json!({"token_use": "id", "sub": name, "cognito:username": name, "cognito:groups": admin});
        let event = probe::request(method, path, query, Some(&claims)).to_string();
        let answer = self.call_each(&[(self.output("QuarantineFunctionName"), event)]).await.remove(0);
        let body = field(&answer, "body").as_str().unwrap_or_default();
        let status = field(&answer, "statusCode").as_u64().unwrap_or_else(|| panic!("{answer} has no status"));
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    /// Asks over HTTP.
    pub async fn fetch(&self, requests: &[Request]) -> Vec<Page> {
        self.aws.fetch(requests).await.unwrap_or_else(|error| panic!("{error:#}"))
    }
}

//! A deployed stack for the smoke tests: in the local cloud, or in an account of AWS with the caller's credentials.
//!
//! The environment selects it: `WEIR_STACK` is the name of a stack in AWS, in the region `AWS_REGION`. Without it, the tests use the local
//! cloud in `WEIR_LOCAL`, like all other tests.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tooling::ask::{Aws, Page, Request, field};
use tooling::deploy::Settings;
use tooling::place::Place;

use crate::local::Local;
use crate::probe;
use crate::template::Template;

/// All requests to AWS, with the action that each requires: exactly the rights that the role of the pipeline needs for these tests.
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

/// Suffixes of the outputs that name functions and tables.
const FUNCTION: &str = "FunctionName";
const TABLE: &str = "TableName";

/// A deployed stack, and access to it.
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
    /// The stack that the environment selects.
    ///
    /// # Panics
    /// When it selects none, or the stack does not answer.
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

    /// The template of the stack: that of the repository when these tests were built.
    pub fn template() -> Template {
        Template::parse(include_str!("../../template.yaml"))
    }

    /// Compares the stack with the template, in any order.
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

    /// The value of a parameter of the template in the stack.
    pub fn parameter(&self, key: &str) -> &str {
        self.parameters.get(key).unwrap_or_else(|| panic!("the stack has no parameter {key}"))
    }

    /// The functions: the name in the template without `Function`, and the name in the cloud.
    pub fn functions(&self) -> Vec<(&str, &str)> {
        self.named(FUNCTION)
    }

    /// The tables: the name in the template without `Table`, and the name in the cloud.
    pub fn tables(&self) -> Vec<(&str, &str)> {
        self.named(TABLE)
    }

    fn named(&self, ending: &str) -> Vec<(&str, &str)> {
        let all = self.outputs.iter().filter_map(|(key, name)| Some((key.strip_suffix(ending)?, name.as_str())));
        let all: Vec<_> = all.collect();
        assert!(!all.is_empty(), "the stack has no output that ends in {ending}");
        all
    }

    /// Sends a request to AWS, which must succeed.
    pub async fn ask(&self, service: &str, operation: &str, parameters: Value) -> Value {
        self.ask_each(service, operation, &[parameters]).await.remove(0)
    }

    /// Sends the same request to AWS with each of these parameters.
    pub async fn ask_each(&self, service: &str, operation: &str, parameters: &[Value]) -> Vec<Value> {
        let known = ASKED.iter().any(|(of, what, _)| (*of, *what) == (service, operation));
        assert!(known, "{service} {operation} is not in ASKED, so nobody looks that the pipeline may ask it");
        self.aws.ask_each(service, operation, parameters).await.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// Invokes functions by their names in the cloud, through the alias that all other callers use.
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

    /// Invokes the function `quarantine` like API Gateway, as an administrator; returns the status and the body.
    pub async fn quarantine(&self, method: &str, path: &str, query: &str) -> (u64, Value) {
        let (name, admin) = (probe::NOBODY, "[admin]");
        let claims = json!({"token_use": "id", "sub": name, "cognito:username": name, "cognito:groups": admin});
        let event = probe::request(method, path, query, Some(&claims)).to_string();
        let answer = self.call_each(&[(self.output("QuarantineFunctionName"), event)]).await.remove(0);
        let body = field(&answer, "body").as_str().unwrap_or_default();
        let status = field(&answer, "statusCode").as_u64().unwrap_or_else(|| panic!("{answer} has no status"));
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    /// Sends HTTP requests.
    pub async fn fetch(&self, requests: &[Request]) -> Vec<Page> {
        self.aws.fetch(requests).await.unwrap_or_else(|error| panic!("{error:#}"))
    }
}

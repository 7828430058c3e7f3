//! Calls to AWS through boto3 in the SAM CLI's Python environment: the same credentials, and no SDK to compile for each of ten services.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::cloud::{self, Cloud};
use crate::place::Place;
use crate::tools::Set;

/// AWS, or the local cloud in its place, with the caller's credentials.
#[derive(Debug, Clone)]
pub struct Aws {
    python: PathBuf,
    scripts: PathBuf,
    variables: Vec<(&'static str, String)>,
    /// Where the local cloud is, when it is one.
    endpoint: Option<String>,
    /// Settings of the caller that would override the variables.
    removed: &'static [&'static str],
}

/// An error of AWS: its code and its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For example `AccessDeniedException`.
    pub code: String,
    /// Its message.
    pub message: String,
}

/// A request over HTTP.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`, `POST` …
    pub method: String,
    /// The whole address.
    pub address: String,
    /// A bearer token, if any.
    pub token: Option<String>,
    /// Further headers.
    pub headers: BTreeMap<String, String>,
    /// The body, if any.
    pub body: Option<String>,
}

/// The answer to a request, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The status.
    pub status: u64,
    /// The body as text.
    pub body: String,
}

impl Aws {
    /// AWS as the caller's shell has it: credentials and profile of its environment.
    pub fn of_the_caller(place: &Place, region: &str) -> Self {
        let variables = vec![("AWS_REGION", region.to_owned()), ("AWS_DEFAULT_REGION", region.to_owned())];
        Self::new(place, variables, std::env::var("AWS_ENDPOINT_URL").ok(), &[])
    }

    /// The local cloud.
    pub fn emulated(place: &Place, cloud: &Cloud) -> Self {
        Self::new(place, cloud::environment(cloud), Some(cloud.endpoint().to_owned()), &cloud::FOREIGN)
    }

    fn new(
        place: &Place,
        variables: Vec<(&'static str, String)>,
        endpoint: Option<String>,
        removed: &'static [&'static str],
    ) -> Self {
        let scripts = place.root().join("crates/tooling/python");
        Self { python: Set::Sam.program(place, "python"), scripts, variables, endpoint, removed }
    }

    /// Whether this is the local cloud.
    pub fn is_emulated(&self) -> bool {
        self.endpoint.is_some()
    }

    /// A program that talks to the same cloud.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.envs(self.variables.iter().map(|(name, value)| (*name, value.as_str())));
        command.env_remove("PYTHONDONTWRITEBYTECODE");
        for name in self.removed {
            command.env_remove(name);
        }
        command
    }

    /// The answer, with refusals as errors.
    ///
    /// # Errors
    /// When AWS refuses or cannot be reached.
    pub async fn ask(&self, service: &str, operation: &str, parameters: &Value) -> Result<Value> {
        let mut answers = self.ask_each(service, operation, std::slice::from_ref(parameters)).await?;
        answers.pop().context("a question has an answer")
    }

    /// The answers to the same call for many parameters, one after the other, with refusals as errors.
    ///
    /// # Errors
    /// When AWS refuses one of them or cannot be reached.
    pub async fn ask_each(&self, service: &str, operation: &str, parameters: &[Value]) -> Result<Vec<Value>> {
        let what = |refusal: Refusal| anyhow!("{service} {operation}: {}: {}", refusal.code, refusal.message);
        let answers = self.questions(service, operation, parameters).await?;
        answers.into_iter().map(|answer| answer.map_err(what)).collect()
    }

    /// The answer, or the error of AWS.
    ///
    /// # Errors
    /// When the call could not be made at all.
    pub async fn try_ask(&self, service: &str, operation: &str, parameters: &Value) -> Result<Result<Value, Refusal>> {
        let mut answers = self.questions(service, operation, std::slice::from_ref(parameters)).await?;
        answers.pop().context("a question has an answer")
    }

    async fn questions(
        &self,
        service: &str,
        operation: &str,
        parameters: &[Value],
    ) -> Result<Vec<Result<Value, Refusal>>> {
        let question = |parameters| json!({"service": service, "operation": operation, "parameters": parameters});
        let questions = Value::from_iter(parameters.iter().map(question)).to_string();
        let answers = self.run("ask.py", &[&questions]).await;
        let answers = answers.with_context(|| format!("{service} {operation}"))?;
        let answers: Vec<_> = answers.as_array().into_iter().flatten().cloned().map(read).collect();
        ensure!(answers.len() == parameters.len(), "{service} {operation}: each question has one answer");
        Ok(answers)
    }

    /// Asks an API over HTTP, one request after the other.
    ///
    /// # Errors
    /// When nobody answers there.
    pub async fn fetch(&self, requests: &[Request]) -> Result<Vec<Page>> {
        let asked: Vec<Value> = requests
            .iter()
            .map(|Request { method, address, token, headers, body }| {
                json!({"method": method, "address": address, "token": token, "headers": headers, "body": body})
            })
            .collect();
        let mut words = vec![Value::from(asked).to_string()];
        words.extend(self.endpoint.clone());
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let answer = self.run("fetch.py", &words).await?;
        let page = |answer: &Value| {
            let status = field(answer, "status").as_u64()?;
            Some(Page { status, body: field(answer, "body").as_str()?.to_owned() })
        };
        let pages = answer.as_array().and_then(|answers| answers.iter().map(page).collect());
        pages.context("each answer has a status and a body")
    }

    /// What a script prints.
    async fn run(&self, script: &str, words: &[&str]) -> Result<Value> {
        let mut command = self.command(&self.python);
        command.arg(self.scripts.join(script)).args(words).stdin(Stdio::null());
        let output = command.kill_on_drop(true).output().await.context("cannot start Python")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        serde_json::from_slice(&output.stdout).context("the answer is not JSON")
    }
}

/// A member of an answer, `null` when it is not there.
pub fn field<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}

fn read(answer: Value) -> Result<Value, Refusal> {
    match answer.get("error") {
        None => Ok(answer),
        Some(error) => {
            let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            Err(Refusal { code: text("Code"), message: text("Message") })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_from_an_answer() {
        assert_eq!(read(json!({"Account": "1"})), Ok(json!({"Account": "1"})));
        let refused = read(json!({"error": {"Code": "AccessDenied", "Message": "no"}}));
        assert_eq!(refused, Err(Refusal { code: "AccessDenied".into(), message: "no".into() }));
    }
}

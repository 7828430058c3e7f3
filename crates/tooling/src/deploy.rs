//! What samconfig.toml says about an environment, and the deployment of the repository's template to the local cloud.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::ask::{Aws, field};
use crate::cloud::{self, Cloud};
use crate::place::Place;
use crate::process::run_logged;
use crate::progress::{Progress, Step};
use crate::tools::Set;

/// What samconfig.toml says about an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Region of the local cloud; empty for AWS, where the caller says it.
    pub region: String,
    /// Name of the stack.
    pub stack: String,
    /// Template parameters, `Name=value`.
    pub parameters: Vec<String>,
}

impl Settings {
    /// Reads the section `local`; `parameters` win over those it names.
    ///
    /// # Errors
    /// When the file or an entry is missing.
    pub fn read(place: &Place, parameters: &[String]) -> Result<Self> {
        let settings = Self::of(place, "local", parameters)?;
        anyhow::ensure!(
            !settings.region.is_empty(),
            "samconfig.toml, section local.deploy.parameters: region is missing"
        );
        Ok(settings)
    }

    /// Reads the section of an environment; `parameters` win over those it names.
    ///
    /// # Errors
    /// When the file or an entry is missing.
    pub fn of(place: &Place, environment: &str, parameters: &[String]) -> Result<Self> {
        let file = place.root().join("samconfig.toml");
        let text = std::fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        Self::parse(&text, environment, parameters)
            .with_context(|| format!("samconfig.toml, section {environment}.deploy.parameters"))
    }

    fn parse(text: &str, environment: &str, parameters: &[String]) -> Result<Self> {
        let config: toml::Table = toml::from_str(text)?;
        let local = [environment, "deploy", "parameters"]
            .iter()
            .try_fold(&config, |table, key| table.get(*key)?.as_table())
            .context("the section is missing")?;
        let entry = |key: &str| {
            local.get(key).and_then(toml::Value::as_str).map(str::to_owned).with_context(|| format!("{key} is missing"))
        };
        let written = match local.get("parameter_overrides") {
            Some(toml::Value::Array(all)) => all.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect(),
            Some(toml::Value::String(all)) => all.split_whitespace().map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        Ok(Self {
            region: entry("region").unwrap_or_default(),
            stack: entry("stack_name")?,
            parameters: merge(written, parameters),
        })
    }
}

/// The parameters of `base`, each replaced by the one of the same name in `over`.
fn merge(base: Vec<String>, over: &[String]) -> Vec<String> {
    let name = |parameter: &String| parameter.split('=').next().unwrap_or_default().to_owned();
    let mut all: Vec<String> = base.into_iter().filter(|old| !over.iter().any(|new| name(new) == name(old))).collect();
    all.extend(over.iter().cloned());
    all
}

/// The parameter that says which processor the functions were built for: this computer's.
pub fn architecture() -> String {
    format!("Architecture={}", if std::env::consts::ARCH == "aarch64" { "arm64" } else { "x86_64" })
}

/// How the template gets into the local cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a script that uploads the packages as they are and creates the stack: a few seconds.
    Direct,
    /// By `sam deploy`, as to AWS: half a minute, most of which is compressing packages.
    Sam,
}

/// Deploys the template; its outputs.
///
/// # Errors
/// When that fails, with the end of what was said.
pub async fn deploy(
    place: &Place,
    cloud: &Cloud,
    settings: &Settings,
    way: Way,
    progress: &Progress,
) -> Result<BTreeMap<String, String>> {
    let step = progress.step("deploy");
    let (made, by) = match way {
        Way::Direct => (direct(place, cloud, settings).await?, ""),
        Way::Sam => (with_sam(place, cloud, settings, &step).await?, " by sam deploy"),
    };
    switch_on_job_events(cloud).await?;
    step.done(&format!("stack {} of template.yaml, {} resources made{by}", settings.stack, made.resources));
    Ok(made.outputs)
}

/// Makes AWS IoT publish events of jobs: a setting of the account, for which CloudFormation has no resource. `cargo operate deploy`
/// does the same in AWS.
async fn switch_on_job_events(cloud: &Cloud) -> Result<()> {
    cloud.json("iot", "PATCH", "/event-configurations", &[], Some(&job_events())).await.map(drop)
}

/// The request that makes AWS IoT publish events of jobs. Other kinds of events are not changed.
pub fn job_events() -> Value {
    json!({"eventConfigurations": {"JOB": {"Enabled": true}, "JOB_EXECUTION": {"Enabled": true}}})
}

/// A deployed stack.
#[derive(Deserialize)]
struct Made {
    resources: usize,
    outputs: BTreeMap<String, String>,
}

async fn direct(place: &Place, cloud: &Cloud, settings: &Settings) -> Result<Made> {
    let mut command = Command::new(Set::Emulator.program(place, "python"));
    cloud::only(&mut command, cloud);
    command.current_dir(place.root()).args(["crates/tooling/python/deploy.py", "template.yaml", &settings.stack]);
    command.args(&settings.parameters).env_remove("PYTHONDONTWRITEBYTECODE");
    let mut last = String::new();
    run_logged("deploy.py", command, &place.run("deploy.log"), |line| last = line.to_owned()).await?;
    serde_json::from_str(&last).context("deploy.py says nothing about the stack")
}

async fn with_sam(place: &Place, cloud: &Cloud, settings: &Settings, step: &Step) -> Result<Made> {
    step.note("sam deploy --config-env local");
    let mut command = sam(place, cloud);
    command.args(["deploy", "--config-env", "local", "--parameter-overrides"]).args(&settings.parameters);
    let mut resources = 0;
    run_logged("sam deploy", command, &place.run("deploy.log"), |line| {
        // A table of events: status, type, logical id, reason.
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["CREATE_COMPLETE" | "UPDATE_COMPLETE", kind, name, ..] = words.as_slice() {
            resources += 1;
            step.note(&format!("{name} ({kind})"));
        }
    })
    .await?;
    let aws = Aws::emulated(place, cloud);
    let stack = aws.ask("cloudformation", "describe_stacks", &json!({ "StackName": settings.stack })).await?;
    let outputs = stack.pointer("/Stacks/0/Outputs").and_then(Value::as_array).context("the stack has no outputs")?;
    let text = |output: &Value, key: &str| field(output, key).as_str().map(str::to_owned);
    let outputs = outputs.iter().filter_map(|output| Some((text(output, "OutputKey")?, text(output, "OutputValue")?)));
    Ok(Made { resources, outputs: outputs.collect() })
}

/// The SAM CLI, talking to the local cloud and to nobody else.
pub fn sam(place: &Place, cloud: &Cloud) -> Command {
    let mut command = Command::new(Set::Sam.program(place, "sam"));
    cloud::only(&mut command, cloud);
    command.current_dir(place.root()).env("__SAM_CLI_APP_DIR", place.run("sam"));
    command.env_remove("PYTHONDONTWRITEBYTECODE");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_of_the_command_line_win_over_those_of_the_file() {
        let text = "[local.deploy.parameters]\nregion = 'eu-central-1'\nstack_name = 'weir-local'\nparameter_overrides = ['Environment=local', 'DeviceCacheSeconds=5']\n";
        let settings =
            Settings::parse(text, "local", &["DeviceCacheSeconds=1".to_owned(), "LogLevel=debug".to_owned()]).unwrap();
        assert_eq!(settings.parameters, ["Environment=local", "DeviceCacheSeconds=1", "LogLevel=debug"]);
        assert_eq!((settings.region.as_str(), settings.stack.as_str()), ("eu-central-1", "weir-local"));
    }

    #[test]
    fn a_missing_section_is_an_error() {
        assert!(
            Settings::parse("[dev.deploy.parameters]\n", "local", &[])
                .unwrap_err()
                .to_string()
                .contains("section is missing")
        );
    }
}

//! `cargo operate deploy` and `plan`: from a build to a running stack in an AWS account. The account is checked first, and the plan
//! is shown before anything changes.

pub mod plan;
pub mod preflight;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use console::style;
use serde_json::{Value, json};
use tooling::ask::{Aws, field};
use tooling::build;
use tooling::deploy::{Settings, job_events};
use tooling::place::Place;
use tooling::process::run_logged;
use tooling::progress::Progress;
use tooling::tools::{self, Set};

use plan::Plan;

/// Whether a plan may be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Yes, unless it would lose data.
    Given,
    /// Whoever runs the command is asked.
    Ask,
    /// No: only show it.
    Refused,
}

/// The options of `deploy` and `plan`.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The section of samconfig.toml: dev, stage, prod.
    pub environment: String,
    /// The account that is meant; the pre-flight fails in another one.
    #[arg(long)]
    pub account: String,
    /// The region that is meant.
    #[arg(long)]
    pub region: String,
    /// A resource that keeps data and may be removed or replaced all the same; can be given more than once.
    #[arg(long, value_name = "LOGICAL_ID")]
    pub replace: Vec<String>,
    /// Another value of a parameter of the template than samconfig.toml has; can be given more than once.
    #[arg(long, value_name = "NAME=VALUE")]
    pub parameter: Vec<String>,
}

/// The stack that `.github/bootstrap.yaml` makes. Where an account has more than one, the others are called so with a hyphen and the
/// environment behind.
const BOOTSTRAP: &str = "weir-bootstrap";

/// Checks the account, plans, and deploys what is in target/lambda as far as `consent` goes.
///
/// # Errors
/// When the pre-flight or the plan forbids it, or AWS fails.
pub async fn run(options: &Options, consent: Consent) -> Result<ExitCode> {
    let place = Place::of_run("deploy")?;
    let progress = Progress::new();
    tools::install(&place, &[Set::Sam], &progress).await?;
    let aws = Aws::of_the_caller(&place, &options.region);
    let settings = Settings::of(&place, &options.environment, &options.parameter)?;
    let step = progress.step("pre-flight");
    step.note("asking AWS");
    let found = preflight::look(&aws, options, &settings).await?;
    step.done(&format!("account {}, region {}, stack {}", options.account, options.region, settings.stack));
    ensure!(found.is_empty(), "nothing was changed:\n  {}", found.join("\n  "));

    remember_parameters(&place, &settings)?;
    let step = progress.step("plan");
    step.note("packaging; CloudFormation works out what would change");
    let Some(change_set) = change_set(&place, &aws, options, &settings).await? else {
        step.done("nothing would change");
        // A deployment that was interrupted may not have come to it.
        tell_of_jobs(&aws).await?;
        return Ok(ExitCode::SUCCESS);
    };
    let plan = Plan::read(&changes(&aws, &change_set).await?)?;
    step.done(&plan.summary());
    println!("\n{plan}");
    let refused = plan.refused(&options.replace);
    if !refused.is_empty() || !agreed(consent)? {
        aws.ask("cloudformation", "delete_change_set", &json!({ "ChangeSetName": change_set })).await?;
        ensure!(refused.is_empty(), "nothing was changed, because data would be lost:\n  {}", refused.join("\n  "));
        println!("Nothing was changed.");
        return Ok(ExitCode::SUCCESS);
    }
    let step = progress.step("deployment");
    step.note("CloudFormation is at work");
    aws.ask("cloudformation", "execute_change_set", &json!({ "ChangeSetName": change_set })).await?;
    let status = ended(&aws, &settings.stack).await?;
    ensure!(
        status.ends_with("_COMPLETE") && !status.contains("ROLLBACK"),
        "{}",
        failures(&aws, &settings.stack, &status).await?
    );
    step.done(&format!("{} is {status}", settings.stack));
    tell_of_jobs(&aws).await?;
    Ok(ExitCode::SUCCESS)
}

/// Has AWS IoT tell of jobs, which the rules of the function `job` hear. It is a setting of the account, for which CloudFormation has no
/// resource; kinds of events that are not named stay as they are.
async fn tell_of_jobs(aws: &Aws) -> Result<()> {
    aws.ask("iot", "update_event_configurations", &job_events()).await.map(drop)
}

/// Writes the parameters of a stack into the packages of its functions. Lambda publishes a new version only when the package changes, so
/// without this a changed parameter would not reach the callers of the alias. With it, all functions get a new version exactly then.
fn remember_parameters(place: &Place, settings: &Settings) -> Result<()> {
    let mut parameters = settings.parameters.clone();
    parameters.sort();
    for function in build::functions(place)? {
        let program = place.bootstrap(&function);
        ensure!(program.exists(), "{} is missing: cargo xtask build --aws", place.shown(&program));
        std::fs::write(program.with_file_name("parameters"), parameters.join("\n") + "\n")
            .context("cannot write parameters")?;
    }
    Ok(())
}

/// Has the SAM CLI package the functions and create a change set; `None` when nothing would change.
async fn change_set(place: &Place, aws: &Aws, options: &Options, settings: &Settings) -> Result<Option<String>> {
    let mut sam = aws.command(&Set::Sam.program(place, "sam"));
    sam.current_dir(place.root()).env("SAM_CLI_TELEMETRY", "0").env("__SAM_CLI_APP_DIR", place.run("sam"));
    sam.args(["deploy", "--config-env", &options.environment, "--no-execute-changeset", "--no-progressbar"]);
    sam.args(["--region", &options.region, "--parameter-overrides"]).args(&settings.parameters);
    if let Some(Bootstrap { bucket, role, boundary }) = bootstrap(aws, &options.environment, &settings.stack).await? {
        // Without the boundary its role may make no roles.
        sam.arg(format!("PermissionsBoundary={boundary}"));
        sam.args(["--no-resolve-s3", "--s3-bucket", &bucket, "--s3-prefix", &settings.stack, "--role-arn", &role]);
    }
    let mut found = None;
    let mut same = false;
    run_logged("sam deploy", sam, &place.run("sam.log"), |line| {
        same |= line.contains("No changes to deploy");
        let named = line.split_whitespace().find(|word| word.contains(":changeSet/"));
        found = named.map(str::to_owned).or(found.take());
    })
    .await?;
    ensure!(same || found.is_some(), "the SAM CLI made no change set; see {}", place.shown(&place.run("sam.log")));
    Ok(found.filter(|_| !same))
}

/// What an account's bootstrap stack provides for a stack.
#[derive(Debug, PartialEq, Eq)]
struct Bootstrap {
    /// The bucket for packages.
    bucket: String,
    /// The role that CloudFormation works under.
    role: String,
    /// The policy that bounds every role it makes.
    boundary: String,
}

/// What the account's bootstrap stack provides. The emulator has none and needs none.
async fn bootstrap(aws: &Aws, environment: &str, stack: &str) -> Result<Option<Bootstrap>> {
    let names = [format!("{BOOTSTRAP}-{environment}"), BOOTSTRAP.to_owned()];
    for name in &names {
        // The pipeline's role may not even look at a stack that is not its own.
        let answer = aws.try_ask("cloudformation", "describe_stacks", &json!({ "StackName": name })).await?;
        if let Some(found) = answer.ok().and_then(|answer| made_for(stack, &answer)) {
            return Ok(Some(found));
        }
    }
    if aws.is_emulated() {
        return Ok(None);
    }
    bail!(
        "this account has no stack {} that was made for {stack}: the first lines of .github/bootstrap.yaml say how to make it",
        names.join(" or ")
    )
}

/// What a bootstrap stack provides, if it is the one for this stack: its role may not change any other stack.
fn made_for(stack: &str, described: &Value) -> Option<Bootstrap> {
    let outputs = described.pointer("/Stacks/0/Outputs")?.as_array()?;
    let output = |key: &str| {
        let of_key = outputs.iter().find(|output| field(output, "OutputKey") == key)?;
        field(of_key, "OutputValue").as_str().map(str::to_owned)
    };
    let made = Bootstrap { bucket: output("Artefacts")?, role: output("StackRole")?, boundary: output("Boundary")? };
    made.role.ends_with(&format!("/{stack}-stack")).then_some(made)
}

async fn changes(aws: &Aws, change_set: &str) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    let mut next = Value::Null;
    loop {
        let mut ask = json!({ "ChangeSetName": change_set });
        if !next.is_null() {
            ask.as_object_mut().context("a question is an object")?.insert("NextToken".to_owned(), next);
        }
        let page = aws.ask("cloudformation", "describe_change_set", &ask).await?;
        all.extend(field(&page, "Changes").as_array().cloned().unwrap_or_default());
        next = field(&page, "NextToken").clone();
        if next.is_null() {
            return Ok(all);
        }
    }
}

/// Waits until the stack is stable; returns its status.
async fn ended(aws: &Aws, stack: &str) -> Result<String> {
    loop {
        let answer = aws.ask("cloudformation", "describe_stacks", &json!({ "StackName": stack })).await?;
        let status = answer.pointer("/Stacks/0/StackStatus").and_then(Value::as_str).context("a stack has a status")?;
        if !status.ends_with("_IN_PROGRESS") {
            return Ok(status.to_owned());
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// What failed, and why, newest first.
///
/// # Errors
/// When AWS does not answer.
pub async fn failures(aws: &Aws, stack: &str, status: &str) -> Result<String> {
    let events = aws.ask("cloudformation", "describe_stack_events", &json!({ "StackName": stack })).await?;
    let text = |event: &Value, key: &str| field(event, key).as_str().unwrap_or_default().to_owned();
    let failed = field(&events, "StackEvents")
        .as_array()
        .into_iter()
        .flatten()
        .filter(|event| field(event, "ResourceStatus").as_str().is_some_and(|status| status.ends_with("_FAILED")));
    let lines = failed
        .map(|event| format!("\n  {}: {}", text(event, "LogicalResourceId"), text(event, "ResourceStatusReason")));
    Ok(format!("{stack} is {status}; what runs is what ran before.{}", lines.take(10).collect::<String>()))
}

fn agreed(consent: Consent) -> Result<bool> {
    match consent {
        Consent::Given => return Ok(true),
        Consent::Refused => return Ok(false),
        Consent::Ask => {}
    }
    print!("{} ", style("Do it? [y/N]").bold());
    std::io::Write::flush(&mut std::io::stdout()).context("cannot ask")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context("cannot read the answer; --yes goes on without asking")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_bootstrap_stack_that_was_made_for_a_stack_is_taken_for_it() {
        let output = |key: &str, value: &str| json!({"OutputKey": key, "OutputValue": value});
        let role = output("StackRole", "arn:aws:iam::111122223333:role/weir-dev-stack");
        let boundary = output("Boundary", "arn:aws:iam::111122223333:policy/weir-dev-boundary");
        let described = json!({"Stacks": [{"Outputs": [output("Artefacts", "weir-dev-artefacts"), role, boundary]}]});
        let made = made_for("weir-dev", &described).unwrap();
        assert_eq!(made.bucket, "weir-dev-artefacts");
        assert!(made.boundary.ends_with("/weir-dev-boundary"), "{made:?}");
        assert_eq!(made_for("weir-stage", &described), None);
        assert_eq!(made_for("weir-dev", &json!({"Stacks": [{}]})), None);
    }
}

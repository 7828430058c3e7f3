//! `cargo operate deploy` and `plan`: deploys a build to a stack in an AWS account. The account is checked first, and the plan is shown
//! before anything changes.

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

/// Whether a plan may be executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// It may, unless it would lose data.
    Given,
    /// Ask the caller.
    Ask,
    /// It may not; only show it.
    Refused,
}

/// The options of `deploy` and `plan`.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The section of samconfig.toml: dev, stage, prod.
    pub environment: String,
    /// The expected account; the pre-flight fails in any other.
    #[arg(long)]
    pub account: String,
    /// The region.
    #[arg(long)]
    pub region: String,
    /// A resource with data that may be removed or replaced nevertheless; can be given more than once.
    #[arg(long, value_name = "LOGICAL_ID")]
    pub replace: Vec<String>,
    /// A parameter of the template that differs from samconfig.toml; can be given more than once.
    #[arg(long, value_name = "NAME=VALUE")]
    pub parameter: Vec<String>,
}

/// The name of the stack of `.github/bootstrap.yaml`. In an account with several of them, the others have a hyphen and the environment
/// appended.
const BOOTSTRAP: &str = "weir-bootstrap";

/// Checks the account, shows the plan, and deploys the build in target/lambda if `consent` permits it.
///
/// # Errors
/// When the pre-flight or the plan prevents it, or AWS fails.
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
        // An interrupted deployment may not have done this.
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

/// Enables events of jobs in AWS IoT, which the rules of the function `job` receive. This is a setting of the account without a resource in
/// CloudFormation; other kinds of events stay unchanged.
async fn tell_of_jobs(aws: &Aws) -> Result<()> {
    aws.ask("iot", "update_event_configurations", &job_events()).await.map(drop)
}

/// Writes the parameters of a stack into the packages of its functions. Lambda publishes a new version only when the package changes, so
/// without this a changed parameter would not reach the callers of the alias. With it, a changed parameter gives all functions a new
/// version.
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

/// Packages the functions and creates a change set with the SAM CLI; `None` if nothing would change.
async fn change_set(place: &Place, aws: &Aws, options: &Options, settings: &Settings) -> Result<Option<String>> {
    let mut sam = aws.command(&Set::Sam.program(place, "sam"));
    sam.current_dir(place.root()).env("SAM_CLI_TELEMETRY", "0").env("__SAM_CLI_APP_DIR", place.run("sam"));
    sam.args(["deploy", "--config-env", &options.environment, "--no-execute-changeset", "--no-progressbar"]);
    sam.args(["--region", &options.region, "--parameter-overrides"]).args(&settings.parameters);
    if let Some(Bootstrap { bucket, role, boundary }) = bootstrap(aws, &options.environment, &settings.stack).await? {
        // Without the permissions boundary, CloudFormation's role may not create roles.
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
    ensure!(same || found.is_some(), "the SAM CLI created no change set; see {}", place.shown(&place.run("sam.log")));
    Ok(found.filter(|_| !same))
}

/// The outputs of an account's bootstrap stack.
#[derive(Debug, PartialEq, Eq)]
struct Bootstrap {
    /// The bucket for packages.
    bucket: String,
    /// The role that CloudFormation assumes.
    role: String,
    /// The permissions boundary of every role that it creates.
    boundary: String,
}

/// The outputs of the account's bootstrap stack. The emulator has none and needs none.
async fn bootstrap(aws: &Aws, environment: &str, stack: &str) -> Result<Option<Bootstrap>> {
    let names = [format!("{BOOTSTRAP}-{environment}"), BOOTSTRAP.to_owned()];
    for name in &names {
        // The pipeline's role may not even describe another environment's stack.
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

/// The outputs of a bootstrap stack, if it is for this stack: its role may not change any other stack.
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
            ask.as_object_mut().context("the parameters are not an object")?.insert("NextToken".to_owned(), next);
        }
        let page = aws.ask("cloudformation", "describe_change_set", &ask).await?;
        all.extend(field(&page, "Changes").as_array().cloned().unwrap_or_default());
        next = field(&page, "NextToken").clone();
        if next.is_null() {
            return Ok(all);
        }
    }
}

/// Waits until the stack is stable, and returns its status.
async fn ended(aws: &Aws, stack: &str) -> Result<String> {
    loop {
        let answer = aws.ask("cloudformation", "describe_stacks", &json!({ "StackName": stack })).await?;
        let status = answer.pointer("/Stacks/0/StackStatus").and_then(Value::as_str).context("no stack status")?;
        if !status.ends_with("_IN_PROGRESS") {
            return Ok(status.to_owned());
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

/// The failed resources and the reasons, newest first.
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
    std::io::Write::flush(&mut std::io::stdout()).context("cannot write the question")?;
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

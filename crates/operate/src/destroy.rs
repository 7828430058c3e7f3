//! `cargo operate destroy`: deletes a stack, and lists the resources that remain.

use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tooling::ask::{Aws, Refusal, field};
use tooling::deploy::Settings;
use tooling::place::Place;
use tooling::progress::Progress;
use tooling::tools::{self, Set};

use crate::deploy::{failures, preflight};

/// The resource types that remain after deleting a stack: those with the deletion policy Retain.
const STAYS: [(&str, &str); 6] = [
    ("AWS::DynamoDB::Table", "tables, with all rows and their point-in-time recovery"),
    ("AWS::Timestream::Database", "the Timestream database"),
    ("AWS::Timestream::Table", "the Timestream table, with all readings"),
    ("AWS::Cognito::UserPool", "the user pool, with all people"),
    ("AWS::Backup::BackupVault", "the vault, with all daily copies"),
    ("AWS::S3::Bucket", "the bucket, with all firmwares"),
];

/// A note about prod, where these are also protected against deletion by mistake.
const PROTECTED: &str = "
In prod the tables and the user pool are protected from deletion as well. Whoever means to delete one takes that away first:
  aws dynamodb update-table --table-name NAME --no-deletion-protection-enabled
  aws dynamodb delete-table --table-name NAME
  aws cognito-idp update-user-pool --user-pool-id ID --deletion-protection INACTIVE
  aws cognito-idp delete-user-pool --user-pool-id ID";

/// The options of `destroy`.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The section of samconfig.toml: dev, stage, prod.
    environment: String,
    /// The expected account.
    #[arg(long)]
    account: String,
    /// The region.
    #[arg(long)]
    region: String,
    /// The name of the stack, as a confirmation.
    #[arg(long, value_name = "STACK")]
    confirm: Option<String>,
}

/// Deletes the stack of an environment, if its name is given as a confirmation.
///
/// # Errors
/// When the account is not the expected one, the name is missing, or AWS fails.
pub async fn run(options: &Options) -> Result<ExitCode> {
    let place = Place::of_run("destroy")?;
    let progress = Progress::new();
    tools::install(&place, &[Set::Sam], &progress).await?;
    let aws = Aws::of_the_caller(&place, &options.region);
    let settings = Settings::of(&place, &options.environment, &[])?;
    let found = preflight::account_only(&aws, &options.account).await?;
    ensure!(found.is_none(), "nothing was deleted: {}", found.unwrap_or_default());
    let resources = resources(&aws, &settings.stack).await?;
    println!("{}", page(&settings, &resources));
    let question = "nothing was deleted: give the stack's name to go on, --confirm";
    ensure!(options.confirm.as_ref() == Some(&settings.stack), "{question} {}", settings.stack);
    let step = progress.step("deletion");
    step.note("CloudFormation is at work");
    aws.ask("cloudformation", "delete_stack", &json!({ "StackName": settings.stack })).await?;
    gone(&aws, &settings.stack).await?;
    step.done(&format!("{} is gone; what stays was named above", settings.stack));
    Ok(ExitCode::SUCCESS)
}

async fn resources(aws: &Aws, stack: &str) -> Result<Vec<Value>> {
    let mut all = Vec::new();
    let mut ask = json!({ "StackName": stack });
    loop {
        let page = aws.ask("cloudformation", "list_stack_resources", &ask).await?;
        all.extend(field(&page, "StackResourceSummaries").as_array().context("no list of resources")?.iter().cloned());
        match field(&page, "NextToken").as_str() {
            Some(next) => ask = json!({ "StackName": stack, "NextToken": next }),
            None => return Ok(all),
        }
    }
}

async fn gone(aws: &Aws, stack: &str) -> Result<()> {
    loop {
        let answer = aws.try_ask("cloudformation", "describe_stacks", &json!({ "StackName": stack })).await?;
        let status = status(answer).with_context(|| format!("it is not known whether {stack} is deleted"))?;
        match status.as_str() {
            "DELETE_COMPLETE" => return Ok(()),
            "DELETE_FAILED" => anyhow::bail!("{}", failures(aws, stack, &status).await?),
            _ => tokio::time::sleep(std::time::Duration::from_secs(5)).await,
        }
    }
}

/// The status of a stack. A deleted one is no longer found by its name; other errors do not mean that it is deleted.
fn status(answer: Result<Value, Refusal>) -> Result<String> {
    match answer {
        Ok(answer) => {
            let status = answer.pointer("/Stacks/0/StackStatus").and_then(Value::as_str);
            status.map(str::to_owned).context("no stack status")
        }
        Err(Refusal { code, message }) if code == "ValidationError" && message.contains("does not exist") => {
            Ok("DELETE_COMPLETE".to_owned())
        }
        Err(Refusal { code, message }) => anyhow::bail!("{code}: {message}"),
    }
}

fn page(settings: &Settings, resources: &[Value]) -> String {
    let of = |kind: &str| {
        let named = resources.iter().filter(|resource| field(resource, "ResourceType") == kind);
        named
            .filter_map(|resource| field(resource, "PhysicalResourceId").as_str())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (stack, count) = (&settings.stack, resources.len());
    let mut text = format!("{stack} has {count} resources. All go but these, which stay and go on costing:\n");
    for (kind, what) in STAYS {
        for name in of(kind) {
            text.push_str(&format!("  {name:<44} {what}\n"));
        }
    }
    text.push_str("Logs go. A new stack of the same name cannot take over what stays: import it, or delete it first.");
    if settings.parameters.iter().any(|parameter| parameter == "Environment=prod") {
        text.push_str(PROTECTED);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_keeps_data_is_named_and_nothing_else() {
        let resource = |kind: &str, name: &str| json!({"ResourceType": kind, "PhysicalResourceId": name});
        let all = [
            resource("AWS::DynamoDB::Table", "weir-dev-levels"),
            resource("AWS::Lambda::Function", "weir-dev-organizer"),
        ];
        let of = |environment: &str| {
            let parameters = vec![format!("Environment={environment}")];
            page(&Settings { region: String::new(), stack: format!("weir-{environment}"), parameters }, &all)
        };
        assert!(of("prod").contains("--no-deletion-protection-enabled"), "{}", of("prod"));
        let page = of("dev");
        assert!(!page.contains("protected"), "{page}");
        assert!(
            page.contains("has 2 resources")
                && page.contains("weir-dev-levels")
                && !page.contains("weir-dev-organizer")
        );
    }

    #[test]
    fn only_a_stack_that_does_not_exist_is_gone() {
        let refused = |code: &str, message: &str| Err(Refusal { code: code.into(), message: message.into() });
        let gone = status(refused("ValidationError", "Stack with id weir-dev does not exist"));
        assert_eq!(gone.unwrap(), "DELETE_COMPLETE");
        for (code, message) in [
            ("ExpiredToken", "The security token included in the request is expired"),
            ("Throttling", "Rate exceeded"),
            ("ValidationError", "1 validation error detected"),
            ("EndpointConnectionError", "Could not connect to the endpoint URL"),
        ] {
            assert!(status(refused(code, message)).unwrap_err().to_string().contains(code), "{code} counts as gone");
        }
        let answer = Ok(json!({"Stacks": [{"StackStatus": "DELETE_IN_PROGRESS"}]}));
        assert_eq!(status(answer).unwrap(), "DELETE_IN_PROGRESS");
    }

    #[test]
    fn the_types_that_stay_are_those_that_the_template_retains() {
        let template = std::fs::read_to_string(tooling::place::root().unwrap().join("template.yaml")).unwrap();
        let lines: Vec<&str> = template.lines().collect();
        for (number, line) in
            lines.iter().enumerate().filter(|(_, line)| line.trim() == "DeletionPolicy: RetainExceptOnCreate")
        {
            let kind = lines[..number].iter().rev().find_map(|line| line.strip_prefix("    Type: ")).unwrap();
            assert!(
                STAYS.iter().any(|(known, _)| *known == kind),
                "{kind} stays ({line}), and destroy does not say so"
            );
        }
    }
}

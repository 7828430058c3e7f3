//! Checks the HTTP API against its OpenAPI document: Schemathesis generates valid and invalid requests from the document, follows its
//! links, and compares every answer with it.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use fleet_sim::fleet::Fleet;
use tokio::process::Command;
use tooling::build::Dashboard;
use tooling::deploy::Way;
use tooling::emulator::Ports;
use tooling::people::{People, Person};
use tooling::place::Place;
use tooling::prepare;
use tooling::process::to_its_end;
use tooling::progress::Progress;
use tooling::stack::Stack;
use tooling::tools::{self, Set};

use crate::once;

/// The document, as the API serves it.
const DOCUMENT: &str = "crates/cognito-get-role/openapi.json";
/// The configuration of Schemathesis, with the checks that it runs.
const CONFIGURATION: &str = "crates/xtask/python/schemathesis.toml";
/// The folder of the Python module with the hooks.
const PYTHON: &str = "crates/xtask/python";

/// Deploys the stack, fills it with a bounded run, and tests every operation as an admin and as a user.
///
/// # Errors
/// When an answer does not match the document, or the tool cannot be installed.
pub async fn run(place: &Place, ports: Ports) -> Result<()> {
    let progress = Progress::new();
    tools::install(place, &[Set::Emulator, Set::Document], &progress).await?;
    let mut cloud = prepare::local_cloud(place, ports, &[], Way::Direct, Dashboard::LeftOut, &progress).await?;
    let options = once::Options { seed: 1, rate: 50.0, falsify: false };
    let code = once::run(&mut cloud, place, &Fleet::new(1, 1), &options, &progress).await?;
    ensure!(code == ExitCode::SUCCESS, "the account does not balance");
    let people = People::read(&cloud.stack.people)?;
    // As a user, requests show the documented refusals. As an admin, every check of rights is passed, so all operations are tried; that
    // comes last, because it changes and deletes people.
    attempt(place, &cloud.stack, &people.user, "examples,stateful").await?;
    attempt(place, &cloud.stack, &people.admin, "examples,coverage,stateful").await
}

async fn attempt(place: &Place, stack: &Stack, person: &Person, phases: &str) -> Result<()> {
    let token = person.sign_in(stack).await?.id;
    let host = stack.output("ApiUrl")?.split("://").last().unwrap_or_default().to_owned();
    let mut schemathesis = Command::new(Set::Document.program(place, "schemathesis"));
    schemathesis.current_dir(place.root()).args(["--config-file", CONFIGURATION, "run", DOCUMENT]);
    schemathesis.args(["--url", &stack.endpoint, "--phases", phases]);
    schemathesis.env("SCHEMATHESIS_HOOKS", "document_hooks").env("PYTHONPATH", place.root().join(PYTHON));
    // No compiled modules in the repository.
    schemathesis.env("PYTHONDONTWRITEBYTECODE", "1").env("WEIR_API_HOST", host).env("WEIR_TOKEN", token);
    to_its_end(&format!("schemathesis as {}", person.email), schemathesis).await
}

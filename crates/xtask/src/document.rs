//! The API against its own OpenAPI document: schemathesis sends what the document allows and what it does not, and compares the
//! answers with it. What it may object to is listed, each with its reason, in `python/document_hooks.py`.

use anyhow::Result;
use fleet_sim::crew::Crew;
use fleet_sim::fleet::Fleet;
use fleet_sim::simulate::live::Live;
use tokio::process::Command;
use tooling::deploy::Way;
use tooling::people::Person;
use tooling::place::Place;
use tooling::prepare;
use tooling::process::to_its_end;
use tooling::progress::Progress;
use tooling::stack::Stack;
use tooling::tools::{self, Set};

use crate::once::names;
use crate::test::free_ports;

/// Messages that devices send before, so that there are readings, levels, problems and quarantine entries.
const MESSAGES: u32 = 200;

/// Starts a local cloud of its own and asks it, once as an admin and once as a user.
///
/// # Errors
/// When an answer is not what the document says, or something cannot be started.
pub async fn run(place: &Place) -> Result<()> {
    let progress = Progress::new();
    tools::install(place, &[Set::Document], &progress).await?;
    let cloud = prepare::local_cloud(place, free_ports()?, &[], Way::Direct, &progress).await?;
    let fleet = Fleet::new(2, 2);
    let mut crew = Crew::assemble(&cloud.stack, &fleet, &progress).await?;
    let mut live = Live::new(fleet, names(&cloud.stack)?, 1, jiff::Timestamp::now().as_millisecond());
    for _ in 0..MESSAGES {
        crew.publish(&live.next(jiff::Timestamp::now().as_millisecond())).await?;
    }
    for (role, person) in [("admin", &crew.people.admin), ("user", &crew.people.user)] {
        println!("\nAs {role}:");
        ask(place, &cloud.stack, role, person).await?;
    }
    Ok(())
}

async fn ask(place: &Place, stack: &Stack, role: &str, person: &Person) -> Result<()> {
    let folder = place.root().join("crates/xtask/python");
    let url = stack.output("ApiUrl")?;
    let mut schemathesis = Command::new(Set::Document.program(place, "schemathesis"));
    schemathesis.arg("--config-file").arg(folder.join("schemathesis.toml")).arg("run");
    schemathesis.arg(place.root().join("crates/cognito-get-role/openapi.json"));
    schemathesis.arg("--report-dir").arg(place.run("document").join(role));
    schemathesis.current_dir(place.run("")).env("PYTHONPATH", &folder).env("PYTHONDONTWRITEBYTECODE", "1");
    // Not every computer resolves names under `localhost`, so the name goes into the header only.
    schemathesis.env("WEIR_API", &stack.endpoint).env("WEIR_HOST", url.split("://").last().unwrap_or_default());
    schemathesis.env("WEIR_TOKEN", person.sign_in(stack).await?.id);
    to_its_end(&format!("schemathesis as {role}"), schemathesis).await
}

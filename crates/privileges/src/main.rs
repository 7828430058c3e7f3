//! `cargo privileges`: proves least privilege in both directions. It runs the local-cloud tests with roles and policies enforced, so that a
//! function that needs more than its role allows fails as it would in AWS. Then it removes one action on one resource after another, and
//! expects a test to fail each time.

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use tooling::ask::Aws;
use tooling::build::Dashboard;
use tooling::deploy::Way;
use tooling::emulator::Ports;
use tooling::people::People;
use tooling::place::Place;
use tooling::prepare::LocalCloud;
use tooling::progress::Progress;
use tooling::stop::or_stopped;
use tooling::timestream::Timestream;
use tooling::tools::{self, Set};
use tooling::{port, prepare};

mod decided;
mod grant;
mod image;
mod role;
mod suite;

use decided::Decided;
use grant::Grant;
use image::Image;
use role::Role;
use suite::Suite;

/// Actions that the emulator never checks, and why: only AWS would refuse them.
const ONLY_IN_AWS: [(&str, &str); 10] = [
    ("logs:CreateLogStream", "it writes the logs of functions itself"),
    ("logs:PutLogEvents", "it writes the logs of functions itself"),
    ("sqs:ReceiveMessage", "it polls queues for functions itself"),
    ("sqs:DeleteMessage", "it polls queues for functions itself"),
    ("sqs:GetQueueAttributes", "it polls queues for functions itself"),
    ("sqs:SendMessage", "it hands over what failed itself"),
    ("dynamodb:DescribeStream", "it polls streams for functions itself"),
    ("dynamodb:GetRecords", "it polls streams for functions itself"),
    ("dynamodb:GetShardIterator", "it polls streams for functions itself"),
    ("dynamodb:ListStreams", "it polls streams for functions itself"),
];

/// The outcome of removing a grant.
enum Outcome {
    /// This test failed, and the role was refused the removed action.
    Missed(String),
    /// The role was refused, and no test failed.
    Ignored,
    /// No test makes the function request it.
    NeverAsked,
    /// The emulator does not check it; the reason.
    OnlyInAws(&'static str),
}

/// The cloud, its state after the deployment, and the tests.
struct TestBed {
    place: Place,
    aws: Aws,
    cloud: LocalCloud,
    image: Image,
    suite: Suite,
}

/// Remove one action of one role after another, and expect a test of the local cloud to fail each time. Takes half an hour to an hour for
/// all functions.
#[derive(Debug, Parser)]
#[command(name = "cargo privileges", bin_name = "cargo privileges")]
struct Options {
    /// Only the roles of these functions.
    functions: Vec<String>,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    or_stopped(run(Options::parse().functions)).await
}

async fn run(functions: Vec<String>) -> Result<ExitCode> {
    let place = Place::keeping_state("privileges")?;
    let progress = Progress::new();
    tools::install(&place, &[Set::Emulator, Set::Sam, Set::Moto, Set::Clients], &progress).await?;
    let ports = Ports { gateway: port::any_free()?, mqtt: port::any_free()? };
    let mut cloud = prepare::local_cloud(
        &place,
        ports,
        &["DeviceCacheSeconds=1".to_owned()],
        Way::Direct,
        Dashboard::Built,
        &progress,
    )
    .await?;
    let _timestream = Timestream::start(&place, &mut cloud.stack, port::any_free()?, &progress).await?;
    People::make(&cloud.stack, "").await?;
    let aws = Aws::emulated(&place, &cloud.stack.cloud());
    let all = role::all(&aws, &cloud.stack).await?;
    let named = functions.iter().map(|name| {
        let found = all.iter().find(|role| role.function == *name);
        found.with_context(|| format!("the stack has no function {name}"))
    });
    let named = named.collect::<Result<Vec<_>>>()?;
    let roles = if named.is_empty() { all.iter().collect() } else { named };
    let suite = Suite::build(&place).await?;
    let image = Image::take(&place, &mut cloud)?;
    let mut bed = TestBed { place, aws, cloud, image, suite };

    let started = Instant::now();
    bed.restore(None).await?;
    let failed = bed.suite.first_failure(&bed.place, "").await?;
    let (asked, seconds) = (bed.decided()?, started.elapsed().as_secs_f64());
    ensure!(
        failed.is_none(),
        "with everything allowed, {} fails; refused actions: {:#?}",
        failed.unwrap_or_default(),
        asked.refusals()
    );
    println!("With everything that the roles name allowed, and nothing else, every test passes ({seconds:.0} s).");
    let (mut missed, mut only_in_aws, mut missed_by_none) = (0, 0, Vec::new());
    for role in roles {
        for (place, grant) in role.grants.iter().enumerate() {
            let (outcome, seconds) = bed.without(role, place, grant, &asked).await?;
            let what = format!("{:<30} {}", role.function, grant.shown());
            match outcome {
                Outcome::Missed(test) => {
                    missed += 1;
                    println!("missed      {what}: {test} ({seconds:.0} s)");
                }
                Outcome::OnlyInAws(reason) => {
                    only_in_aws += 1;
                    println!("only in AWS {what}: {reason}");
                }
                Outcome::Ignored => {
                    println!("IGNORED     {what}: refused, and no test fails ({seconds:.0} s)");
                    missed_by_none.push(what);
                }
                Outcome::NeverAsked => {
                    println!("NEVER ASKED {what}: no test makes the function ask for it");
                    missed_by_none.push(what);
                }
            }
        }
    }
    println!("\n{missed} are missed by a test, {only_in_aws} can be missed in AWS only.");
    if missed_by_none.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("No test misses:\n  {}", missed_by_none.join("\n  "));
    Ok(ExitCode::FAILURE)
}

impl TestBed {
    /// The outcome of removing a grant.
    async fn without(&mut self, role: &Role, place: usize, grant: &Grant, asked: &Decided) -> Result<(Outcome, f64)> {
        if !asked.allowed(role, grant) {
            let known = ONLY_IN_AWS.iter().find(|(action, _)| *action == grant.action);
            return Ok((known.map_or(Outcome::NeverAsked, |(_, reason)| Outcome::OnlyInAws(reason)), 0.0));
        }
        // A test may fail for another reason, such as the load of this computer. So the removed action has to have been requested, and the
        // test has to fail again when it runs alone.
        for _ in 0..3 {
            let started = Instant::now();
            self.restore(Some((role, place))).await?;
            let failed = self.suite.first_failure(&self.place, &role.function).await?;
            let refused = self.decided()?.refused(role, grant);
            let Some(test) = failed else { return Ok((Outcome::Ignored, started.elapsed().as_secs_f64())) };
            self.restore(Some((role, place))).await?;
            let again = refused && self.suite.fails_alone(&self.place, &test).await?;
            if again && self.decided()?.refused(role, grant) {
                return Ok((Outcome::Missed(test), started.elapsed().as_secs_f64()));
            }
            println!("            {test} failed for another reason than {}: once more", grant.shown());
        }
        anyhow::bail!("without {} of {} tests fail for another reason", grant.shown(), role.function)
    }

    /// Restores the cloud as it was deployed, without this grant.
    async fn restore(&mut self, without: Option<(&Role, usize)>) -> Result<()> {
        self.image.restore(&self.place, &mut self.cloud).await?;
        match without {
            Some((role, place)) => role.take_away(&self.aws, place).await,
            None => Ok(()),
        }
    }

    /// The decisions since the cloud was started.
    fn decided(&self) -> Result<Decided> {
        Decided::read(self.cloud.emulator.log())
    }
}

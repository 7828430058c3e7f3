//! `cargo operate redrive`: delivers failed messages to their functions again, and on request quarantined ones.
//!
//! A message leaves its queue only after its function has succeeded, and functions never count a message twice. So the command can be
//! stopped or killed at any point and started again: the messages that it was handling become visible again after `--hold` seconds.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use tooling::place::Place;
use tooling::progress::Progress;
use tooling::stack::Stack;
use weir_aws::config;

use weir_aws::invoke::{self, Invoker};

pub mod levels;
pub mod quarantine;
pub mod queue;
pub mod record;
pub mod tally;

mod drain;

use quarantine::Wanted;
use queue::Queue;
use tally::Tally;

/// The name of the quarantine in `--from`.
const QUARANTINE: &str = "quarantine";
/// Timeout of a call. A function may take 30 s.
const PATIENCE: Duration = Duration::from_secs(40);

/// The options of the command.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The stack: the first two words of its names, e.g. weir-dev. Region and credentials come from the environment. Without it,
    /// the local cloud that `cargo xtask up` runs.
    #[arg(long)]
    pub stack: Option<String>,
    /// Address of a cloud that is not AWS.
    #[arg(long, requires = "stack")]
    pub endpoint: Option<String>,
    /// Only from here, can be given more than once: a function's name for its on-failure queue (functions that only the API invokes
    /// have none), `ingest` for the dead letters of the ingest queue, or `quarantine`, which is left alone unless named.
    #[arg(long, value_name = "WHERE")]
    pub from: Vec<String>,
    /// With `--from quarantine`: only this reason.
    #[arg(long)]
    pub reason: Option<String>,
    /// With `--from quarantine`: only this device.
    #[arg(long)]
    pub device: Option<String>,
    /// With `--from quarantine`: only entries since, e.g. 2026-11-20T06:00:00Z.
    #[arg(long)]
    pub since: Option<String>,
    /// Visibility timeout in seconds of a message while it is handled, and how long a run waits for messages that another run has.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..=43_200))]
    pub hold: u16,
}

/// The cloud and the stack.
pub struct Target {
    /// The first two words of all names.
    prefix: String,
    queues: aws_sdk_sqs::Client,
    invoker: Invoker,
    tables: aws_sdk_dynamodb::Client,
    hold: Duration,
}

impl Target {
    fn of(options: &Options) -> Result<Self> {
        let (prefix, sdk, place) = match &options.stack {
            Some(stack) => {
                let sdk = config::sdk().context("AWS_REGION and credentials have to be in the environment")?;
                let sdk = match &options.endpoint {
                    Some(endpoint) => sdk.into_builder().endpoint_url(endpoint).build(),
                    None => sdk,
                };
                let region = sdk.region().map(ToString::to_string).unwrap_or_default();
                (stack.clone(), sdk, region)
            }
            None => {
                let stack = Stack::running()?;
                let name = stack.function("calibration")?;
                let prefix = name.strip_suffix("-calibration").unwrap_or(name).to_owned();
                let key = Credentials::new(&stack.key.id, &stack.key.secret, None, None, "local");
                let credentials = SharedCredentialsProvider::new(key);
                let sdk = config::sdk_of(stack.region.clone(), credentials, Some(stack.endpoint.clone()))?;
                (prefix, sdk, stack.endpoint)
            }
        };
        println!("redrive of {prefix}, {place}\n");
        Ok(Self {
            prefix,
            queues: queue::client(&sdk),
            invoker: Invoker::new(invoke::client(&sdk, PATIENCE)),
            tables: config::dynamodb(&sdk),
            hold: Duration::from_secs(options.hold.into()),
        })
    }

    /// The qualified name of a function: the alias, which a deployment moves to the new version.
    fn function(&self, name: &str) -> String {
        format!("{}:live", self.name(name))
    }

    /// The full name of a resource of this stack.
    fn name(&self, noun: &str) -> String {
        format!("{}-{noun}", self.prefix)
    }
}

/// Delivers the messages of the chosen queues, and reports those that the functions do not accept.
///
/// # Errors
/// When there is no such stack, or the cloud does not answer.
pub async fn run(options: &Options) -> Result<ExitCode> {
    let functions = queue::owners(&Place::of_run("redrive")?)?;
    let chosen = |name: &str| options.from.is_empty() || options.from.iter().any(|from| from == name);
    let known = |from: &&String| functions.contains(from) || *from == record::INGEST || *from == QUARANTINE;
    if let Some(unknown) = options.from.iter().find(|from| !known(from)) {
        bail!(
            "there is no queue of {unknown}: --from takes {}, {} or {QUARANTINE}",
            functions.join(", "),
            record::INGEST
        );
    }
    let from_quarantine = options.from.iter().any(|from| from == QUARANTINE);
    let wanted =
        Wanted { reason: options.reason.clone(), device: options.device.clone(), since: options.since.clone() };
    if wanted != Wanted::default() && !from_quarantine {
        bail!("--reason, --device and --since choose from the quarantine: add --from {QUARANTINE}");
    }
    let target = Target::of(options)?;
    let progress = Progress::new();
    let mut tallies: Vec<(String, Tally)> = Vec::new();
    let mut found = 0;
    // In `--from`, `quarantine` means the quarantined messages, not the queue of the function of that name.
    for function in
        functions.iter().map(String::as_str).chain([record::INGEST]).filter(|name| chosen(name) && *name != QUARANTINE)
    {
        let Some(queue) = Queue::find(&target, function).await? else { continue };
        found += 1;
        let tally = drain::drain(&target, &queue, &progress).await?;
        tallies.push((queue.name, tally));
    }
    if from_quarantine {
        found += 1;
        tallies.push((target.name(QUARANTINE), quarantine::replay(&target, &wanted, &progress).await?));
    }
    if found == 0 {
        bail!(
            "no queue is called {}: check the stack, the region and the account that the command was given",
            target.name("…")
        );
    }
    Ok(tally::conclude(&tallies))
}

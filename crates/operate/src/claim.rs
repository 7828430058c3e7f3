//! `cargo operate claim`: creates a claim certificate for the image of boards, or retires one. A board with it may become a device if its
//! serial number is listed, and may do nothing else.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use aws_config::SdkConfig;
use aws_sdk_sqs::config::{Credentials, SharedCredentialsProvider};
use tooling::secret;
use tooling::stack::Stack;
use weir_aws::certificates::{Certificate, Certificates, client};
use weir_aws::config;
use weir_aws::iot::IotError;
use weir_core::domain::certificate::Status;
use weir_core::id::CertificateId;

/// The command.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Create one, and write `claim-<id>.pem` and `claim-<id>.key`, which only their owner can read.
    Make {
        #[command(flatten)]
        target: Target,
        /// The folder for both files.
        #[arg(long, default_value = ".")]
        out: PathBuf,
    },
    /// Retire one: boards that still have it in their image cannot become devices any more. Devices keep their own certificates.
    Retire {
        #[command(flatten)]
        target: Target,
        /// Its id, which is in the names of the files.
        certificate: String,
    },
}

/// The stack to work on.
#[derive(Debug, Clone, clap::Args)]
pub struct Target {
    /// The stack: the first two words of its names, e.g. weir-dev. Region and credentials come from the environment. Without it, the
    /// local cloud that `cargo xtask up` runs.
    #[arg(long)]
    stack: Option<String>,
}

impl Target {
    /// Clients of AWS IoT, and the name of the claim policy.
    fn open(&self) -> Result<(Certificates, String)> {
        let (sdk, prefix): (SdkConfig, String) = match &self.stack {
            Some(stack) => {
                (config::sdk().context("AWS_REGION and credentials have to be in the environment")?, stack.clone())
            }
            None => {
                let stack = Stack::running()?;
                let policy = stack.output("ClaimPolicyName")?;
                let prefix = policy.strip_suffix("-claim").unwrap_or(policy).to_owned();
                let key = Credentials::new(&stack.key.id, &stack.key.secret, None, None, "local");
                let credentials = SharedCredentialsProvider::new(key);
                (config::sdk_of(stack.region.clone(), credentials, Some(stack.endpoint.clone()))?, prefix)
            }
        };
        Ok((Certificates::new(client(&sdk)), format!("{prefix}-claim")))
    }
}

/// Creates or retires a claim certificate.
///
/// # Errors
/// When there is no such stack or certificate, AWS IoT does not answer, or a file cannot be written.
pub async fn run(command: &Command) -> Result<ExitCode> {
    match command {
        Command::Make { target, out } => make(target, out).await,
        Command::Retire { target, certificate } => retire(target, certificate).await,
    }
}

async fn make(target: &Target, out: &Path) -> Result<ExitCode> {
    let (iot, policy) = target.open()?;
    std::fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    let (made, key) = iot.make_with_key().await.map_err(said)?;
    // The key exists nowhere else, so it is stored before anything else can fail.
    let file = |ending: &str| out.join(format!("claim-{}.{ending}", made.id));
    secret::write(&file("key"), &key)?;
    secret::write(&file("pem"), &made.pem)?;
    let certificate = found(&iot, &made.id).await?;
    let attached = iot.attach_policy(&certificate, &policy).await.map_err(said);
    attached.with_context(|| format!("the certificate {} was created without its policy: retire it", made.id))?;
    println!(
        "{}\n{}\n\nretire it with: cargo operate claim retire {}",
        file("pem").display(),
        file("key").display(),
        made.id
    );
    Ok(ExitCode::SUCCESS)
}

async fn retire(target: &Target, certificate: &str) -> Result<ExitCode> {
    let id: CertificateId = certificate.parse().context("a certificate has 64 hexadecimal digits")?;
    let (iot, policy) = target.open()?;
    let certificate = found(&iot, &id).await?;
    let policies = iot.policies(&certificate).await.map_err(said)?;
    if policies.iter().any(|attached| *attached != policy) || !iot.things(&certificate).await.map_err(said)?.is_empty()
    {
        bail!("{id} is not a claim certificate of this stack: it has {policies:?}");
    }
    if certificate.status == Status::Active {
        iot.set_active(&id, false).await.map_err(said)?;
    }
    iot.detach_policies(&certificate).await.map_err(said)?;
    iot.delete(&id).await.map_err(said)?;
    println!("{id} is deleted: boards with it in their image are refused");
    Ok(ExitCode::SUCCESS)
}

async fn found(iot: &Certificates, id: &CertificateId) -> Result<Certificate> {
    iot.find(id).await.map_err(said)?.with_context(|| format!("there is no certificate {id}"))
}

fn said(error: IotError) -> anyhow::Error {
    error.into_error().into()
}

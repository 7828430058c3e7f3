//! `cargo operate smoke`: checks that a deployed stack works. It runs the test program of the local cloud against the stack: the tests that
//! apply to every deployed stack, and in AWS also those that only AWS can prove.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use tokio::process::Command;
use tooling::deploy::Settings;
use tooling::place::Place;
use tooling::process::{cargo, to_its_end};
use tooling::progress::Progress;
use tooling::stack::{self, Stack};
use tooling::tools::{self, Set};

/// The modules of `tests/local` for every stack, and for AWS only.
const MODULES: [&str; 2] = ["smoke", "live"];
/// Tests in AWS that need preparation: a claim certificate, or an audit of Device Defender.
const BY_HAND: &str = "live::by_hand::";

/// The options of `smoke`.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The section of samconfig.toml: dev, stage, prod. Without it, the local cloud that `cargo xtask up` runs.
    #[arg(requires = "region")]
    environment: Option<String>,
    /// Its region.
    #[arg(long, requires = "environment")]
    region: Option<String>,
}

/// The stack that is tested.
#[derive(Debug, Clone)]
enum Tested {
    /// The stack of the local cloud that this file describes.
    Local(PathBuf),
    /// The stack of this name in AWS, accessed with the caller's credentials.
    InAws {
        /// The stack.
        name: String,
        /// Its region.
        region: String,
    },
}

/// Tests the stack of an environment; without one, the local cloud that `cargo xtask up` runs.
///
/// # Errors
/// When a test fails, or the tests cannot be run.
pub async fn run(options: &Options) -> Result<ExitCode> {
    let place = Place::of_run("smoke")?;
    let tested = match (&options.environment, &options.region) {
        (Some(environment), Some(region)) => {
            Tested::InAws { name: Settings::of(&place, environment, &[])?.stack, region: region.clone() }
        }
        _ => {
            let file = stack::file()?;
            Stack::read(&file)?;
            Tested::Local(file)
        }
    };
    tools::install(&place, &[Set::Sam], &Progress::new()).await?;
    tests(&place, &tested).await?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the tests, and shows their output.
///
/// # Errors
/// As [`run`].
async fn tests(place: &Place, tested: &Tested) -> Result<()> {
    // The pipeline ships the test program beside this one, because its later jobs compile nothing.
    let ready =
        std::env::current_exe().ok().map(|this| this.with_file_name("local")).filter(|program| program.is_file());
    let mut command = match ready {
        Some(program) => Command::new(program),
        None => {
            let mut command = cargo();
            // The whole workspace, so that nothing is compiled again with other features.
            command.args(["test", "--workspace", "--test", "local", "--"]);
            command
        }
    };
    command.current_dir(place.root());
    command.args(MODULES.map(|module| format!("{module}::")));
    tested.describe(&mut command);
    to_its_end("the tests of what is deployed", command).await
}

impl Tested {
    /// Passes the stack and the selection of tests to the test program.
    fn describe(&self, command: &mut Command) {
        match self {
            Self::Local(file) => {
                command.env_remove("WEIR_STACK").env("WEIR_LOCAL", file);
            }
            Self::InAws { name, region } => {
                command.env("WEIR_STACK", name).env("AWS_REGION", region);
                // With another endpoint the stack is not in AWS, so the tests for AWS do not apply.
                if std::env::var_os("AWS_ENDPOINT_URL").is_none() {
                    command.args(["--include-ignored", "--skip", BY_HAND]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arguments and the environment of the test program.
    fn described(tested: &Tested) -> (bool, Vec<(String, Option<String>)>) {
        let mut command = Command::new("local");
        tested.describe(&mut command);
        let text = |word: &std::ffi::OsStr| word.to_string_lossy().into_owned();
        let environment = command.as_std().get_envs().map(|(name, value)| (text(name), value.map(text))).collect();
        (command.as_std().get_args().any(|argument| argument == "--include-ignored"), environment)
    }

    #[test]
    fn a_name_that_fits_no_test_would_pass_without_a_test() {
        let root = tooling::place::root().unwrap();
        for name in MODULES {
            let file = root.join("tests/local").join(name).with_extension("rs");
            assert!(file.is_file(), "there are no tests called {name}");
        }
        let by_hand = BY_HAND.trim_end_matches("::").replace("::", "/");
        assert!(
            root.join("tests/local").join(by_hand).with_extension("rs").is_file(),
            "there are no tests called {BY_HAND}"
        );
    }

    #[test]
    fn only_in_aws_is_run_what_only_aws_can_prove() {
        let in_aws = Tested::InAws { name: "weir-dev".to_owned(), region: "eu-central-1".to_owned() };
        let (ignored, environment) = described(&in_aws);
        assert!(ignored);
        assert!(environment.contains(&("WEIR_STACK".to_owned(), Some("weir-dev".to_owned()))), "{environment:?}");
        let (ignored, environment) = described(&Tested::Local("stack.json".into()));
        assert!(!ignored);
        assert!(environment.contains(&("WEIR_STACK".to_owned(), None)), "{environment:?}");
    }
}

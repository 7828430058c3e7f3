//! Runs the tests of the local cloud until the first one fails.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tooling::build;
use tooling::place::Place;
use tooling::process::Running;
use tooling::stack;

/// The modules of `tests/local` that exercise most of each function: they run first, so that a missing right is found soon. The others
/// follow.
const NEAREST: [(&str, &[&str]); 25] = [
    ("calibration", &["readings", "history"]),
    ("organizer", &["levels", "history"]),
    ("problem-detector", &["levels", "flow"]),
    ("alert", &["alert"]),
    ("twin", &["twin"]),
    ("event", &["twin"]),
    ("flow", &["flow"]),
    ("live", &["live_feed"]),
    ("live-push", &["live_feed"]),
    ("notify", &["notices"]),
    ("subscription", &["notices"]),
    ("quarantine", &["quarantine"]),
    ("certificate", &["certificates", "fleet"]),
    ("provision", &["fleet"]),
    ("command", &["command"]),
    ("job", &["job"]),
    ("device", &["certificates", "registry", "settings"]),
    ("recalculation", &["recalculation"]),
    ("user", &["users::life"]),
    ("cognito-get-users-info", &["users::life", "users::crowd"]),
    ("cognito-get-role", &["users::life"]),
    ("cognito-add-update-delete-user", &["users::life", "claims"]),
    ("reading", &["history"]),
    ("health", &["health"]),
    ("site", &[SERVED]),
];

/// The modules that exercise no rights beyond those of the others: tests of deployed stacks and of AWS only, functions that cargo-lambda
/// runs without a role, and refused callers. The dashboard in a browser, which only uses the API, is left out too.
const BESIDE: [&str; 4] = ["smoke", "live", "watch", "strangers"];
/// The module that tests how the dashboard is served, without a browser.
const SERVED: &str = "dashboard::served";

/// The test program of the local cloud.
#[derive(Debug)]
pub struct Suite {
    program: PathBuf,
    /// The modules that are left out.
    beside: Vec<String>,
}

impl Suite {
    /// Builds the test program.
    ///
    /// # Errors
    /// When the tests do not compile.
    pub async fn build(place: &Place) -> Result<Self> {
        Ok(Self { program: build::local_tests(place).await?, beside: beside(place)? })
    }

    /// Runs the tests of a function first, then all others; returns the first one that fails. The remaining ones are stopped.
    ///
    /// # Errors
    /// When the tests cannot be started, or fail without naming a test.
    pub async fn first_failure(&self, place: &Place, function: &str) -> Result<Option<String>> {
        let nearest = NEAREST.iter().find(|(name, _)| *name == function).map_or(&[][..], |(_, modules)| *modules);
        let nearest: Vec<String> = nearest.iter().map(|module| (*module).to_owned()).collect();
        let mut left_out = modules("--skip", &self.beside);
        if !nearest.is_empty() {
            let failure = self.run(place, &[modules("", &nearest), left_out.clone()].concat()).await?;
            if failure.is_some() {
                return Ok(failure);
            }
        }
        left_out.extend(modules("--skip", &nearest));
        self.run(place, &left_out).await
    }

    /// Whether one test fails when it runs alone.
    ///
    /// # Errors
    /// As [`Suite::first_failure`].
    pub async fn fails_alone(&self, place: &Place, test: &str) -> Result<bool> {
        let alone = ["--exact".to_owned(), test.to_owned()];
        Ok(self.run(place, &alone).await?.is_some())
    }

    async fn run(&self, place: &Place, arguments: &[String]) -> Result<Option<String>> {
        let mut command = Command::new(&self.program);
        command.current_dir(place.root().join("tests")).env("WEIR_LOCAL", place.run(stack::FILE));
        // A shorter timeout, so that a missing effect is noticed sooner; with everything allowed no effect takes that long.
        command.env("WEIR_PATIENCE", "8");
        command.args(["--include-ignored", "--nocapture"]).args(arguments);
        let log = std::fs::File::create(place.run("tests.log")).context("cannot write the log of the tests")?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::from(log));
        let mut running = Running::start("the local-cloud tests", command)?;
        let output = running.child().stdout.take().context("the tests have no output to read")?;
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await.context("cannot read the output of the tests")? {
            if let Some(failed) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
                running.end();
                return Ok(Some(failed.to_owned()));
            }
        }
        let status = running.wait().await?;
        anyhow::ensure!(status.success(), "the local-cloud tests ended with {status}, but did not name a failed test");
        Ok(None)
    }
}

/// The modules that are left out.
fn beside(place: &Place) -> Result<Vec<String>> {
    let folder = place.root().join("tests/local/dashboard");
    let files = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let names =
        files.map(|file| Ok(format!("dashboard::{}", file?.file_name().to_string_lossy().trim_end_matches(".rs"))));
    let names = names.collect::<Result<Vec<String>>>()?.into_iter().filter(|name| name != SERVED);
    Ok(BESIDE.iter().map(|name| (*name).to_owned()).chain(names).collect())
}

/// The arguments that select these modules, or with `--skip` the others.
fn modules(option: &str, modules: &[String]) -> Vec<String> {
    let named = modules.iter().flat_map(|module| [option.to_owned(), format!("{module}::")]);
    named.filter(|argument| !argument.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_modules_are_there_for_every_function() {
        let place = Place::of_run("privileges-test").unwrap();
        let mut functions = tooling::build::functions(&place).unwrap();
        functions.sort();
        let mut known: Vec<_> = NEAREST.iter().map(|(function, _)| (*function).to_owned()).collect();
        known.sort();
        assert_eq!(known, functions);
        for module in NEAREST.iter().flat_map(|(_, modules)| *modules) {
            let file = place.root().join("tests/local").join(module.replace("::", "/")).with_extension("rs");
            assert!(file.is_file(), "{}", file.display());
        }
        assert_eq!(modules("", &["a", "b::c"].map(str::to_owned)), ["a::", "b::c::"]);
        assert_eq!(modules("--skip", &["a".to_owned()]), ["--skip", "a::"]);
        let left_out = beside(&place).unwrap();
        assert!(left_out.iter().any(|name| name == "dashboard::tour") && !left_out.iter().any(|name| name == SERVED));
    }
}

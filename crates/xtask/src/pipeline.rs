//! The programs for deploying and testing that the pipeline passes to its later jobs, which compile nothing.

use anyhow::Result;
use tooling::build::{local_tests, program, strip};
use tooling::place::Place;
use tooling::progress::Progress;

/// Puts `operate` and the program of the local-cloud tests into target/deploy.
///
/// # Errors
/// When the tests do not compile, or a file cannot be written.
pub async fn for_deploying(place: &Place, progress: &Progress) -> Result<()> {
    let step = progress.step("deploy and test");
    let mut staged = Vec::new();
    for (name, built) in [("operate", program(place, "operate").await?), ("local", local_tests(place).await?)] {
        let to = place.root().join("target").join("deploy").join(name);
        let bytes = strip(place, &built, &to).await?;
        staged.push(format!("{} {:.1} MB", place.shown(&to), bytes as f64 / 1e6));
    }
    step.done(&staged.join(", "));
    Ok(())
}

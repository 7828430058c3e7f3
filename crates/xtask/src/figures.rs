//! `cargo xtask figures`: how fast the dashboard is in a real browser, each figure so many times what something plain takes in the same run,
//! compared with the budget. It is no step of `cargo xtask test`, since it measures, and for that the computer should do nothing else.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use tooling::browser;
use tooling::build::Dashboard;
use tooling::deploy::Way;
use tooling::people::People;
use tooling::place::Place;
use tooling::prepare;
use tooling::progress::Progress;
use tooling::stack;

use crate::test;

/// The test that measures and compares.
const MEASURED: [&str; 5] = ["--ignored", "--nocapture", "--test-threads", "1", "dashboard::budget::"];

/// Starts a local cloud, and measures the dashboard in it.
///
/// # Errors
/// When there is no browser, something does not start, or a figure exceeds its limit.
pub async fn run() -> Result<ExitCode> {
    ensure!(
        browser::find().and(browser::driver()).is_some(),
        "this needs a browser and its driver: apt-get install --no-install-recommends chromium chromium-driver"
    );
    let place = Place::of_run("figures")?;
    let progress = Progress::new();
    let cloud =
        prepare::local_cloud(&place, test::free_ports()?, &[], Way::Direct, Dashboard::Built, &progress).await?;
    People::make(&cloud.stack, "").await?;
    cloud.stack.write(&place.run(stack::FILE))?;
    let measured = test::local_tests(&place, &MEASURED).await;
    drop(cloud);
    measured.map(|()| ExitCode::SUCCESS)
}

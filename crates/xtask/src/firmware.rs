//! Firmware over the air in the demonstration: the administrator uploads a new version, a job brings it to the dispenser, and each step is
//! checked.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use fleet_sim::crew::Crew;
use fleet_sim::fleet::DISPENSER;
use fleet_sim::simulate::updater::hex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tooling::api::Api;
use tooling::http::{Http, Request};
use tooling::progress::Progress;
use tooling::stack::Stack;

use crate::commands::Running;

/// The version that is uploaded.
const VERSION: &str = "1.1.0";
/// Size of its file, in bytes.
const SIZE: usize = 256 * 1024;
/// Timeout for the whole update.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two polls.
const LOOK: Duration = Duration::from_millis(250);

/// The report of the update.
#[derive(Debug)]
pub struct Firmware {
    /// The lines of the report: what has to happen once, and how often it did.
    found: Vec<(&'static str, u64)>,
    /// Differences from what was expected.
    pub differences: Vec<String>,
}

impl Firmware {
    /// The lines of the report.
    pub fn page(&self) -> String {
        let line = |(name, found): &(&str, u64)| {
            let mark = if *found == 1 { "" } else { "   <-- differs" };
            format!("  {name:<32} {:>8} {found:>8}{mark}\n", 1)
        };
        self.found.iter().map(line).collect()
    }
}

/// Uploads the version and returns its number, for people who want to create a job with it.
///
/// # Errors
/// When the API or S3 refuses it.
pub async fn offer(stack: &Stack, crew: &Crew) -> Result<String> {
    let admin = Api::of(stack, Some(&crew.people.admin.sign_in(stack).await?.id))?;
    upload(&admin).await?;
    Ok(VERSION.to_owned())
}

/// Announces the version and uploads its file.
async fn upload(admin: &Api) -> Result<()> {
    let file: Vec<u8> = (0..SIZE).map(|place| (place * 31 % 251) as u8).collect();
    let announced = json!({"version": VERSION, "sha256": hex(&Sha256::digest(&file)), "size": file.len()});
    let answer = admin.expect(&[201], "POST", "/fleet/firmware", Some(&announced)).await?.json();
    let url = answer.pointer("/upload/url").and_then(Value::as_str).context("the answer has no upload address")?;
    let mut put = Request::builder().method("PUT").uri(url);
    for (name, value) in answer.pointer("/upload/headers").and_then(Value::as_object).into_iter().flatten() {
        put = put.header(name, value.as_str().unwrap_or_default());
    }
    let answer = Http::new().call(put.body(file).context("the upload request is invalid")?).await?;
    ensure!(answer.status().is_success(), "S3 refuses the firmware: {}", String::from_utf8_lossy(answer.body()));
    Ok(())
}

/// Uploads the version, creates a job for the dispenser, and waits until the dispenser runs it.
///
/// # Errors
/// When the API or the dispenser does not answer.
pub async fn run(stack: &Stack, crew: &Crew, dispenser: &mut Running, progress: &Progress) -> Result<Firmware> {
    let step = progress.step("firmware");
    step.note("uploading a new version");
    let admin = Api::of(stack, Some(&crew.people.admin.sign_in(stack).await?.id))?;
    upload(&admin).await?;
    let order = json!({"firmware": VERSION, "target": {"devices": [DISPENSER]}});
    let made = admin.expect(&[202], "POST", "/fleet/jobs", Some(&order)).await?.json();
    let id = made.get("id").and_then(Value::as_str).context("the answer has no id of a job")?.to_owned();
    step.note("waiting until the dispenser has it");
    let deadline = Instant::now() + PATIENCE;
    let mut seen = Seen::default();
    while Instant::now() < deadline && !seen.is_whole() {
        dispenser.expect_running()?;
        seen = Seen::look(&admin, &id).await?;
        tokio::time::sleep(LOOK).await;
    }
    step.done(&format!("{VERSION} uploaded, brought to {DISPENSER} by a job"));
    let found = vec![
        ("firmware jobs completed", seen.completed),
        ("firmware installed", seen.installed),
        ("firmware shown by its device", seen.shown),
        ("firmware in the log of events", seen.told),
    ];
    let differences =
        found.iter().filter(|(_, count)| *count != 1).map(|(name, count)| format!("{name}: {count} instead of 1"));
    Ok(Firmware { differences: differences.collect(), found })
}

/// The visible state of the job and its device.
#[derive(Debug, Default)]
struct Seen {
    completed: u64,
    installed: u64,
    shown: u64,
    told: u64,
}

impl Seen {
    fn is_whole(&self) -> bool {
        [self.completed, self.installed, self.shown, self.told].iter().all(|count| *count == 1)
    }

    async fn look(admin: &Api, id: &str) -> Result<Self> {
        let job = admin.expect(&[200], "GET", &format!("/fleet/jobs/{id}"), None).await?.json();
        let device = admin.expect(&[200], "GET", &format!("/devices/{DISPENSER}"), None).await?.json();
        let events = format!("/devices/{DISPENSER}/events?kind=job");
        let events = admin.expect(&[200], "GET", &events, None).await?.json();
        let told = events.get("items").and_then(Value::as_array).into_iter().flatten();
        let told = told.filter(|event| {
            event.pointer("/changes/0/after").is_some_and(|after| after == "SUCCEEDED")
                && event.get("target").is_some_and(|target| target == id)
        });
        Ok(Self {
            completed: u64::from(job.get("state").is_some_and(|state| state == "COMPLETED")),
            installed: job.pointer("/counts/succeeded").and_then(Value::as_u64).unwrap_or(0),
            shown: u64::from(device.get("firmware").is_some_and(|firmware| firmware == VERSION)),
            told: told.count() as u64,
        })
    }
}

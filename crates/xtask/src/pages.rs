//! `cargo xtask pages` measures pages that show devices on the running local cloud: the delay from a device's publish to the page, and the
//! requests and bytes of each page, with the live feed and with polling.

use std::collections::{HashMap, HashSet};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tooling::api::Api;
use tooling::certificate;
use tooling::feed::Feed;
use tooling::mqtt::Connection;
use tooling::people::{People, Person, Role};
use tooling::stack::Stack;

/// Maximum connections per person.
const OF_A_PERSON: usize = 20;
/// Time for the last messages to arrive.
const LATE: Duration = Duration::from_secs(5);

/// The options of the command.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// Number of pages, each of which watches one device.
    #[arg(long, default_value_t = 200)]
    pub pages: usize,
    /// Number of devices.
    #[arg(long, default_value_t = 20)]
    pub devices: usize,
    /// Messages per second, of all devices together.
    #[arg(long, default_value_t = 50.0)]
    pub rate: f64,
    /// Seconds of each of the two measurements.
    #[arg(long, default_value_t = 20)]
    pub seconds: u64,
    /// Seconds between two polls of a page.
    #[arg(long, default_value_t = 5)]
    pub every: u64,
}

/// When each reading was published, by device and timestamp in ms since the epoch.
type Published = Arc<Mutex<HashMap<(String, i64), Instant>>>;

/// What the pages of one measurement have received; delays in s.
#[derive(Debug, Default)]
struct Seen {
    delays: Vec<f64>,
    requests: u64,
    bytes: u64,
}

/// Measures the live feed, and then polling.
///
/// # Errors
/// When no local cloud runs, or something does not answer.
pub async fn run(options: &Options) -> Result<ExitCode> {
    let stack = Stack::running()?;
    let devices: Vec<String> = (0..options.devices).map(|number| format!("page-{number:03}")).collect();
    let admin = Api::of(&stack, Some(&People::read(&stack.people)?.admin.sign_in(&stack).await?.id))?;
    let policy = stack.output("DevicePolicyName")?;
    let mut senders = Vec::new();
    for id in &devices {
        let body = json!({"id": id, "sensors": [{"code": "ph", "unit": "pH"}]});
        admin.expect(&[201, 409], "POST", "/devices", Some(&body)).await?;
        let identity = certificate::make(&stack, id, &[policy]).await?;
        senders.push(Connection::open(&stack, &identity).await?);
    }
    let mut people = Vec::new();
    for number in 0..options.pages.div_ceil(OF_A_PERSON) {
        let email = format!("page-{number:03}-{}@weir.example", std::process::id());
        let tokens = Person::make(&stack, &email, Role::User, "*").await?.sign_in(&stack).await?;
        people.push(Api::of(&stack, Some(&tokens.id))?);
    }
    println!(
        "{} pages, {} devices, {} messages a second, {} s each",
        options.pages,
        devices.len(),
        options.rate,
        options.seconds
    );
    for polling in [false, true] {
        let (published, seen) = (Published::default(), Arc::new(Mutex::new(Seen::default())));
        let mut pages = JoinSet::new();
        for number in 0..options.pages {
            let (Some(api), Some(id)) = (people.get(number / OF_A_PERSON), devices.get(number % devices.len())) else {
                continue;
            };
            let page = Page {
                api: api.clone(),
                device: id.clone(),
                published: published.clone(),
                shown: Mutex::default(),
                seen: seen.clone(),
            };
            if polling {
                let every = Duration::from_secs(options.every);
                let offset = every.mul_f64(number as f64 / options.pages as f64);
                pages.spawn(page.poll(every, offset));
            } else {
                let mut feed = Feed::open(&page.api).await?;
                feed.subscribe(&[&format!("device/{id}")]).await?;
                pages.spawn(page.follow(feed));
            }
        }
        // Until every function that sends messages knows the subscriptions.
        tokio::time::sleep(Duration::from_secs(if polling { 0 } else { 3 })).await;
        let before = processor_seconds(stack.process);
        let mut pace = tokio::time::interval(Duration::from_secs_f64(1.0 / options.rate));
        let (begun, mut messages) = (Instant::now(), 0_usize);
        while begun.elapsed() < Duration::from_secs(options.seconds) {
            pace.tick().await;
            let place = messages % devices.len();
            let (Some(id), Some(sender)) = (devices.get(place), senders.get_mut(place)) else { break };
            let at = jiff::Timestamp::now().as_millisecond();
            note(&published, id, at);
            let payload = json!({"value": messages, "ts": at}).to_string().into_bytes();
            sender.publish(&format!("{id}/reading/sensor/ph"), payload).await?;
            messages += 1;
        }
        tokio::time::sleep(LATE + Duration::from_secs(if polling { options.every } else { 0 })).await;
        let spent = processor_seconds(stack.process) - before;
        pages.abort_all();
        let seen = seen.lock().map_err(|_| anyhow::anyhow!("a page has failed"))?;
        report(
            if polling { "polling" } else { "live feed" },
            &seen,
            messages,
            options.pages as f64 / devices.len() as f64,
            spent,
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn note(published: &Published, id: &str, at: i64) {
    if let Ok(mut published) = published.lock() {
        published.insert((id.to_owned(), at), Instant::now());
    }
}

/// A page that shows a device.
struct Page {
    api: Api,
    device: String,
    published: Published,
    /// Timestamps of the readings that are shown: the spans of polls overlap, because readings may come late.
    shown: Mutex<HashSet<i64>>,
    seen: Arc<Mutex<Seen>>,
}

impl Page {
    async fn follow(self, mut feed: Feed) -> Result<()> {
        loop {
            let messages = feed.next(Duration::from_secs(600)).await?.context("the connection was closed")?;
            let readings: Vec<&Value> =
                messages.iter().filter(|message| message.get("type").is_some_and(|kind| kind == "reading")).collect();
            self.saw(&readings, 1, messages.iter().map(|message| message.to_string().len() as u64).sum());
        }
    }

    async fn poll(self, every: Duration, offset: Duration) -> Result<()> {
        let mut from = jiff::Timestamp::now();
        tokio::time::sleep(offset).await;
        let mut pace = tokio::time::interval(every);
        loop {
            pace.tick().await;
            // Like a page with the feed, this page shows all readings; some come late.
            let path = format!("/devices/{}/readings?from={from}&limit=1000", self.device);
            from = jiff::Timestamp::now() - Duration::from_secs(2);
            let answer = self.api.expect(&[200], "GET", &path, None).await?;
            let (body, bytes) = (answer.json(), answer.bytes.len() as u64);
            let items = body.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
            self.saw(&items.iter().collect::<Vec<_>>(), 1, bytes);
        }
    }

    fn saw(&self, readings: &[&Value], requests: u64, bytes: u64) {
        let (Ok(published), Ok(mut shown), Ok(mut seen)) = (self.published.lock(), self.shown.lock(), self.seen.lock())
        else {
            return;
        };
        seen.requests += requests;
        seen.bytes += bytes;
        for reading in readings {
            let at = reading.get("at").and_then(Value::as_str).and_then(|at| at.parse::<jiff::Timestamp>().ok());
            let Some(at) = at.map(jiff::Timestamp::as_millisecond) else { continue };
            if let Some(sent) = published.get(&(self.device.clone(), at))
                && shown.insert(at)
            {
                seen.delays.push(sent.elapsed().as_secs_f64());
            }
        }
    }
}

fn report(name: &str, seen: &Seen, messages: usize, watchers: f64, spent: f64) {
    let mut delays = seen.delays.clone();
    delays.sort_by(f64::total_cmp);
    let at = |part: f64| {
        let place = (delays.len() as f64 * part) as usize;
        delays.get(place.min(delays.len().saturating_sub(1))).copied().unwrap_or_default()
    };
    println!(
        "{name:10} {} of {:.0} readings shown; p50 {:.2} s, p95 {:.2} s, max {:.2} s; {} {} of {:.1} MB in all; {:.1} ms of processor a message",
        delays.len(),
        messages as f64 * watchers,
        at(0.5),
        at(0.95),
        at(1.0),
        seen.requests,
        if name == "polling" { "requests" } else { "frames" },
        seen.bytes as f64 / 1e6,
        spent * 1_000.0 / messages.max(1) as f64,
    );
}

/// Processor time, in s, of the local cloud and the functions that it runs, which are in its process group; 0 where the system does not
/// report it.
fn processor_seconds(group: u32) -> f64 {
    let Ok(processes) = std::fs::read_dir("/proc") else { return 0.0 };
    let ticks = processes.flatten().filter_map(|process| {
        let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
        let words: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
        let of_group = words.get(2)?.parse::<u32>().ok()? == group;
        let ticks = words.get(11)?.parse::<f64>().ok()? + words.get(12)?.parse::<f64>().ok()?;
        of_group.then_some(ticks)
    });
    // Linux counts in hundredths of a second.
    ticks.sum::<f64>() / 100.0
}

//! Notices in the demonstration: an alert on a buoy's oxygen, a subscriber by e-mail and by webhook, and the receiver of the webhooks.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use fleet_sim::crew::Crew;
use fleet_sim::fleet::Fleet;
use fleet_sim::fleet::register::alert_on_oxygen;
use fleet_sim::simulate::buoy::single;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tooling::api::Api;
use tooling::inbox;
use tooling::place::Place;
use tooling::stack::Stack;

/// Timeout from a reading to the receipt of its notices.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time until every function applies a new alert: a little more than `DeviceCacheSeconds` of the local environment.
const KNOWN: Duration = Duration::from_secs(6);
/// The raw numbers of a value below every limit, and of one above.
const LOW: f64 = 0.1;
const HIGH: f64 = 1.0;

/// The receiver of the webhooks; it ends when this is dropped.
#[derive(Debug)]
pub struct Receiver {
    /// The file with the webhooks, one per line.
    pub file: PathBuf,
    hooks: Arc<Mutex<Vec<Value>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The alert: oxygen below `limit`.
fn alert(limit: f64) -> Value {
    json!({"id": "low-oxygen", "below": limit, "clear": limit + 0.5, "severity": "critical", "note": "aerate the pond"})
}

/// Sets an alert on the oxygen of the first buoy, starts a receiver, and subscribes the user of the run to problems, by e-mail and by
/// webhook.
///
/// # Errors
/// When the local cloud refuses a request.
pub async fn arrange(stack: &Stack, place: &Place, fleet: &Fleet, crew: &Crew, limit: f64) -> Result<Receiver> {
    let buoy = fleet.buoys.first().context("the fleet has no buoy")?;
    let admin = Api::of(stack, Some(&crew.people.admin.sign_in(stack).await?.id))?;
    alert_on_oxygen(&admin, buoy, &alert(limit)).await?;
    let (receiver, url) = receive(place.run("webhooks.jsonl")).await?;
    let user = Api::of(stack, Some(&crew.people.user.sign_in(stack).await?.id))?;
    let zone = jiff::tz::TimeZone::try_system().ok().and_then(|zone| zone.iana_name().map(str::to_owned));
    for channel in [json!({"email": {}}), json!({"webhook": {"url": url}})] {
        let mut body = json!({"channel": channel, "filter": {"kinds": ["LIMIT"], "devices": [buoy.id]}});
        if let (Some(zone), Some(fields)) = (&zone, body.as_object_mut()) {
            fields.insert("zone".to_owned(), zone.as_str().into());
        }
        user.expect(&[201], "POST", "/users/me/subscriptions", Some(&body)).await?;
    }
    Ok(receiver)
}

async fn receive(file: PathBuf) -> Result<(Receiver, String)> {
    std::fs::write(&file, "").with_context(|| format!("cannot write {}", file.display()))?;
    let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port for a receiver of webhooks")?;
    let url = format!("http://{}/hook", listener.local_addr()?);
    let hooks: Arc<Mutex<Vec<Value>>> = Arc::default();
    let routes = Router::new().route("/hook", post(hook)).with_state((file.clone(), Arc::clone(&hooks)));
    let task = tokio::spawn(async move {
        // Stops at the end of the run.
        let _ = axum::serve(listener, routes).await;
    });
    Ok((Receiver { file, hooks, task }, url))
}

async fn hook(State((file, hooks)): State<(PathBuf, Arc<Mutex<Vec<Value>>>)>, body: Bytes) -> StatusCode {
    let Ok(hook) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST };
    let line = format!("{hook}\n");
    if let Ok(mut seen) = hooks.lock() {
        seen.push(hook);
    }
    let written = OpenOptions::new().append(true).open(&file).and_then(|mut file| file.write_all(line.as_bytes()));
    if written.is_ok() { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR }
}

/// Commands that show the e-mails and the webhooks, to be copied.
pub fn commands(stack: &Stack, root: &Path, receiver: &Receiver) -> [(&'static str, String); 2] {
    let file = receiver.file.strip_prefix(root).unwrap_or(&receiver.file);
    [
        ("notices by webhook, of the oxygen of a buoy", format!("tail -f {}", file.display())),
        ("the same by e-mail", format!("curl -s {}{}", stack.endpoint, inbox::PATH)),
    ]
}

/// Lets the oxygen fall and rise once, and compares the notices with the expected ones: each channel gets each transition once.
///
/// # Errors
/// When the local cloud does not answer.
pub async fn account(stack: &Stack, fleet: &Fleet, crew: &mut Crew, receiver: &Receiver) -> Result<Vec<String>> {
    let buoy = fleet.buoys.first().context("the fleet has no buoy")?;
    let probe = buoy.probes.iter().find(|probe| probe.code == "do").context("the buoy has no oxygen probe")?;
    let before = inbox_of(stack, crew).await?.len();
    tokio::time::sleep(KNOWN).await;
    for (place, raw) in [LOW, HIGH].into_iter().enumerate() {
        crew.publish(&single(buoy, probe, None, raw)).await?;
        let deadline = Instant::now() + PATIENCE;
        while (hooks(receiver).len() <= place || inbox_of(stack, crew).await?.len() <= before + place)
            && Instant::now() < deadline
        {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
    // Some time for duplicates to arrive.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let told = hooks(receiver);
    let mut ids: Vec<&str> = told.iter().map(|(id, _)| id.as_str()).collect();
    ids.dedup();
    let transitions: Vec<&str> = told.iter().map(|(_, transition)| transition.as_str()).collect();
    let mut differences = Vec::new();
    if transitions != ["opened", "resolved"] || ids.len() != 2 {
        differences.push(format!("webhooks told {transitions:?} with {} ids, expected opened and resolved", ids.len()));
    }
    let subjects = inbox_of(stack, crew).await?.split_off(before);
    let resolved: Vec<bool> = subjects.iter().map(|subject| subject.contains("Resolved:")).collect();
    if resolved != [false, true] {
        differences.push(format!("e-mails told {subjects:?}, expected that it opened and was resolved"));
    }
    println!("2 transitions of an alert, {} notices by webhook, {} by e-mail", told.len(), subjects.len());
    Ok(differences)
}

async fn inbox_of(stack: &Stack, crew: &Crew) -> Result<Vec<String>> {
    Ok(notices(&inbox::of(stack, &crew.people.user.email).await?))
}

/// The subjects of the e-mails about the alert.
fn notices(mails: &[inbox::Received]) -> Vec<String> {
    mails.iter().filter(|mail| mail.body_text.contains("low-oxygen")).map(|mail| mail.subject.clone()).collect()
}

/// The id and the transition of each notice received by webhook.
fn hooks(receiver: &Receiver) -> Vec<(String, String)> {
    let hooks = receiver.hooks.lock().map(|hooks| hooks.clone()).unwrap_or_default();
    let told = hooks.iter().filter_map(|hook| hook.pointer("/data/notices")?.as_array().cloned()).flatten();
    let text = |told: &Value, name: &str| told.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    told.map(|told| (text(&told, "id"), text(&told, "transition"))).collect()
}

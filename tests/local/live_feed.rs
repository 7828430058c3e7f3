//! The live feed, from a device's certificate to a WebSocket: what is published is pushed, to whom it may be.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tooling::api::Api;
use tooling::feed::Feed;
use tooling::mqtt::Connection;
use tooling::patience::patience;
use tooling::place::Place;
use tooling::process::Running;
use tooling::tools::Set;
use weir_tests::local::{LEVEL_TOPIC, Local, bytes, now};

/// raw · 0.5
fn half() -> Value {
    json!({"model": "linear", "slope": 0.5, "intercept": 0})
}

/// Messages of a type until there is one that fits, or the time is over.
async fn expect(feed: &mut Feed, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
    let deadline = Instant::now() + patience();
    while Instant::now() < deadline {
        let messages = feed.next(Duration::from_secs(1)).await.expect("the connection stays open").unwrap_or_default();
        if let Some(found) = messages.into_iter().find(|message| fits(message)) {
            return found;
        }
    }
    panic!("{what}: not within {} s", patience().as_secs());
}

/// Whether nothing but answers to what was said comes within the time.
async fn silent(feed: &mut Feed, kind: &str, seconds: u64) -> bool {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < deadline {
        let messages = feed.next(Duration::from_millis(200)).await.unwrap_or_default().unwrap_or_default();
        if messages.iter().any(|message| message["type"] == kind) {
            return false;
        }
    }
    true
}

/// Until every sender knows of a subscription; what changes before that comes in a second snapshot.
async fn known_to_senders() {
    tokio::time::sleep(Duration::from_millis(1_200)).await;
}

async fn publish(device: &mut Connection, id: &str, value: f64, at: i64) {
    let payload = bytes(&json!({"value": value, "ts": at}));
    device.publish(&format!("{id}/reading/sensor/ph"), payload).await.unwrap();
}

#[tokio::test]
async fn what_a_device_publishes_is_pushed_to_whoever_watches_it() {
    let local = Local::running();
    local.register_buoy("live-01", &half()).await;
    local.register_buoy("live-02", &half()).await;
    let user = local.user("live-reader", "live-01").await;
    let mut feed = Feed::open(&user).await.unwrap();
    feed.subscribe(&["device/live-01", "device/live-02", "quarantine", "problems"]).await.unwrap();
    let refused = expect(&mut feed, "the refusal", |message| message["type"] == "error").await;
    assert_eq!(refused["topics"], json!(["device/live-02", "quarantine"]));
    expect(&mut feed, "the snapshot", |message| message["type"] == "snapshot").await;
    let mut device = local.connect("live-01").await;
    known_to_senders().await;
    let at = now();
    publish(&mut device, "live-01", 14.0, at).await;
    let sent = Instant::now();
    let reading = expect(&mut feed, "the reading", |message| message["type"] == "reading").await;
    println!("pushed after {} ms", sent.elapsed().as_millis());
    assert_eq!((&reading["topic"], &reading["value"]), (&json!("device/live-01"), &json!(7.0)));
    let mut other = local.connect("live-02").await;
    publish(&mut other, "live-02", 14.0, now()).await;
    assert!(silent(&mut feed, "reading", 3).await, "somebody else's device");
}

#[tokio::test]
async fn levels_problems_and_the_quarantine_are_pushed_to_an_admin() {
    let local = Local::running();
    let mut feed = Feed::open(&local.admin().await).await.unwrap();
    feed.subscribe(&["tube/X", "problems", "quarantine"]).await.unwrap();
    expect(&mut feed, "the snapshot", |message| message["topic"] == "quarantine").await;
    known_to_senders().await;
    let mut gateway = local.connect("live-gateway").await;
    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "X1", "filling": 100}))).await.unwrap();
    expect(&mut feed, "the first level", |message| message["type"] == "level" && message["id"] == "X1").await;
    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "X2", "filling": 50}))).await.unwrap();
    // The level and the problem come from two streams, in either order.
    let (mut level, mut problem) = (None, None);
    while level.is_none() || problem.is_none() {
        let fits = |message: &Value| message["id"] == "X2" || message["problem_id"] == "X1X2";
        let message = expect(&mut feed, "the second level and the problem", fits).await;
        let found = if message["id"] == "X2" { &mut level } else { &mut problem };
        *found = Some(message);
    }
    let (level, problem) = (level.unwrap(), problem.unwrap());
    assert_eq!((&level["type"], &level["topic"]), (&json!("level"), &json!("tube/X")));
    assert_eq!((&problem["type"], &problem["problem_status"]), (&json!("problem"), &json!("UNRESOLVED")));
    gateway.publish(LEVEL_TOPIC, b"no report of a level".to_vec()).await.unwrap();
    expect(&mut feed, "the entry", |message| message["type"] == "quarantined").await;
    let admin = local.admin().await;
    admin.expect(&[204], "DELETE", "/levels/X2", None).await.unwrap();
    expect(&mut feed, "the deletion", |message| message["id"] == "X2" && message["deleted"] == true).await;
}

#[tokio::test]
async fn a_ticket_opens_one_connection_and_a_wrong_one_none() {
    let local = Local::running();
    let admin = local.admin().await;
    let url =
        admin.expect(&[201], "POST", "/live/tickets", None).await.unwrap().json()["url"].as_str().unwrap().to_owned();
    let mut first = Feed::connect(&url).await.unwrap();
    assert!(Feed::connect(&url).await.is_err(), "a ticket used twice");
    assert!(Feed::connect(url.split('?').next().unwrap()).await.is_err(), "without a ticket");
    first.say(&json!({"action": "ping"})).await.unwrap();
    expect(&mut first, "the pong", |message| message["type"] == "pong").await;
    let ticket = admin.expect(&[201], "POST", "/live/tickets", None).await.unwrap().json()["ticket"].clone();
    first.say(&json!({"action": "renew", "ticket": ticket})).await.unwrap();
    expect(&mut first, "the renewal", |message| message["type"] == "renewed").await;
}

#[tokio::test]
async fn whoever_is_disabled_is_told_nothing_more_at_once() {
    let local = Local::running();
    local.register_buoy("live-03", &half()).await;
    let user = local.user("live-leaver", "live-03").await;
    let mut feed = Feed::open(&user).await.unwrap();
    feed.subscribe(&["device/live-03"]).await.unwrap();
    expect(&mut feed, "the snapshot", |message| message["type"] == "snapshot").await;
    let mut device = local.connect("live-03").await;
    known_to_senders().await;
    publish(&mut device, "live-03", 14.0, now() - 5).await;
    expect(&mut feed, "the reading", |message| message["type"] == "reading").await;
    let disabled = json!({"enabled": false});
    let path = "/cognito/users/live-leaver@weir.example";
    local.admin().await.expect(&[200], "PATCH", path, Some(&disabled)).await.unwrap();
    // As long as senders remember who was signed out.
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    publish(&mut device, "live-03", 15.0, now()).await;
    assert!(silent(&mut feed, "reading", 3).await, "told after being disabled");
    assert_eq!(user.call("POST", "/live/tickets", None).await.unwrap().status, 401);
}

/// What the readings of a device are, by instant.
type Known = BTreeMap<String, f64>;

fn learn(known: &mut Known, messages: &[Value]) -> bool {
    for message in messages.iter().filter(|message| message["type"] == "reading") {
        known.insert(message["at"].as_str().unwrap().to_owned(), message["value"].as_f64().unwrap());
    }
    messages.iter().any(|message| message["type"] == "gap" || message["type"] == "snapshot")
}

async fn catch_up(api: &Api, id: &str, from: &str, known: &mut Known) {
    let page = api
        .expect(&[200], "GET", &format!("/devices/{id}/readings?from={from}&limit=1000"), None)
        .await
        .unwrap()
        .json();
    assert_eq!(page["next"], Value::Null, "more than a page");
    for reading in page["items"].as_array().unwrap() {
        known.insert(reading["at"].as_str().unwrap().to_owned(), reading["value"].as_f64().unwrap());
    }
}

/// How a client is cut off.
struct Cuts {
    /// The device that it follows.
    id: &'static str,
    /// Time between two readings.
    pace: Duration,
    /// The number of readings.
    readings: usize,
    /// For how many readings it is connected, and for how many it is not.
    connected: std::ops::Range<u32>,
    gone: std::ops::Range<u32>,
}

/// Lets one client follow a device all the time and another one between cuts at random; both must end with all readings.
async fn cut_off(local: &Local, Cuts { id, pace, readings, connected, gone }: Cuts) {
    local.register_buoy(id, &half()).await;
    let api = local.user(&format!("{id}-cut"), id).await;
    let topic = format!("device/{id}");
    let from = "2026-01-01T00:00:00Z";
    let mut device = local.connect(id).await;
    let (mut steady, mut cut) = (Feed::open(&api).await.unwrap(), Some(Feed::open(&api).await.unwrap()));
    let (mut of_steady, mut of_cut) = (Known::new(), Known::new());
    for feed in [&mut steady, cut.as_mut().unwrap()] {
        feed.subscribe(&[&topic]).await.unwrap();
        expect(feed, "the snapshot", |message| message["type"] == "snapshot").await;
    }
    known_to_senders().await;
    let mut rng = fastrand::Rng::with_seed(7);
    let begin = now() - 100_000;
    let (mut left, mut cuts) = (rng.u32(connected.clone()), 0);
    for number in 0..readings {
        publish(&mut device, id, number as f64, begin + number as i64).await;
        let next = Instant::now() + pace;
        while let Some(wait) = next.checked_duration_since(Instant::now()) {
            learn(&mut of_steady, &steady.next(wait).await.unwrap().unwrap_or_default());
        }
        left -= 1;
        if let Some(feed) = &mut cut
            && let Some(messages) = feed.next(Duration::from_millis(20)).await.unwrap()
            && learn(&mut of_cut, &messages)
        {
            catch_up(&api, id, from, &mut of_cut).await;
        }
        if left == 0 {
            cut = match cut {
                // The connection is dropped without a word.
                Some(_) => {
                    (left, cuts) = (rng.u32(gone.clone()), cuts + 1);
                    None
                }
                None => {
                    left = rng.u32(connected.clone());
                    Some(again(&api, &topic).await)
                }
            };
        }
    }
    let mut feed = match cut {
        Some(feed) => feed,
        None => again(&api, &topic).await,
    };
    let deadline = Instant::now() + patience();
    while (of_steady.len() < readings || of_cut.len() < readings) && Instant::now() < deadline {
        let messages = steady.next(Duration::from_millis(50)).await.unwrap().unwrap_or_default();
        learn(&mut of_steady, &messages);
        let messages = feed.next(Duration::from_millis(50)).await.unwrap().unwrap_or_default();
        if learn(&mut of_cut, &messages) {
            catch_up(&api, id, from, &mut of_cut).await;
        }
    }
    assert!(cuts > 1, "{id} was cut {cuts} times");
    assert_eq!(of_steady.len(), readings, "the one that was never cut was told everything, and never had to ask");
    assert_eq!(of_cut, of_steady);
}

async fn again(api: &Api, topic: &str) -> Feed {
    let mut feed = Feed::open(api).await.unwrap();
    feed.subscribe(&[topic]).await.unwrap();
    feed
}

#[tokio::test]
async fn a_client_that_is_cut_off_again_and_again_for_seconds_or_minutes_ends_with_the_same_data_as_one_that_never_was()
{
    let local = Local::running();
    let seconds = Cuts { id: "live-04", pace: Duration::from_millis(120), readings: 80, connected: 3..8, gone: 2..6 };
    // A minute and more each, in two minutes and a half.
    let minutes = Cuts { id: "live-07", pace: Duration::from_secs(1), readings: 150, connected: 5..10, gone: 60..65 };
    tokio::join!(cut_off(&local, seconds), cut_off(&local, minutes));
}

/// Runs an example of a client and waits until it has printed a reading with this value.
async fn example(program: &str, file: &str, id: &str) {
    let local = Local::running();
    local.register_buoy(id, &half()).await;
    let api = local.user(&format!("{id}-reader"), id).await;
    let place = Place::of_run("test").unwrap();
    let base = format!("{}/_aws/execute-api/{}/$default", local.stack.endpoint, local.stack.output("ApiId").unwrap());
    let mut command = Command::new(Set::Clients.program(&place, program));
    command.arg(weir_tests::root().join("docs/clients").join(file)).args([&base, api.token().unwrap(), id]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
    let mut running = Running::start(file, command).unwrap();
    let output = running.child().stdout.take().unwrap();
    let (sender, lines) = tokio::sync::watch::channel(Vec::new());
    tokio::spawn(async move {
        let mut read = BufReader::new(output).lines();
        while let Ok(Some(line)) = read.next_line().await {
            sender.send_modify(|all: &mut Vec<String>| all.push(line));
        }
    });
    let mut device = local.connect(id).await;
    // Published again and again, each with its own instant, until the client has connected.
    let deadline = Instant::now() + patience();
    let line = loop {
        assert!(Instant::now() < deadline, "{file} shows no reading within 20 s: {:?}", lines.borrow());
        publish(&mut device, id, 14.5, now()).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        let found = lines.borrow().iter().find(|line| line.contains("ph 7.25 pH")).cloned();
        if let Some(line) = found {
            break line;
        }
    };
    println!("{file}: {line}");
    running.end();
}

#[tokio::test]
async fn the_client_in_python_follows_a_device() {
    example("python", "live.py", "live-05").await;
}

#[tokio::test]
async fn the_client_in_javascript_follows_a_device() {
    example("node", "live.mjs", "live-06").await;
}

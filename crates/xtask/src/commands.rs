//! The commands of `up --once`: sent by the user through the API, executed by the dispenser over MQTT, and checked.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use fleet_sim::crew::Crew;
use fleet_sim::dispenser::Dispenser;
use fleet_sim::fleet::DISPENSER;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tooling::api::Api;
use tooling::progress::Progress;
use tooling::stack::Stack;

/// Commands of a run: one in flight, and four queued.
const COMMANDS: usize = 5;
/// Timeout for all of them.
const PATIENCE: Duration = Duration::from_secs(60);
/// Timeout for its log, which AWS IoT writes a little later.
const LOG_PATIENCE: Duration = Duration::from_secs(30);
/// The states that the log of events has for a command that succeeded, sorted, each once.
const STEPS: [&str; 4] = ["ACCEPTED", "QUEUED", "SENT", "SUCCEEDED"];
/// Time between two polls.
const LOOK: Duration = Duration::from_millis(250);

/// The commands sent to the dispenser, and the ones it executed.
#[derive(Debug)]
pub struct Commands {
    sent: usize,
    succeeded: usize,
    done_once: usize,
    told: usize,
    /// Differences from what was expected.
    pub differences: Vec<String>,
}

impl Commands {
    /// The lines of the report.
    pub fn page(&self) -> String {
        let line = |name: &str, sent: usize, found: usize| {
            let mark = if sent == found { "" } else { "   <-- differs" };
            format!("  {name:<32} {sent:>8} {found:>8}{mark}\n")
        };
        line("commands succeeded", self.sent, self.succeeded)
            + &line("commands done once", self.sent, self.done_once)
            + &line("commands in the log of events", self.sent, self.told)
    }
}

/// The dispenser running in a task, which ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    /// The ids of the commands that it has executed, in order.
    drinks: watch::Receiver<Vec<String>>,
    task: JoinSet<Result<()>>,
}

impl Running {
    /// Starts the dispenser.
    pub fn start(dispenser: Dispenser) -> Self {
        let (sender, drinks) = watch::channel(Vec::new());
        let mut task = JoinSet::new();
        task.spawn(dispenser.run(sender));
        Self { drinks, task }
    }

    /// Checks that it is still running.
    ///
    /// # Errors
    /// The error that it ended with.
    pub fn expect_running(&mut self) -> Result<()> {
        match self.task.try_join_next() {
            Some(ended) => ended?,
            None => Ok(()),
        }
    }
}

/// Changes the settings of the dispenser, sends commands, and waits until all are executed. With `falsify` it expects one more command.
///
/// # Errors
/// When the API or the dispenser does not answer.
pub async fn run(
    stack: &Stack,
    crew: &Crew,
    dispenser: &mut Running,
    falsify: bool,
    progress: &Progress,
) -> Result<Commands> {
    let step = progress.step("commands");
    let user = Api::of(stack, Some(&crew.people.user.sign_in(stack).await?.id))?;
    let path = format!("/devices/{DISPENSER}/commands");
    let settings = format!("/devices/{DISPENSER}/settings");
    let wanted = json!({"led": true, "led_ring": {"count": 12, "color": "#ff0000"}, "dispense_time_ms": 200});
    let before = user.expect(&[200], "GET", &settings, None).await?.json();
    user.expect(&[200], "PUT", &settings, Some(&wanted)).await?;
    let mut pressed = Vec::new();
    for _ in 0..COMMANDS {
        let order = json!({"name": "dispense", "args": {"ml": 30}, "expires_in": 120});
        let answer = user.expect(&[202], "POST", &path, Some(&order)).await?.json();
        pressed.push(answer.get("id").and_then(Value::as_str).context("the answer has no id of a command")?.to_owned());
        step.note(&format!("{} of {COMMANDS} pressed", pressed.len()));
    }
    step.note("waiting until each is done");
    let deadline = Instant::now() + PATIENCE;
    let (mut states, mut applied) = (Vec::new(), false);
    while Instant::now() < deadline {
        dispenser.expect_running()?;
        states = states_of(&user, &path).await?;
        let seen = user.expect(&[200], "GET", &settings, None).await?.json();
        applied = seen.get("difference") == Some(&json!({}));
        if applied && states.len() == COMMANDS && states.iter().all(|(_, state)| state == "SUCCEEDED") {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    let drinks = dispenser.drinks.borrow().clone();
    step.done(&format!("{} pressed, {} done by {DISPENSER}", pressed.len(), drinks.len()));
    let mut differences = Vec::new();
    let mut expected = pressed.clone();
    if falsify {
        expected.push("1795155884123".to_owned());
    }
    for id in &expected {
        let times = drinks.iter().filter(|done| *done == id).count();
        if times != 1 {
            differences.push(format!("the command {id} was done {times} times"));
        }
        let state = states.iter().find(|(known, _)| known == id).map_or("not there", |(_, state)| state.as_str());
        if state != "SUCCEEDED" {
            differences.push(format!("the command {id} is {state}"));
        }
    }
    if drinks != pressed {
        differences.push(format!("pressed in the order {pressed:?}, done in the order {drinks:?}"));
    }
    if !applied {
        differences.push(format!("{DISPENSER} has not applied its settings"));
    }
    let mut told = 0;
    let log = log_of(&user).await?;
    for id in &expected {
        let steps = log.get(id).map(Vec::as_slice).unwrap_or_default();
        if steps == STEPS {
            told += 1;
        } else {
            differences.push(format!("of the command {id} the log of events tells {steps:?}, and not {STEPS:?}"));
        }
    }
    let changed = before.get("desired") != Some(&wanted);
    differences.extend(rest_of_log(&user, &expected, changed).await?);
    let once = |id: &&String| drinks.iter().filter(|done| done == id).count() == 1;
    Ok(Commands {
        sent: expected.len(),
        succeeded: states.iter().filter(|(_, state)| state == "SUCCEEDED").count(),
        done_once: pressed.iter().filter(once).count(),
        told,
        differences,
    })
}

/// What the log of the dispenser lacks besides the events of its commands, after waiting for it.
async fn rest_of_log(user: &Api, commands: &[String], changed: bool) -> Result<Vec<String>> {
    let path = format!("/devices/{DISPENSER}/events?limit=200");
    let deadline = Instant::now() + LOG_PATIENCE;
    loop {
        let page = user.expect(&[200], "GET", &path, None).await?.json();
        let items = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        let missing = missing(&items, commands, changed);
        if missing.is_empty() || Instant::now() >= deadline {
            return Ok(missing);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// What these events do not tell of the dispenser: that it connected, that its settings were changed (if they were), reached its shadow
/// and were applied, and that each command was asked for and reported. How many changes of the shadow there are depends on when commands
/// end, so they are not counted.
fn missing(events: &[Value], commands: &[String], changed: bool) -> Vec<String> {
    let tells = |kind: &str, what: &str| {
        let of_kind = events.iter().filter(|event| event.get("kind").is_some_and(|own| own == kind));
        let mut texts = of_kind.map(|event| event.get("changes").map(Value::to_string).unwrap_or_default());
        texts.any(|text| text.contains(what))
    };
    let mut missing = Vec::new();
    let mut expect = |kind: &str, what: &str| {
        if !tells(kind, what) {
            missing.push(format!("the log of {DISPENSER} has no event `{kind}` {what}"));
        }
    };
    expect("connected", "");
    for kind in ["settings", "desired", "reported"].into_iter().filter(|_| changed) {
        expect(kind, "/settings");
    }
    for (id, kind) in commands.iter().flat_map(|id| [(id, "desired"), (id, "reported")]) {
        expect(kind, id);
    }
    missing
}

/// The states of each command in the log of events, sorted.
async fn log_of(user: &Api) -> Result<BTreeMap<String, Vec<String>>> {
    let path = format!("/devices/{DISPENSER}/events?kind=command&limit=200");
    let page = user.expect(&[200], "GET", &path, None).await?.json();
    let mut log: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in page.get("items").and_then(Value::as_array).into_iter().flatten() {
        let target = event.get("target").and_then(Value::as_str).unwrap_or_default();
        let changes = event.get("changes").and_then(Value::as_array).into_iter().flatten();
        let states = changes.filter(|change| change.get("pointer").is_some_and(|pointer| pointer == "/state"));
        let states = states.filter_map(|change| change.get("after")?.as_str());
        log.entry(target.to_owned()).or_default().extend(states.map(str::to_owned));
    }
    log.values_mut().for_each(|states| states.sort());
    Ok(log)
}

/// Every command, with its state.
async fn states_of(user: &Api, path: &str) -> Result<Vec<(String, String)>> {
    let page = user.expect(&[200], "GET", path, None).await?.json();
    let items = page.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
    let text = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(items.iter().map(|item| (text(item, "id"), text(item, "state"))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_log_of_the_dispenser_lacks_is_named() {
        let change = |pointer: &str, after: &str| json!([{"pointer": pointer, "after": after}]);
        let events = vec![
            json!({"kind": "connected"}),
            json!({"kind": "settings", "changes": change("/settings/led", "on")}),
            json!({"kind": "desired", "changes": change("/settings/led", "on")}),
            json!({"kind": "reported", "changes": change("/settings/led", "on")}),
            json!({"kind": "desired", "changes": change("/command/id", "1")}),
            json!({"kind": "reported", "changes": [{"pointer": "/command", "after": {"id": "1", "status": "SUCCEEDED"}}]}),
        ];
        assert_eq!(missing(&events, &["1".to_owned()], true), Vec::<String>::new());
        for place in 0..events.len() {
            let mut less = events.clone();
            less.remove(place);
            assert_eq!(missing(&less, &["1".to_owned()], true).len(), 1, "without {}", events[place]);
        }
        let only = &events[..1];
        assert_eq!(missing(only, &[], false), Vec::<String>::new());
        assert_eq!(missing(only, &[], true).len(), 3);
    }
}

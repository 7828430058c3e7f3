//! All faults at once: a store and an AWS IoT that throttle, fail, do not answer or answer late, functions killed at any await, answers
//! that are repeated, late and reordered, a device that restarts, has a wrong clock and returns with an old desired state. At most one
//! command is in flight, each ends once, and the device executes each at most once.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use fastrand::Rng;
use fleet_sim::simulate::dispenser::Firmware;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_runtime::clock::Clock as _;
use weir_tests::engine::Engine;
use weir_tests::faults::{Fault, Faults};
use weir_tests::lives::up_to;
use weir_tests::wire::Suspending;

use super::{World, answer};
use crate::device::iot::{Cloud, Fate};
use crate::http::ask::{Ask, body, status};

/// Lives by default.
const LIVES: u64 = 80;
/// Steps of a life.
const STEPS: usize = 60;
/// What a store does to a request. What is done later than anybody waits is left to AWS IoT here, so that the clock of the wall and
/// the one of the commands need not agree.
const KINDS: [Fault; 7] = [
    Fault::Throughput,
    Fault::Throttling,
    Fault::Internal,
    Fault::Reset,
    Fault::TimeoutBefore,
    Fault::TimeoutAfter,
    Fault::Torn,
];

/// What happened in all lives together, so that nothing that is meant to happen is missing.
#[derive(Debug, Default)]
struct Seen {
    faults: HashMap<Fault, usize>,
    counts: BTreeMap<String, usize>,
}

impl Seen {
    fn count(&mut self, what: impl Into<String>) {
        *self.counts.entry(what.into()).or_default() += 1;
    }
}

/// The life of a device and its commands.
struct Life<'a> {
    world: &'a World,
    device: String,
    rng: Rng,
    faults: Arc<Faults>,
    percent: u8,
    /// The instance of the function; none after it was killed.
    function: Option<::command::Command>,
    firmware: Firmware,
    /// How wrong the clock of the device is, in seconds.
    clock_error: i64,
    /// How often it has dispensed for each command.
    drinks: BTreeMap<String, usize>,
    /// Desired states that it may have kept.
    old: Vec<Value>,
    /// Answers on their way to the function, and how often each was tried.
    under_way: VecDeque<(Value, u8)>,
    /// What Lambda has given up.
    on_failure: Vec<Value>,
    /// How each command ended, by what the table said first.
    ended: BTreeMap<String, String>,
    entered: BTreeSet<String>,
    seen: Seen,
}

impl Life<'_> {
    /// Calls the function, which may be killed at any await.
    async fn call(&mut self, event: Value) -> Option<Value> {
        let function = self.function.take().unwrap_or_else(|| {
            let client = self.world.engine.client_timed(Arc::new(Suspending(self.faults.clone())));
            self.world.function_by(&client, self.world.cloud.iot())
        });
        let awaits = if self.percent > 0 && self.rng.u8(..100) < 40 { self.rng.usize(1..80) } else { usize::MAX };
        let work: LocalBoxFuture<'_, _> = Box::pin(async move { (function.answer(event).await, function) });
        match up_to(awaits, work).await {
            Some((answer, function)) => {
                self.function = Some(function);
                answer.ok()
            }
            None => {
                self.seen.count("killed");
                None
            }
        }
    }

    fn ask(&self, ask: Ask) -> Value {
        ask.user(&self.device).event()
    }

    /// What AWS IoT does to one of the next requests.
    fn spoil(&mut self) {
        if self.percent == 0 || self.rng.u8(..100) >= self.percent {
            return;
        }
        let operation = if self.rng.bool() { "GetThingShadow" } else { "UpdateThingShadow" };
        let fates = [
            Fate::Refused(403),
            Fate::Refused(503),
            Fate::Refused(429),
            Fate::Lost,
            Fate::Unanswered,
            Fate::Misreported,
            Fate::Late,
            Fate::AfterAReport,
        ];
        let fate = *self.rng.choice(&fates).unwrap();
        self.seen.count(format!("{operation} {fate:?}"));
        self.world.cloud.next(operation, fate);
    }

    async fn press(&mut self) {
        let order = json!({"name": "dispense", "expires_in": self.rng.i64(5..120)});
        let key = format!("key-{}", self.rng.u64(..));
        let path = format!("/devices/{}/commands", self.device);
        let mut ids = BTreeSet::new();
        // Whoever gets no answer asks again, with the same key.
        for _ in 0..3 {
            let press = self.ask(Ask::new("POST", &path).header("idempotency-key", &key).json(&order));
            let answered = self.call(press).await;
            if let Some(answered) = answered.filter(|answered| status(answered) == 202) {
                ids.insert(body(&answered)["id"].as_str().unwrap().to_owned());
                if self.rng.bool() {
                    break;
                }
            }
        }
        assert!(ids.len() <= 1, "one key, one command: {ids:?}");
        self.entered.extend(ids);
    }

    async fn cancel(&mut self) {
        let commands: Vec<_> = self.rows().into_iter().map(|(id, _)| id).collect();
        let Some(id) = self.rng.choice(&commands).cloned() else { return };
        let path = format!("/devices/{}/commands/{id}", self.device);
        let cancel = self.ask(Ask::new("DELETE", &path));
        self.call(cancel).await;
    }

    /// The device says something: AWS IoT takes it, and the rule hands it over, once or twice.
    fn says(&mut self, said: Option<Value>) {
        let Some(said) = said else { return };
        self.world.cloud.report(&self.device, &said);
        let version = self.world.cloud.shadow(&self.device, "/version").unwrap();
        let event = answer(&self.device, &said["command"], &version, self.world.clock.now());
        for _ in 0..1 + usize::from(self.rng.u8(..4) == 0) {
            self.under_way.push_back((event.clone(), 0));
        }
    }

    /// The device looks at its shadow, or comes back with an old one.
    fn looks(&mut self) {
        let current = self.world.cloud.shadow(&self.device, "/state/desired/command");
        self.old.extend(current.clone());
        let command = if self.rng.u8(..4) == 0 { self.rng.choice(&self.old).cloned() } else { current };
        let Some(command) = command else { return };
        let now = self.world.clock.now().seconds() + self.clock_error;
        let was_busy = self.firmware.is_busy();
        let said = self.firmware.find(&command, now);
        if self.firmware.is_busy() && !was_busy {
            *self.drinks.entry(command["id"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        // Its answer may be lost, as when it loses its power now.
        if self.rng.u8(..5) > 0 {
            self.says(said);
        } else {
            self.seen.count("answer lost");
        }
    }

    fn restarts(&mut self) {
        self.seen.count("restart");
        self.clock_error = if self.rng.u8(..4) == 0 { self.rng.i64(-200..200) } else { 0 };
        let said = self.firmware.restart();
        self.says(said);
    }

    /// Somebody answers for a command that there is not.
    fn lies(&mut self) {
        let said = self.rng.choice(["ACCEPTED", "SUCCEEDED", "FAILED", "DONE"]).unwrap();
        let id = format!("{:013}", 1_795_155_800_000 + self.rng.i64(..200_000));
        let known = self.rows().iter().any(|(known, _)| *known == id);
        if !known {
            self.says(Some(json!({"command": {"id": id, "status": said}})));
        }
    }

    /// One of the answers under way arrives, whichever. Lambda tries three times.
    async fn arrives(&mut self) {
        if self.under_way.is_empty() {
            return;
        }
        let place = self.rng.usize(..self.under_way.len());
        let Some((event, tried)) = self.under_way.remove(place) else { return };
        match self.call(event.clone()).await {
            Some(answer) => self.seen.count(format!("answer {}", answer["outcome"].as_str().unwrap())),
            None if tried < 2 => self.under_way.push_back((event, tried + 1)),
            None => self.on_failure.push(event),
        }
    }

    async fn sweep(&mut self) {
        self.call(weir_tests::events::event("command", "sweep")).await;
    }

    /// Time passes. What is late arrives within 20 s or never.
    fn wait(&mut self) {
        if self.rng.bool() {
            self.world.cloud.let_in();
        }
        self.world.later(self.rng.i64(1..20));
        self.world.cloud.let_in();
    }

    /// The commands of the device with their rows.
    fn rows(&self) -> Vec<(String, Value)> {
        let rows = self.world.engine.rows("commands").into_iter();
        let own = rows.filter(|row| row["device"] == self.device.as_str() && row["state"].is_string());
        own.map(|row| (row["id"].as_str().unwrap().to_owned(), row)).collect()
    }

    /// What holds at any moment.
    fn check(&mut self) {
        let rows = self.rows();
        let flying: Vec<_> =
            rows.iter().filter(|(_, row)| ["SENT", "ACCEPTED"].contains(&row["state"].as_str().unwrap())).collect();
        assert!(flying.len() <= 1, "in flight: {flying:?}");
        for (id, row) in &rows {
            let state = row["state"].as_str().unwrap();
            if row["ended_at"].is_null() {
                assert!(!self.ended.contains_key(id), "{id} was {} and is {state}", self.ended[id]);
                continue;
            }
            let first = self.ended.entry(id.clone()).or_insert_with(|| state.to_owned());
            assert_eq!(first, state, "{id} has ended twice");
        }
        for (id, times) in &self.drinks {
            assert!(*times <= 1, "{id} was done {times} times");
        }
        let asked = self.world.cloud.commands(&self.device);
        assert!(asked.is_sorted(), "an older command came after a newer one: {asked:?}");
    }

    async fn live(&mut self) {
        for _ in 0..STEPS {
            self.spoil();
            match self.rng.u8(..20) {
                0..4 => self.press().await,
                4 => self.cancel().await,
                5..10 => self.looks(),
                10..12 => {
                    let said = self.firmware.done();
                    self.says(said);
                }
                12 => self.restarts(),
                13 => self.lies(),
                14..17 => self.arrives().await,
                17 => self.sweep().await,
                _ => self.wait(),
            }
            self.check();
        }
    }

    /// The faults end, and what was given up is driven through again.
    async fn rest(&mut self) {
        self.faults.end();
        self.percent = 0;
        self.world.cloud.calm();
        self.world.cloud.let_in();
        self.under_way.extend(std::mem::take(&mut self.on_failure).into_iter().map(|event| (event, 0)));
        while !self.under_way.is_empty() {
            self.arrives().await;
            self.check();
        }
        assert!(self.on_failure.is_empty(), "given up without a fault");
        for _ in 0..3 {
            self.world.later(100);
            self.sweep().await;
            self.check();
        }
        let rows = self.rows();
        for (id, row) in &rows {
            assert!(!row["ended_at"].is_null(), "{id} has not ended: {row}");
            let (state, done) = (row["state"].as_str().unwrap(), self.drinks.get(id).copied().unwrap_or(0));
            assert!(state != "SUCCEEDED" || done == 1, "{id} succeeded and was done {done} times");
            self.seen.count(state);
        }
        assert!(self.entered.iter().all(|id| rows.iter().any(|(known, _)| known == id)), "an accepted command is lost");
        assert_eq!(self.world.cloud.shadow(&self.device, "/state/desired/command"), None);
        let own = |row: &Value| row["device"] == self.device.as_str();
        let queue = self.world.engine.rows("commands").into_iter().find(|row| own(row) && row["id"] == "queue");
        if let Some(queue) = queue {
            assert_eq!(queue["places"], json!([]), "{queue}");
            for attribute in ["pending", "due", "lease", "part", "watch"] {
                assert!(queue.get(attribute).is_none(), "{attribute}: {queue}");
            }
        }
        self.check_events(&rows);
    }

    /// Each command has one event for each of its states, and the last one is its end.
    fn check_events(&self, rows: &[(String, Value)]) {
        let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for event in self.world.engine.rows("events") {
            let text = event.to_string();
            if event["device"] == self.device.as_str() && !text.contains("ignored") {
                let id = event["target"].as_str().unwrap().to_owned();
                let state = event["id"].as_str().unwrap().rsplit('-').next().unwrap().to_owned();
                told.entry(id).or_default().push(state);
            }
        }
        for (id, row) in rows {
            let states = told.remove(id).unwrap_or_default();
            let ends: Vec<_> =
                states.iter().filter(|state| !["QUEUED", "SENT", "ACCEPTED"].contains(&state.as_str())).collect();
            assert_eq!(ends, [row["state"].as_str().unwrap()], "{id}: {states:?}");
            assert_eq!(states.iter().collect::<BTreeSet<_>>().len(), states.len(), "{id}: {states:?}");
            assert!(states.contains(&"QUEUED".to_owned()), "{id}: {states:?}");
        }
        assert!(told.is_empty(), "events of no command: {told:?}");
    }
}

/// Says how to meet a failure again.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "seed {0} failed; it alone: FAULT_SEED={0} cargo test --workspace --test it command::faults",
                self.0
            );
        }
    }
}

async fn play(seed: u64, seen: &mut Seen) {
    fastrand::seed(seed);
    let percent = [0, 10, 30, 60][usize::try_from(seed % 4).unwrap()];
    let world = World { engine: Engine::start().await, cloud: Cloud::default(), clock: World::clock() };
    let device = "dispenser-1".to_owned();
    world.engine.put("devices", &json!({"id": device, "enabled": true, "sensors": []}));
    let faults = Faults::only(seed, percent / 3, &KINDS);
    let mut life = Life {
        world: &world,
        device,
        rng: Rng::with_seed(seed),
        faults: faults.clone(),
        percent,
        function: None,
        firmware: Firmware::default(),
        clock_error: 0,
        drinks: BTreeMap::new(),
        old: Vec::new(),
        under_way: VecDeque::new(),
        on_failure: Vec::new(),
        ended: BTreeMap::new(),
        entered: BTreeSet::new(),
        seen: std::mem::take(seen),
    };
    life.live().await;
    life.rest().await;
    *seen = life.seen;
    for (fault, times) in faults.met() {
        *seen.faults.entry(fault).or_default() += times;
    }
}

/// Lives in a run of all tests, about half a minute; each night 2,000 (`.github/workflows/faults.yml`). `FAULT_SEEDS` asks for more, and
/// `FAULT_SEED` for that one alone.
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    match (number("FAULT_SEED"), number("FAULT_SEEDS")) {
        (Some(alone), _) => alone..alone + 1,
        (None, seeds) => 0..seeds.unwrap_or(LIVES),
    }
}

#[test]
fn whatever_goes_wrong_each_command_ends_once_and_is_done_at_most_once() {
    let (mut seen, seeds) = (Seen::default(), seeds());
    for seed in seeds.clone() {
        let _told = Told(seed);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(play(seed, &mut seen));
    }
    println!("{seen:?}");
    let lives = seeds.end - seeds.start;
    if lives >= LIVES {
        assert_eq!(seen.faults.len(), KINDS.len(), "every kind of fault was met: {:?}", seen.faults);
        for what in [
            "killed",
            "restart",
            "answer lost",
            "answer changed",
            "answer ignored",
            "answer redelivered",
            "answer unreadable",
            "SUCCEEDED",
            "FAILED",
            "EXPIRED",
            "CANCELLED",
        ] {
            assert!(seen.counts.contains_key(what), "{what} never happened: {:?}", seen.counts);
        }
        let killed = u64::try_from(seen.counts["killed"]).unwrap();
        assert!(killed >= lives, "only {killed} calls were killed in {lives} lives");
    }
}

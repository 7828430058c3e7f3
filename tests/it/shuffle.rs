//! Messages in any order, with any repetitions and any delivery of the stream of levels in between, leave the same tables.
//!
//! Not covered: reports older than the 24 that are kept, sensors that are silent for hours, and a number that is sent again
//! for an instant after another number was received for it (the quarantine then shows which came first).

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::Config;
use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::pump::Pump;
use weir_tests::rows::Outcome;

/// Two tubes; A2 flows into 02.
const SENSORS: [&str; 5] = ["01", "02", "03", "A1", "A2"];

/// A message as a device sends it.
#[derive(Debug, Clone)]
enum Message {
    /// Sensor, tenths of a second, halves.
    Level(usize, i64, u8),
    /// Sensor, instant, raw number. A higher number is received later.
    Value(usize, i64, u8),
    /// The number of the batch, and sensor, instant and raw number of each value.
    Batch(i64, Vec<(usize, i64, u8)>),
    /// A message that cannot be parsed.
    Broken(u8),
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        6 => (0..SENSORS.len(), 0..120_i64, 0..3_u8).prop_map(|(id, at, half)| Message::Level(id, at, half)),
        3 => (0..3_usize, 0..4_i64, 0..3_u8).prop_map(|(code, at, raw)| Message::Value(code, at, raw)),
        1 => prop::collection::vec((0..3_usize, 0..3_i64, 0..3_u8), 1..6).prop_map(|values| Message::Batch(0, values)),
        1 => any::<u8>().prop_map(Message::Broken),
    ]
}

/// At most 24 messages, so that all reports of a sensor are kept.
fn stream() -> impl Strategy<Value = Vec<Message>> {
    prop::collection::vec(message(), 1..24).prop_map(|mut messages| {
        for (message, own) in messages.iter_mut().zip(0..) {
            if let Message::Batch(number, _) = message {
                *number = own;
            }
        }
        messages
    })
}

impl Message {
    async fn deliver(&self, functions: &Functions) {
        let event = self.event();
        let organizer = matches!(self, Message::Level(..)) || matches!(self, Message::Broken(text) if text % 2 == 0);
        let failed = if organizer {
            functions.organizer.answer(event).await.err().map(|error| error.to_string())
        } else {
            functions.calibration.answer(event).await.err().map(|error| error.to_string())
        };
        assert_eq!(failed, None);
    }

    fn event(&self) -> Value {
        let (now, code) = (NOW.millis(), |place: usize| ["ph", "tmp", "cond"][place]);
        match self {
            Message::Level(id, tenths, half) => {
                json!({"id": SENSORS[*id], "filling": half * 50, "ts": now - 12_000 + tenths * 100,
                "topic": "kloaka_from_device", "received_at": now + i64::from(*half)})
            }
            Message::Value(place, at, raw) => {
                json!({"value": raw * 100, "ts": now - at, "received_at": now + i64::from(*raw),
                "topic": format!("buoy-01/reading/sensor/{}", code(*place))})
            }
            Message::Batch(number, values) => {
                let group = |(place, at, raw): &(usize, i64, u8)| json!({"ts": now - 60_000 - number * 10 - at, "values": {code(*place): raw}});
                let batch: Vec<_> = values.iter().map(group).collect();
                json!({"batch": batch, "topic": "buoy-01/readings", "received_at": now})
            }
            Message::Broken(text) => json!({"what": text, "topic": "buoy-01/reading/sensor/ph", "received_at": now}),
        }
    }
}

/// A step of a run.
#[derive(Debug, Clone)]
enum Step {
    /// A message is delivered to one of two instances.
    Deliver(Index, bool),
    /// The stream of levels is delivered to one of two instances.
    Pump(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (any::<Index>(), any::<bool>()).prop_map(|(which, instance)| Step::Deliver(which, instance)),
        1 => any::<bool>().prop_map(Step::Pump),
    ];
    prop::collection::vec(step, 0..30)
}

struct World {
    engine: Engine,
    instances: [Functions; 2],
    pump: Pump,
}

impl World {
    async fn new(settings: &Settings) -> Self {
        let engine = Engine::start().await;
        engine.register();
        engine.link("A2", &["02"]);
        let instance = || Functions::by(&engine, &engine.client(), settings);
        let (instances, pump) = ([instance(), instance()], Pump::of(&engine));
        Self { engine, instances, pump }
    }

    fn instance(&self, second: bool) -> &Functions {
        &self.instances[usize::from(second)]
    }

    async fn pump(&mut self, second: bool) {
        let detector = &self.instances[usize::from(second)].detector;
        self.pump.run(async |event| detector.answer(event).await).await;
        assert!(self.pump.on_failure.is_empty(), "{:?}", self.pump.on_failure);
    }

    /// The tables in the end; without the text that names one of several numbers with precedence.
    async fn end(mut self) -> Outcome {
        self.pump(false).await;
        let mut outcome = self.engine.outcome();
        for row in outcome.quarantine.iter_mut().filter(|row| row["reason"] == "conflicting_reading") {
            row["detail"].take();
        }
        outcome.quarantine.sort_by_key(Value::to_string);
        outcome
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// The messages in order, each once, and the detector at the end.
async fn straight(messages: &[Message], settings: &Settings) -> Outcome {
    let world = World::new(settings).await;
    for message in messages {
        message.deliver(&world.instances[0]).await;
    }
    world.end().await
}

/// The steps, and then all messages in reverse order.
async fn shuffled(messages: &[Message], steps: &[Step], settings: &Settings) -> Outcome {
    let mut world = World::new(settings).await;
    for step in steps {
        match step {
            Step::Deliver(which, second) => which.get(messages).deliver(world.instance(*second)).await,
            Step::Pump(second) => world.pump(*second).await,
        }
    }
    for (place, message) in messages.iter().enumerate().rev() {
        message.deliver(world.instance(place % 3 == 0)).await;
        if place % 4 == 0 {
            world.pump(place % 8 == 0).await;
        }
    }
    world.end().await
}

/// The number of cases: `PROPTEST_CASES`, by default as many as fit into a run of all tests.
fn config() -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    Config { cases: asked.unwrap_or(32), max_shrink_iters: 400, failure_persistence: None, ..Config::default() }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_order_and_any_repetition_of_a_stream_leave_the_same_tables(messages in stream(), steps in steps()) {
        let settings = Settings::default();
        let (once, often) = runtime().block_on(async {
            (straight(&messages, &settings).await, shuffled(&messages, &steps, &settings).await)
        });
        prop_assert_eq!(once, often);
    }

    #[test]
    fn with_hysteresis_too_any_order_leaves_the_same_tables(messages in stream(), steps in steps()) {
        let settings = Settings::after(2, 2);
        let (once, often) = runtime().block_on(async {
            (straight(&messages, &settings).await, shuffled(&messages, &steps, &settings).await)
        });
        prop_assert_eq!(once, often);
    }
}

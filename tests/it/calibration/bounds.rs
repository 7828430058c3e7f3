//! The maximum cost of one message of any content: at most 50 quarantine entries, and twice its values + 300 write units, as counted by the
//! engine.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::meter::Meter;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

struct World {
    engine: Engine,
    functions: Functions,
    meter: Arc<Meter>,
}

impl World {
    /// A device `big` with 64 sensors without calibration, and the devices of the recorded events.
    async fn new() -> Self {
        Self::keeping(0).await
    }

    async fn keeping(reading_days: i64) -> Self {
        let engine = Engine::start().await;
        engine.register();
        let sensors: Vec<_> = (0..64).map(|place| json!({"code": format!("s{place}"), "enabled": true})).collect();
        engine.put("devices", &json!({"id": "big", "enabled": true, "sensors": sensors}));
        let meter = Arc::new(Meter::default());
        let settings = Settings { reading_days, ..Settings::default() };
        let functions = Functions::by(&engine, &engine.client_over(meter.clone()), &settings);
        Self { engine, functions, meter }
    }

    async fn send(&self, payload: &str, received_at: i64) -> Value {
        let event = json!({"payload": STANDARD.encode(payload), "topic": "big/readings", "received_at": received_at});
        self.functions.calibration.answer(event).await.unwrap()
    }

    /// Sends a message with so many values; the write units it cost.
    async fn cost(&self, what: &str, values: usize, payload: &str) -> f64 {
        assert!(payload.len() <= 128 * 1024, "{what}: {} bytes are no message of AWS IoT", payload.len());
        self.meter.take();
        let entries = self.engine.rows("quarantine").len();
        self.send(payload, NOW.millis()).await;
        let written: f64 = self.meter.take().values().map(|cost| cost.written).sum();
        let most = 2.0 * values as f64 + 300.0;
        assert!(written <= most, "{what}: {written} write units for {values} values, more than {most}");
        let entries = self.engine.rows("quarantine").len() - entries;
        assert!(entries <= 50, "{what}: {entries} entries");
        println!("{what}: {written} write units of at most {most}, {entries} entries");
        written
    }
}

/// A message of these groups, filled up to 128 KB by a field that nobody reads, if `full` says so.
fn batch(groups: &[Value], full: bool) -> String {
    let mut message = json!({"batch": groups});
    if full {
        let left = (128 * 1024_usize).saturating_sub(message.to_string().len() + 16);
        message["pad"] = "x".repeat(left).into();
    }
    message.to_string()
}

fn group(at: i64, sensors: std::ops::Range<usize>, value: i64) -> Value {
    let values: serde_json::Map<_, _> = sensors.map(|place| (format!("s{place}"), value.into())).collect();
    json!({"ts": at, "values": values})
}

#[tokio::test]
async fn no_message_costs_more_than_twice_its_values_and_300_units() {
    let now = NOW.millis();
    let days = |count: i64, value: i64| (0..count).map(|day| group(now - day * DAY, 0..1, value)).collect::<Vec<_>>();
    let bad = |count: usize, length: usize| {
        let one = |place: usize| json!({"ts": now, "values": {format!("s{place}"): "x".repeat(length)}});
        (0..count).map(one).collect::<Vec<_>>()
    };
    let world = World::new().await;
    let numbers: Vec<Value> = (0..23_695).map(Value::from).collect();
    world.cost("thousands of numbers", 23_695, &batch(&numbers, false)).await;
    world.cost("thousands of numbers of nobody", 1, &batch(&[json!({"x": "y".repeat(131_000)})], false)).await;
    world.cost("1,000 bad groups", 1_000, &batch(&numbers[..1_000], true)).await;
    world.cost("49 bad values that fill a message", 49, &batch(&bad(49, 2_600), false)).await;
    world.cost("60 bad values", 60, &batch(&bad(60, 10), false)).await;
    world.cost("1,000 bad values that fill a message", 1_000, &batch(&bad(1_000, 80), false)).await;
    world.cost("one bad value that fills a message", 1, &batch(&bad(1, 130_000), false)).await;
    world.cost("a reading a day of 1,000 days", 1_000, &batch(&days(1_000, 1), false)).await;
    world.cost("the same again", 1_000, &batch(&days(1_000, 1), false)).await;
    world.cost("the same with other numbers", 1_000, &batch(&days(1_000, 2), true)).await;
    for (count, sensors) in [(1, 64), (15, 64), (50, 1)] {
        for (what, value) in [("late", 3), ("late conflicts", 4)] {
            let groups: Vec<_> =
                (0..count).map(|day| group(now - (day + 1) * DAY - count * HOUR, 0..sensors, value)).collect();
            let values = usize::try_from(count).unwrap() * sensors;
            world.cost(&format!("{what} of {sensors} sensors on {count} days"), values, &batch(&groups, false)).await;
            let mut mixed = groups.clone();
            mixed.extend(bad(25, 2_000));
            let name = format!("{what} of {sensors} sensors on {count} days, and 25 large bad values");
            world.cost(&name, values + 25, &batch(&mixed, false)).await;
        }
    }
    let old = World::keeping(30).await;
    let past: Vec<_> = (0..1_000).map(|day| group(now - (40 + day) * DAY, 0..1, 1)).collect();
    old.cost("1,000 readings that have expired", 1_000, &batch(&past, false)).await;
    // Two numbers for each of 500 instants in one message.
    let twice: Vec<_> = (0..500).flat_map(|day| [1, 2].map(|value| group(now - day * DAY, 5..6, value))).collect();
    world.cost("500 conflicts in itself", 1_000, &batch(&twice, false)).await;
}

/// The other number wins if it was received earlier, and then both rows are written.
#[tokio::test]
async fn replaced_readings_stay_within_the_bound() {
    let world = World::new().await;
    let at = |place: i64| NOW.millis() - (place + 2) * DAY;
    for (count, sensors) in [(1, 64), (50, 1), (8, 64)] {
        let groups = |value| (0..count).map(|day| group(at(day), 0..sensors, value)).collect::<Vec<_>>();
        world.send(&batch(&groups(1), false), NOW.millis() + 1_000).await;
        let values = usize::try_from(count).unwrap() * sensors;
        world.cost(&format!("{values} replaced readings"), values, &batch(&groups(2), false)).await;
    }
}

#[tokio::test]
async fn what_has_no_entry_of_its_own_is_in_one_that_says_how_many() {
    let world = World::new().await;
    let groups: Vec<_> =
        (0..64).map(|place| json!({"ts": NOW.millis(), "values": {format!("u{place}"): place}})).collect();
    let answer = world.send(&batch(&groups, false), NOW.millis()).await;
    assert_eq!(answer, json!({"stored": 0, "duplicate": 0, "quarantined": 50}));
    let rows = world.engine.rows("quarantine");
    let rest: Vec<_> = rows.iter().filter(|row| row["reason"] == "too_many_refused").collect();
    assert_eq!((rows.len(), rest.len()), (50, 1));
    let detail = rest[0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("15 parts") && detail.contains("15 unknown_sensor"), "{detail}");
    let before = rows.clone();
    world.send(&batch(&groups, false), NOW.millis()).await;
    assert_eq!(world.engine.rows("quarantine"), before, "a second delivery changes nothing");

    // Once the sensors are there, a replay of the one entry stores all that is in it.
    let sensors: Vec<_> = (0..64).map(|place| json!({"code": format!("u{place}"), "enabled": true})).collect();
    world.engine.put("devices", &json!({"id": "big", "enabled": true, "sensors": sensors}));
    let replay = json!({"payload": rest[0]["payload"], "topic": rest[0]["topic"], "received_at": rest[0]["received_at"],
        "replay": rest[0]["id"]});
    let answer = world.functions.calibration.answer(replay).await.unwrap();
    assert_eq!((&answer["stored"], &answer["entries"]), (&15.into(), &json!([])));
}

#[tokio::test]
async fn a_replay_of_many_refused_parts_keeps_its_entry() {
    let world = World::new().await;
    let groups: Vec<_> = (0..200).map(|place| json!({"ts": NOW.millis() - place, "values": {"u0": place}})).collect();
    world.send(&batch(&groups, false), NOW.millis()).await;
    let rows = world.engine.rows("quarantine");
    let rest = rows.iter().find(|row| row["reason"] == "too_many_refused").unwrap();
    let replay = json!({"payload": rest["payload"], "topic": rest["topic"], "received_at": rest["received_at"],
        "replay": rest["id"]});
    let answer = world.functions.calibration.answer(replay).await.unwrap();
    assert_eq!(answer["entries"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["entries"][0]["id"], rest["id"], "it stays");
    assert_eq!(world.engine.rows("quarantine"), rows);
}

#[tokio::test]
async fn conflicts_beyond_the_bound_share_an_entry_and_a_replay_keeps_it() {
    let world = World::new().await;
    let groups = |value: i64| (0..200).map(|place| group(NOW.millis() - place, 0..1, value)).collect::<Vec<_>>();
    world.send(&batch(&groups(1), false), NOW.millis()).await;
    let answer = world.send(&batch(&groups(2), false), NOW.millis() + 1).await;
    assert_eq!(answer, json!({"stored": 0, "duplicate": 0, "quarantined": 40}));
    let rows = world.engine.rows("quarantine");
    let rest = rows.iter().find(|row| row["reason"] == "too_many_refused").unwrap();
    assert!(rest["detail"].as_str().unwrap().starts_with("161 parts"), "{rest}");
    let payload: Value = serde_json::from_slice(&STANDARD.decode(rest["payload"].as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(payload["batch"].as_array().map(Vec::len), Some(161), "each number is in it");
    let replay = json!({"payload": rest["payload"], "topic": rest["topic"], "received_at": rest["received_at"],
        "replay": rest["id"]});
    let answer = world.functions.calibration.answer(replay).await.unwrap();
    assert_eq!((answer["entries"].as_array().map(Vec::len), &answer["entries"][0]["id"]), (Some(1), &rest["id"]));
    assert_eq!(world.engine.rows("quarantine"), rows);
}

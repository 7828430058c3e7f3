//! The bounded run: a day of readings, and two hours of levels with an obstruction that clears and one that stays; malformed messages among
//! them; and after all that has arrived, duplicates, contradictions and late messages.

use super::buoy::{Sample, batch, effect, several, single};
use super::tube::{late, report, uplink};
use super::{Effect, Message, Quarantined, trouble};
use crate::fleet::{Buoy, Fleet, FlowSensor};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// Hourly samples of each buoy.
const SAMPLES: i64 = 24;
/// Number of the newest samples that are sent one value at a time.
const ONE_BY_ONE: i64 = 3;
/// Rounds of level reports, ten minutes apart.
const ROUNDS: i64 = 12;

/// Names from the deployed stack that the messages need.
#[derive(Debug, Clone)]
pub struct Names {
    /// The topic of level reports.
    pub level_topic: String,
    /// The rule for single readings.
    pub reading_rule: String,
    /// The rule for several readings.
    pub readings_rule: String,
}

/// The waves of messages: each is sent when the previous one has had its effects. The same seed and time make the same run.
pub fn waves(fleet: &Fleet, names: &Names, seed: u64, now: i64) -> Vec<Vec<Message>> {
    let mut random = fastrand::Rng::with_seed(seed);
    // Full seconds, so that no two level reports of a sensor share a second by chance.
    let now = now - now.rem_euclid(1000);
    let mut first = Vec::new();
    for buoy in &fleet.buoys {
        first.extend(day(buoy, names, now, &mut random));
    }
    for sensor in fleet.flow_sensors() {
        first.extend(levels(sensor, &names.level_topic, now, &mut random));
    }
    let second = afterwards(fleet, &first, names, now, &mut random);
    first.extend(trouble::all(fleet, &names.level_topic, now));
    first.extend(fleet.buoys.first().map(|buoy| one_bad_among_good(buoy, now, &mut random)));
    // Messages may arrive in any order.
    random.shuffle(&mut first);
    vec![first, second]
}

fn sample<'a>(buoy: &'a Buoy, at: i64, random: &mut fastrand::Rng) -> Sample<'a> {
    let hour = (at.rem_euclid(24 * HOUR)) as f64 / HOUR as f64;
    (at, buoy.probes.iter().map(|probe| (probe, probe.curve.at(hour, 0.0, random))).collect())
}

/// A day of one buoy: old samples in one batch, because it was out of reach; then one message per sample; then one per value.
fn day(buoy: &Buoy, names: &Names, now: i64, random: &mut fastrand::Rng) -> Vec<Message> {
    let all: Vec<Sample<'_>> =
        (0..SAMPLES).rev().map(|ago| sample(buoy, now - ago * HOUR - buoy.number as i64, random)).collect();
    let (old, recent) = all.split_at((SAMPLES / 4) as usize);
    let (middle, newest) = recent.split_at(recent.len().saturating_sub(ONE_BY_ONE as usize));
    let mut messages = vec![batch(buoy, old)];
    messages.extend(middle.iter().map(|sample| several(buoy, sample)));
    for (at, values) in newest {
        messages.extend(values.iter().map(|(probe, raw)| single(buoy, probe, Some(*at), *raw)));
    }
    // The smallest possible message, without a timestamp, and one of each kind by Basic Ingest.
    if let Some(probe) = buoy.probes.first() {
        let raw = probe.curve.at(12.0, 0.0, random);
        messages.push(single(buoy, probe, None, raw));
        messages.push(single(buoy, probe, Some(now - 90 * MINUTE), raw).by_basic_ingest(&names.reading_rule));
    }
    let past = sample(buoy, now - 150 * MINUTE, random);
    messages.push(several(buoy, &past).by_basic_ingest(&names.readings_rule));
    messages
}

/// The level of a sensor in a round: 04 and 05 run dry and recover, 14 and 15 drop to half and stay there.
fn filling(sensor: &str, round: i64) -> f64 {
    match (sensor, round) {
        ("04", 4..=7) | ("05", 4..=9) => 0.0,
        ("04", 8..=9) => 50.0,
        ("14" | "15", 9..) => 50.0,
        _ => 100.0,
    }
}

fn instant(sensor: &FlowSensor, round: i64, now: i64) -> i64 {
    // The sensors of a tube report one after another, seven seconds apart.
    let position = sensor.id.get(1..).and_then(|number| number.parse::<i64>().ok()).unwrap_or_default();
    now - (ROUNDS - round) * 10 * MINUTE + position * 7_000
}

fn levels(sensor: &FlowSensor, topic: &str, now: i64, random: &mut fastrand::Rng) -> Vec<Message> {
    let over_lora = sensor.id.ends_with('3') || !sensor.registered;
    let reports = (0..ROUNDS).map(|round| (instant(sensor, round, now), filling(&sensor.id, round)));
    let mut messages: Vec<Message> = reports
        .map(|(at, filling)| match over_lora {
            true => uplink(sensor, at, filling, random.bool()),
            false => report(topic, sensor, at, filling, random.bool()),
        })
        .collect();
    if sensor.id == "02" {
        // More than are kept, so that the oldest are removed.
        let more = (0..16).map(|place| report(topic, sensor, now - 2 * HOUR - place * 5 * MINUTE, 100.0, true));
        messages.extend(more);
    }
    messages
}

/// A message with three good values and a bad one; the good ones are stored.
fn one_bad_among_good(buoy: &Buoy, now: i64, random: &mut fastrand::Rng) -> Message {
    let (at, values) = sample(buoy, now - 210 * MINUTE, random);
    let good: Vec<_> = values.into_iter().take(3).collect();
    let mut message = several(buoy, &(at, good.clone()));
    let mut fields: serde_json::Map<_, _> =
        good.iter().map(|(probe, raw)| (probe.code.to_owned(), serde_json::json!(raw))).collect();
    fields.insert("tmp".to_owned(), serde_json::json!("abc"));
    message.payload = serde_json::json!({"ts": at, "values": fields}).to_string().into_bytes();
    let alone = serde_json::json!({"ts": at, "values": {"tmp": "abc"}});
    message.effects.push(Effect::Quarantined(Quarantined {
        reason: "bad_value",
        part: Some((format!("{}/readings", buoy.id), alone)),
    }));
    message
}

/// Messages whose effects depend on earlier ones.
fn afterwards(fleet: &Fleet, first: &[Message], names: &Names, now: i64, random: &mut fastrand::Rng) -> Vec<Message> {
    // A message without a timestamp is never a duplicate.
    let dated = |message: &&Message| {
        !message.effects.iter().any(|effect| matches!(effect, Effect::Reading(reading) if reading.at.is_none()))
    };
    let mut repeatable: Vec<&Message> = first.iter().filter(dated).collect();
    random.shuffle(&mut repeatable);
    let mut messages: Vec<Message> = repeatable.into_iter().take(14).map(Message::again).collect();
    for sensor in fleet.flow_sensors().take(6) {
        let at = instant(sensor, ROUNDS - 2, now) + 3 * MINUTE;
        messages.push(late(report(&names.level_topic, sensor, at, filling(&sensor.id, ROUNDS - 2), false)));
    }
    for buoy in &fleet.buoys {
        messages.extend(contradiction(buoy, now, random));
    }
    messages
}

/// Another value for a timestamp that already has one: the first value stays.
fn contradiction(buoy: &Buoy, now: i64, random: &mut fastrand::Rng) -> Option<Message> {
    let probe = buoy.probes.iter().find(|probe| probe.code == "tmp")?;
    // A number that the probe's curve cannot have produced for that timestamp.
    let raw = probe.curve.mean + 10.0 + f64::from(random.u8(0..10));
    let at = now - buoy.number as i64;
    let mut message = single(buoy, probe, Some(at), raw);
    debug_assert!(matches!(effect(buoy, probe, Some(at), raw), Effect::Reading(_)));
    let alone = serde_json::json!({"ts": at, "values": {probe.code: raw}});
    message.effects = vec![Effect::Quarantined(Quarantined {
        reason: "conflicting_reading",
        part: Some((format!("{}/readings", buoy.id), alone)),
    })];
    Some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(seed: u64) -> Vec<Vec<Message>> {
        let names =
            Names { level_topic: "kloaka_from_device".into(), reading_rule: "a".into(), readings_rule: "b".into() };
        waves(&Fleet::new(2, 2), &names, seed, 1_795_155_884_123)
    }

    #[test]
    fn a_seed_makes_one_run() {
        let lines =
            |seed| run(seed).concat().into_iter().map(|message| (message.topic, message.payload)).collect::<Vec<_>>();
        assert_eq!(lines(1), lines(1));
        assert_ne!(lines(1), lines(2));
    }

    #[test]
    fn a_run_is_a_few_hundred_messages_with_everything_in_it() {
        let messages = run(1).concat();
        assert!((200..500).contains(&messages.len()), "{} messages", messages.len());
        let has = |wanted: fn(&Effect) -> bool| messages.iter().flat_map(|message| &message.effects).any(wanted);
        assert!(has(|effect| matches!(effect, Effect::Duplicate)));
        assert!(has(|effect| matches!(effect, Effect::Late(_))));
        for quality in ["good", "out_of_range", "uncalibrated"] {
            let found = messages
                .iter()
                .flat_map(|message| &message.effects)
                .any(|effect| matches!(effect, Effect::Reading(reading) if reading.quality == quality));
            assert!(found, "no reading is {quality}");
        }
    }
}

//! The messages of a buoy: rule A for single values, rule B for several sensors and timestamps.

use serde_json::{Map, Value, json};

use super::{Effect, Message, Reading};
use crate::arithmetic::calibrated;
use crate::fleet::Buoy;
use crate::fleet::probes::Probe;

/// The numbers of the probes at one instant, in ms since the epoch.
pub type Sample<'a> = (i64, Vec<(&'a Probe, f64)>);

/// One value on `<device>/reading/sensor/<code>`; without a timestamp, the time of its reception counts.
pub fn single(buoy: &Buoy, probe: &Probe, at: Option<i64>, raw: f64) -> Message {
    let payload = match at {
        Some(at) => json!({"ts": at, "value": raw}),
        None => json!({"value": raw}),
    };
    message(buoy, format!("{}/reading/sensor/{}", buoy.id, probe.code), &payload, vec![effect(buoy, probe, at, raw)])
}

/// The values of several sensors at one instant on `<device>/readings`.
pub fn several(buoy: &Buoy, (at, values): &Sample<'_>) -> Message {
    let payload = json!({"ts": at, "values": fields(values)});
    message(buoy, format!("{}/readings", buoy.id), &payload, effects(buoy, *at, values))
}

/// Several instants in one message, as sent by a buoy that was out of reach; the timestamps are RFC 3339 text.
pub fn batch(buoy: &Buoy, samples: &[Sample<'_>]) -> Message {
    let entry = |(at, values): &Sample<'_>| json!({"ts": rfc3339(*at), "values": fields(values)});
    let payload = json!({"batch": samples.iter().map(entry).collect::<Vec<_>>()});
    let effects = samples.iter().flat_map(|(at, values)| effects(buoy, *at, values)).collect();
    message(buoy, format!("{}/readings", buoy.id), &payload, effects)
}

/// A timestamp as RFC 3339 text with milliseconds.
pub fn rfc3339(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).map(|at| format!("{at:.3}")).unwrap_or_default()
}

/// The effect of one value: a reading, or a quarantine entry if the calibration rejects it.
pub fn effect(buoy: &Buoy, probe: &Probe, at: Option<i64>, raw: f64) -> Effect {
    let reading = |value, calibration, quality| {
        let series = format!("{}#{}", buoy.id, probe.code);
        Effect::Reading(Reading { series, at, raw, value, unit: probe.unit.to_owned(), calibration, quality })
    };
    let Some(model) = &probe.model else {
        return reading(raw, 0, "uncalibrated");
    };
    match calibrated(model, raw) {
        Some(expected) => {
            let within = (probe.limits.0..=probe.limits.1).contains(&expected.value);
            reading(expected.value, 1, if within && expected.valid { "good" } else { "out_of_range" })
        }
        None => Effect::Quarantined(super::Quarantined { reason: "outside_calibration", part: None }),
    }
}

fn effects(buoy: &Buoy, at: i64, values: &[(&Probe, f64)]) -> Vec<Effect> {
    values.iter().map(|(probe, raw)| effect(buoy, probe, Some(at), *raw)).collect()
}

fn fields(values: &[(&Probe, f64)]) -> Map<String, Value> {
    values.iter().map(|(probe, raw)| (probe.code.to_owned(), json!(raw))).collect()
}

fn message(buoy: &Buoy, topic: String, payload: &Value, effects: Vec<Effect>) -> Message {
    Message {
        sender: buoy.id.clone(),
        topic,
        payload: payload.to_string().into_bytes(),
        function: "calibration",
        effects,
    }
}

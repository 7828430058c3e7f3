//! An endless run: readings and levels, obstructions that appear and clear, and from time to time a message that is late, repeated or
//! malformed. A day of the curves takes two minutes, so that changes are visible.

use std::collections::VecDeque;

use super::buoy::{several, single};
use super::story::Names;
use super::tube::{late, report, uplink};
use super::{Message, trouble};
use crate::fleet::{Buoy, Fleet};

/// Length of a day of the curves, in ms.
const DAY: i64 = 120_000;
/// Number of recent messages from which repeated ones are chosen.
const REMEMBERED: usize = 100;

/// The endless run.
#[derive(Debug)]
pub struct Live {
    fleet: Fleet,
    names: Names,
    random: fastrand::Rng,
    started: i64,
    sent: VecDeque<Message>,
    obstructions: Vec<Option<Obstruction>>,
    turn: usize,
}

/// An obstruction of a tube: all sensors from `index` on read `filling`.
#[derive(Debug, Clone, Copy)]
struct Obstruction {
    index: usize,
    filling: f64,
    clears_at: i64,
}

impl Live {
    /// The run of a seed, from `now` (ms since the epoch) on.
    pub fn new(fleet: Fleet, names: Names, seed: u64, now: i64) -> Self {
        let obstructions = vec![None; fleet.tubes.len()];
        let random = fastrand::Rng::with_seed(seed);
        Self { fleet, names, random, started: now, sent: VecDeque::new(), obstructions, turn: 0 }
    }

    /// The message to send at `now`, in ms since the epoch.
    pub fn next(&mut self, now: i64) -> Message {
        let message = match self.random.u8(0..100) {
            0..3 => self.broken(now),
            3..6 => self.again(),
            6..8 => self.late(now),
            8..38 => self.level(now),
            38..50 => self.several(now),
            _ => self.single(now),
        };
        let message = message.or_else(|| self.single(now)).unwrap_or_else(|| self.fallback(now));
        if self.sent.len() == REMEMBERED {
            self.sent.pop_front();
        }
        self.sent.push_back(message.clone());
        message
    }

    /// Every fleet has a tube, because at least one is required.
    fn fallback(&mut self, now: i64) -> Message {
        trouble::all(&self.fleet, &self.names.level_topic, now).swap_remove(0)
    }

    fn single(&mut self, now: i64) -> Option<Message> {
        let (hour, days) = self.hour(now);
        let Self { fleet, random, names, .. } = self;
        let buoy = choose(&fleet.buoys, random)?;
        let probe = choose(&buoy.probes, random)?;
        let raw = probe.curve.at(hour, days, random);
        Some(match random.u8(0..10) {
            0 => single(buoy, probe, None, raw),
            1 => single(buoy, probe, Some(now), raw).by_basic_ingest(&names.reading_rule),
            _ => single(buoy, probe, Some(now), raw),
        })
    }

    fn several(&mut self, now: i64) -> Option<Message> {
        let (hour, days) = self.hour(now);
        let Self { fleet, random, .. } = self;
        let buoy: &Buoy = choose(&fleet.buoys, random)?;
        let values = buoy.probes.iter().map(|probe| (probe, probe.curve.at(hour, days, random))).collect();
        Some(several(buoy, &(now, values)))
    }

    /// The flow sensors report in turn.
    fn level(&mut self, now: i64) -> Option<Message> {
        let count = self.fleet.flow_sensors().count();
        self.turn = (self.turn + 1) % count.max(1);
        let (tube, index) = (self.turn / 5, self.turn % 5);
        let filling = self.filling(tube, index, now);
        let sensor = self.fleet.tubes.get(tube)?.sensors.get(index)?;
        Some(match index {
            2 => uplink(sensor, now, filling, self.random.bool()),
            _ => report(&self.names.level_topic, sensor, now, filling, self.random.bool()),
        })
    }

    fn late(&mut self, now: i64) -> Option<Message> {
        let sensors: Vec<_> = self.fleet.flow_sensors().collect();
        let sensor = choose(&sensors, &mut self.random)?;
        Some(late(report(&self.names.level_topic, sensor, now - 15_000, 100.0, true)))
    }

    fn again(&mut self) -> Option<Message> {
        let index = self.random.usize(0..self.sent.len().max(1));
        self.sent.get(index).map(Message::again)
    }

    fn broken(&mut self, now: i64) -> Option<Message> {
        let all = trouble::all(&self.fleet, &self.names.level_topic, now);
        choose(&all, &mut self.random).cloned()
    }

    /// Hour of the curves' day, and the number of days passed.
    fn hour(&self, now: i64) -> (f64, f64) {
        let days = (now - self.started) as f64 / DAY as f64;
        ((days * 24.0 + 8.0) % 24.0, days)
    }

    /// The level of the sensor `index` of a tube. From time to time an obstruction appears, and clears by itself.
    fn filling(&mut self, tube: usize, index: usize, now: i64) -> f64 {
        let Some(obstruction) = self.obstructions.get_mut(tube) else { return 100.0 };
        match *obstruction {
            Some(stuck) if now >= stuck.clears_at => *obstruction = None,
            None if now > self.started + 8_000 && self.random.u8(0..40) == 0 => {
                let filling = if self.random.bool() { 0.0 } else { 50.0 };
                let clears_at = now + self.random.i64(20_000..45_000);
                *obstruction = Some(Obstruction { index: self.random.usize(1..4), filling, clears_at });
            }
            _ => {}
        }
        obstruction.filter(|stuck| index >= stuck.index).map_or(100.0, |stuck| stuck.filling)
    }
}

fn choose<'a, T>(all: &'a [T], random: &mut fastrand::Rng) -> Option<&'a T> {
    all.get(random.usize(0..all.len().max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::Effect;

    #[test]
    fn an_hour_has_everything_in_it() {
        let names = Names { level_topic: "k".into(), reading_rule: "r".into(), readings_rule: "rs".into() };
        let mut live = Live::new(Fleet::new(2, 2), names, 1, 0);
        let messages: Vec<_> = (0..36_000).map(|tick| live.next(tick * 100)).collect();
        let has = |wanted: fn(&Effect) -> bool| messages.iter().flat_map(|message| &message.effects).any(wanted);
        assert!(has(|effect| matches!(effect, Effect::Reading(reading) if reading.at.is_none())));
        assert!(has(|effect| matches!(effect, Effect::Level(level) if level.filling == 0.0)));
        assert!(has(|effect| matches!(effect, Effect::Late(_))));
        assert!(has(|effect| matches!(effect, Effect::Duplicate)));
        assert!(has(|effect| matches!(effect, Effect::Quarantined(_))));
        assert!(messages.iter().any(|message| message.topic.starts_with("$aws/rules/r/")));
        assert!(messages.iter().any(|message| message.topic.starts_with("v3/")));
    }
}

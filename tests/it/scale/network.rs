//! The network: tubes of twenty sensors with ids of every width, junctions, and the reports.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};
use weir_core::domain::Timestamp;
use weir_tests::functions::NOW;

/// Sensors on a tube.
const TUBE: usize = 20;
/// The length of a round in seconds. Every sensor reports once in a round.
const ROUND: i64 = 600;
/// The length of a silence in rounds: five hours.
const SILENCE: usize = 30;

/// The end of a round.
pub fn end_of(round: usize) -> Timestamp {
    NOW.plus_seconds((i64::try_from(round).expect("a round") + 1) * ROUND)
}

/// One report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    pub id: String,
    /// Seconds since the epoch.
    pub at: i64,
    /// 0, 50 or 100.
    pub level: u8,
    /// The round in which it was measured.
    pub round: usize,
}

impl Report {
    /// The event as the IoT rule sends it.
    pub fn event(&self) -> Value {
        json!({"id": self.id, "filling": self.level.to_string(), "ts": self.at * 1000, "received_at": end_of(self.round).millis()})
    }
}

/// The network, and the reports that have not arrived yet.
pub struct Network {
    ids: Vec<String>,
    rounds: usize,
    rng: Rng,
    levels: Vec<u8>,
    /// Late reports, by the round in which they arrive.
    late: BTreeMap<usize, Vec<Report>>,
}

impl Network {
    /// A network with this number of sensors and rounds.
    pub fn new(sensors: usize, rounds: usize, seed: u64) -> Self {
        let ids: Vec<String> =
            (0..sensors / TUBE).flat_map(|tube| (0..TUBE).map(move |place| id(tube, place))).collect();
        let levels = vec![100; ids.len()];
        Self { ids, rounds, rng: Rng::with_seed(seed), levels, late: BTreeMap::new() }
    }

    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    pub fn rounds(&self) -> usize {
        self.rounds
    }

    /// The links in the registry, from the end of each tube. Of ten tubes, the second and third flow into the first, and the
    /// first flows into the fourth and fifth.
    pub fn links(&self) -> Vec<(String, Vec<String>)> {
        let tubes = self.ids.len() / TUBE;
        let first = |tube: usize| (tube < tubes).then(|| id(tube, 0));
        let after = |tube: usize| match tube % 10 {
            0 => [first(tube + 3), first(tube + 4)].into_iter().flatten().collect(),
            1 | 2 => vec![id(tube - tube % 10, 0)],
            _ => Vec::new(),
        };
        (0..tubes).map(|tube| (id(tube, TUBE - 1), after(tube))).collect()
    }

    /// All pairs of neighbours, computed without the code under test.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let along = self.ids.chunks(TUBE).flat_map(|tube| tube.windows(2).map(|two| (two[0].clone(), two[1].clone())));
        let joints = self.links().into_iter().flat_map(|(from, to)| to.into_iter().map(move |to| (from.clone(), to)));
        along.chain(joints).collect()
    }

    /// The reports that arrive in a round, in order: one percent arrive twice, and one percent one or more rounds late.
    pub fn deliveries(&mut self, round: usize) -> Vec<Report> {
        let mut arriving = Vec::with_capacity(self.ids.len() + self.ids.len() / 20);
        for (place, sensor) in self.ids.iter().enumerate() {
            if self.rng.u8(..100) < 5 {
                self.levels[place] = [0, 50, 100][self.rng.usize(..3)];
            }
            if is_silent(place, round) {
                continue;
            }
            let offset = i64::try_from(place % TUBE).expect("a place");
            let at = end_of(round).seconds() - ROUND + offset;
            let report = Report { id: sensor.clone(), at, level: self.levels[place], round };
            // Around a silence no report is late: late reports in silences have their own tests.
            let in_time = (0..5).any(|more| is_silent(place, round + more));
            match self.rng.u8(..100) {
                0 => arriving.extend([report.clone(), report]),
                1 if round > 0 && !in_time && round + 3 < self.rounds => {
                    self.late.entry(round + 1 + self.rng.usize(..3)).or_default().push(report);
                }
                _ => arriving.push(report),
            }
        }
        arriving.extend(self.late.remove(&round).unwrap_or_default());
        // Duplicates and late reports are mixed with the others.
        for _ in 0..arriving.len() / 100 {
            let (one, other) = (self.rng.usize(..arriving.len()), self.rng.usize(..arriving.len()));
            arriving.swap(one, other);
        }
        arriving
    }
}

/// Of a hundred sensors, one is silent for five hours, and another one until the end.
fn is_silent(place: usize, round: usize) -> bool {
    match place % 100 {
        37 => (2..2 + SILENCE).contains(&round),
        17 => round >= 5,
        _ => false,
    }
}

/// The id of a sensor. Tubes with the same letter differ in the width of their numbers.
fn id(tube: usize, place: usize) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    // 62 letters with eight widths are 496 tubes; the numbers of the other tubes begin at 50.
    let (letter, width, number) = match tube {
        0..496 => (tube / 8, 2 + tube % 8, place),
        _ => (tube - 496, 2, place + 50),
    };
    format!("{}{number:0width$}", char::from(LETTERS[letter % 62]))
}

//! Lists in several partitions of an index: their pages are those of the sorted list, for any distribution over the partitions, also while
//! rows are written and deleted between two pages.

use std::collections::BTreeSet;

use fastrand::Rng;
use serde_json::json;
use weir_aws::keys;
use weir_aws::level::{LevelPage, LevelTable};
use weir_aws::quarantine::{EntryFilter, EntryPosition, QuarantineEntry, QuarantineTable};
use weir_core::domain::{Reason, Refusal};
use weir_core::id::LevelId;
use weir_tests::engine::Engine;
use weir_tests::functions::NOW;

/// Which ids a list has.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Ids {
    /// Any.
    Spread,
    /// Only such as are in the same partition, so that one partition has the whole page.
    Crowded,
}

fn put(engine: &Engine, id: &str) {
    engine.put("levels", &json!({"id": id, "listed": keys::partition(keys::LEVELS, id), "watch": 1}));
}

/// A level id that is not there yet.
fn another(rng: &mut Rng, ids: Ids, there: &BTreeSet<String>) -> String {
    loop {
        let id = format!("{}{}", rng.choice(['0', '1', 'A']).unwrap(), rng.u32(0..100_000));
        if (ids == Ids::Spread || keys::shard(&id) == 3) && !there.contains(&id) {
            return id;
        }
    }
}

#[tokio::test]
async fn pages_of_levels_are_the_sorted_list_under_any_size_and_filter() {
    for (seed, ids, rows) in [(1, Ids::Spread, 0), (2, Ids::Spread, 7), (3, Ids::Spread, 150), (4, Ids::Crowded, 90)] {
        let (engine, mut rng) = (Engine::start().await, Rng::with_seed(seed));
        let mut every = BTreeSet::new();
        for _ in 0..rows {
            let id = another(&mut rng, ids, &every);
            put(&engine, &id);
            every.insert(id);
        }
        let table = LevelTable::new(engine.client(), engine.name("levels"));
        for tube in [None, Some("0"), Some("A"), Some("9")] {
            let wanted: Vec<&String> = every.iter().filter(|id| tube.is_none_or(|tube| id.starts_with(tube))).collect();
            for limit in [1, 2, 7, 49, 50, 200] {
                let (mut shown, mut after): (Vec<LevelId>, Option<LevelId>) = (Vec::new(), None);
                loop {
                    let LevelPage { ids, more } = table.list(tube, limit, after.as_ref()).await.unwrap();
                    assert!(ids.len() == limit || !more, "only the last page is short");
                    after = ids.last().cloned();
                    shown.extend(ids);
                    if !more {
                        break;
                    }
                }
                assert!(
                    shown.iter().map(LevelId::as_str).eq(wanted.iter().map(|id| id.as_str())),
                    "{seed} {tube:?} {limit}"
                );
            }
        }
    }
}

#[tokio::test]
async fn levels_that_stay_are_shown_once_though_others_come_and_go_between_pages() {
    for seed in 0..12 {
        let (engine, mut rng) = (Engine::start().await, Rng::with_seed(seed));
        let ids = if seed % 3 == 0 { Ids::Crowded } else { Ids::Spread };
        let (mut there, mut touched) = (BTreeSet::new(), BTreeSet::new());
        for _ in 0..80 {
            let id = another(&mut rng, ids, &there);
            put(&engine, &id);
            there.insert(id);
        }
        let table = LevelTable::new(engine.client(), engine.name("levels"));
        let (mut shown, mut after): (Vec<String>, Option<LevelId>) = (Vec::new(), None);
        loop {
            let LevelPage { ids: page, more } = table.list(None, rng.usize(1..20), after.as_ref()).await.unwrap();
            shown.extend(page.iter().map(ToString::to_string));
            after = page.last().cloned();
            if !more {
                break;
            }
            for _ in 0..rng.usize(0..5) {
                let new = another(&mut rng, ids, &there);
                put(&engine, &new);
                touched.insert(new.clone());
                there.insert(new);
            }
            // The row after which the next page begins may go as well.
            let gone: Vec<String> = there.iter().filter(|_| rng.u8(..) < 12).cloned().collect();
            let last = after.as_ref().map(ToString::to_string).filter(|_| rng.bool());
            for id in gone.into_iter().chain(last).filter(|id| !touched.contains(id)).collect::<BTreeSet<_>>() {
                engine.delete("levels", "id", &id);
                touched.insert(id);
            }
        }
        assert!(shown.is_sorted_by(|one, other| one < other), "{seed}: ascending, and each once");
        let stayed: Vec<&String> = there.iter().filter(|id| !touched.contains(*id)).collect();
        let shown: Vec<&String> = shown.iter().filter(|id| !touched.contains(*id)).collect();
        assert_eq!(shown, stayed, "{seed}");
    }
}

fn entry(number: u32, device: &str, reason: Reason) -> QuarantineEntry {
    QuarantineEntry {
        function: "calibration",
        refusal: Refusal::new(reason, format!("number {number}")),
        topic: format!("{device}/readings"),
        device_id: Some(device.to_owned()),
        sensor: None,
        at: NOW,
        received_at: NOW,
        payload: number.to_string().into_bytes(),
    }
}

#[tokio::test]
async fn entries_that_stay_are_shown_once_and_newest_first_though_others_come_and_go_between_pages() {
    for seed in 0..8 {
        let (engine, mut rng) = (Engine::start().await, Rng::with_seed(seed));
        let table = QuarantineTable::new(engine.client(), engine.name("quarantine"), 30);
        let mut number = 0;
        // Many are of the same millisecond, and between some lie months.
        let mut write = async |rng: &mut Rng, table: &QuarantineTable| {
            number += 1;
            let (device, reason) = (["a", "b"][rng.usize(0..2)], Reason::ALL[rng.usize(0..2)]);
            let seen = NOW.plus_seconds(rng.i64(0..4) * 9_000_000 - rng.i64(0..3));
            let entry = entry(number, device, reason);
            assert!(table.put(&entry, seen).await.unwrap());
            (entry, seen)
        };
        let mut stay = Vec::new();
        for _ in 0..120 {
            stay.push(write(&mut rng, &table).await);
        }
        let filter = EntryFilter {
            reason: rng.bool().then_some(Reason::ALL[0]),
            device: rng.bool().then(|| "a".to_owned()),
            since: rng.bool().then(|| NOW.plus_seconds(9_000_000 - 1)),
        };
        let (mut shown, mut after, mut gone): (Vec<_>, Option<EntryPosition>, _) = (Vec::new(), None, BTreeSet::new());
        loop {
            let (page, next) = table.list(&filter, rng.usize(1..30), after).await.unwrap();
            shown.extend(page.iter().map(|entry| (entry.first_seen.millis(), entry.id.to_string())));
            let Some(next) = next else { break };
            after = Some(next);
            write(&mut rng, &table).await;
            let one = if rng.bool() { shown.last().unwrap().1.clone() } else { stay[rng.usize(0..stay.len())].0.id() };
            engine.delete("quarantine", "id", &one);
            gone.insert(one);
        }
        assert!(shown.is_sorted_by(|one, other| one > other), "{seed}: newest first, and each once");
        let fits = |entry: &QuarantineEntry, seen| {
            filter.reason.is_none_or(|reason| reason == entry.refusal.reason)
                && filter.device.as_ref().is_none_or(|device| Some(device) == entry.device_id.as_ref())
                && filter.since.is_none_or(|since| seen >= since)
        };
        let stayed: BTreeSet<(i64, String)> = stay
            .iter()
            .filter(|(entry, seen)| fits(entry, *seen) && !gone.contains(&entry.id()))
            .map(|(entry, seen)| (seen.millis(), entry.id()))
            .collect();
        let old: BTreeSet<String> = stay.iter().map(|(entry, _)| entry.id()).collect();
        let shown: BTreeSet<_> = shown.into_iter().filter(|(_, id)| old.contains(id) && !gone.contains(id)).collect();
        assert_eq!(shown, stayed, "{seed} {filter:?}");
    }
}

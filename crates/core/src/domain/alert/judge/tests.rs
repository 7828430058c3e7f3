use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use super::super::{Limit, episodes};
use super::*;
use crate::domain::problem::{Person, Status, removed};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

/// Above 5, over at 4, after so many readings.
fn alert(count: u32) -> Alert {
    Alert { clear: Some(4.0), count, ..Alert::new("hot".parse().unwrap(), Limit::Above(5.0)) }
}

/// The readings that are stored: seconds and values, `None` for one that alerts do not consider.
type Store = BTreeMap<i64, Option<f64>>;

fn store(readings: impl IntoIterator<Item = (i64, f64)>) -> Store {
    readings.into_iter().map(|(second, value)| (second, Some(value))).collect()
}

fn timeline(store: &Store) -> Vec<Point> {
    store.iter().filter_map(|(second, value)| Some(Point { at: at(*second), value: (*value)? })).collect()
}

/// Readings were stored or replaced, as these records tell: the function's way from the records to the verdict. A record tells the
/// value that it wrote, which may have been replaced since.
fn told(stored: &mut Option<Problem>, alert: &Alert, store: &Store, records: &[(i64, Option<f64>)]) {
    let problem = stored.as_ref();
    let concerned = records.iter().filter(|(second, value)| concerns(problem, alert, at(*second), *value));
    let Some(from) = concerned.map(|(second, _)| second).min() else { return };
    match judge_alert(problem, &Rule { alert, unit: "°C" }, &timeline(store), at(*from)) {
        Verdict::Write(problem) => *stored = Some(problem),
        Verdict::Withdraw => *stored = None,
        Verdict::Unchanged => {}
    }
}

/// The readings arrive one by one.
fn arrived(alert: &Alert, readings: &[(i64, f64)]) -> Option<Problem> {
    let (mut stored, mut store) = (None, Store::new());
    for (second, value) in readings {
        store.insert(*second, Some(*value));
        told(&mut stored, alert, &store, &[(*second, Some(*value))]);
    }
    stored
}

/// Episodes as (began, opened, ended, value).
fn shown(problem: Option<&Problem>) -> Vec<(i64, i64, Option<i64>, f64)> {
    let episode = |episode: &Episode| {
        let breach = episode.breach().unwrap();
        let ended = episode.end.as_ref().map(|end| end.at.seconds());
        let changed = ended.unwrap_or(breach.opened.seconds());
        assert!(
            episode.end.as_ref().is_some_and(|end| end.by.is_some()) || episode.changed_at == at(changed),
            "{episode:?}"
        );
        (episode.began.seconds(), breach.opened.seconds(), ended, breach.shown())
    };
    problem.into_iter().flat_map(|problem| problem.episodes.iter().map(episode)).collect()
}

#[test]
fn an_alert_opens_with_enough_breaches_in_a_row_and_ends_where_it_clears() {
    let once = alert(1);
    assert_eq!(shown(arrived(&once, &[(1, 5.0), (2, 4.5)]).as_ref()), []);
    let open = arrived(&once, &[(1, 5.1), (2, 4.5), (3, 9.0)]).unwrap();
    assert_eq!((shown(Some(&open)), open.status()), (vec![(1, 1, None, 5.1)], Status::Unresolved));
    let over = arrived(&once, &[(1, 5.1), (2, 4.5), (3, 4.0), (4, 4.9)]).unwrap();
    assert_eq!((shown(Some(&over)), over.status()), (vec![(1, 1, Some(3), 4.0)], Status::Resolved));
    let twice = alert(2);
    assert_eq!(shown(arrived(&twice, &[(1, 6.0), (2, 5.0), (3, 6.0)]).as_ref()), [], "not in a row");
    assert_eq!(shown(arrived(&twice, &[(1, 6.0), (2, 7.0)]).as_ref()), [(1, 2, None, 7.0)], "it began with the first");
}

#[test]
fn a_late_reading_moves_an_episode_or_shows_that_there_was_none() {
    let twice = alert(2);
    let broken = arrived(&twice, &[(10, 6.0), (12, 6.0), (11, 3.0)]);
    assert_eq!(broken, None, "withdrawn");
    assert_eq!(shown(arrived(&twice, &[(10, 6.0), (12, 6.0), (9, 6.0)]).as_ref()), [(9, 10, None, 6.0)]);
    let cut = arrived(&alert(1), &[(10, 6.0), (20, 3.0), (15, 3.5)]);
    assert_eq!(shown(cut.as_ref()), [(10, 10, Some(15), 3.5)]);
    let replaced = arrived(&alert(1), &[(10, 6.0), (20, 3.0), (10, 3.0)]);
    assert_eq!(replaced, None, "another number had precedence");
}

#[test]
fn what_a_person_resolved_stays_resolved_until_a_later_reading_breaches() {
    let once = alert(1);
    let by = Some(Person { name: "ann".into(), at: at(15) });
    let mut store = store([(10, 6.0)]);
    let mut stored = None;
    told(&mut stored, &once, &store, &[(10, Some(6.0))]);
    stored.as_mut().unwrap().episodes[0].end = Some(End { at: at(15), by: by.clone() });
    for (second, value) in [(14, 7.0), (12, 7.0)] {
        store.insert(second, Some(value));
        told(&mut stored, &once, &store, &[(second, Some(value))]);
        assert_eq!(stored.as_ref().unwrap().status(), Status::Resolved, "at {second}: it was known");
    }
    assert_eq!(stored.as_ref().unwrap().last().unwrap().end, Some(End { at: at(15), by }));
    store.insert(16, Some(6.0));
    told(&mut stored, &once, &store, &[(16, Some(6.0))]);
    assert_eq!((stored.as_ref().unwrap().status(), stored.as_ref().unwrap().count()), (Status::Unresolved, 2));
    let gone = removed(stored.clone().unwrap(), at(20)).unwrap();
    assert_eq!(gone.last().unwrap().end.as_ref().unwrap().shown(), ("removed", at(20)));
    assert_eq!(removed(gone, at(21)), None, "nothing is open");
}

#[test]
fn a_reading_that_changes_nothing_needs_no_timeline() {
    let once = alert(1);
    let over = arrived(&once, &[(10, 6.0), (20, 3.0), (30, 6.0)]);
    for (second, value, needed) in [
        (40, 5.5, false),
        (40, 3.9, true),
        (25, 3.0, false),
        (25, 5.5, true),
        (15, 4.5, false),
        (15, 3.0, true),
        (20, 4.5, true),
        (5, 1.0, false),
    ] {
        assert_eq!(concerns(over.as_ref(), &once, at(second), Some(value)), needed, "{value} at {second}");
    }
    assert!(!concerns(None, &once, at(1), Some(5.0)) && !concerns(None, &once, at(1), None));
    let urgent = Alert { severity: Severity::Critical, ..once.clone() };
    assert!(concerns(over.as_ref(), &urgent, at(40), Some(5.5)), "it has become more urgent");
    let mut stored = over;
    told(&mut stored, &urgent, &store([(10, 6.0), (20, 3.0), (30, 6.0), (40, 5.5)]), &[(40, Some(5.5))]);
    assert_eq!(stored.unwrap().severity(), Some(Severity::Critical));
}

#[test]
fn the_oldest_episodes_are_only_counted_and_readings_before_them_change_nothing() {
    let once = alert(1);
    let readings: Vec<(i64, f64)> =
        (0..100).map(|place| (place * 10, if place % 2 == 0 { 6.0 } else { 3.0 })).collect();
    let mut stored = arrived(&once, &readings);
    let known = stored.clone().unwrap();
    assert_eq!((known.count(), known.episodes.len()), (50, KEPT));
    let mut store = store(readings);
    store.insert(5, Some(9.0));
    told(&mut stored, &once, &store, &[(5, Some(9.0))]);
    assert_eq!(stored.as_ref(), Some(&known));
    store.insert(985, Some(3.5));
    told(&mut stored, &once, &store, &[(985, Some(3.5))]);
    let last = stored.as_ref().and_then(Problem::last).unwrap();
    assert_eq!(last.end.as_ref().unwrap().at, at(985), "of the newest ones all is known");
}

/// A kind of limit with its hysteresis, and the two questions of the second implementation.
#[derive(Debug, Clone, Copy)]
struct Limited {
    limit: Limit,
    clear: f64,
    breaches: fn(f64) -> bool,
    clears: fn(f64) -> bool,
}

const LIMITS: [Limited; 3] = [
    Limited { limit: Limit::Above(5.0), clear: 4.0, breaches: |value| value > 5.0, clears: |value| value <= 4.0 },
    Limited { limit: Limit::Below(4.0), clear: 5.0, breaches: |value| value < 4.0, clears: |value| value >= 5.0 },
    Limited {
        limit: Limit::Outside { low: 4.0, high: 5.5 },
        clear: 0.5,
        breaches: |value| !(4.0..=5.5).contains(&value),
        clears: |value| [4.5, 5.0].contains(&value),
    },
];

impl Limited {
    fn alert(&self, count: u32) -> Alert {
        Alert { clear: Some(self.clear), count, ..Alert::new("hot".parse().unwrap(), self.limit) }
    }

    /// A second implementation: looks for each episode anew in the whole timeline, without any state.
    fn found(&self, count: u32, store: &Store) -> Vec<(i64, i64, Option<i64>, f64)> {
        let all: Vec<(i64, f64)> = store.iter().filter_map(|(second, value)| Some((*second, (*value)?))).collect();
        let count = count as usize;
        let (mut found, mut first) = (Vec::new(), 0);
        loop {
            let opens = (first..all.len()).find(|last| {
                *last + 1 >= first + count
                    && all[last + 1 - count..=*last].iter().all(|(_, value)| (self.breaches)(*value))
            });
            let Some(opens) = opens else { return found };
            let ends = (opens + 1..all.len()).find(|place| (self.clears)(all[*place].1));
            let shown = all[ends.unwrap_or(opens)].1;
            found.push((all[opens + 1 - count].0, all[opens].0, ends.map(|place| all[place].0), shown));
            match ends {
                Some(ends) => first = ends + 1,
                None => return found,
            }
        }
    }
}

/// Readings in any order, in batches.
#[derive(Debug)]
struct Arrivals {
    limited: Limited,
    count: u32,
    /// Seconds, and places in [`VALUES`].
    readings: Vec<(i64, usize)>,
    batches: Vec<usize>,
    /// How many more readings are stored than records have come.
    ahead: usize,
}

/// Readings with some values replaced later, in any order and with repetitions; they are stored before their records come, in
/// batches. What is stored then is what the newest value of each instant says.
fn arrivals() -> impl Strategy<Value = Arrivals> {
    let readings = prop::collection::vec((0..32_i64, 0..VALUES.len()), 1..40);
    let batches = prop::collection::vec(1..6_usize, 40);
    (prop::sample::select(&LIMITS), 1..4_u32, readings.prop_shuffle(), batches, 0..8_usize)
        .prop_map(|(limited, count, readings, batches, ahead)| Arrivals { limited, count, readings, batches, ahead })
}

/// Values around the limits and where they clear, and readings that alerts do not consider.
const VALUES: [Option<f64>; 7] = [Some(3.0), Some(4.0), Some(4.5), Some(5.0), Some(5.5), Some(6.0), None];

fn played(Arrivals { limited, count, readings, batches, ahead }: &Arrivals) -> (Option<Problem>, Store) {
    let alert = limited.alert(*count);
    let (mut stored, mut store, mut done, mut written) = (None, Store::new(), 0, 0);
    let records: Vec<(i64, Option<f64>)> = readings.iter().map(|(second, value)| (*second, VALUES[*value])).collect();
    let mut batches = batches.iter();
    while done < records.len() {
        let size = batches.next().copied().unwrap_or(40);
        let upto = (done + size).min(records.len());
        // The stream lags behind the table.
        let stored_upto = (upto + ahead).min(records.len()).max(written);
        store.extend(records[written..stored_upto].iter().copied());
        written = stored_upto;
        told(&mut stored, &alert, &store, &records[done..upto]);
        // A batch whose answer was lost comes again.
        if size % 2 == 0 {
            told(&mut stored, &alert, &store, &records[done..upto]);
        }
        done = upto;
    }
    (stored, store)
}

#[test]
fn ten_thousand_series_in_any_order_repetition_and_grouping_end_in_the_same_problems() {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let (mut opened, mut several, mut none) = (0, 0, 0);
    for series in 0..10_000 {
        let arrivals = arrivals().new_tree(&mut runner).unwrap().current();
        let (stored, store) = played(&arrivals);
        let expected = arrivals.limited.found(arrivals.count, &store);
        assert_eq!(shown(stored.as_ref()), expected, "series {series}: {arrivals:?}");
        let alert = arrivals.limited.alert(arrivals.count);
        let tried: Vec<Episode> = episodes(&alert, "°C", &timeline(&store));
        let problem = Problem { episodes: tried, earlier: 0, acknowledged: None, note: None };
        assert_eq!(shown(Some(&problem)), expected, "tried, series {series}: {arrivals:?}");
        match expected.len() {
            0 => none += 1,
            1 => opened += 1,
            _ => several += 1,
        }
    }
    assert!([opened, several, none].iter().all(|times| *times > 500), "{opened} {several} {none}");
}

proptest! {
    #[test]
    fn a_long_timeline_is_tried_as_it_would_have_been_judged(
        limited in prop::sample::select(&LIMITS),
        count in 1..4_u32,
        values in prop::collection::vec(0..VALUES.len(), 0..400),
    ) {
        let store: Store = (0..).zip(values.iter().map(|value| VALUES[*value])).collect();
        let tried = episodes(&limited.alert(count), "°C", &timeline(&store));
        let problem = Problem { episodes: tried, earlier: 0, acknowledged: None, note: None };
        prop_assert_eq!(shown(Some(&problem)), limited.found(count, &store));
    }
}

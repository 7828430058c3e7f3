use proptest::prelude::*;

use super::*;
use crate::domain::level::{Level, Measurement};
use crate::domain::problem::{Acknowledgement, Kind, Person, Status};

fn at(seconds: i64, filling: u8) -> Measurement {
    Measurement { at: Timestamp::from_seconds(seconds), level: Level::new(f64::from(filling)).unwrap() }
}

fn levels(series: &[(i64, u8)]) -> Measurements {
    Measurements::of(series.iter().map(|(seconds, filling)| at(*seconds, *filling)))
}

fn written(verdict: Verdict) -> Problem {
    match verdict {
        Verdict::Write(problem) => problem,
        other => panic!("nothing written: {other:?}"),
    }
}

fn judged(stored: Option<&Problem>, current: &[(i64, u8)], following: &[(i64, u8)]) -> Verdict {
    judge_pair(stored, &levels(current), &levels(following), &Rules::default())
}

#[test]
fn a_repeat_changes_nothing_ok_closes_and_a_new_finding_is_a_new_episode() {
    assert_eq!(judged(None, &[(1, 100)], &[(2, 100)]), Verdict::Unchanged);
    let open = written(judged(None, &[(1, 100)], &[(2, 50)]));
    assert_eq!((open.status(), open.count()), (Status::Unresolved, 1));
    assert_eq!(judged(Some(&open), &[(1, 100), (5, 100)], &[(2, 50), (6, 50)]), Verdict::Unchanged);

    let closed = written(judged(Some(&open), &[(1, 100)], &[(2, 50), (7, 100)]));
    assert_eq!((closed.status(), closed.count()), (Status::Resolved, 1));
    assert_eq!(closed.last().and_then(|e| e.end.clone()), Some(End { at: Timestamp::from_seconds(7), by: None }));

    let again = written(judged(Some(&closed), &[(1, 100)], &[(2, 50), (7, 100), (9, 0)]));
    assert_eq!((again.status(), again.count()), (Status::Unresolved, 2));
    assert_eq!(again.last().map(|e| e.began.seconds()), Some(9));
}

#[test]
fn obstruction_turning_into_problem_keeps_its_beginning_and_its_acknowledgement() {
    let mut open = written(judged(None, &[(1, 50)], &[(2, 0)]));
    open.acknowledged =
        Some(Acknowledgement { by: "ann".into(), at: Timestamp::from_seconds(3), episode: Timestamp::from_seconds(2) });
    let turned = written(judged(Some(&open), &[(1, 50)], &[(2, 0), (4, 100)]));
    let last = turned.last().unwrap();
    assert_eq!((last.kind, last.began.seconds()), (Kind::Problem, 2));
    assert_eq!((turned.status(), turned.count()), (Status::Acknowledged, 1));

    let next = written(judged(Some(&turned), &[(1, 50)], &[(2, 0), (4, 100), (5, 50), (6, 0)]));
    assert_eq!((next.status(), next.count()), (Status::Unresolved, 2), "a new episode is not acknowledged");
}

#[test]
fn a_late_report_moves_the_beginning_or_withdraws_what_never_was() {
    let open = written(judged(None, &[(1, 100)], &[(5, 50)]));
    let earlier = written(judged(Some(&open), &[(1, 100)], &[(3, 50), (5, 50)]));
    assert_eq!(earlier.last().map(|e| e.began.seconds()), Some(3));

    assert_eq!(judged(Some(&open), &[(1, 100), (4, 50)], &[(5, 50)]), Verdict::Withdraw);
    let acknowledgement =
        Acknowledgement { by: "ann".into(), at: Timestamp::from_seconds(6), episode: Timestamp::from_seconds(5) };
    let acknowledged = Problem { acknowledged: Some(acknowledgement), ..open };
    let kept = written(judged(Some(&acknowledged), &[(1, 100), (4, 50)], &[(5, 50)]));
    assert_eq!(kept.status(), Status::Resolved, "what a person has seen does not vanish");
    assert_eq!(judged(Some(&kept), &[(1, 100), (4, 50)], &[(5, 50)]), Verdict::Unchanged);
}

#[test]
fn an_episode_outlives_the_measurements_that_began_it() {
    let mut stored = None;
    let (mut current, mut following) = (Measurements::default(), Measurements::default());
    for seconds in 0..200 {
        current.report(at(10 * seconds, 100), 4);
        following.report(at(10 * seconds + 5, if seconds == 0 { 100 } else { 50 }), 4);
        match judge_pair(stored.as_ref(), &current, &following, &Rules::default()) {
            Verdict::Write(problem) => stored = Some(problem),
            Verdict::Unchanged => {}
            Verdict::Withdraw => panic!("withdrawn at {seconds}"),
        }
    }
    let problem = stored.unwrap();
    assert_eq!((problem.count(), problem.last().map(|e| e.began.seconds())), (1, Some(15)));
}

#[test]
fn episodes_are_counted_beyond_the_measurements() {
    let mut stored = None;
    let (mut current, mut following) = (Measurements::default(), Measurements::default());
    for seconds in 0..400 {
        current.report(at(10 * seconds, 100), 4);
        following.report(at(10 * seconds + 5, if seconds % 4 < 2 { 100 } else { 50 }), 4);
        if let Verdict::Write(problem) = judge_pair(stored.as_ref(), &current, &following, &Rules::default()) {
            stored = Some(problem);
        }
    }
    let problem = stored.unwrap();
    assert_eq!(problem.count(), 100);
    assert!(problem.episodes.len() <= 5, "{}", problem.episodes.len());
}

#[test]
fn a_report_that_takes_anothers_place_within_a_second_leaves_no_trace_of_it() {
    let tenth = |tenths: i64, filling: f64| Measurement {
        at: Timestamp::from_millis(tenths * 100),
        level: Level::new(filling).unwrap(),
    };
    let (replaced, kept, following) = (tenth(90, 50.0), tenth(95, 0.0), Measurements::of([tenth(10, 0.0)]));
    let mut current = Measurements::of([replaced]);
    let open = written(judge_pair(None, &current, &following, &Rules::default()));
    current.report(kept, 24);
    assert_eq!(judge_pair(Some(&open), &current, &following, &Rules::default()), Verdict::Withdraw);
    assert_eq!(judge_pair(None, &Measurements::of([kept]), &following, &Rules::default()), Verdict::Unchanged);
}

#[test]
fn what_has_ended_by_itself_stays_so_when_the_reports_that_ended_it_are_gone() {
    let rules = Rules { close_after: 2, ..Rules::default() };
    let (mut stored, mut ends) = (None, Vec::new());
    let (current, mut following) = (levels(&[(1, 100)]), Measurements::default());
    for (second, filling) in [(2, 50), (3, 100), (4, 100), (5, 100), (6, 50), (7, 50), (8, 50), (9, 50), (10, 50)] {
        following.report(at(second, filling), 3);
        if let Verdict::Write(problem) = judge_pair(stored.as_ref(), &current, &following, &rules) {
            ends.push((
                second,
                problem.count(),
                problem.last().and_then(|e| e.end.clone()).map(|end| end.at.seconds()),
            ));
            stored = Some(problem);
        }
    }
    assert_eq!(ends, [(2, 1, None), (4, 1, Some(4)), (6, 2, None)]);
}

proptest! {
    /// Reports in order end in the same problem, however few of them are kept.
    #[test]
    fn what_is_not_kept_is_not_missed(
        reports in prop::collection::vec((any::<bool>(), 0u8..3), 1..60),
        open_after in 1u32..4,
        close_after in 1u32..4,
    ) {
        let rules = Rules { open_after, close_after, ..Rules::default() };
        let run = |keep: usize| {
            let mut sensors = [Measurements::default(), Measurements::default()];
            let mut stored: Option<Problem> = None;
            for (second, (following, half)) in (1..).zip(&reports) {
                sensors[usize::from(*following)].report(at(second, half * 50), keep);
                match judge_pair(stored.as_ref(), &sensors[0], &sensors[1], &rules) {
                    Verdict::Write(problem) => stored = Some(problem),
                    Verdict::Withdraw => panic!("withdrawn"),
                    Verdict::Unchanged => {}
                }
            }
            stored.map(|problem| (problem.count(), problem.last().cloned()))
        };
        prop_assert_eq!(run(8), run(1_000));
    }

    /// Reports of two neighbours in any order, each followed by a judgement as the stream brings it, end in the same
    /// problem as all of them judged at once.
    #[test]
    fn any_order_of_reports_ends_in_the_same_problem(
        reports in prop::collection::vec((any::<bool>(), 0i64..90, 0u8..3), 1..20),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
        open_after in 1u32..3,
        close_after in 1u32..3,
    ) {
        let rules = Rules { open_after, close_after, ..Rules::default() };
        let run = |reports: &[(bool, i64, u8)]| {
            let mut sensors = [Measurements::default(), Measurements::default()];
            let mut stored = None;
            for (second, tenths, half) in reports {
                let measurement = Measurement { at: Timestamp::from_millis(tenths * 100), ..at(0, half * 50) };
                sensors[usize::from(*second)].report(measurement, 24);
                match judge_pair(stored.as_ref(), &sensors[0], &sensors[1], &rules) {
                    Verdict::Write(problem) => stored = Some(problem),
                    Verdict::Withdraw => stored = None,
                    Verdict::Unchanged => {}
                }
            }
            stored
        };
        let mut shuffled: Vec<_> = order.iter().map(|index| *index.get(&reports)).collect();
        shuffled.extend(reports.iter().rev());
        prop_assert_eq!(run(&reports), run(&shuffled));
    }
}

fn series(levels: &[(i64, u8)]) -> Vec<Measurement> {
    let at = |(seconds, level): &(i64, u8)| Measurement {
        at: Timestamp::from_seconds(*seconds),
        level: Level::new(f64::from(*level)).unwrap(),
    };
    levels.iter().map(at).collect()
}

/// (kind, began, ended) in seconds.
fn walked(current: &[(i64, u8)], following: &[(i64, u8)], rules: Rules) -> Vec<(Kind, i64, Option<i64>)> {
    episodes(&series(current), &series(following), &rules, None, None, &[])
        .into_iter()
        .map(|e| (e.kind, e.began.seconds(), e.end.map(|end| end.at.seconds())))
        .collect()
}

#[test]
fn an_episode_lasts_from_the_first_finding_to_the_report_that_clears_it() {
    let found = walked(&[(1, 100)], &[(2, 50), (3, 0), (4, 100), (5, 50)], Rules::default());
    assert_eq!(found, [(Kind::Obstruction, 2, Some(4)), (Kind::Obstruction, 5, None)]);
}

#[test]
fn obstruction_turning_into_problem_is_one_episode() {
    let found = walked(&[(1, 50), (3, 0)], &[(2, 0), (4, 100)], Rules::default());
    assert_eq!(found, [(Kind::Obstruction, 2, Some(3)), (Kind::Problem, 4, None)]);
    let found = walked(&[(1, 50)], &[(2, 0), (4, 100)], Rules::default());
    assert_eq!(found, [(Kind::Problem, 2, None)]);
}

#[test]
fn hysteresis_asks_for_consecutive_reports() {
    let rules = Rules { open_after: 2, close_after: 3, ..Rules::default() };
    let found = walked(
        &[(1, 100)],
        &[(2, 50), (3, 100), (4, 50), (5, 50), (6, 100), (7, 100), (8, 50), (9, 100), (10, 100), (11, 100)],
        rules,
    );
    assert_eq!(found, [(Kind::Obstruction, 4, Some(11))]);
}

#[test]
fn a_silent_neighbour_is_not_compared() {
    let rules = Rules { silent_after_seconds: 10, ..Rules::default() };
    assert_eq!(walked(&[(1, 100)], &[(12, 50)], rules), []);
    assert_eq!(walked(&[(1, 100), (20, 100)], &[(12, 50)], rules), [(Kind::Obstruction, 20, None)]);
    let found = walked(&[(1, 100)], &[(2, 50), (50, 100)], rules);
    assert_eq!(found, [(Kind::Obstruction, 2, None)], "silence does not close either");
}

#[test]
fn what_a_person_resolved_opens_again_only_by_a_later_report() {
    let ann = || Person { name: "ann".into(), at: Timestamp::from_seconds(9) };
    let manual_resolutions = [End { at: Timestamp::from_seconds(3), by: Some(ann()) }];
    let walk = |following: &[(i64, u8)]| {
        episodes(&series(&[(1, 100)]), &series(following), &Rules::default(), None, None, &manual_resolutions)
            .into_iter()
            .map(|e| (e.began.seconds(), e.end.map(|end| (end.at.seconds(), end.by))))
            .collect::<Vec<_>>()
    };
    let by_ann = Some((3, Some(ann())));
    assert_eq!(walk(&[(2, 50), (3, 50)]), [(2, by_ann.clone())]);
    assert_eq!(walk(&[(2, 50), (3, 50), (4, 50)]), [(2, by_ann), (4, None)]);
}

#[test]
fn a_carried_episode_keeps_its_beginning() {
    let level = |percent| Level::new(percent).unwrap();
    let began = Timestamp::from_seconds(1);
    let carried = Episode {
        kind: Kind::Obstruction,
        began,
        end: None,
        evidence: Evidence::Levels { current: level(100.0), following: Some(level(50.0)) },
        changed_at: began,
    };
    let (current, following) = (series(&[(10, 100)]), series(&[(11, 50), (12, 50)]));
    let found = episodes(&current, &following, &Rules::default(), Some(carried.clone()), None, &[]);
    assert_eq!(found, [carried]);
}

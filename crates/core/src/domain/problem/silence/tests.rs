use super::super::{Change, Person, Status};
use super::*;
use crate::domain::level::Level;

const AFTER: i64 = 100;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn reports(seconds: &[i64]) -> Measurements {
    Measurements::of(seconds.iter().map(|s| Measurement { at: at(*s), level: Level::new(50.0).unwrap() }))
}

fn heard(stored: Option<&Problem>, seconds: &[i64], now: i64, may_open: bool) -> SilenceVerdict {
    let rule = SilenceRule { now: at(now), silent_after_seconds: AFTER, may_open };
    judge_silence(stored, &reports(seconds), &rule).unwrap()
}

/// What the sweep finds at `now`.
fn swept(stored: Option<&Problem>, seconds: &[i64], now: i64) -> Verdict {
    heard(stored, seconds, now, true).verdict
}

/// What a report brings at `now`.
fn reported(stored: Option<&Problem>, seconds: &[i64], now: i64) -> Verdict {
    heard(stored, seconds, now, false).verdict
}

fn written(verdict: Verdict) -> Problem {
    match verdict {
        Verdict::Write(problem) => problem,
        other => panic!("nothing written: {other:?}"),
    }
}

fn ann() -> Person {
    Person { name: "ann".into(), at: at(500) }
}

#[test]
fn a_silence_begins_with_the_last_report_and_is_found_once() {
    assert_eq!(swept(None, &[10], 110), Verdict::Unchanged, "exactly as long as allowed");
    let open = written(swept(None, &[10], 111));
    let last = open.last().unwrap();
    assert_eq!((last.kind, last.began, open.status()), (Kind::Silent, at(10), Status::Unresolved));
    assert!(matches!(last.evidence, Evidence::Levels { following: None, .. }));
    assert_eq!(swept(Some(&open), &[10], 5000), Verdict::Unchanged);
    assert_eq!(reported(None, &[10], 5000), Verdict::Unchanged, "a report never opens one");
    let rule = SilenceRule { now: at(5000), silent_after_seconds: AFTER, may_open: true };
    assert_eq!(judge_silence(None, &reports(&[]), &rule), None);
}

#[test]
fn it_is_looked_for_when_it_may_be_silent_and_not_once_its_silence_is_written() {
    assert_eq!(heard(None, &[10], 50, true).watch, Some(at(111)));
    assert_eq!(heard(None, &[10], 110, true).watch, Some(at(111)));
    assert_eq!(heard(None, &[10], 111, true).watch, None);
    assert_eq!(heard(None, &[10], 111, false).watch, Some(at(111)), "due at once, for the sweep");
    let open = written(swept(None, &[10], 200));
    assert_eq!(heard(Some(&open), &[10], 300, true).watch, None);
    assert_eq!(heard(Some(&open), &[10, 60], 200, false).watch, None, "still silent");
    assert_eq!(heard(Some(&open), &[10, 300], 310, false).watch, Some(at(401)));
}

#[test]
fn late_reports_end_the_same_silence_heard_together_or_one_by_one() {
    let open = written(swept(None, &[10], 200));
    let moved = written(reported(Some(&open), &[10, 60], 310));
    let one_by_one = written(reported(Some(&moved), &[10, 60, 300], 310));
    assert_eq!(written(reported(Some(&open), &[10, 60, 300], 310)), one_by_one);
    let last = one_by_one.last().unwrap();
    assert_eq!((last.began, &last.end), (at(60), &Some(End { at: at(300), by: None })));
}

#[test]
fn the_next_report_ends_it_and_the_next_silence_is_another_episode() {
    let open = written(swept(None, &[10], 200));
    let closed = written(reported(Some(&open), &[10, 300], 301));
    assert_eq!((closed.status(), closed.count()), (Status::Resolved, 1));
    assert_eq!(closed.last().unwrap().end, Some(End { at: at(300), by: None }));
    let mut stored = closed;
    for round in 1..9_i64 {
        let spoke = 300 * round;
        stored = written(swept(Some(&stored), &[spoke], spoke + 200));
        assert_eq!((stored.status(), i64::from(stored.count())), (Status::Unresolved, round + 1));
        stored = written(reported(Some(&stored), &[spoke, spoke + 300], spoke + 300));
    }
    assert!(stored.episodes.len() <= 2, "{}", stored.episodes.len());
}

#[test]
fn a_late_report_moves_a_silence_or_shows_that_there_was_none() {
    let open = written(swept(None, &[10], 200)).changed(Change::Acknowledge, ann()).unwrap();
    let moved = written(reported(Some(&open), &[10, 60], 200));
    assert_eq!((moved.last().unwrap().began, moved.count()), (at(60), 1));
    assert_eq!(moved.status(), Status::Acknowledged, "who knew of it still does");

    let open = written(swept(None, &[10], 200));
    assert_eq!(reported(Some(&open), &[10, 105], 200), Verdict::Withdraw);
    let known = open.changed(Change::Acknowledge, ann()).unwrap();
    let kept = written(reported(Some(&known), &[10, 105], 200));
    assert_eq!((kept.status(), kept.count()), (Status::Resolved, 1), "what a person has seen does not vanish");
}

#[test]
fn a_second_silence_behind_a_real_one_is_left_to_the_sweep() {
    let open = written(swept(None, &[10], 200));
    let closed = written(reported(Some(&open), &[10, 150], 400));
    assert_eq!((closed.status(), closed.count()), (Status::Resolved, 1));
    let again = written(swept(Some(&closed), &[10, 150], 400));
    assert_eq!((again.status(), again.count(), again.last().unwrap().began), (Status::Unresolved, 2, at(150)));
}

#[test]
fn what_a_person_resolved_is_found_again_only_after_the_sensor_has_spoken() {
    let open = written(swept(None, &[10], 200));
    let resolved = open.changed(Change::Resolve { known: at(10) }, ann()).unwrap();
    assert_eq!(swept(Some(&resolved), &[10], 9000), Verdict::Unchanged);
    assert_eq!(reported(Some(&resolved), &[10, 300], 301), Verdict::Unchanged);
    let again = written(swept(Some(&resolved), &[10, 300], 9000));
    assert_eq!((again.status(), again.count()), (Status::Unresolved, 2));
}

#[test]
fn instants_count_by_the_second_as_they_are_kept() {
    let measured = Measurement { at: Timestamp::from_millis(10_900), level: Level::new(0.0).unwrap() };
    let rule = SilenceRule { now: at(111), silent_after_seconds: AFTER, may_open: true };
    assert!(rule.silent(&measured));
    let open = written(judge_silence(None, &Measurements::of([measured]), &rule).unwrap().verdict);
    let same = Measurement { at: Timestamp::from_millis(10_950), ..measured };
    assert_eq!(judge_silence(Some(&open), &Measurements::of([same]), &rule).unwrap().verdict, Verdict::Unchanged);
}

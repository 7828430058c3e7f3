use super::super::{Person, Status, removed};
use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

/// A device that should report each 100 s.
fn device(last: i64, now: i64) -> DeviceSilence {
    DeviceSilence { last: at(last), report_every: 100, now: at(now) }
}

fn judged(stored: Option<&Problem>, last: i64, now: i64) -> Verdict {
    judge_device_silence(stored, &device(last, now))
}

fn written(verdict: Verdict) -> Problem {
    match verdict {
        Verdict::Write(problem) => problem,
        other => panic!("nothing written: {other:?}"),
    }
}

#[test]
fn a_device_is_silent_after_three_reports_are_missing_and_only_once() {
    assert_eq!(judged(None, 10, 310), Verdict::Unchanged, "exactly as long as allowed");
    let open = written(judged(None, 10, 311));
    let last = open.last().unwrap();
    assert_eq!((last.kind, last.began, open.status()), (Kind::Silent, at(10), Status::Unresolved));
    assert_eq!(judged(Some(&open), 10, 9_000), Verdict::Unchanged);
}

#[test]
fn a_report_ends_a_silence_and_the_next_silence_is_another_episode() {
    let open = written(judged(None, 10, 400));
    let over = written(judged(Some(&open), 390, 400));
    assert_eq!((over.status(), over.count()), (Status::Resolved, 1));
    assert_eq!(over.last().unwrap().end, Some(End { at: at(390), by: None }));
    assert_eq!(judged(Some(&over), 390, 500), Verdict::Unchanged);
    let again = written(judged(Some(&over), 390, 800));
    assert_eq!((again.status(), again.count(), again.last().unwrap().began), (Status::Unresolved, 2, at(390)));
    let both = written(judged(Some(&open), 390, 800));
    assert_eq!(both, again, "the same when nobody looked in between");
}

#[test]
fn a_silence_that_a_person_resolved_stays_so_until_the_device_reports() {
    let mut stored = written(judged(None, 10, 400));
    stored.episodes[0].end = Some(End { at: at(500), by: Some(Person { name: "ann".into(), at: at(500) }) });
    assert_eq!(judged(Some(&stored), 10, 9_000), Verdict::Unchanged);
    assert_eq!(written(judged(Some(&stored), 600, 9_000)).status(), Status::Unresolved);
}

#[test]
fn a_device_that_is_enabled_again_has_as_long_to_report_as_a_new_one() {
    let stored = removed(written(judged(None, 10, 400)), at(500)).unwrap();
    let enabled = |now| device(10, now).after(Some(&stored));
    assert_eq!((enabled(600).next_look(), judged(Some(&stored), 10, 800)), (at(801), Verdict::Unchanged));
    let again = written(judged(Some(&stored), 10, 801));
    assert_eq!((again.status(), again.count(), again.last().unwrap().began), (Status::Unresolved, 2, at(500)));
    assert_eq!(judged(Some(&again), 10, 9_000), Verdict::Unchanged, "only once");
    let over = written(judged(Some(&again), 9_010, 9_020));
    assert_eq!((over.status(), over.last().unwrap().end.as_ref().unwrap().at), (Status::Resolved, at(9_010)));
}

#[test]
fn a_silence_ends_when_the_device_may_be_silent_for_longer() {
    let open = written(judged(None, 10, 400));
    let daily = |now| DeviceSilence { report_every: 86_400, ..device(10, now) };
    let over = written(judge_device_silence(Some(&open), &daily(500)));
    assert_eq!(
        (over.status(), over.last().unwrap().end.as_ref().unwrap().shown()),
        (Status::Resolved, ("removed", at(500)))
    );
    assert_eq!(judge_device_silence(Some(&over), &daily(259_700)), Verdict::Unchanged, "three days after that");
    assert_eq!(written(judge_device_silence(Some(&over), &daily(259_701))).status(), Status::Unresolved);
}

#[test]
fn a_device_is_looked_at_when_it_may_be_silent_and_while_it_is_every_few_minutes() {
    assert_eq!(device(10, 50).next_look(), at(311));
    assert_eq!(device(10, 400).next_look(), at(700), "at least five minutes");
    let slow = DeviceSilence { report_every: 86_400, ..device(0, 1_000_000) };
    assert!(slow.is_silent());
    assert_eq!(slow.next_look(), at(1_003_600), "at most an hour");
    let extreme = DeviceSilence { last: Timestamp::from_millis(i64::MAX), report_every: u32::MAX, now: at(0) };
    assert!(!extreme.is_silent());
}

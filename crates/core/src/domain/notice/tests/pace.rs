//! When notices are sent: flapping, floods, quiet hours, and digests that take nothing more.

use super::*;

#[test]
fn a_problem_that_flaps_for_an_hour_is_told_twice_and_then_in_one_digest() {
    let wanted = subscription();
    let (mut pace, mut window, mut held) = (Pace::default(), Window::default(), None);
    let (mut now, mut digests) = (0, std::collections::BTreeMap::<i64, usize>::new());
    for minute in 0..60 {
        let (delivery, next, of_problem) = when(&wanted, None, &pace, &window, held, at(minute * 60));
        (pace, window) = (next, of_problem);
        match delivery {
            Delivery::Now => now += 1,
            Delivery::Held(until) => {
                held = Some(until);
                *digests.entry(until.seconds()).or_default() += 1;
            }
        }
    }
    assert_eq!((now, digests), (2, [(3_600, 58)].into()));
}

#[test]
fn what_is_more_than_twenty_an_hour_comes_in_one_digest() {
    let (mut pace, mut sent, mut digests) = (Pace::default(), Vec::new(), std::collections::BTreeSet::new());
    for minute in 0..180 {
        let (delivery, next, _) = when(&subscription(), None, &pace, &Window::default(), None, at(minute * 60));
        pace = next;
        match delivery {
            Delivery::Now => sent.push(minute),
            Delivery::Held(until) => drop(digests.insert(until.seconds() / 60)),
        }
    }
    for hour in 0..3 {
        assert_eq!(sent.iter().filter(|minute| **minute / 60 == hour).count(), 20, "{sent:?}");
    }
    assert_eq!(digests, [60, 120, 180].into());
}

fn quiet(from: &str, to: &str) -> QuietHours {
    let zone = "Europe/Vienna".parse().unwrap();
    QuietHours { from: from.parse().unwrap(), to: to.parse().unwrap(), zone, except_critical: true }
}

fn instant(text: &str) -> Timestamp {
    crate::wire::time::parse(text).unwrap()
}

#[test]
fn quiet_hours_end_by_the_clock_of_the_zone_also_when_it_is_put_forward_or_back() {
    let night = quiet("22:00", "06:00");
    for (now, end) in [
        ("2026-11-30T20:59:59Z", None),
        ("2026-11-30T21:00:00Z", Some("2026-12-01T05:00:00Z")),
        ("2026-12-01T04:59:59Z", Some("2026-12-01T05:00:00Z")),
        ("2026-12-01T05:00:00Z", None),
        // In the night of 2027-03-28 the clock is put forward, in that of 2026-10-25 back.
        ("2027-03-27T21:30:00Z", Some("2027-03-28T04:00:00Z")),
        ("2026-10-24T20:30:00Z", Some("2026-10-25T05:00:00Z")),
    ] {
        assert_eq!(night.end(instant(now)), end.map(instant), "{now}");
    }
    // 02:30 does not exist on that day.
    assert_eq!(quiet("01:00", "02:30").end(instant("2027-03-28T00:30:00Z")), Some(instant("2027-03-28T01:30:00Z")));
    let noon = quiet("12:00", "13:00");
    assert_eq!(noon.end(instant("2026-11-30T11:30:00Z")), Some(instant("2026-11-30T12:00:00Z")));
    assert_eq!(noon.end(instant("2026-11-30T12:00:00Z")), None);
    assert!("24:00".parse::<TimeOfDay>().is_err() && "7:00".parse::<TimeOfDay>().is_err());
    assert!("+1:00".parse::<TimeOfDay>().is_err() && "Vienna".parse::<Zone>().is_err());
}

#[test]
fn in_quiet_hours_only_what_is_critical_is_told_and_a_digest_waits_for_their_end() {
    let wanted = Subscription { quiet: Some(quiet("22:00", "06:00")), ..subscription() };
    let (night, morning) = (instant("2026-11-30T22:00:00Z"), instant("2026-12-01T05:00:00Z"));
    let delivery = |severity, held, now| when(&wanted, severity, &Pace::default(), &Window::default(), held, now).0;
    assert_eq!(delivery(None, None, night), Delivery::Held(morning));
    assert_eq!(delivery(Some(Severity::Critical), None, night), Delivery::Now);
    let strict = QuietHours { except_critical: false, ..quiet("22:00", "06:00") };
    let wanted = Subscription { quiet: Some(strict), digest_minutes: 60, ..subscription() };
    let delivery = |now| when(&wanted, Some(Severity::Critical), &Pace::default(), &Window::default(), None, now).0;
    assert_eq!(delivery(night), Delivery::Held(morning));
    // The digest of an hour would end at half past ten in the evening.
    assert_eq!(delivery(instant("2026-11-30T20:30:00Z")), Delivery::Held(morning));
}

#[test]
fn what_is_critical_does_not_wait_for_the_morning_even_if_there_were_too_many() {
    let wanted = Subscription { quiet: Some(quiet("22:00", "06:00")), ..subscription() };
    let (night, morning) = (instant("2026-11-30T22:00:00Z"), instant("2026-12-01T05:00:00Z"));
    let delivery =
        |pace: &Pace, window: &Window, held| when(&wanted, Some(Severity::Critical), pace, window, held, night).0;
    let full = Window::default().counted(night.plus_seconds(-60)).counted(night.plus_seconds(-30));
    let room = night.plus_seconds(HOUR - 60);
    assert_eq!(delivery(&Pace::default(), &Window::default(), Some(morning)), Delivery::Now);
    assert_eq!(delivery(&Pace::default(), &full, Some(morning)), Delivery::Held(room));
    // Also before the quiet hours begin.
    let evening = instant("2026-11-30T20:55:00Z");
    let before =
        when(&wanted, Some(Severity::Critical), &Pace::default(), &Window::default(), Some(morning), evening).0;
    assert_eq!(before, Delivery::Now);
    // What is held back because there were too many holds back what follows, as by day.
    let pace = Pace { surplus: Some(room), ..Pace::default() };
    assert_eq!(delivery(&pace, &Window::default(), Some(room)), Delivery::Held(room));
}

#[test]
fn nothing_is_added_to_a_digest_that_was_closed() {
    let wanted = Subscription { quiet: Some(quiet("22:00", "06:00")), ..subscription() };
    let (night, morning) = (instant("2026-11-30T22:00:00Z"), instant("2026-12-01T05:00:00Z"));
    let (next, held) = (Timestamp::from_millis(morning.millis() + 1), |pace: &Pace, held| {
        when(&wanted, None, pace, &Window::default(), held, night).0
    });
    let mut pace = Pace::default();
    assert_eq!(held(&pace, None), Delivery::Held(morning));
    pace.close(morning, night);
    assert_eq!((held(&pace, None), held(&pace, Some(morning))), (Delivery::Held(next), Delivery::Held(next)));
    pace.close(next, night);
    assert_eq!(held(&pace, Some(next)), Delivery::Held(Timestamp::from_millis(morning.millis() + 2)));
    // It is forgotten when nobody can hold anything back for it any more.
    pace.close(morning.plus_seconds(HOUR), morning.plus_seconds(HOUR));
    assert_eq!(pace.closed, [morning.plus_seconds(HOUR)].into());
}

#[test]
fn what_follows_something_that_is_held_back_waits_with_it() {
    let (pace, now) = (Pace::default(), at(1_000));
    let delivery = |held| when(&subscription(), None, &pace, &Window::default(), held, now).0;
    assert_eq!(delivery(Some(at(1_001))), Delivery::Held(at(1_001)));
    assert_eq!(delivery(Some(at(1_000))), Delivery::Now);
}

#[test]
fn an_end_that_has_passed_before_the_clock_was_put_back_does_not_come_again() {
    // In the night of 2026-10-25 the hour from 02:00 to 03:00 comes twice.
    let night = quiet("01:00", "02:30");
    for (now, end) in [
        ("2026-10-25T00:29:59Z", Some("2026-10-25T00:30:00Z")),
        ("2026-10-25T00:30:00Z", None),
        // 02:15 and 02:45 for the second time.
        ("2026-10-25T01:15:00Z", None),
        ("2026-10-25T01:45:00Z", None),
    ] {
        assert_eq!(night.end(instant(now)), end.map(instant), "{now}");
    }
    // And what is held back for the end is not held back again when the hour comes for the second time.
    let wanted = Subscription { quiet: Some(night), ..subscription() };
    let delivery = |held, now| when(&wanted, None, &Pace::default(), &Window::default(), held, instant(now)).0;
    let end = instant("2026-10-25T00:30:00Z");
    assert_eq!(delivery(None, "2026-10-25T00:10:00Z"), Delivery::Held(end));
    assert_eq!(delivery(Some(end), "2026-10-25T01:15:00Z"), Delivery::Now);
}

proptest! {
    #[test]
    fn within_any_hour_no_more_than_the_limits_is_sent_at_once(
        ops in prop::collection::vec((0_i64..400, 0_usize..12), 1..200),
    ) {
        let mut pace = Pace::default();
        let (mut windows, mut held) = (vec![Window::default(); 12], [None; 12]);
        let (mut now, mut sent) = (at(0), Vec::new());
        for (later, problem) in ops {
            now = now.plus_seconds(later);
            let (delivery, next, window) = when(&subscription(), None, &pace, &windows[problem], held[problem], now);
            (pace, windows[problem]) = (next, window);
            match delivery {
                Delivery::Now => sent.push((now, problem)),
                Delivery::Held(until) => held[problem] = Some(until),
            }
        }
        for (from, of) in &sent {
            let within = |time: Timestamp| time >= *from && time < from.plus_seconds(HOUR);
            prop_assert!(sent.iter().filter(|(time, _)| within(*time)).count() <= MOST_AN_HOUR);
            prop_assert!(sent.iter().filter(|(time, one)| within(*time) && one == of).count() <= MOST_OF_A_PROBLEM);
        }
    }
}

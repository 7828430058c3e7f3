use std::net::IpAddr;

use proptest::prelude::*;

use super::*;
use crate::domain::alert::Severity;
use crate::domain::problem::{Acknowledgement, End, Episode, Evidence, Kind, Problem};

mod pace;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn subscription() -> Subscription {
    Subscription {
        channel: Channel::Email,
        filter: Filter::default(),
        digest_minutes: 0,
        quiet: None,
        remind_hours: 0,
        zone: None,
        disabled: None,
    }
}

fn episode(kind: Kind, began: i64, end: Option<i64>) -> Episode {
    let end = end.map(|end| End { at: at(end), by: None });
    Episode { kind, began: at(began), end, evidence: Evidence::None, changed_at: at(began) }
}

/// A silence with these episodes.
fn problem(episodes: &[(i64, Option<i64>)]) -> Problem {
    let episodes = episodes.iter().map(|(began, end)| episode(Kind::Silent, *began, *end)).collect();
    Problem { episodes, earlier: 0, acknowledged: None, note: None }
}

/// What is told when these states are seen one after the other: transition, number of the episode, beginning.
fn told(states: &[Option<Problem>], subscription: &Subscription) -> Vec<(Transition, u32, i64)> {
    let (mut thread, mut all) = (Thread::default(), Vec::new());
    for state in states {
        let (steps, next) = follow(&thread, state.as_ref(), subscription, at(0), at(1_000));
        all.extend(steps.iter().map(|step| (step.transition, step.episode, step.began.seconds())));
        assert_eq!(follow(&next, state.as_ref(), subscription, at(0), at(1_000)), (Vec::new(), next.clone()));
        thread = next;
    }
    all
}

#[test]
fn an_episode_is_told_when_it_begins_and_when_it_ends() {
    use Transition::{Opened, Resolved};
    let (open, over) = (problem(&[(10, None)]), problem(&[(10, Some(20))]));
    let wanted = subscription();
    assert_eq!(told(&[Some(open.clone()), Some(over.clone())], &wanted), [(Opened, 1, 10), (Resolved, 1, 10)]);
    // Both at once, when the first state was never seen.
    assert_eq!(told(&[Some(over.clone())], &wanted), [(Opened, 1, 10), (Resolved, 1, 10)]);
    // A late reading moves the beginning; that is nothing to tell.
    let moved = problem(&[(5, None)]);
    assert_eq!(told(&[Some(open.clone()), Some(moved)], &wanted), [(Opened, 1, 10)]);
    // It turns out never to have been one.
    assert_eq!(told(&[Some(open.clone()), None], &wanted), [(Opened, 1, 10), (Resolved, 1, 10)]);
    // Two more, of which one is over already.
    let more = problem(&[(10, Some(20)), (30, Some(40)), (50, None)]);
    let rest = [(Opened, 2, 30), (Resolved, 2, 30), (Opened, 3, 50)];
    assert_eq!(told(&[Some(over.clone()), Some(more.clone())], &wanted)[2..], rest);
    // The end was none after all; and a late reading that joins two episodes.
    assert_eq!(told(&[Some(over.clone()), Some(open)], &wanted)[2..], [(Opened, 2, 10)]);
    assert_eq!(told(&[Some(more), Some(problem(&[(10, Some(60))]))], &wanted).last(), Some(&(Resolved, 3, 50)));
    assert_eq!(told(&[], &wanted), []);
}

#[test]
fn an_old_episode_is_told_only_while_it_is_open_and_nobody_knows_of_it() {
    let wanted = subscription();
    let told = |problem: &Problem| follow(&Thread::default(), Some(problem), &wanted, at(100), at(200)).0.len();
    assert_eq!((told(&problem(&[(10, Some(20))])), told(&problem(&[(10, None)]))), (0, 1));
    let mut known = problem(&[(10, None)]);
    known.acknowledged = Some(Acknowledgement { by: "ann".into(), at: at(15), episode: at(10) });
    assert_eq!(told(&known), 0);
    // One that has begun since is told, whoever was faster.
    known.episodes = vec![episode(Kind::Silent, 110, None)];
    known.acknowledged = Some(Acknowledgement { by: "ann".into(), at: at(115), episode: at(110) });
    assert_eq!(told(&known), 1);
}

#[test]
fn what_is_over_for_more_than_a_day_is_history_and_an_episode_that_is_open_is_not() {
    const DAY: i64 = 86_400;
    let wanted = subscription();
    let problem = problem(&[(10, Some(20)), (DAY, Some(2 * DAY)), (2 * DAY + 10, Some(2 * DAY + 20)), (3 * DAY, None)]);
    let told = |thread: &Thread, since: i64| {
        let (steps, _) = follow(thread, Some(&problem), &wanted, at(since), at(3 * DAY + 5));
        steps.iter().map(|step| (step.transition, step.began.seconds())).collect::<Vec<_>>()
    };
    let recent =
        [(Transition::Opened, 2 * DAY + 10), (Transition::Resolved, 2 * DAY + 10), (Transition::Opened, 3 * DAY)];
    assert_eq!(told(&Thread::default(), 0), recent);
    // What was told before was over long ago, and the subscription did not apply meanwhile.
    let (_, before) = follow(&Thread::default(), Some(&self::problem(&[(10, Some(20))])), &wanted, at(0), at(25));
    assert_eq!(told(&before, 0), recent);
    assert_eq!(told(&before, 2 * DAY + 15), recent[2..]);
}

#[test]
fn a_digest_with_too_much_lists_how_things_are_now() {
    let all: Vec<_> = [("a", 0), ("b", 1)].into_iter().chain((2..300).map(|n| ("c", n))).collect();
    let told = listed(all, 100, |(problem, _)| *problem);
    assert_eq!((told.len(), &told[..3], told[99]), (100, [("a", 0), ("b", 1), ("c", 202)].as_slice(), ("c", 299)));
    // More problems than can be listed: the newest ones.
    let all: Vec<_> = (0..300).map(|n| (n.to_string(), n)).collect();
    assert_eq!(
        listed(all, 100, |(problem, _)| problem).iter().map(|(_, n)| *n).collect::<Vec<_>>(),
        (200..300).collect::<Vec<_>>()
    );
}

#[test]
fn a_filter_decides_what_opens_and_a_change_is_told() {
    let pair = |kind| Problem { episodes: vec![episode(kind, 10, None)], ..problem(&[]) };
    let wanted =
        Subscription { filter: Filter { kinds: vec![Kind::Obstruction], ..Filter::default() }, ..subscription() };
    let states = [Kind::Problem, Kind::Obstruction, Kind::Problem].map(|kind| Some(pair(kind)));
    let transitions: Vec<_> = told(&states, &wanted).into_iter().map(|(transition, ..)| transition).collect();
    assert_eq!(transitions, [Transition::Opened, Transition::Changed]);
    for (least, severity, matches) in [
        (None, None, true),
        (Some(Severity::Warning), None, true),
        (Some(Severity::Critical), None, false),
        (Some(Severity::Critical), Some(Severity::Critical), true),
        (Some(Severity::Warning), Some(Severity::Info), false),
    ] {
        let filter = Filter { severity: least, ..Filter::default() };
        assert_eq!(filter.matches(Kind::Limit, severity), matches, "{least:?} {severity:?}");
    }
    let some: Filter = Filter { devices: ["a".parse().unwrap()].into(), ..Filter::default() };
    assert!(some.matches_device(["b".parse().unwrap(), "a".parse().unwrap()].iter()));
    assert!(!some.matches_device(["b".parse().unwrap()].iter()) && !some.matches_device([].iter()));
    assert!(Filter::default().matches_device([].iter()));
}

#[test]
fn each_change_of_an_episode_has_a_number_of_its_own() {
    let states = [Kind::Obstruction, Kind::Problem, Kind::Obstruction]
        .map(|kind| Problem { episodes: vec![episode(kind, 10, None)], ..problem(&[]) });
    let (mut thread, mut numbers) = (Thread::default(), Vec::new());
    for state in &states {
        let (steps, next) = follow(&thread, Some(state), &subscription(), at(0), at(20));
        numbers.extend(steps.iter().map(|step| (step.transition, step.number)));
        thread = next;
    }
    assert_eq!(numbers, [(Transition::Opened, 0), (Transition::Changed, 1), (Transition::Changed, 2)]);
}

#[test]
fn whoever_wants_it_is_reminded_until_somebody_knows_or_it_is_over() {
    let wanted = Subscription { remind_hours: 2, ..subscription() };
    let open = problem(&[(10, None)]);
    let (_, thread) = follow(&Thread::default(), Some(&open), &wanted, at(0), at(100));
    assert_eq!(thread.remind_at, Some(at(7_300)));
    assert_eq!(remind(&thread, Some(&open), &wanted, at(7_299)).0, None);
    let (first, thread) = remind(&thread, Some(&open), &wanted, at(7_300));
    assert_eq!(first.map(|step| (step.transition, step.number)), Some((Transition::Reminder, 1)));
    let (second, thread) = remind(&thread, Some(&open), &wanted, at(14_500));
    assert_eq!((second.map(|step| step.number), thread.remind_at), (Some(2), Some(at(21_700))));
    let mut known = open;
    known.acknowledged = Some(Acknowledgement { by: "ann".into(), at: at(15), episode: at(10) });
    for state in [Some(known), Some(problem(&[(10, Some(20))])), None] {
        let (_, after) = follow(&thread, state.as_ref(), &wanted, at(0), at(15_000));
        assert_eq!((after.remind_at, remind(&after, state.as_ref(), &wanted, at(99_999)).0), (None, None));
    }
}

fn id(text: &str) -> SubscriptionId {
    text.repeat(32).parse().unwrap()
}

#[test]
fn an_id_says_what_a_notice_is_about() {
    let about = |episode, transition, number| About::Transition {
        problem: "a:silent",
        episode,
        began: at(10),
        transition,
        number,
    };
    let of = |subscription: &str, about: &About<'_>| notice_id(&id(subscription), about).unwrap();
    let all = [
        of("a", &about(1, Transition::Opened, 0)),
        of("b", &about(1, Transition::Opened, 0)),
        of("a", &about(2, Transition::Opened, 0)),
        of("a", &about(1, Transition::Resolved, 0)),
        of("a", &about(1, Transition::Reminder, 1)),
        of("a", &about(1, Transition::Reminder, 2)),
        of("a", &About::Digest(at(10))),
        of("a", &About::Digest(at(11))),
        of("a", &About::Part(at(10), "a:silent")),
        of("a", &About::Part(at(10), "b:silent")),
    ];
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
    assert_eq!(of("a", &about(1, Transition::Opened, 0)), all[0]);
    assert_eq!(all[0].subscription(), Some(id("a")));
}

#[test]
fn addresses_that_only_the_inside_can_see_are_refused() {
    for address in [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "192.0.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "192.0.2.1",
        "::1",
        "::",
        "fd00::1",
        "fe80::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001::1",
        "2001:db8::1",
        "fec0::1",
    ] {
        assert!(!is_public(address.parse::<IpAddr>().unwrap()), "{address}");
    }
    for address in ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"] {
        assert!(is_public(address.parse::<IpAddr>().unwrap()), "{address}");
    }
}

#[test]
fn a_webhook_goes_to_a_name_by_https_and_nowhere_else() {
    for good in ["https://example.org/hook", "https://a-1.example.org:8443/x?y=z", "https://xn--bcher-kva.example"] {
        assert_eq!(WebhookUrl::parse(good, false).map(|url| url.to_string().starts_with(good)), Ok(true), "{good}");
    }
    for bad in [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://localhost/",
        "https://a.localhost/",
        "https://host/",
        "https://metadata.google.internal/",
        "https://ann@example.org/",
        "https://ann:x@example.org/",
        "https://example.org/#x",
        "example.org",
        "/hook",
        "",
        "ftp://example.org",
        "https://",
        "https://exa mple.org/",
        "https://example.org:x/",
        "https://-a.org/",
        "https://a..org/",
        "http://127.0.0.1:80/",
        "file:///etc/passwd",
        "https://bücher.example/",
    ] {
        assert!(WebhookUrl::parse(bad, false).is_err(), "{bad}");
    }
    for own in ["http://127.0.0.1:9000/", "http://localhost:9000/hook", "http://[::1]:9000/"] {
        assert!(WebhookUrl::parse(own, true).is_ok(), "{own}");
    }
    for bad in ["http://10.0.0.1/", "http://example.org/", "http://localhost.example.org/", "http://127.0.0.2/"] {
        assert!(WebhookUrl::parse(bad, true).is_err(), "{bad}");
    }
    assert!(WebhookUrl::parse(&format!("https://example.org/{}", "x".repeat(1_000)), false).is_err());
}

/// States of a problem as late and repeated readings make them: sets of disjoint episodes, of which the last may be open.
fn state() -> impl Strategy<Value = Option<Problem>> {
    let cuts = prop::collection::btree_set(1_i64..60, 0..8);
    prop::option::weighted(0.9, cuts).prop_map(|cuts| {
        let cuts: Vec<i64> = cuts?.into_iter().collect();
        let episodes: Vec<_> = cuts.chunks(2).map(|pair| (pair[0], pair.get(1).copied())).collect();
        (!episodes.is_empty()).then(|| problem(&episodes))
    })
}

proptest! {
    #[test]
    fn whatever_states_are_seen_every_opening_is_followed_by_its_end_and_the_last_word_is_true(
        states in prop::collection::vec(state(), 1..12),
    ) {
        let told = told(&states, &subscription());
        let mut open: Option<(u32, i64)> = None;
        let mut seen = std::collections::BTreeSet::new();
        for (transition, episode, began) in told {
            prop_assert!(seen.insert((transition, episode, began)), "told twice");
            match transition {
                Transition::Opened => {
                    prop_assert_eq!(open, None);
                    open = Some((episode, began));
                }
                Transition::Resolved => prop_assert_eq!(open.take(), Some((episode, began))),
                Transition::Changed | Transition::Reminder => {}
            }
        }
        // An open episode that began before one that was told already is the exception: it is history that was revealed late.
        let last = states.last().and_then(Option::as_ref).and_then(|problem| problem.last());
        let is_open = last.is_some_and(|last| last.end.is_none());
        prop_assert!(open.is_none() || is_open, "told as open, and it is not");
    }

    #[test]
    fn an_outbox_sends_in_the_order_in_which_things_happened(
        ops in prop::collection::vec((0_i64..600, 0_u8..4), 1..60),
    ) {
        // One problem, whose notices are numbered, through `when`, the queue and a sender that now and then fails.
        let wanted = Subscription { digest_minutes: 0, ..subscription() };
        let (mut queue, mut window, mut held) = (Queue::default(), Window::default(), None);
        let (mut digests, mut sent) = (std::collections::BTreeMap::<Timestamp, Vec<u32>>::new(), Vec::new());
        let mut numbers = std::collections::BTreeMap::new();
        let mut now = at(0);
        let number = |n: u32| -> NoticeId { format!("{}-{n:032x}", "a".repeat(32)).parse().unwrap() };
        for (n, (later, op)) in (1_u32..).zip(ops) {
            now = now.plus_seconds(later);
            if op == 0 {
                // A sender: it fails once, or sends all.
                if let Next::Send(id) = queue.next(now) {
                    queue.failed(&id, now, now);
                }
                continue;
            }
            if op == 1 {
                loop {
                    match queue.next(now) {
                        Next::Close(until) => queue.close(until, number(1_000_000 + u32::try_from(until.seconds()).unwrap()), now),
                        Next::Send(id) => {
                            let members: Vec<u32> = numbers.remove(&id).map_or_else(
                                || digests.iter().find(|(until, _)| number(1_000_000 + u32::try_from(until.seconds()).unwrap()) == id)
                                    .map(|(_, all)| all.clone()).unwrap_or_default(),
                                |n| vec![n],
                            );
                            sent.extend(members);
                            queue.done(&id);
                        }
                        Next::Wait => break,
                    }
                }
                continue;
            }
            let (delivery, pace, of_problem) = when(&wanted, None, &queue.pace, &window, held, now);
            (queue.pace, window) = (pace, of_problem);
            for until in queue.due_digests(now) {
                queue.close(until, number(1_000_000 + u32::try_from(until.seconds()).unwrap()), now);
            }
            match delivery {
                Delivery::Now => {
                    numbers.insert(number(n), n);
                    queue.pending.push(number(n));
                }
                Delivery::Held(until) => {
                    held = Some(until);
                    digests.entry(until).or_default().push(n);
                    queue.digests.insert(until);
                }
            }
        }
        prop_assert!(sent.is_sorted(), "{:?}", sent);
    }

    #[test]
    fn pauses_grow_and_the_last_attempt_is_after_a_day(failures in 1_u32..100, after in 0_i64..100_000) {
        match retry(at(0), failures, at(after)) {
            Retry::GiveUp => prop_assert!(after >= GIVE_UP_SECONDS),
            Retry::At(next) => {
                let pause = next.seconds() - after;
                prop_assert!(after < GIVE_UP_SECONDS && (1..=3_600).contains(&pause) && next.seconds() <= GIVE_UP_SECONDS);
                prop_assert!(pause >= 30 || next.seconds() == GIVE_UP_SECONDS);
            }
        }
    }
}

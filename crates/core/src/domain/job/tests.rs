//! Tests of jobs.

use super::*;
use crate::domain::device::{Author, Calibrations, DeviceDetails, Versions};

const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);

fn order() -> Order {
    Order {
        firmware: "1.4.2".parse().unwrap(),
        target: Target::All,
        rollout_per_minute: PER_MINUTE_DEFAULT,
        abort_percent: ABORT_DEFAULT,
        timeout_minutes: TIMEOUT_DEFAULT,
        force: false,
    }
}

fn job() -> Job {
    let id = FleetJobId::made(NOW.millis(), 7);
    Job::new(id, order(), "a".repeat(64).parse().unwrap(), 5, "ann".into(), NOW)
}

fn device(firmware: Option<&str>, enabled: bool) -> Device {
    let details = DeviceDetails { enabled, ..DeviceDetails::default() };
    let author = Author { by: "ann".into(), at: NOW };
    let device = Device::new("buoy-01".parse().unwrap(), details, Calibrations::new(), Versions::default(), author);
    Device { firmware: firmware.map(str::to_owned), ..device }
}

#[test]
fn an_order_is_refused_for_every_field_that_is_wrong() {
    let id = |text: &str| text.parse::<DeviceId>().unwrap();
    let wrong = Order {
        target: Target::Devices(vec![id("a"), id("b"), id("a")]),
        rollout_per_minute: 0,
        abort_percent: 101,
        timeout_minutes: MOST_TIMEOUT + 1,
        ..order()
    };
    let pointers: Vec<_> = wrong.checked().unwrap_err().into_iter().map(|error| error.pointer).collect();
    assert_eq!(pointers, ["/target/devices/2", "/rollout_per_minute", "/abort_percent", "/timeout_minutes"]);
    for devices in [Vec::new(), (0..101).map(|n| id(&format!("d{n}"))).collect()] {
        let errors = Order { target: Target::Devices(devices), ..order() }.checked().unwrap_err();
        assert_eq!(errors[0].pointer, "/target/devices");
    }
    assert!(order().checked().is_ok());
}

#[test]
fn versions_only_go_up_unless_it_is_forced() {
    let job = job();
    let forced = Job { order: Order { force: true, ..order() }, ..job.clone() };
    for (has, taken) in [
        (None, Ok(())),
        (Some("1.4.1"), Ok(())),
        (Some("0.9.9"), Ok(())),
        (Some("1.4.2"), Err(Skip::NotOlder)),
        (Some("1.4.3"), Err(Skip::NotOlder)),
        (Some("1.10.0"), Err(Skip::NotOlder)),
        // What cannot be compared is left to the board.
        (Some("nightly"), Ok(())),
    ] {
        assert_eq!(job.takes(&device(has, true)), taken, "{has:?}");
        assert_eq!(forced.takes(&device(has, true)), Ok(()), "{has:?}");
        assert_eq!(forced.takes(&device(has, false)), Err(Skip::Disabled), "{has:?}");
    }
}

#[test]
fn a_job_ends_once() {
    let page = job().gathered(Gathered { devices: 2, skipped: 1 }).gathered(Gathered { devices: 1, skipped: 0 });
    assert_eq!((page.devices, page.skipped), (3, 1));
    let begun = page.begun(false, NOW);
    assert_eq!(begun.state, State::InProgress);
    let done = End::of("COMPLETED", None, None).unwrap();
    let completed = begun.ended(&done, NOW).unwrap();
    assert_eq!((completed.state, completed.ended_at), (State::Completed, Some(NOW)));
    assert_eq!(completed.ended(&done, NOW), None);
    assert_eq!(completed.cancelled(None, NOW), Err(Ended(State::Completed)));
    let cancelled = begun.cancelled(None, NOW).unwrap();
    assert_eq!(cancelled.cancelled(None, NOW.plus_seconds(5)).unwrap(), cancelled, "again changes nothing");
    assert_eq!(cancelled.ended(&done, NOW), None, "what AWS IoT tells later changes nothing");
    assert_eq!(job().begun(false, NOW).state, State::Completed, "there is nobody to tell");
    assert_eq!(job().begun(true, NOW).state, State::InProgress, "AWS IoT tells somebody already");
}

#[test]
fn the_end_in_aws_iot_is_told_by_status_and_reason() {
    let state = |status, reason| End::of(status, reason, Some("why\n")).map(|end| (end.state, end.detail));
    assert_eq!(state("IN_PROGRESS", None), None);
    assert_eq!(state("COMPLETED", None), Some((State::Completed, None)));
    assert_eq!(state("CANCELED", Some("ABORT_CANCEL")), Some((State::Aborted, Some("why".into()))));
    assert_eq!(state("CANCELED", None), Some((State::Cancelled, Some("why".into()))));
}

#[test]
fn a_job_is_open_for_thirty_days() {
    let job = job();
    assert!(!job.is_over(NOW.plus_seconds(OPEN_SECONDS - 1)) && job.is_over(NOW.plus_seconds(OPEN_SECONDS)));
    assert!(!job.cancelled(None, NOW).unwrap().is_over(NOW.plus_seconds(OPEN_SECONDS)));
}

/// Boards that end one after the other, some of them without success; how many have ended when the job is aborted.
fn wave(percent: u32, boards: u64, fails: impl Fn(u64) -> bool) -> Option<u64> {
    let mut failed = 0;
    (1..=boards).find(|board| {
        failed += u64::from(fails(*board));
        is_aborted(percent, boards, *board, failed)
    })
}

#[test]
fn a_wave_of_a_thousand_boards_with_five_percent_failing_is_aborted_at_that_share_and_not_at_twice_it() {
    // Every twentieth board fails.
    let fails = |board: u64| board.is_multiple_of(20);
    assert_eq!(wave(5, 1_000, fails), Some(20));
    assert_eq!(wave(10, 1_000, fails), None);
    // The first one fails, and then nobody: the share is not yet known.
    assert_eq!(wave(5, 1_000, |board| board == 1), Some(20), "1 of 20 is 5 %");
    assert_eq!(wave(6, 1_000, |board| board == 1), None, "1 of 17 is less than 6 %");
    // In whatever order the boards end, the job is aborted before more than the share of all has failed.
    let mut rng = 1_u64;
    for _ in 0..50 {
        let failing: Vec<bool> = (0..1_000)
            .map(|_| {
                rng = rng.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (rng >> 33).is_multiple_of(20)
            })
            .collect();
        let all = failing.iter().filter(|fails| **fails).count();
        let stopped = wave(5, 1_000, |board| failing[usize::try_from(board - 1).unwrap()]);
        let seen = stopped
            .map_or(all, |board| failing.iter().take(usize::try_from(board).unwrap()).filter(|fails| **fails).count());
        assert!(stopped.is_some() || all < 50, "{all} of 1,000 have failed");
        assert!(seen <= all);
    }
    // A small job is judged when all have ended.
    assert_eq!(wave(5, 3, |board| board == 1), Some(3));
}

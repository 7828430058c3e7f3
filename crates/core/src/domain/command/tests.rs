//! The rules of commands: what each event may do, and a model of a whole life.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_795_155_884_123);

fn order(expires_in: i64) -> Order {
    Order { name: "dispense".parse().unwrap(), args: Group::new(), expires_in }
}

fn command() -> Command {
    let id = CommandId::after(None, NOW.millis());
    Command::new("dispenser-123".parse().unwrap(), id, order(60), "ann@example.com".into(), NOW)
}

fn in_state(state: State) -> Command {
    Command { state, ..command() }
}

fn answer(status: Status, version: u64) -> Answer {
    Answer { id: command().id, status, detail: None, result: None, at: NOW.plus_seconds(1), version }
}

#[test]
fn an_answer_moves_an_open_command_forward_and_an_ended_one_never() {
    use State::{Accepted, Cancelled, Expired, Failed, Queued, Sent, Succeeded};
    for (before, status, expected) in [
        (Queued, Status::Accepted, Ok(Accepted)),
        (Sent, Status::Accepted, Ok(Accepted)),
        (Sent, Status::Succeeded, Ok(Succeeded)),
        (Sent, Status::Failed, Ok(Failed)),
        (Accepted, Status::Succeeded, Ok(Succeeded)),
        (Accepted, Status::Failed, Ok(Failed)),
        (Accepted, Status::Accepted, Err(Ignored::Repeated)),
        (Succeeded, Status::Succeeded, Err(Ignored::Repeated)),
        (Succeeded, Status::Accepted, Err(Ignored::Ended)),
        (Succeeded, Status::Failed, Err(Ignored::Ended)),
        (Failed, Status::Succeeded, Err(Ignored::Ended)),
        (Expired, Status::Succeeded, Err(Ignored::Expired)),
        (Cancelled, Status::Accepted, Err(Ignored::Cancelled)),
    ] {
        let effect = in_state(before).answer(&answer(status, 1), true);
        let shown = match &effect {
            Effect::Changed(after) => Ok(after.state),
            Effect::Ignored(why) => Err(*why),
            Effect::Redelivered => panic!("{before:?} {status:?}"),
        };
        assert_eq!(shown, expected, "{before:?} {status:?}");
    }
}

#[test]
fn only_the_command_in_flight_can_be_answered_and_only_in_time() {
    let waits = command().answer(&answer(Status::Succeeded, 1), false);
    assert_eq!(waits, Effect::Ignored(Ignored::Waiting));
    let at = |seconds: i64| Answer { at: NOW.plus_seconds(seconds), ..answer(Status::Succeeded, 1) };
    assert!(matches!(in_state(State::Sent).answer(&at(60), true), Effect::Changed(_)));
    assert_eq!(in_state(State::Sent).answer(&at(61), true), Effect::Ignored(Ignored::Expired));
    // The clock of the cloud agrees with both.
    assert_eq!(in_state(State::Sent).expired(NOW.plus_seconds(60)), None);
    assert_eq!(in_state(State::Sent).expired(NOW.plus_seconds(61)).map(|after| after.state), Some(State::Expired));
}

#[test]
fn a_message_that_is_delivered_again_is_no_second_answer() {
    let Effect::Changed(accepted) = in_state(State::Sent).answer(&answer(Status::Accepted, 7), true) else { panic!() };
    assert_eq!(accepted.answer(&answer(Status::Accepted, 7), true), Effect::Redelivered);
    assert_eq!(accepted.answer(&answer(Status::Accepted, 8), true), Effect::Ignored(Ignored::Repeated));
    let Effect::Changed(done) = accepted.answer(&answer(Status::Succeeded, 8), true) else { panic!() };
    for version in [7, 8] {
        assert_eq!(done.answer(&answer(Status::Accepted, version), false), Effect::Redelivered);
    }
    assert_eq!((done.sent_at, done.answered_at, done.ended_at), (done.answered_at, done.sent_at, done.ended_at));
    assert_eq!(done.ended_at, Some(NOW.plus_seconds(1)));
}

#[test]
fn only_what_the_device_has_not_answered_is_cancelled() {
    for state in State::ALL {
        let after = in_state(state).cancelled(NOW).map(|after| after.state);
        let expected = match state {
            State::Queued | State::Sent | State::Cancelled => Ok(State::Cancelled),
            other => Err(Answered(other)),
        };
        assert_eq!(after, expected, "{state:?}");
    }
}

#[test]
fn limits_of_an_order_are_named_by_their_fields() {
    let pointers = |bytes, expires_in| {
        let checked = Order::checked("x".parse().unwrap(), Group::new(), bytes, expires_in);
        checked.err().unwrap_or_default().into_iter().map(|error| error.pointer).collect::<Vec<_>>()
    };
    assert_eq!(pointers(MOST_ARGS, 1), [""; 0]);
    assert_eq!(pointers(2, 86_400), [""; 0]);
    assert_eq!(pointers(MOST_ARGS + 1, 0), ["/args", "/expires_in"]);
    assert_eq!(pointers(2, 86_401), ["/expires_in"]);
    assert_eq!(pointers(2, i64::MIN), ["/expires_in"]);
}

#[test]
fn one_is_in_flight_and_twenty_wait() {
    let mut queue = Queue::default();
    for place in 0..=MOST_WAITING {
        queue = queue.entered(NOW, NOW.plus_seconds(60)).unwrap_or_else(|_| panic!("no room for {place}")).0;
    }
    assert_eq!(queue.entered(NOW, NOW.plus_seconds(60)), Err(Full));
    let second = queue.places[1].id.clone();
    let next = queue.without(&[&queue.places[0].id]);
    assert!(next.is_first(&second) && next.entered(NOW, NOW).is_ok());
}

#[test]
fn codes_are_read_back() {
    for state in State::ALL {
        assert_eq!(State::of_code(state.code()), Some(state));
    }
    assert_eq!(State::of_code("sent"), None);
    assert_eq!(Status::of_code("QUEUED"), None);
}

/// Something that happens to the commands of a device.
#[derive(Debug, Clone)]
enum Step {
    Enter(i64),
    Sent,
    Answer { back: usize, status: Status, version: u64, late: i64 },
    Cancel(usize),
    Wait(i64),
    Sweep,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let status = prop_oneof![Just(Status::Accepted), Just(Status::Succeeded), Just(Status::Failed)];
    let step = prop_oneof![
        3 => (1..90_i64).prop_map(Step::Enter),
        3 => Just(Step::Sent),
        5 => (0..4_usize, status, 0..40_u64, 0..30_i64)
            .prop_map(|(back, status, version, late)| Step::Answer { back, status, version, late }),
        1 => (0..4_usize).prop_map(Step::Cancel),
        2 => (0..40_i64).prop_map(Step::Wait),
        1 => Just(Step::Sweep),
    ];
    vec(step, 0..120)
}

proptest! {
    /// Whatever happens: of the commands at most one is in flight, each moves only forward and ends once, and the queue holds
    /// exactly the open ones in the order in which they were entered.
    #[test]
    fn every_command_ends_once_and_they_go_in_order(steps in steps()) {
        let (mut queue, mut commands, mut now) = (Queue::default(), Vec::<Command>::new(), NOW);
        for step in steps {
            let before = commands.clone();
            match step {
                Step::Enter(expires_in) => {
                    if let Ok((next, id)) = queue.entered(now, now.plus_seconds(expires_in)) {
                        commands.push(Command::new(command().device, id, order(expires_in), String::new(), now));
                        queue = next;
                    } else {
                        prop_assert_eq!(queue.places.len(), MOST_WAITING + 1);
                    }
                }
                Step::Sent => {
                    let first = queue.first().cloned();
                    if let Some(one) = commands.iter_mut().find(|one| Some(&one.id) == first.as_ref()) {
                        *one = one.sent(now).unwrap_or_else(|| one.clone());
                    }
                }
                Step::Answer { back, status, version, late } => {
                    let Some(place) = commands.len().checked_sub(back + 1) else { continue };
                    let one = &mut commands[place];
                    let said = Answer { id: one.id.clone(), at: now.plus_seconds(-late), ..answer(status, version) };
                    if let Effect::Changed(after) = one.answer(&said, queue.is_first(&one.id)) {
                        prop_assert!(queue.is_first(&one.id), "only the first is answered");
                        prop_assert!(said.at <= one.expires_at);
                        *one = *after;
                        if !one.state.is_open() {
                            queue = queue.without(&[&one.id]);
                        }
                    }
                }
                Step::Cancel(back) => {
                    let Some(place) = commands.len().checked_sub(back + 1) else { continue };
                    if let Ok(after) = commands[place].cancelled(now) {
                        queue = queue.without(&[&after.id]);
                        commands[place] = after;
                    }
                }
                Step::Wait(seconds) => now = now.plus_seconds(seconds),
                Step::Sweep => {
                    let over = queue.expired(now);
                    for one in commands.iter_mut().filter(|one| over.contains(&one.id)) {
                        let after = one.expired(now);
                        prop_assert!(after.is_some(), "the queue and the command agree");
                        *one = after.unwrap();
                    }
                    queue = queue.without(&over.iter().collect::<Vec<_>>());
                    prop_assert!(queue.next_expiry().is_none_or(|next| next >= now));
                }
            }
            let open: Vec<_> = commands.iter().filter(|one| one.state.is_open()).map(|one| one.id.clone()).collect();
            let places: Vec<_> = queue.places.iter().map(|place| place.id.clone()).collect();
            prop_assert_eq!(&open, &places);
            prop_assert!(commands.is_sorted_by(|one, other| one.id < other.id));
            let flying = commands.iter().filter(|one| matches!(one.state, State::Sent | State::Accepted)).count();
            prop_assert!(flying <= 1, "{} in flight", flying);
            for (was, is) in before.iter().zip(&commands) {
                prop_assert!(was.state.is_open() || was == is, "an ended command has changed");
                prop_assert!(was.state <= is.state || !is.state.is_open(), "{:?} after {:?}", is.state, was.state);
                prop_assert_eq!(is.ended_at.is_some(), !is.state.is_open());
                prop_assert!(is.applied.len() <= 2);
            }
        }
    }
}

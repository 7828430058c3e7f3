//! Digests: what is in them, in which order, and that nothing is sent in two of them.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_core::wire::time;
use weir_tests::receiver::Hook;

use super::{ANN, World, told};

/// A buoy whose oxygen and acidity have an alert each.
fn both(oxygen: &str, acidity: &str) -> Value {
    let alert = |severity: &str| json!([{"id": "low", "below": 5, "severity": severity}]);
    json!({"sensors": [
        {"code": "do", "unit": "mg/L", "alerts": alert(oxygen)},
        {"code": "ph", "unit": "pH", "alerts": alert(acidity)},
    ]})
}

/// Quiet hours from ten in the evening to six in the morning, in which critical problems are told.
fn nightly(world: &World) -> Value {
    let quiet = json!({"from": "22:00", "to": "06:00", "zone": "UTC", "except": "critical"});
    json!({"quiet": quiet, "channel": world.hook()["channel"]})
}

fn clock(world: &World, text: &str) {
    world.alert.functions.clock.set(time::parse(text).unwrap());
}

/// No message and no notice comes twice, and of each problem what happened comes in turn. Returns the number of notices.
fn once_and_in_order(hooks: &[Hook]) -> usize {
    let messages: BTreeSet<_> = hooks.iter().map(|hook| &hook.id).collect();
    assert_eq!(messages.len(), hooks.len(), "the id of a message is used twice: {:?}", told(hooks));
    let more: u64 = hooks.iter().filter_map(|hook| hook.body["data"]["more"].as_u64()).sum();
    let (mut ids, mut open, mut count) = (BTreeSet::new(), BTreeSet::new(), usize::try_from(more).unwrap());
    for (id, transition, problem) in hooks.iter().flat_map(Hook::notices) {
        assert!(ids.insert(id), "told twice: {:?}", told(hooks));
        count += 1;
        match transition.as_str() {
            "opened" => assert!(open.insert(problem), "opened twice: {:?}", told(hooks)),
            "resolved" => assert!(open.remove(&problem), "resolved before it opened: {:?}", told(hooks)),
            _ => {}
        }
    }
    count
}

#[tokio::test]
async fn a_critical_problem_that_flaps_beside_another_one_is_told_once_and_in_order() {
    let mut world = World::of(&both("critical", "warning")).await;
    world.subscribe(ANN, &nightly(&world)).await;
    let (mut hooks, mut changes) = (Vec::new(), 0);
    // Acidity flaps from half past nine on, oxygen from ten on.
    clock(&world, "2026-11-20T09:30:00Z");
    for minute in 0..180 {
        let value = if minute % 2 == 0 { 3.0 } else { 9.0 };
        world.sensed("ph", value).await;
        changes += 1;
        if minute >= 30 {
            world.sensed("do", value).await;
            changes += 1;
        }
        world.swept().await;
        hooks.extend(world.receiver.take());
        world.later(60);
    }
    world.later(7_200);
    world.swept().await;
    hooks.extend(world.receiver.take());
    assert_eq!(once_and_in_order(&hooks), changes);
}

#[tokio::test]
async fn what_becomes_critical_at_night_leaves_the_warnings_of_others_asleep() {
    let mut world = World::of(&both("warning", "warning")).await;
    world.subscribe(ANN, &nightly(&world)).await;
    clock(&world, "2026-11-20T22:30:00Z");
    world.sensed("ph", 3.0).await;
    world.sensed("do", 3.0).await;
    world.later(60);
    world.sensed("do", 9.0).await;
    assert_eq!(world.told(), [""; 0]);
    world.alert.change("buoy-01", &both("critical", "warning")).await;
    world.later(120);
    world.sensed("do", 2.0).await;
    let mut hooks = world.receiver.take();
    // What was held back of oxygen, and that it is critical now.
    assert_eq!(told(&hooks), ["[opened resolved]", "opened"]);
    // Afterwards both go on.
    for value in [9.0, 2.0, 9.0, 2.0] {
        world.later(60);
        world.sensed("ph", value).await;
        world.sensed("do", value).await;
    }
    let at_night = world.receiver.take();
    assert_eq!(told(&at_night), ["resolved"]);
    hooks.extend(at_night);
    clock(&world, "2026-11-21T05:59:59Z");
    world.swept().await;
    let surplus = world.receiver.take();
    assert_eq!(told(&surplus), ["[opened resolved opened]"], "an hour later, what flapped too often");
    hooks.extend(surplus);
    world.later(1);
    world.swept().await;
    world.later(1);
    world.swept().await;
    let morning = world.receiver.take();
    assert!(morning.iter().flat_map(Hook::notices).all(|(.., problem)| problem == "buoy-01:ph:low"), "{morning:?}");
    hooks.extend(morning);
    assert_eq!(once_and_in_order(&hooks), 5 + 7 - 1 + 1);
    assert_eq!(world.swept().await, json!({"done": 0, "failed": 0}));
}

#[tokio::test]
async fn an_end_and_a_beginning_of_one_moment_are_listed_in_that_order() {
    let body = crate::alert::buoy(&json!([{"id": "low-oxygen", "below": 4, "for": 2}]));
    let mut world = World::of(&body).await;
    world.subscribe(ANN, &json!({"digest_minutes": 10, "channel": world.hook()["channel"]})).await;
    world.later(60);
    world.judged(3.0).await;
    world.later(60);
    world.measured(3.0).await;
    // A late reading shows that nothing was wrong, and then something is; both are seen at once.
    world.alert.turned(6.0, 90).await;
    world.later(60);
    world.judged(3.0).await;
    world.streamed().await;
    world.later(600);
    world.swept().await;
    assert_eq!(world.told(), ["[opened resolved opened]"]);
}

#[tokio::test]
async fn a_digest_with_too_much_in_it_says_how_things_are_now() {
    let mut world = World::of(&both("warning", "warning")).await;
    world.subscribe(ANN, &json!({"digest_minutes": 120, "channel": world.hook()["channel"]})).await;
    world.subscribe(ANN, &json!({"digest_minutes": 120, "channel": {"email": {}}})).await;
    world.later(60);
    world.sensed("ph", 3.0).await;
    for number in 0..114 {
        world.later(30);
        world.sensed("do", if number % 2 == 0 { 3.0 } else { 9.0 }).await;
    }
    world.later(7_200);
    world.swept().await;
    let hook = world.receiver.take().remove(0);
    let notices = hook.notices();
    assert_eq!((notices.len(), &hook.body["data"]["more"]), (100, &json!(15)));
    assert_eq!((notices[0].1.as_str(), notices[0].2.as_str()), ("opened", "buoy-01:ph:low"));
    assert_eq!((notices[99].1.as_str(), notices[99].2.as_str()), ("resolved", "buoy-01:do:low"));
    assert!(notices[1..].iter().all(|(.., problem)| problem == "buoy-01:do:low"));
    let mail = world.mailbox.take().remove(0);
    assert_eq!(mail.subject, "115 notices");
    assert!(mail.text.contains("and 15 more") && mail.text.contains("buoy-01 ph"), "{}", mail.text);
}

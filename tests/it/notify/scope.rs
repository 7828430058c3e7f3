//! Recipients: a person only gets notices about what they may see at the time of sending.

use serde_json::json;
use weir_aws::WriteOutcome;
use weir_aws::event::WithEvents;
use weir_aws::subscription::StoredSubscription;
use weir_core::domain::notice::{Disabled, Subscription};
use weir_tests::pool::{changed_at, disabled, person};

use super::{ANN, World, sub, told};

#[tokio::test]
async fn only_what_the_person_may_see_is_told() {
    let mut world = World::new().await;
    for (number, name, groups, devices) in [
        (3, "other", ["user"].as_slice(), "buoy-02"),
        (4, "nobody", &[], "buoy-01"),
        (5, "all", &["user"], "*"),
        (6, "waits", &["user"], "buoy-02 buoy-01"),
    ] {
        world.people.know(person(number, name, groups, devices));
    }
    world.people.know(disabled(person(7, "disabled", &["admin"], "")));
    for number in [ANN, 2, 3, 4, 5, 6, 7, 8] {
        world.subscribe(number, &json!({"channel": {"email": {}}})).await;
    }
    world.later(60);
    world.measured(3.0).await;
    let mut to: Vec<_> = world.mailbox.take().into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["ada@example.com", "all@example.com", "ann@example.com", "waits@example.com"]);
}

#[tokio::test]
async fn whoever_loses_a_device_or_is_disabled_or_deleted_before_it_is_sent_is_told_nothing() {
    for loss in 0..5 {
        let mut world = World::new().await;
        let stored = world.subscribe(ANN, &json!({"digest_minutes": 10, "channel": world.hook()["channel"]})).await;
        world.later(60);
        world.measured(3.0).await;
        world.people.forget(sub(ANN).as_str());
        match loss {
            0 => world.people.know(person(ANN, "ann", &["user"], "buoy-02")),
            1 => world.people.know(disabled(person(ANN, "ann", &["user"], "buoy-01"))),
            2 => {}
            3 => {
                world.people.know(person(ANN, "ann", &["user"], "buoy-01"));
                let reason = weir_core::domain::notice::Disabled::Unsubscribed;
                assert!(
                    world.subscriptions().disable(&stored.owner, &stored.id, reason, world.now(), None).await.unwrap()
                );
            }
            _ => {
                world.people.know(person(ANN, "ann", &["user"], "buoy-01"));
                world.subscriptions().remove(&stored, WithEvents::NONE).await.unwrap();
            }
        }
        world.later(600);
        world.swept().await;
        assert_eq!(world.told(), [""; 0], "{loss}");
        let dropped = world.notices().list(weir_core::wire::notice::NoticeStatus::Dropped, 9, None).await.unwrap().0;
        assert_eq!(dropped.len(), 1, "{loss}");
        assert_eq!(world.swept().await, json!({"done": 0, "failed": 0}), "{loss}");
    }
}

#[tokio::test]
async fn an_address_that_is_not_verified_gets_nothing() {
    let mut world = World::new().await;
    let mut unverified = person(9, "who", &["admin"], "");
    unverified["Attributes"][2]["Value"] = "false".into();
    world.people.know(unverified);
    world.subscribe(9, &json!({"channel": {"email": {}}})).await;
    world.later(60);
    world.measured(3.0).await;
    assert_eq!(world.mailbox.take(), []);
}

#[tokio::test]
async fn a_filter_names_devices_kinds_and_severity() {
    let mut world = World::new().await;
    for (filter, told) in [
        (json!({"devices": ["buoy-01"], "kinds": ["LIMIT", "SILENT"], "severity": "warning"}), true),
        (json!({"devices": ["buoy-02"]}), false),
        (json!({"kinds": ["SILENT"]}), false),
        (json!({"severity": "critical"}), true),
    ] {
        let stored = world.subscribe(ANN, &json!({"filter": filter, "channel": world.hook()["channel"]})).await;
        world.later(60);
        world.measured(3.0).await;
        assert_eq!(!world.told().is_empty(), told, "{filter}");
        world.later(60);
        world.measured(9.0).await;
        world.subscriptions().remove(&stored, WithEvents::NONE).await.unwrap();
        world.receiver.take();
        world.later(7_200);
    }
}

/// The problem opens and ends so many times, ten minutes apart.
async fn history(world: &mut World, times: usize) {
    for _ in 0..times {
        for value in [3.0, 9.0] {
            world.later(300);
            world.measured(value).await;
        }
    }
    assert_eq!(world.told(), [""; 0]);
}

/// Ann is given these devices now.
fn given(world: &World, devices: &str) {
    world.people.forget(sub(ANN).as_str());
    world.people.know(changed_at(person(ANN, "ann", &["user"], devices), world.now().seconds()));
}

#[tokio::test]
async fn whoever_is_given_a_device_is_told_how_it_is_and_not_how_it_was() {
    let mut world = World::new().await;
    given(&world, "buoy-02");
    world.subscribe(ANN, &world.hook()).await;
    history(&mut world, 3).await;
    world.later(60);
    given(&world, "buoy-02 buoy-01");
    world.later(60);
    world.measured(3.0).await;
    assert_eq!(world.told(), ["opened"]);
    world.later(60);
    world.measured(9.0).await;
    assert_eq!(world.told(), ["resolved"]);
}

#[tokio::test]
async fn a_right_that_was_given_a_moment_ago_counts() {
    let mut world = World::new().await;
    given(&world, "buoy-02");
    world.subscribe(ANN, &world.hook()).await;
    // The answer that Ann may not see the device is remembered, and asked for once in a batch.
    history(&mut world, 1).await;
    world.later(10);
    given(&world, "*");
    world.later(1);
    world.measured(3.0).await;
    assert_eq!(world.told(), ["opened"]);
}

#[tokio::test]
async fn a_subscription_that_is_enabled_again_tells_how_things_are_and_not_how_they_were() {
    let mut world = World::new().await;
    let stored = world.subscribe(ANN, &world.hook()).await;
    world.later(60);
    world.measured(3.0).await;
    assert_eq!(world.told(), ["opened"]);
    let reason = Disabled::Unsubscribed;
    assert!(world.subscriptions().disable(&stored.owner, &stored.id, reason, world.now(), None).await.unwrap());
    world.later(60);
    world.measured(9.0).await;
    history(&mut world, 3).await;
    let table = world.subscriptions();
    let stored = table.find(&stored.owner, &stored.id).await.unwrap().unwrap();
    let subscription = Subscription { disabled: None, ..stored.subscription.clone() };
    let again = StoredSubscription { subscription, updated_at: world.now(), version: stored.version + 1, ..stored };
    assert_eq!(table.change(&again, WithEvents::NONE).await.unwrap(), WriteOutcome::Done);
    world.later(3_600);
    world.measured(3.0).await;
    // The episode that Ann knows of is over.
    let hooks = world.receiver.take();
    assert_eq!(told(&hooks), ["resolved", "opened"]);
    assert_eq!(hooks[1].body["data"]["notices"][0]["problem"]["problem_time"], world.now().seconds());
}

#[tokio::test]
async fn what_could_not_be_told_for_hours_comes_together_with_how_things_are() {
    let mut world = World::new().await;
    world.subscribe(ANN, &world.hook()).await;
    for value in [3.0, 9.0, 3.0, 9.0, 3.0] {
        world.later(60);
        world.judged(value).await;
    }
    world.streamed().await;
    let hooks = world.receiver.take();
    assert_eq!(told(&hooks), ["[opened resolved opened resolved opened]"]);
    world.later(60);
    world.measured(9.0).await;
    assert_eq!(world.told(), ["resolved"]);
}

#[tokio::test]
async fn while_cognito_does_not_answer_nothing_is_lost_and_nothing_is_sent() {
    let mut world = World::new().await;
    world.people.know(person(3, "other", &["user"], "buoy-02"));
    for number in [ANN, 3] {
        world.subscribe(number, &world.hook()).await;
    }
    world.later(60);
    world.judged(3.0).await;
    for _ in 0..100 {
        world.people.refuse("AdminGetUser", 500, "InternalErrorException", "down");
    }
    world.streamed().await;
    assert_eq!(world.told(), [""; 0]);
    world.later(61);
    assert_eq!(world.swept().await, json!({"done": 0, "failed": 2}));
    world.people.answer_again();
    world.later(61);
    world.swept().await;
    assert_eq!(world.told(), ["opened"]);
}

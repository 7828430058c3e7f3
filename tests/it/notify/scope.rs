//! Recipients: a person only gets notices about what they may see at the time of sending.

use serde_json::json;
use weir_aws::event::WithEvents;
use weir_tests::pool::{disabled, person};

use super::{ANN, World, sub};

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

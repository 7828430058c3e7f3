//! The effects of the routes.

use serde_json::{Value, json};
use weir_aws::event::WithEvents;
use weir_core::wire::notice::NoticeStatus;
use weir_runtime::Function as _;
use weir_tests::lambda::Fate;
use weir_tests::receiver::Mood;

use super::{ID, World};
use crate::http::ask::{Ask, body, status};

const OWN: &str = "/users/me/subscriptions";

fn subscribe(wanted: &Value) -> Ask {
    Ask::new("POST", OWN).user("buoy-01").json(wanted)
}

fn hook() -> Value {
    json!({"channel": {"webhook": {"url": "https://example.org/hook"}}})
}

#[tokio::test]
async fn the_secret_of_a_webhook_is_shown_once_and_a_mail_has_none() {
    let world = World::new().await;
    let made = world.ask(subscribe(&hook())).await;
    let shown = body(&made);
    assert!(shown["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!(made["headers"]["etag"], "\"1\"");
    let path = made["headers"]["location"].as_str().unwrap().to_owned();
    let mail = body(&world.ask(subscribe(&json!({"channel": {"email": {}}}))).await);
    assert_eq!(mail["secret"], Value::Null);
    let paths = [path.as_str(), OWN, "/subscriptions"];
    for path in paths {
        let answer = world.ask(Ask::new("GET", path).admin()).await;
        assert_eq!(status(&answer), 200);
        assert!(!answer.to_string().contains("whsec_"), "{path}: {answer}");
    }
    let all = body(&world.ask(Ask::new("GET", "/subscriptions").admin()).await);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let index = world.notified.alert.engine.rows("subscriptions");
    assert!(index.iter().any(|row| row["secret"].is_string()), "the row itself has it");
}

#[tokio::test]
async fn what_was_written_is_shown_changed_field_by_field_and_deleted() {
    let world = World::new().await;
    let written = json!({
        "channel": {"webhook": {"url": "https://example.org/hook"}},
        "filter": {"kinds": ["LIMIT", "SILENT"], "devices": ["buoy-01"], "severity": "warning"},
        "digest_minutes": 15, "remind_hours": 24, "zone": "America/New_York",
        "quiet": {"from": "22:00", "to": "06:00", "zone": "Europe/Vienna", "except": "critical"},
    });
    let made = body(&world.ask(subscribe(&written)).await);
    for (name, value) in written.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    let path = format!("{OWN}/{}", made["id"].as_str().unwrap());
    let patch = json!({"quiet": null, "filter": {"kinds": null}, "enabled": false});
    let changed = world.ask(Ask::new("PATCH", &path).user("").json(&patch)).await;
    assert_eq!(
        (status(&changed), &changed["headers"]["etag"]),
        (200, &json!("\"2\"")),
        "a device that was there may stay"
    );
    let changed = body(&changed);
    assert_eq!((&changed["quiet"], &changed["enabled"]), (&Value::Null, &json!(false)));
    assert_eq!((&changed["disabled_because"], &changed["filter"]["severity"]), (&json!("owner"), &json!("warning")));
    // The same once more changes nothing.
    let again = world.ask(Ask::new("PATCH", &path).user("").json(&patch)).await;
    assert_eq!(again["headers"]["etag"], "\"2\"");
    assert_eq!(status(&world.ask(Ask::new("DELETE", &path).user("")).await), 204);
    assert_eq!(status(&world.ask(Ask::new("GET", &path).user("")).await), 404);
}

#[tokio::test]
async fn a_person_has_ten_subscriptions_and_one_that_goes_makes_room() {
    let world = World::new().await;
    let all = futures_util::future::join_all((0..12).map(|_| world.ask(subscribe(&hook())))).await;
    let made: Vec<_> = all.iter().filter(|answer| status(answer) == 201).collect();
    assert_eq!(made.len(), 10, "twelve at once");
    let refused = all.iter().find(|answer| status(answer) != 201).unwrap();
    assert_eq!((status(refused), &body(refused)["type"]), (409, &json!("urn:weir:problem:limit_reached")));
    let page = body(&world.ask(Ask::new("GET", &format!("{OWN}?limit=7")).user("")).await);
    let next = format!("{OWN}?limit=7&next={}", page["next"].as_str().unwrap());
    let rest = body(&world.ask(Ask::new("GET", &next).user("")).await);
    assert_eq!((page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (7, 3));
    let path = made[0]["headers"]["location"].as_str().unwrap();
    assert_eq!(status(&world.ask(Ask::new("DELETE", path).user("")).await), 204);
    assert_eq!(status(&world.ask(subscribe(&hook())).await), 201);
    assert_eq!(status(&world.ask(subscribe(&hook())).await), 409);
}

#[tokio::test]
async fn where_no_mails_are_sent_subscribing_by_mail_says_so() {
    let world = World::new().await;
    let mail = json!({"channel": {"email": {}}});
    let answer = world.api_with(false).answer(subscribe(&mail).event()).await.unwrap();
    assert_eq!((status(&answer), &body(&answer)["type"]), (409, &json!("urn:weir:problem:email_off")));
    assert!(body(&answer)["detail"].as_str().unwrap().contains("NoticeFrom"));
    assert_eq!(status(&world.api_with(false).answer(subscribe(&hook()).event()).await.unwrap()), 201);
}

#[tokio::test]
async fn a_link_ends_a_subscription_without_signing_in_and_looking_at_it_changes_nothing() {
    let world = World::new().await;
    let stored = world.notified.subscribe(1, &json!({"channel": {"email": {}}})).await;
    let link = world.link(&stored);
    let state = async || {
        let found = world.notified.subscriptions().find(&stored.owner, &stored.id).await.unwrap().unwrap();
        (found.subscription.disabled.map(|reason| reason.code()), found.version)
    };
    let page = world.ask(Ask::new("GET", &link)).await;
    assert_eq!((status(&page), state().await), (200, (None, 1)));
    assert_eq!(page["headers"]["content-type"], "text/html; charset=utf-8");
    assert!(page["body"].as_str().unwrap().contains("<form method=\"post\">"));
    for forged in
        [link.replace(['1', '2'], "3"), format!("{link}0"), link.to_uppercase(), link[..link.len() - 1].to_owned()]
    {
        assert_eq!(status(&world.ask(Ask::new("POST", &forged)).await), 404, "{forged}");
    }
    for _ in 0..2 {
        let click = Ask::new("POST", &link).body("application/x-www-form-urlencoded", "List-Unsubscribe=One-Click");
        assert_eq!(status(&world.ask(click).await), 200);
        assert_eq!(state().await, (Some("unsubscribed"), 2));
    }
    // Its owner sees why, and may switch it on again.
    let path = format!("{OWN}/{}", stored.id);
    let shown = body(&world.ask(Ask::new("GET", &path).user("")).await);
    assert_eq!((&shown["enabled"], &shown["disabled_because"]), (&json!(false), &json!("unsubscribed")));
    let on = world.ask(Ask::new("PATCH", &path).user("").json(&json!({"enabled": true}))).await;
    assert_eq!((status(&on), body(&on)["disabled_because"].clone()), (200, Value::Null));
    world
        .notified
        .subscriptions()
        .remove(
            &world.notified.subscriptions().find(&stored.owner, &stored.id).await.unwrap().unwrap(),
            WithEvents::NONE,
        )
        .await
        .unwrap();
    assert_eq!(status(&world.ask(Ask::new("POST", &link)).await), 404);
}

#[tokio::test]
async fn a_test_says_whether_the_receiver_has_it() {
    let world = World::recorded().await;
    let test = Ask::new("POST", &format!("{OWN}/{ID}/test")).user("");
    assert_eq!(body(&world.ask(test.clone()).await), json!({"delivered": true}));
    world.notified.receiver.set(Mood::Status(500));
    let failed = json!({"delivered": false, "detail": "the receiver has answered 500"});
    assert_eq!(body(&world.ask(test.clone()).await), failed);
    world.lambda.next(Fate::Fails);
    assert_eq!(status(&world.ask(test.clone()).await), 503);
    world.lambda.next(Fate::Unanswered);
    assert_eq!(status(&world.ask(test.clone()).await), 503);
    for _ in 0..20 {
        world.ask(test.clone()).await;
    }
    let refused = world.ask(test).await;
    assert_eq!((status(&refused), &body(&refused)["type"]), (429, &json!("urn:weir:problem:too_many")));
}

#[tokio::test]
async fn a_notice_that_has_failed_is_shown_and_sent_again() {
    let world = World::recorded().await;
    let failed = body(&world.ask(Ask::new("GET", "/notices?status=failed").admin()).await);
    let items = failed["items"].as_array().unwrap();
    assert_eq!((items.len(), &items[0]["status"]), (1, &json!("failed")), "{failed}");
    assert_eq!(items[0]["detail"], "the receiver has answered 500");
    assert_eq!(body(&world.ask(Ask::new("GET", "/notices").admin()).await), failed);
    let path = format!("/notices/{}/retry", items[0]["id"].as_str().unwrap());
    let again = world.ask(Ask::new("POST", &path).admin()).await;
    assert_eq!((status(&again), &body(&again)["status"]), (202, &json!("pending")));
    assert_eq!(status(&world.ask(Ask::new("POST", &path).admin()).await), 409);
    world.notified.swept().await;
    // It was a digest of nothing.
    let dropped = world.notified.notices().list(NoticeStatus::Dropped, 9, None).await.unwrap().0;
    assert_eq!(dropped.len(), 1);
}

#[tokio::test]
async fn a_notice_that_could_not_be_delivered_for_a_day_is_delivered_when_it_is_tried_again() {
    let mut world = World::new().await;
    world.notified.subscribe(1, &world.notified.hook()).await;
    world.notified.receiver.set(Mood::Status(503));
    world.notified.later(60);
    world.notified.measured(3.0).await;
    let first = world.notified.receiver.take().remove(0);
    for _ in 0..25 {
        world.notified.later(3_600);
        world.notified.swept().await;
    }
    world.notified.receiver.take();
    let failed = body(&world.ask(Ask::new("GET", "/notices?status=failed").admin()).await);
    let item = &failed["items"][0];
    assert_eq!((&item["transition"], &item["problem_id"]), (&json!("opened"), &json!("buoy-01:do:low-oxygen")));
    world.notified.receiver.set(Mood::Status(200));
    world.notified.swept().await;
    assert_eq!(world.notified.receiver.take(), [], "it was given up");
    let path = format!("/notices/{}/retry", item["id"].as_str().unwrap());
    assert_eq!(status(&world.ask(Ask::new("POST", &path).admin()).await), 202);
    world.notified.swept().await;
    let again = world.notified.receiver.take();
    assert_eq!(again.len(), 1);
    assert_eq!((&again[0].id, &again[0].body), (&first.id, &first.body));
    let sent = body(&world.ask(Ask::new("GET", "/notices?status=sent").admin()).await);
    assert_eq!((&sent["items"][0]["id"], sent["items"].as_array().unwrap().len()), (&item["id"], 1));
    // It is sent once, and stays so.
    world.notified.later(3_600);
    world.notified.swept().await;
    assert_eq!(world.notified.receiver.take(), []);
    assert_eq!(status(&world.ask(Ask::new("POST", &path).admin()).await), 409);
}

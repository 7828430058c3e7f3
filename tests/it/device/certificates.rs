//! Certificates that are due: the effects on the device's row. The certificates themselves are tested on the emulator, in
//! `tests/local/certificates`.

use serde_json::{Value, json};
use weir_runtime::{Function as _, Until};

use super::iot::Fate;
use super::{World, device};
use crate::http::ask::{Ask, body, status};

const LIST: &str = "ListThingPrincipals";
const DESCRIBE: &str = "DescribeCertificate";

async fn ask(world: &World, method: &str, path: &str, sent: Option<&Value>) -> Value {
    let ask = Ask::new(method, path).admin();
    let ask = sent.map_or_else(|| ask.clone(), |sent| ask.clone().json(sent));
    world.function().answer(ask.event()).await.unwrap()
}

async fn registered() -> World {
    let world = World::new().await;
    assert_eq!(status(&ask(&world, "POST", "/devices", Some(&json!({"id": "b"}))).await), 201);
    world
}

fn due(world: &World) -> bool {
    world.engine.row("devices").get("certificates").is_some()
}

#[tokio::test]
async fn refused_certificates_do_not_keep_the_settings_from_the_device() {
    let world = registered().await;
    world.cloud.next(LIST, Fate::Refused(403));
    let change = json!({"enabled": false, "settings": {"a": 1}});
    let answer = ask(&world, "PATCH", "/devices/b", Some(&change)).await;
    assert_eq!((status(&answer), &body(&answer)["delivery"]), (200, &json!("pending")), "{answer}");
    assert_eq!(world.cloud.retained("b"), Some(json!({"version": 2, "settings": {"a": 1}})));
    assert!(world.delivered("b").await && due(&world));
    assert_eq!(world.delivery().sweep(Until::NEVER).await.unwrap().delivered, 0, "not at once");
    world.later(61);
    assert_eq!(world.delivery().sweep(Until::NEVER).await.unwrap().delivered, 1);
    assert!(!due(&world));
    assert_eq!(world.cloud.versions("b"), [1, 2], "the settings are not published again");
}

#[tokio::test]
async fn refused_settings_do_not_keep_the_certificates_as_they_are() {
    let world = registered().await;
    world.cloud.next("Publish", Fate::Refused(403));
    ask(&world, "PATCH", "/devices/b", Some(&json!({"enabled": false, "settings": {"a": 1}}))).await;
    assert!(!due(&world) && !world.delivered("b").await);
}

#[tokio::test]
async fn an_attempt_without_an_answer_keeps_the_lease_and_the_next_one_finishes() {
    for fate in [Fate::Lost, Fate::Unanswered, Fate::Refused(503)] {
        let world = registered().await;
        world.cloud.next(LIST, fate);
        ask(&world, "PATCH", "/devices/b", Some(&json!({"enabled": false}))).await;
        // The same request again waits for what may still arrive.
        let answer = ask(&world, "PATCH", "/devices/b", Some(&json!({"enabled": false}))).await;
        assert_eq!(body(&answer)["delivery"], "pending", "{fate:?}");
        world.later(31);
        let answer = ask(&world, "PATCH", "/devices/b", Some(&json!({"enabled": false}))).await;
        assert_eq!(body(&answer)["delivery"], "delivered", "{fate:?}");
        assert!(!due(&world));
    }
}

#[tokio::test]
async fn only_a_change_that_concerns_them_makes_certificates_due() {
    let world = registered().await;
    for (change, asks) in [
        (json!({"name": "B"}), false),
        (json!({"settings": {"a": 1}}), false),
        (json!({"enabled": false}), true),
        // It may have been given a certificate meanwhile.
        (json!({"name": "C"}), true),
        (json!({"enabled": true}), true),
        (json!({"enabled": true}), false),
    ] {
        world.cloud.asked();
        let answer = ask(&world, "PATCH", "/devices/b", Some(&change)).await;
        assert_eq!(body(&answer)["delivery"], "delivered", "{change}");
        assert_eq!(world.cloud.asked().iter().any(|asked| asked == LIST), asks, "{change}");
    }
    let off = json!({"id": "off", "enabled": false});
    let world = World::new().await;
    ask(&world, "POST", "/devices", Some(&off)).await;
    assert!(world.cloud.asked().iter().any(|asked| asked == LIST), "a device that is registered disabled");
}

/// AWS IoT attaches the first certificate of a board after the hook has answered: it may not be attached when the device is deleted.
#[tokio::test]
async fn a_certificate_that_only_the_row_knows_goes_with_the_device() {
    for (deleted, doomed) in [(true, json!(["a".repeat(64), "b".repeat(64)])), (false, Value::Null)] {
        let world = registered().await;
        let mut row = world.engine.row("devices");
        let [current, next] = ["a", "b"].map(|letter| json!({"id": letter.repeat(64), "ends": 2_000_000_000}));
        row["rotation"] = json!({"current": current, "next": next}).to_string().into();
        world.engine.put("devices", &row);
        world.cloud.asked();
        world.cloud.next(DESCRIBE, Fate::Refused(403));
        if deleted {
            assert_eq!(status(&ask(&world, "DELETE", "/devices/b", None).await), 204);
        } else {
            ask(&world, "PATCH", "/devices/b", Some(&json!({"enabled": false}))).await;
        }
        assert!(due(&world), "the first one was refused");
        assert_eq!(world.engine.row("devices")["doomed"], doomed, "{deleted}");
        world.cloud.asked();
        world.later(61);
        world.delivery().sweep(Until::NEVER).await.unwrap();
        assert_eq!(world.cloud.asked().iter().filter(|asked| *asked == DESCRIBE).count(), 2, "{deleted}");
        assert!(!due(&world), "{deleted}");
    }
}

#[tokio::test]
async fn a_device_is_not_registered_again_before_its_certificates_are_removed() {
    let world = registered().await;
    world.cloud.next(LIST, Fate::Refused(403));
    assert_eq!(status(&ask(&world, "DELETE", "/devices/b", None).await), 204);
    assert!(due(&world));
    world.later(61);
    world.cloud.next(LIST, Fate::Refused(403));
    let refused = ask(&world, "POST", "/devices", Some(&json!({"id": "b"}))).await;
    assert_eq!((status(&refused), &refused["headers"]["retry-after"]), (503, &json!("2")), "{refused}");
    world.later(61);
    assert_eq!(status(&ask(&world, "POST", "/devices", Some(&json!({"id": "b"}))).await), 201);
    assert!(!due(&world));
    assert!(world.devices().certificates_due(&device("nobody")).await.is_ok_and(|due| !due));
}

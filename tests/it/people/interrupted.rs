//! A change of a person that is killed anywhere: its event is written, and the same request with the same `If-Match` completes it. What
//! others have changed meanwhile is refused all the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_runtime::clock::Clock as _;
use weir_tests::lives::up_to;
use weir_tests::pool::person;

use super::{BOB, CYD, EVE, World};
use crate::http::ask::{Ask, body, status};

const MOST: usize = 300;
/// A second admin.
const UNA: &str = "5f1e0000-0000-4000-8000-000000000020";

async fn world() -> World {
    let world = World::new().await;
    world.pool.know(person(20, "una", &["admin"], ""));
    world.pool.remember();
    world
}

fn patch(username: &str, tag: &str, change: &Value) -> Value {
    Ask::new("PATCH", &format!("/cognito/users/{username}")).admin().header("if-match", tag).json(change).event()
}

/// The person with their entity tag, as admins read them.
async fn read(world: &World, username: &str) -> (Value, String) {
    let ask = Ask::new("GET", &format!("/cognito/users/{username}")).admin();
    let answer = world.handle("cognito-get-users-info", ask.event()).await;
    assert_eq!(status(&answer), 200, "{answer}");
    (body(&answer), answer["headers"]["etag"].as_str().unwrap().to_owned())
}

/// The changes that the log has of people, each with whether it has a value before.
fn told(world: &World) -> BTreeSet<(String, bool)> {
    let mut told = BTreeSet::new();
    for event in world.engine.rows("events").into_iter().filter(|event| event["detail"] == "changed") {
        let changes = match &event["changes"] {
            Value::String(text) => serde_json::from_str(text).unwrap(),
            other => other.clone(),
        };
        for change in changes.as_array().unwrap() {
            told.insert((change["pointer"].as_str().unwrap().to_owned(), change.get("before").is_some()));
        }
    }
    told
}

/// Whether the person was signed out after the last change that was made.
fn signed_out(asked: &[String]) -> bool {
    let steps = ["Password", "Attributes", "Disable", "Enable", "Group"];
    let last = asked.iter().rposition(|one| {
        one.starts_with("Admin")
            && !one.contains("Get")
            && !one.contains("List")
            && steps.iter().any(|step| one.contains(step))
    });
    let out = asked.iter().rposition(|one| one == "AdminUserGlobalSignOut");
    last.is_none() || out > last
}

#[tokio::test]
async fn a_change_that_is_killed_anywhere_is_told_and_completed_by_the_same_request() {
    let password = json!({"value": "Correct-Horse-7", "permanent": false});
    let all = json!({"email": "new@example.com", "email_verified": true, "devices": "buoy-09", "role": "user",
        "enabled": false, "password": password});
    for (username, change, signs_out) in [
        ("bob@example.com", json!({"email": "new@example.com", "email_verified": true}), true),
        (BOB, json!({"devices": "buoy-09"}), false),
        (BOB, json!({"role": "admin", "devices": ""}), false),
        (UNA, json!({"role": "user"}), true),
        (BOB, json!({"enabled": false}), true),
        (CYD, json!({"enabled": true, "role": "admin"}), false),
        (BOB, json!({"password": password}), true),
        ("una@example.com", all, true),
    ] {
        let mut killed = 0;
        for at in 1.. {
            assert!(at < MOST, "more than {MOST} awaits");
            let world = world().await;
            let (before, tag) = read(&world, username).await;
            world.pool.asked();
            let (function, event) = (world.change(), patch(username, &tag, &change));
            let whole = up_to(at, Box::pin(async move { function.answer(event).await.unwrap() })).await.is_some();
            let mut asked: Vec<_> = world.pool.asked().into_iter().map(|(operation, _)| operation).collect();
            let here = format!("{change} killed at {at}, after {asked:?}");
            let made = asked.iter().any(|one| {
                ["AdminSet", "AdminUpdate", "AdminDis", "AdminEn", "AdminAdd"].iter().any(|step| one.starts_with(step))
            });
            let everything: BTreeSet<_> = change.as_object().unwrap().keys().map(|name| format!("/{name}")).collect();
            let differs = |pointer: &String| before.pointer(pointer) != change.pointer(pointer);
            let expected: BTreeSet<_> =
                everything.into_iter().filter(differs).map(|name| (name.clone(), name != "/password")).collect();
            assert!(!made || told(&world) == expected, "{here}: {:?}", told(&world));
            // The lock of whoever was killed expires.
            world.clock.set(world.clock.now().plus_seconds(60));
            let again = world.change().answer(patch(username, &tag, &change)).await.unwrap();
            let is_reused = status(&again) == 422 && body(&again)["type"] == "urn:weir:problem:password_reused";
            if is_reused && asked.iter().any(|one| one == "AdminSetUserPassword") {
                // As docs/people.md says: without the password.
                let mut rest = change.clone();
                rest.as_object_mut().unwrap().remove("password");
                let answer = world.change().answer(patch(username, &tag, &rest)).await.unwrap();
                assert_eq!(status(&answer), 200, "{here}: {answer}");
            } else {
                assert_eq!(status(&again), 200, "{here}: {again}");
            }
            let sub = before["sub"].as_str().unwrap();
            let (after, _) = read(&world, sub).await;
            for (name, value) in change.as_object().unwrap().iter().filter(|(name, _)| *name != "password") {
                assert_eq!(after[name], *value, "{here}: {after}");
            }
            assert!(told(&world).is_superset(&expected), "{here}: {:?}", told(&world));
            asked.extend(world.pool.asked().into_iter().map(|(operation, _)| operation));
            assert!(!signs_out || signed_out(&asked), "{here}: {asked:?}");
            if whole {
                break;
            }
            killed += 1;
        }
        assert!(killed > 10, "only {killed} places to be killed at: {change}");
    }
}

#[tokio::test]
async fn what_somebody_else_has_changed_meanwhile_is_still_refused() {
    let mine = json!({"devices": "buoy-09", "role": "admin"});
    for (theirs, expected) in [
        (json!({"devices": "buoy-08"}), 412),
        (json!({"enabled": false}), 412),
        (json!({"email": "robert@example.com", "email_verified": true}), 412),
        // They want the same.
        (json!({"devices": "buoy-09"}), 200),
        // This is nothing that a change overwrites.
        (json!({"password": {"value": "Correct-Horse-7"}}), 200),
    ] {
        let world = world().await;
        let (_, tag) = read(&world, BOB).await;
        assert_eq!(status(&world.change().answer(patch(BOB, "*", &theirs)).await.unwrap()), 200);
        let (before, new) = read(&world, BOB).await;
        assert_ne!(tag, new, "{theirs}: whoever reads gets what is new");
        let answer = world.change().answer(patch(BOB, &tag, &mine)).await.unwrap();
        assert_eq!(status(&answer), expected, "{theirs}: {answer}");
        if expected == 412 {
            assert_eq!(read(&world, BOB).await.0, before, "{theirs}");
            let deleted = Ask::new("DELETE", &format!("/cognito/users/{BOB}")).admin().header("if-match", &tag);
            assert_eq!(status(&world.change().answer(deleted.event()).await.unwrap()), 412, "{theirs}");
        }
    }
}

#[tokio::test]
async fn only_the_tag_of_a_person_finds_them_under_the_address_that_they_are_to_get() {
    let world = world().await;
    let change = json!({"email": "bob@example.com", "email_verified": true});
    let (_, eve) = read(&world, EVE).await;
    for tag in ["*", "\"3\"", &eve] {
        let answer = world.change().answer(patch("robert@example.com", tag, &change)).await.unwrap();
        assert_eq!(status(&answer), 404, "{tag}: {answer}");
    }
    let nobody = Ask::new("PATCH", "/cognito/users/robert@example.com").admin().json(&change);
    assert_eq!(status(&world.change().answer(nobody.event()).await.unwrap()), 404);
    assert!(told(&world).is_empty());
}

#[tokio::test]
async fn what_the_user_pool_refuses_is_told_as_well() {
    let world = world().await;
    let change = json!({"devices": "buoy-09", "password": {"value": "no-capital-letter-7"}});
    assert_eq!(status(&world.change().answer(patch(BOB, "*", &change)).await.unwrap()), 422);
    let events = world.engine.rows("events");
    let refused = events.iter().find(|event| event["detail"] == "the user pool refused the change").expect("an event");
    let text = refused["changes"].to_string();
    assert!(text.contains("/devices") && !text.contains("/password"), "{text}");
    assert_eq!(told(&world), BTreeSet::from([("/devices".to_owned(), true), ("/password".to_owned(), false)]));
}

#[tokio::test]
async fn a_change_to_the_present_values_is_no_event() {
    let world = world().await;
    let change = json!({"devices": "buoy-01", "role": "user", "enabled": true});
    assert_eq!(status(&world.change().answer(patch(BOB, "*", &change)).await.unwrap()), 200);
    assert!(told(&world).is_empty());
}

//! Claim codes: a person adds a device to their scope, once, and gives it back.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_runtime::clock::Clock as _;
use weir_tests::lives::up_to;
use weir_tests::pool::person;

use super::{BOB, World};
use crate::http::ask::{Ask, body, status};

/// The code of `buoy-07`.
pub const CODE: &str = "2Y06N-K773Q-23Z44-T6G1J-TS3RS-F";
/// Its hash.
const HASH: &str = "e0b34dc505c630fad652a896772a3a4e29ecdd7e363a2a8cea17989a9a207e6d";
/// A code of no device.
const NONE: &str = "01040-G2081-040G2-08104-0G208-1";
const PATH: &str = "/users/me/devices";
/// More awaits than any of these calls has.
const MOST: usize = 400;

/// Registers `buoy-07` with its code.
pub fn arrange(world: &World) {
    world.engine.put("devices", &json!({"id": "buoy-07", "enabled": true, "sensors": [], "version": 1, "claim": HASH}));
    world.engine.put("devices", &json!({"id": format!("claim#{HASH}"), "device": "buoy-07", "made_at": 1}));
}

/// The claims of Bob's token.
pub fn bob() -> Value {
    claims(2, "bob", "buoy-01")
}

/// The claims of a person's token.
pub fn claims(number: u32, name: &str, devices: &str) -> Value {
    let sub = format!("5f1e0000-0000-4000-8000-{number:012}");
    let mut claims = json!({"token_use": "id", "sub": sub, "cognito:username": sub, "email": format!("{name}@example.com"),
        "email_verified": "true", "cognito:groups": "[user]", "iat": "1795155600", "exp": "1795156500"});
    if !devices.is_empty() {
        claims["custom:devices"] = devices.into();
    }
    claims
}

async fn world() -> World {
    let world = World::new().await;
    world.pool.remember();
    world
}

fn claim(claims: Value, code: &str) -> Value {
    Ask::new("POST", PATH).json(&json!({"claim_code": code})).claims(Some(claims)).event()
}

fn give_back(claims: Value, device: &str) -> Value {
    Ask::new("DELETE", &format!("{PATH}/{device}")).claims(Some(claims)).event()
}

/// The events that claims wrote: the device or `-`, and the detail.
fn told(world: &World) -> Vec<(String, String)> {
    let text = |event: &Value, name: &str| event[name].as_str().unwrap_or_default().to_owned();
    let mut events: Vec<_> =
        world.engine.rows("events").iter().map(|event| (text(event, "device"), text(event, "detail"))).collect();
    events.sort();
    events
}

fn pair(device: &str, detail: &str) -> (String, String) {
    (device.to_owned(), detail.to_owned())
}

#[tokio::test]
async fn a_code_takes_the_device_into_the_scope_once_and_says_so() {
    let world = world().await;
    let claimed = world.change().answer(claim(bob(), CODE)).await.unwrap();
    assert_eq!((status(&claimed), body(&claimed)), (200, json!({"device": "buoy-07", "devices": "buoy-01 buoy-07"})));
    assert_eq!(world.pool.scope(BOB), "buoy-01 buoy-07");
    assert_eq!(told(&world), [pair("-", "claimed a device"), pair("buoy-07", "claimed")]);
    let change = world.engine.rows("events").into_iter().find(|event| event["device"] == "-").unwrap();
    let changes: Value = serde_json::from_str(change["changes"].as_str().unwrap()).unwrap();
    assert_eq!(changes, json!([{"pointer": "/devices", "before": "buoy-01", "after": "buoy-01 buoy-07"}]));
    assert_eq!((&change["by"], &change["target"]), (&json!("bob@example.com"), &json!(BOB)));
    // The same request again changes nothing; somebody else is refused.
    let again = world.change().answer(claim(bob(), CODE)).await.unwrap();
    assert_eq!((status(&again), told(&world).len()), (200, 2));
    world.pool.know(person(20, "una", &["user"], ""));
    let other = world.change().answer(claim(claims(20, "una", ""), CODE)).await.unwrap();
    assert_eq!(status(&other), 404);
    assert_eq!(world.pool.scope("5f1e0000-0000-4000-8000-000000000020"), "");
}

#[tokio::test]
async fn foreign_used_replaced_and_unknown_codes_look_alike() {
    let world = world().await;
    world.pool.know(person(20, "una", &["user"], ""));
    let mut answers = Vec::new();
    let ask = async |code: &str| {
        let mut answer = world.change().answer(claim(claims(20, "una", ""), code)).await.unwrap();
        answer["headers"]["x-request-id"] = Value::Null;
        answer
    };
    for code in [NONE, "please", "", &"7".repeat(26)] {
        answers.push(ask(code).await);
    }
    assert_eq!(status(&world.change().answer(claim(bob(), CODE)).await.unwrap()), 200);
    answers.push(ask(CODE).await);
    // The device has another code by now; then it is deleted.
    world
        .engine
        .put("devices", &json!({"id": "buoy-07", "enabled": true, "sensors": [], "version": 2, "claim": "other"}));
    answers.push(ask(CODE).await);
    world.engine.delete("devices", "id", "buoy-07");
    answers.push(ask(CODE).await);
    let different: BTreeSet<_> = answers.iter().map(ToString::to_string).collect();
    assert_eq!(different.len(), 1, "{different:?}");
    assert_eq!(status(&answers[0]), 404);
}

#[tokio::test]
async fn of_fifty_people_at_once_one_gets_the_device() {
    let world = world().await;
    for number in 100..150 {
        world.pool.know(person(number, &format!("p{number}"), &["user"], ""));
    }
    let function = world.change();
    let tries = (100..150).map(|number| function.answer(claim(claims(number, &format!("p{number}"), ""), CODE)));
    let answers = futures_util::future::join_all(tries).await;
    let statuses: Vec<_> = answers.into_iter().map(|answer| status(&answer.unwrap())).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 404).count(), 49, "{statuses:?}");
    let seeing =
        (100..150).filter(|number| !world.pool.scope(&format!("5f1e0000-0000-4000-8000-{number:012}")).is_empty());
    assert_eq!(seeing.count(), 1);
    assert_eq!(told(&world).iter().filter(|event| event.0 == "buoy-07").count(), 1);
}

#[tokio::test]
async fn ten_tries_an_hour_are_counted_also_at_once() {
    let world = world().await;
    let function = world.change();
    let tries = futures_util::future::join_all((0..30).map(|_| function.answer(claim(bob(), NONE)))).await;
    let statuses: Vec<_> = tries.into_iter().map(|answer| status(&answer.unwrap())).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 404).count(), 10, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 20, "{statuses:?}");
    // Also the right code is not tried any more; somebody else's tries are their own.
    assert_eq!(status(&function.answer(claim(bob(), CODE)).await.unwrap()), 429);
    world.clock.set(world.clock.now().plus_seconds(3_599));
    assert_eq!(status(&function.answer(claim(bob(), CODE)).await.unwrap()), 429);
    world.clock.set(world.clock.now().plus_seconds(1));
    assert_eq!(status(&function.answer(claim(bob(), CODE)).await.unwrap()), 200);
}

#[tokio::test]
async fn whoever_has_no_profile_gets_one_and_whoever_has_one_keeps_it() {
    let world = world().await;
    world.pool.know(person(20, "una", &["user"], ""));
    assert_eq!(status(&world.change().answer(claim(claims(20, "una", ""), CODE)).await.unwrap()), 200);
    let ask = Ask::new("GET", "/users/me").claims(Some(claims(20, "una", "")));
    assert_eq!(body(&world.user().answer(ask.event()).await.unwrap())["version"], 1);
    assert!(told(&world).contains(&pair("-", "profile created")));
    let before = body(&world.user().answer(Ask::new("GET", "/users/me").claims(Some(bob())).event()).await.unwrap());
    assert_eq!((&before["name"], &before["version"]), (&json!("Bob"), &json!(2)));
}

#[tokio::test]
async fn a_scope_that_is_full_leaves_the_code_for_somebody_else() {
    let world = world().await;
    let mut many: Vec<_> = (0..31).map(|number| format!("{}-{number:03}", "d".repeat(60))).collect();
    // 2,042 of 2,048 characters.
    many.push("e".repeat(27));
    world.pool.know(person(20, "una", &["user"], &many.join(" ")));
    let full = world.change().answer(claim(claims(20, "una", ""), CODE)).await.unwrap();
    assert_eq!((status(&full), &body(&full)["type"]), (409, &json!("urn:weir:problem:limit_reached")));
    // An admin, and whoever sees all by their scope, need none.
    world.pool.know(person(21, "max", &["user"], "*"));
    let all = world.change().answer(claim(claims(21, "max", ""), CODE)).await.unwrap();
    assert_eq!((status(&all), &body(&all)["type"]), (409, &json!("urn:weir:problem:transition")));
    assert_eq!(status(&world.change().answer(claim(bob(), CODE)).await.unwrap()), 200);
}

#[tokio::test]
async fn a_device_is_given_back_and_its_code_cannot_be_used_again() {
    let world = world().await;
    assert_eq!(status(&world.change().answer(claim(bob(), CODE)).await.unwrap()), 200);
    world.clock.set(world.clock.now().plus_seconds(5));
    let given = world.change().answer(give_back(bob(), "buoy-07")).await.unwrap();
    assert_eq!((status(&given), world.pool.scope(BOB)), (204, "buoy-01".to_owned()));
    assert!(
        told(&world).contains(&pair("buoy-07", "given back"))
            && told(&world).contains(&pair("-", "gave a device back"))
    );
    assert_eq!(status(&world.change().answer(claim(bob(), CODE)).await.unwrap()), 404);
    assert_eq!(
        status(&world.change().answer(give_back(bob(), "buoy-07")).await.unwrap()),
        404,
        "it is not theirs any more"
    );
    assert!(!world.engine.rows("devices").iter().any(|row| row.to_string().contains(HASH)));
}

#[tokio::test]
async fn a_code_that_was_used_does_not_bring_back_a_device_that_an_admin_took_away() {
    let world = world().await;
    assert_eq!(status(&world.change().answer(claim(bob(), CODE)).await.unwrap()), 200);
    let without = json!({"devices": "buoy-01"});
    let patch = Ask::new("PATCH", &format!("/cognito/users/{BOB}")).admin().json(&without).event();
    assert_eq!(status(&world.change().answer(patch).await.unwrap()), 200);
    let again = world.change().answer(claim(bob(), CODE)).await.unwrap();
    assert_eq!((status(&again), world.pool.scope(BOB)), (404, "buoy-01".to_owned()));
    let mut unknown = world.change().answer(claim(bob(), NONE)).await.unwrap();
    unknown["headers"]["x-request-id"] = again["headers"]["x-request-id"].clone();
    assert_eq!(again, unknown, "as a code that is none");
    // Nor does it get free for somebody else when its user sees every device by now.
    world.pool.know(person(2, "bob", &["user"], "*"));
    assert_eq!(status(&world.change().answer(claim(bob(), CODE)).await.unwrap()), 404);
    world.pool.know(person(20, "una", &["user"], ""));
    assert_eq!(status(&world.change().answer(claim(claims(20, "una", ""), CODE)).await.unwrap()), 404);
}

#[tokio::test]
async fn whoever_gives_back_what_they_do_not_have_does_not_take_the_lock() {
    let world = world().await;
    // Somebody else changes people.
    world
        .engine
        .put("users", &json!({"sub": "lock#people", "token": "other", "until": super::NOW.plus_seconds(40).millis()}));
    let foreign = world.change().answer(give_back(bob(), "buoy-07")).await.unwrap();
    assert_eq!(status(&foreign), 404);
    let own = world.change().answer(give_back(bob(), "buoy-01")).await.unwrap();
    assert_eq!((status(&own), world.pool.scope(BOB)), (503, "buoy-01".to_owned()));
}

#[tokio::test]
async fn a_claim_that_is_killed_anywhere_is_completed_by_the_same_request() {
    for at in 1..MOST {
        let world = world().await;
        let function = world.change();
        let event = claim(bob(), CODE);
        let whole = up_to(at, Box::pin(async move { function.answer(event).await.unwrap() })).await.is_some();
        // The lock of whoever was killed expires.
        world.clock.set(world.clock.now().plus_seconds(60));
        let again = world.change().answer(claim(bob(), CODE)).await.unwrap();
        assert_eq!((status(&again), world.pool.scope(BOB)), (200, "buoy-01 buoy-07".to_owned()), "killed at {at}");
        assert_eq!(told(&world), [pair("-", "claimed a device"), pair("buoy-07", "claimed")], "killed at {at}");
        if whole {
            return;
        }
    }
    panic!("more than {MOST} awaits");
}

#[tokio::test]
async fn giving_back_that_is_killed_anywhere_is_completed_by_the_same_request() {
    for at in 1..MOST {
        let world = world().await;
        assert_eq!(status(&world.change().answer(claim(bob(), CODE)).await.unwrap()), 200);
        let function = world.change();
        let event = give_back(bob(), "buoy-07");
        let whole = up_to(at, Box::pin(async move { function.answer(event).await.unwrap() })).await.is_some();
        world.clock.set(world.clock.now().plus_seconds(60));
        let again = world.change().answer(give_back(bob(), "buoy-07")).await.unwrap();
        assert!([204, 404].contains(&status(&again)), "killed at {at}: {again}");
        assert_eq!(world.pool.scope(BOB), "buoy-01", "killed at {at}");
        assert!(told(&world).contains(&pair("buoy-07", "given back")), "killed at {at}");
        assert!(told(&world).contains(&pair("-", "gave a device back")), "killed at {at}");
        assert_eq!(status(&world.change().answer(claim(bob(), CODE)).await.unwrap()), 404, "killed at {at}");
        if whole {
            return;
        }
    }
    panic!("more than {MOST} awaits");
}

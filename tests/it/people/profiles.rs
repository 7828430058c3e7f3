//! Profiles: pages, versions, and tokens of deleted users.

use std::sync::Arc;
use weir_runtime::Function as _;

use serde_json::{Value, json};
use weir_aws::WriteOutcome;
use weir_aws::event::WithEvents;
use weir_aws::profile::StoredProfile;
use weir_tests::wire::Ledger;

use super::{BOB, CYD, EVE, GUS, NOW, World, sub};
use crate::http::ask::{Ask, body, id_token, status};

async fn ask(world: &World, ask: Ask) -> Value {
    world.user().answer(ask.event()).await.unwrap()
}

fn me(method: &str, id: &str) -> Ask {
    let mut claims = id_token("[user]", "");
    claims["sub"] = id.into();
    claims["cognito:username"] = id.into();
    Ask::new(method, "/users/me").claims(Some(claims))
}

#[tokio::test]
async fn a_user_without_a_profile_sees_an_empty_one_and_creates_it_by_changing_it() {
    let world = World::new().await;
    let read = ask(&world, me("GET", EVE)).await;
    assert_eq!(read["headers"]["etag"], "\"0\"");
    assert_eq!(
        body(&read),
        json!({"sub": EVE, "name": "", "phone": "", "organisation": "", "preferences": {}, "version": 0})
    );
    let changed = ask(&world, me("PATCH", EVE).header("if-match", "\"0\"").json(&json!({"name": "Eve"}))).await;
    assert_eq!((status(&changed), body(&changed)["version"].as_u64()), (200, Some(1)));
    // A foreign entity tag does not match a profile that does not exist.
    let foreign = ask(&world, me("PATCH", CYD).header("if-match", "\"abc\"").json(&json!({"name": "Cyd"}))).await;
    assert_eq!(status(&foreign), 412);
    // A precondition on version 0 now fails.
    let stale = ask(&world, me("PATCH", EVE).header("if-match", "\"0\"").json(&json!({"name": "Eva"}))).await;
    assert_eq!(status(&stale), 412);
    assert_eq!(body(&ask(&world, me("GET", EVE)).await)["name"], "Eve");
}

#[tokio::test]
async fn versions_continue_when_a_profile_is_deleted_and_written_again() {
    let world = World::new().await;
    // Cyd's first profile was deleted.
    let again = ask(&world, me("PATCH", CYD).json(&json!({"name": "C"}))).await;
    assert_eq!(again["headers"]["etag"], "\"3\"");
}

#[tokio::test]
async fn deleting_and_changing_the_same_version_of_a_profile_cannot_both_succeed() {
    let world = World::new().await;
    let StoredProfile::Present(read) = world.profiles().find(&sub(BOB)).await.unwrap() else {
        panic!("Bob has a profile")
    };
    let changed = read.rewritten(read.profile.clone(), "bob@example.com".into(), NOW);
    assert_eq!(world.profiles().remove(&read, WithEvents::NONE).await.unwrap(), WriteOutcome::Done);
    assert_eq!(world.profiles().write(&changed).await.unwrap(), WriteOutcome::Overtaken);
    assert_eq!(world.profiles().find(&sub(BOB)).await.unwrap(), StoredProfile::Absent(read.version + 1));
}

#[tokio::test]
async fn a_token_of_a_deleted_user_cannot_write_a_profile() {
    let world = World::new().await;
    assert_eq!(status(&ask(&world, me("PATCH", GUS).json(&json!({"name": "Gus"}))).await), 404);
    world.profiles().write_tombstone(&sub(BOB), NOW, WithEvents::NONE).await.unwrap();
    assert_eq!(status(&ask(&world, me("PATCH", BOB).json(&json!({"name": "Bob"}))).await), 404);
    assert_eq!(world.profiles().find(&sub(BOB)).await.unwrap(), StoredProfile::UserDeleted);
    assert_eq!(body(&ask(&world, Ask::new("GET", "/users").admin()).await)["items"], json!([]));
}

#[tokio::test]
async fn profiles_are_listed_by_key_a_page_at_a_time_and_each_page_is_one_request() {
    let world = World::new().await;
    for number in 10..22 {
        world.profile(&format!("5f1e0000-0000-4000-8000-{number:012}"), &json!({"name": format!("P{number}")})).await;
    }
    let ledger = Arc::new(Ledger::default());
    let profiles =
        weir_aws::profile::ProfileTable::new(world.engine.client_over(ledger.clone()), world.engine.name("users"));
    let user = user::User::new(user::Parts { profiles, events: world.engine.events(), clock: world.clock.clone() });
    let (mut subs, mut query) = (Vec::new(), "?limit=5".to_owned());
    loop {
        let page = body(&user.answer(Ask::new("GET", &format!("/users{query}")).admin().event()).await.unwrap());
        subs.extend(page["items"].as_array().unwrap().iter().map(|item| item["sub"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => query = format!("?limit=5&next={next}"),
            None => break,
        }
    }
    let mut sorted = subs.clone();
    sorted.sort();
    // Bob and the twelve; no tombstone, no deleted profile and no lock lease.
    assert_eq!((subs.len(), &subs), (13, &sorted));
    assert_eq!(ledger.operations(), ["Query users", "Query users", "Query users"]);
}

#[tokio::test]
async fn concurrent_changes_of_a_profile_are_all_kept() {
    let world = World::new().await;
    let change = async |number: u32| {
        let body = json!({"preferences": {format!("p{number}"): number}});
        let answer = ask(&world, me("PATCH", BOB).json(&body)).await;
        assert_eq!(status(&answer), 200, "{answer}");
    };
    futures_util::future::join_all((0..8).map(change)).await;
    let read = body(&ask(&world, me("GET", BOB)).await);
    assert_eq!((read["version"].as_u64(), read["preferences"].as_object().unwrap().len()), (Some(10), 9));
}

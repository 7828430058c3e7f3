//! Profiles: pages by key, versions, and what a token can do that outlives its person.

use std::sync::Arc;
use weir_runtime::Function as _;

use serde_json::{Value, json};
use weir_aws::device::Write;
use weir_aws::profile::Found;
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
async fn a_person_without_a_profile_has_an_empty_one_and_makes_it_by_changing_it() {
    let world = World::new().await;
    let read = ask(&world, me("GET", EVE)).await;
    assert_eq!(read["headers"]["etag"], "\"0\"");
    assert_eq!(
        body(&read),
        json!({"sub": EVE, "name": "", "phone": "", "organisation": "", "preferences": {}, "version": 0})
    );
    let changed = ask(&world, me("PATCH", EVE).header("if-match", "\"0\"").json(&json!({"name": "Eve"}))).await;
    assert_eq!((status(&changed), body(&changed)["version"].as_u64()), (200, Some(1)));
    // A tag of something else is not that there is nothing.
    let foreign = ask(&world, me("PATCH", CYD).header("if-match", "\"abc\"").json(&json!({"name": "Cyd"}))).await;
    assert_eq!(status(&foreign), 412);
    // Whoever still thinks there is none is told.
    let stale = ask(&world, me("PATCH", EVE).header("if-match", "\"0\"").json(&json!({"name": "Eva"}))).await;
    assert_eq!(status(&stale), 412);
    assert_eq!(body(&ask(&world, me("GET", EVE)).await)["name"], "Eve");
}

#[tokio::test]
async fn versions_go_on_when_a_profile_is_deleted_and_written_again() {
    let world = World::new().await;
    // Cyd's first one was deleted.
    let again = ask(&world, me("PATCH", CYD).json(&json!({"name": "C"}))).await;
    assert_eq!(again["headers"]["etag"], "\"3\"");
}

#[tokio::test]
async fn of_one_who_deletes_a_profile_and_one_who_changes_it_in_the_same_version_only_one_succeeds() {
    let world = World::new().await;
    let Found::Profile(read) = world.profiles().find(&sub(BOB)).await.unwrap() else { panic!("Bob has a profile") };
    let changed = read.rewritten(read.profile.clone(), "bob@example.com".into(), NOW);
    assert_eq!(world.profiles().remove(&read).await.unwrap(), Write::Done);
    assert_eq!(world.profiles().write(&changed).await.unwrap(), Write::Overtaken);
    assert_eq!(world.profiles().find(&sub(BOB)).await.unwrap(), Found::Nothing(read.version + 1));
}

#[tokio::test]
async fn a_token_that_outlives_its_person_brings_no_profile_back() {
    let world = World::new().await;
    assert_eq!(status(&ask(&world, me("PATCH", GUS).json(&json!({"name": "Gus"}))).await), 404);
    world.profiles().bury(&sub(BOB), NOW).await.unwrap();
    assert_eq!(status(&ask(&world, me("PATCH", BOB).json(&json!({"name": "Bob"}))).await), 404);
    assert_eq!(world.profiles().find(&sub(BOB)).await.unwrap(), Found::Gone);
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
    let user = user::User::new(user::Parts { profiles, clock: world.clock.clone() });
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
    // Bob and the twelve; neither who is gone, nor whose profile was deleted, nor the lock.
    assert_eq!((subs.len(), &subs), (13, &sorted));
    assert_eq!(ledger.operations(), ["Query users", "Query users", "Query users"]);
}

#[tokio::test]
async fn of_many_who_change_a_profile_at_once_each_change_counts() {
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

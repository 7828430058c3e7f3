//! Tickets: they are valid once and for half a minute, and only their owner ever sees them.

use futures_util::future::join_all;
use serde_json::json;
use weir_runtime::Function as _;
use weir_tests::sockets::Mood;

use super::{ADMIN, USER, World, event};
use crate::http::ask::{body, status};

#[tokio::test]
async fn a_ticket_tells_where_to_connect_and_until_when_and_is_stored_as_its_hash() {
    let world = World::new().await;
    let answer = body(&world.live().answer(world.asks(USER)).await.unwrap());
    let ticket = answer["ticket"].as_str().unwrap();
    assert_eq!(answer["url"], format!("wss://live.example/live?ticket={ticket}"));
    assert_eq!(answer["expires_at"], "2026-11-20T06:25:15.000Z");
    let row = world.engine.row("live");
    assert!(!row.to_string().contains(ticket), "{row}");
    assert_eq!((&row["role"], &row["devices"]), (&json!("user"), &json!(USER.devices)));
    assert_ne!(world.ticket(USER).await, ticket);
}

#[tokio::test]
async fn of_fifty_attempts_at_once_one_opens_a_connection() {
    let world = World::new().await;
    let ticket = world.ticket(USER).await;
    let ids: Vec<String> = (0..50).map(|number| format!("c{number}")).collect();
    let mut answers = join_all(ids.iter().map(|id| world.connect(id, &ticket))).await;
    answers.sort_unstable();
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|status| **status == 403).count(), 49, "{answers:?}");
    let open = world.engine.rows("live").into_iter().filter(|row| row["row"] == "connection").count();
    assert_eq!(open, 1);
}

#[tokio::test]
async fn a_ticket_is_valid_for_half_a_minute() {
    for (after, expected) in [(29_999, 200), (30_000, 403), (60_000, 403)] {
        let world = World::new().await;
        let ticket = world.ticket(USER).await;
        world.later(after);
        assert_eq!(world.connect("c1", &ticket).await, expected, "{after} ms");
    }
}

#[tokio::test]
async fn a_ticket_is_not_valid_for_longer_than_its_token() {
    let world = World::new().await;
    let ticket = world.ticket(super::Who { age: 890, ..USER }).await;
    world.later(9_999);
    assert_eq!(world.connect("c1", &ticket).await, 200);
    let ticket = world.ticket(super::Who { age: 890, ..USER }).await;
    world.later(10_000);
    assert_eq!(world.connect("c2", &ticket).await, 403);
}

#[tokio::test]
async fn what_is_no_ticket_opens_nothing() {
    let world = World::new().await;
    world.ticket(ADMIN).await;
    for (given, expected) in [
        (json!({}), 401),
        (json!({"queryStringParameters": null}), 401),
        (json!({"queryStringParameters": {"ticket": ""}}), 401),
        (json!({"queryStringParameters": {"ticket": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"}}), 401),
        (json!({"queryStringParameters": {"ticket": "0f8fad5bd9cb469fa16570867728950e"}}), 403),
    ] {
        world.gateway.set("c1", Mood::Open);
        let answer = world.live().answer(event("$connect", "c1", given.clone())).await.unwrap();
        assert_eq!(status(&answer), expected, "{given}");
    }
    assert!(world.engine.rows("live").iter().all(|row| row["row"] == "ticket"));
}

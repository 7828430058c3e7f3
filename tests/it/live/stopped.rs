//! People who are disabled, demoted or deleted are signed out: their connections receive nothing more, at once.

use weir_runtime::Function as _;

use super::{ADA, Pumps, USER, Who, World, errors, of_type};
use crate::http::ask::status;

#[tokio::test(start_paused = true)]
async fn whoever_is_signed_out_is_told_nothing_more_and_the_connection_is_closed() {
    let world = World::new().await;
    world.open("c1", USER).await;
    world.subscribe("c1", &["device/buoy-01"]).await;
    world.open("other", Who { sub: "5f1e0000-0000-4000-8000-000000000002", ..USER }).await;
    world.subscribe("other", &["device/buoy-01"]).await;
    world.table().stop(ADA, world.now()).await.unwrap();
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    world.publish("buoy-01", "ph", 700.0, world.now()).await;
    pumps.run(&push).await;
    let told: Vec<_> = world.gateway.frames().into_iter().map(|(id, _)| id).collect();
    assert_eq!(told, ["other"]);
    assert_eq!(world.gateway.closed(), ["c1"]);
    assert!(world.engine.rows("live").iter().all(|row| row["row"] != "c1" && row["part"] != "connection#c1"));
}

#[tokio::test(start_paused = true)]
async fn nothing_that_rests_on_an_older_token_works_any_more() {
    let world = World::new().await;
    world.open("c1", USER).await;
    let ticket = world.ticket(USER).await;
    world.table().stop(ADA, world.now()).await.unwrap();
    // A message, a ticket that was issued before, and one asked for with a token that is still valid.
    assert_eq!(errors(&world.subscribe("c1", &["device/buoy-01"]).await), [("unauthorized".to_owned(), vec![])]);
    assert_eq!(world.gateway.closed(), ["c1"]);
    assert_eq!(world.connect("c2", &ticket).await, 403);
    assert_eq!(status(&world.live().answer(world.asks(USER)).await.unwrap()), 401);
    // Whoever signs in again, enabled, is as welcome as before.
    world.later(2_000);
    world.open("c3", Who { age: 0, ..USER }).await;
    assert_eq!(of_type(&world.subscribe("c3", &["device/buoy-01"]).await, "snapshot").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_not_renewed_with_a_ticket_of_before() {
    let world = World::new().await;
    world.open("c1", Who { sub: "5f1e0000-0000-4000-8000-000000000002", ..USER }).await;
    world.open("c2", USER).await;
    let ticket = world.ticket(USER).await;
    world.table().stop(ADA, world.now()).await.unwrap();
    let told = world.say("c2", &serde_json::json!({"action": "renew", "ticket": ticket})).await;
    assert_eq!(errors(&told), [("unauthorized".to_owned(), vec![])]);
}

#[tokio::test]
async fn disabling_demoting_and_deleting_somebody_stops_their_connections() {
    use serde_json::json;
    let bob = "5f1e0000-0000-4000-8000-000000000002";
    let ask = |method: &str| crate::http::ask::Ask::new(method, &format!("/cognito/users/{bob}")).admin();
    for (what, request) in [
        ("disabled", ask("PATCH").json(&json!({"enabled": false}))),
        ("demoted", ask("PATCH").json(&json!({"role": "user"}))),
        ("deleted", ask("DELETE")),
    ] {
        let world = crate::people::World::new().await;
        let answer = world.change().answer(request.event()).await.unwrap();
        assert!(status(&answer) < 300, "{what}: {answer}");
        let rows = world.engine.rows("live");
        assert_eq!(rows.len(), 1, "{what}: {rows:?}");
        assert_eq!(rows[0]["row"], format!("stopped#{bob}"), "{what}");
    }
    // A change of scope alone ends no session: it counts from the next renewal on.
    let world = crate::people::World::new().await;
    let answer = world.change().answer(ask("PATCH").json(&json!({"devices": "buoy-02"})).event()).await.unwrap();
    assert!(status(&answer) < 300, "{answer}");
    assert_eq!(world.engine.rows("live").len(), 0);
}

//! Renewing a connection: it lasts longer, with the rights of the new token.

use serde_json::{Value, json};

use super::{ADMIN, Pumps, USER, Who, World, errors, of_type};

async fn renew(world: &World, id: &str, who: Who) -> Vec<Value> {
    let ticket = world.ticket(who).await;
    world.say(id, &json!({"action": "renew", "ticket": ticket})).await
}

#[tokio::test(start_paused = true)]
async fn a_renewed_connection_lasts_as_long_as_the_newer_token() {
    let world = World::new().await;
    world.open("c1", USER).await;
    world.subscribe("c1", &["device/buoy-01"]).await;
    world.later(800_000);
    let told = renew(&world, "c1", Who { age: 0, ..USER }).await;
    assert_eq!(told, [json!({"type": "renewed", "expires_at": "2026-11-20T06:53:05.000Z"})]);
    // Beyond the end of the first token.
    world.later(100_000);
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    world.publish("buoy-01", "ph", 700.0, world.now()).await;
    pumps.run(&push).await;
    assert_eq!(of_type(&world.gateway.messages("c1"), "reading").len(), 1);
    let told = world.say("c1", &json!({"action": "ping"})).await;
    assert_eq!(told, [json!({"type": "pong", "expires_at": "2026-11-20T06:53:05.000Z"})]);
}

#[tokio::test(start_paused = true)]
async fn what_was_taken_away_is_dropped_and_the_rest_goes_on() {
    let world = World::new().await;
    world.open("c1", USER).await;
    world.subscribe("c1", &["device/buoy-01", "tube/2", "problems"]).await;
    let told = renew(&world, "c1", Who { devices: "kloaka-west", age: 0, ..USER }).await;
    assert_eq!(of_type(&told, "renewed").len(), 1, "{told:?}");
    assert_eq!(errors(&told), [("not_found".to_owned(), vec!["device/buoy-01".to_owned()])]);
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    world.publish("buoy-01", "ph", 700.0, world.now()).await;
    world.report("21", 10, -1).await;
    world.report("22", 20, -1).await;
    pumps.run(&push).await;
    let told = world.gateway.messages("c1");
    let ids: Vec<_> = told.iter().map(|message| message["id"].as_str().unwrap_or("a reading")).collect();
    assert_eq!(ids, ["22"], "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn an_admin_who_became_a_user_loses_the_quarantine() {
    let world = World::new().await;
    world.open("c1", ADMIN).await;
    world.subscribe("c1", &["quarantine", "device/buoy-01"]).await;
    let told = renew(&world, "c1", Who { age: 0, ..USER }).await;
    assert_eq!(errors(&told), [("not_found".to_owned(), vec!["quarantine".to_owned()])]);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_is_used_or_somebody_elses_renews_nothing() {
    let world = World::new().await;
    world.open("c1", USER).await;
    let used = world.ticket(USER).await;
    assert_eq!(world.connect("c2", &used).await, 200);
    let others = world.ticket(Who { sub: "5f1e0000-0000-4000-8000-000000000002", ..ADMIN }).await;
    for ticket in [used.as_str(), &others, "nonsense", "0f8fad5bd9cb469fa16570867728950e"] {
        let told = world.say("c1", &json!({"action": "renew", "ticket": ticket})).await;
        assert_eq!(errors(&told), [("forbidden".to_owned(), vec![])], "{ticket}");
    }
    assert_eq!(errors(&world.subscribe("c1", &["quarantine"]).await).len(), 1, "no rights of somebody else");
}

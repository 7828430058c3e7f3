//! When a person's scope changes, each of their connections gets a message; a new token has the new scope.

use serde_json::{Value, json};
use weir_core::domain::Timestamp;
use weir_core::domain::event::{Event, FieldChange, Kind};

use super::{ADA, ADMIN, Pumps, USER, Who, World, of_type};

const BEN: &str = "5f1e0000-0000-4000-8000-000000000002";

/// The scope of this person changes, as an admin or they themselves do it.
async fn change(world: &World, sub: &str, before: Option<&str>, after: Option<&str>) {
    let value = |scope: Option<&str>| scope.map(Value::from);
    let change = FieldChange { pointer: "/devices".into(), before: value(before), after: value(after) };
    let key = format!("{sub}-changed-{}", after.unwrap_or_default());
    let event = Event::new(None, Kind::People, &key, Timestamp::from_millis(world.now().millis()));
    let event = event.by("ann@example.com").target(sub).changes(vec![change]);
    assert!(world.engine.events().put(&event).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn each_connection_of_the_person_is_told_and_nobody_else() {
    let world = World::new().await;
    world.open("c1", USER).await;
    world.open("c2", USER).await;
    world.open("c3", Who { sub: BEN, ..USER }).await;
    world.gateway.frames();
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    change(&world, ADA, Some("buoy-01 kloaka-east"), Some("buoy-02")).await;
    pumps.run(&push).await;
    let mut told: Vec<(String, Value)> = world
        .gateway
        .frames()
        .into_iter()
        .map(|(id, frame)| (id, serde_json::from_str::<Value>(&frame).unwrap()["messages"].clone()))
        .collect();
    told.sort_by_key(|(id, _)| id.clone());
    let scope = json!([{"type": "scope", "devices": "buoy-02"}]);
    assert_eq!(told, [("c1".to_owned(), scope.clone()), ("c2".to_owned(), scope)]);
}

#[tokio::test(start_paused = true)]
async fn what_changes_no_scope_tells_nobody() {
    let world = World::new().await;
    world.open("c1", ADMIN).await;
    world.gateway.frames();
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    // Somebody is added, and deleted.
    change(&world, ADA, None, Some("buoy-01")).await;
    change(&world, ADA, Some("buoy-01"), None).await;
    let event = Event::new("buoy-01".parse().ok(), Kind::Device, &"claim", world.now()).detail("claimed");
    world.engine.events().put(&event).await.unwrap();
    pumps.run(&push).await;
    assert_eq!(of_type(&world.gateway.messages("c1"), "scope"), Vec::<&Value>::new());
}

#[tokio::test(start_paused = true)]
async fn after_renewing_with_a_new_token_the_new_scope_counts() {
    let world = World::new().await;
    world.open("c1", USER).await;
    world.subscribe("c1", &["device/buoy-01"]).await;
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    change(&world, ADA, Some("buoy-01 kloaka-east"), Some("buoy-02")).await;
    pumps.run(&push).await;
    assert_eq!(of_type(&world.gateway.messages("c1"), "scope").len(), 1);
    let ticket = world.ticket(Who { devices: "buoy-02", ..USER }).await;
    let told = world.say("c1", &json!({"action": "renew", "ticket": ticket})).await;
    assert_eq!(told.iter().filter(|message| message["type"] == "renewed").count(), 1, "{told:?}");
    assert_eq!(super::errors(&told), [("not_found".to_owned(), vec!["device/buoy-01".to_owned()])]);
}

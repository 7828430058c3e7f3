//! Sending, reading, listing and cancelling commands.

use serde_json::{Value, json};

use super::{COMMANDS, World, path};
use crate::http::ask::{Ask, body, status};

fn order() -> Value {
    json!({"name": "dispense", "args": {"ml": 30}})
}

fn keyed(key: &str, order: &Value) -> Ask {
    Ask::new("POST", COMMANDS).header("idempotency-key", key).json(order)
}

#[tokio::test]
async fn a_command_is_shown_where_its_location_says_and_is_in_the_shadow() {
    let world = World::new().await;
    let answer = world.ask(Ask::new("POST", COMMANDS).json(&order())).await;
    assert_eq!((status(&answer), &answer["headers"]["location"]), (202, &json!(path(&json!("1795155884123")))));
    let shown = json!({"id": "1795155884123", "name": "dispense", "args": {"ml": 30}, "state": "SENT",
        "by": "ada@example.org", "created_at": "2026-11-20T06:24:44.123Z", "expires_at": "2026-11-20T06:25:44.123Z",
        "sent_at": "2026-11-20T06:24:44.123Z"});
    assert_eq!(body(&answer), shown);
    assert_eq!(world.read(&shown["id"]).await, shown);
    let wanted = json!({"id": "1795155884123", "name": "dispense", "args": {"ml": 30}, "expires_at": 1_795_155_944});
    assert_eq!(world.cloud.shadow("dispenser-123", "/state/desired/command"), Some(wanted));
    assert_eq!(world.told(), ["QUEUED", "SENT"]);
    let pressed = &world.engine.rows("events")[0];
    assert_eq!((&pressed["by"], &pressed["target"]), (&json!("ada@example.org"), &json!("1795155884123")));
}

#[tokio::test]
async fn a_repeated_request_with_its_key_finds_its_command_and_another_request_is_refused() {
    let world = World::new().await;
    let first = body(&world.ask(keyed("k-1", &order())).await);
    world.later(5);
    let again = world.ask(keyed("k-1", &order())).await;
    assert_eq!((status(&again), &body(&again)["id"]), (202, &first["id"]));
    assert_eq!(world.told(), ["QUEUED", "SENT"], "entered once");
    let other = world.ask(keyed("k-1", &json!({"name": "blink"}))).await;
    assert_eq!((status(&other), &body(&other)["type"]), (422, &json!("urn:weir:problem:invalid")));
    // Another key, another person, and no key at all are another command.
    let answers = [
        world.ask(keyed("k-2", &order())).await,
        world.ask(Ask::new("POST", COMMANDS).json(&order())).await,
        world.ask(Ask::new("POST", COMMANDS).json(&order())).await,
    ];
    let ids: std::collections::BTreeSet<String> = answers.iter().map(|answer| body(answer)["id"].to_string()).collect();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn two_requests_with_one_key_at_once_are_one_command() {
    let world = std::sync::Arc::new(World::new().await);
    let presses = (0..6).map(|_| {
        let world = std::sync::Arc::clone(&world);
        tokio::spawn(async move { body(&world.ask(keyed("k", &order())).await)["id"].clone() })
    });
    let mut ids = Vec::new();
    for press in presses.collect::<Vec<_>>() {
        ids.push(press.await.unwrap());
    }
    assert!(ids.iter().all(|id| id.is_string() && *id == ids[0]), "{ids:?}");
    assert_eq!(world.queue()["places"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn one_command_is_in_flight_and_the_others_wait_in_their_order() {
    let world = World::new().await;
    let first = world.press(60).await;
    let second = world.press(60).await;
    let third = world.press(60).await;
    assert_eq!([&first["state"], &second["state"], &third["state"]], ["SENT", "QUEUED", "QUEUED"]);
    assert!(first["id"].as_str() < second["id"].as_str() && second["id"].as_str() < third["id"].as_str());
    assert_eq!(world.asked().as_ref(), Some(&first["id"]));
    assert_eq!(world.cancel(&second["id"]).await["statusCode"], 200);
    assert_eq!(world.answer(&first["id"], "SUCCEEDED").await, "changed");
    assert_eq!(world.asked().as_ref(), Some(&third["id"]), "the one after it was cancelled");
    assert_eq!(world.read(&third["id"]).await["state"], "SENT");
    assert_eq!(world.answer(&third["id"], "FAILED").await, "changed");
    assert_eq!(world.asked(), None);
    assert!(world.cloud.shadow("dispenser-123", "/state/desired/command").is_none());
    let queue = world.queue();
    assert_eq!(queue["places"], json!([]));
    for attribute in ["pending", "due", "lease", "part", "watch"] {
        assert!(queue.get(attribute).is_none(), "{attribute}: {queue}");
    }
}

#[tokio::test]
async fn at_most_twenty_wait() {
    let world = World::new().await;
    for _ in 0..21 {
        world.press(60).await;
    }
    let refused = world.ask(Ask::new("POST", COMMANDS).json(&order())).await;
    assert_eq!((status(&refused), &body(&refused)["type"]), (429, &json!("urn:weir:problem:too_many")));
    assert!(refused["headers"]["retry-after"].is_string());
    // When they are over there is room again.
    world.later(61);
    assert_eq!(world.press(60).await["state"], "SENT");
    let states: Vec<_> = world.told().into_iter().filter(|state| state == "EXPIRED").collect();
    assert_eq!(states.len(), 21);
}

#[tokio::test]
async fn commands_are_listed_newest_first_a_page_at_a_time() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(world.press(60).await["id"].clone());
    }
    ids.reverse();
    let (mut found, mut next) = (Vec::new(), String::new());
    for _ in 0..3 {
        let page = body(&world.ask(Ask::new("GET", &format!("{COMMANDS}?limit=2{next}"))).await);
        found.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        next = page["next"].as_str().map(|next| format!("&next={next}")).unwrap_or_default();
    }
    assert_eq!((found, next.as_str()), (ids, ""));
}

#[tokio::test]
async fn only_what_was_not_answered_can_be_cancelled() {
    let world = World::new().await;
    let first = world.press(60).await;
    let cancelled = world.cancel(&first["id"]).await;
    assert_eq!((status(&cancelled), &body(&cancelled)["state"]), (200, &json!("CANCELLED")));
    assert_eq!(cancelled["headers"]["etag"], "\"CANCELLED\"");
    assert_eq!(world.asked(), None, "the device is no longer asked");
    assert_eq!(status(&world.cancel(&first["id"]).await), 200, "again");
    assert_eq!(world.told(), ["QUEUED", "SENT", "CANCELLED"]);
    let second = world.press(60).await;
    world.answer(&second["id"], "ACCEPTED").await;
    let refused = world.cancel(&second["id"]).await;
    assert_eq!((status(&refused), &body(&refused)["type"]), (409, &json!("urn:weir:problem:transition")));
    world.answer(&second["id"], "SUCCEEDED").await;
    assert_eq!(status(&world.cancel(&second["id"]).await), 409);
}

#[tokio::test]
async fn a_tag_is_the_state() {
    let world = World::recorded().await;
    let id = json!("1795155884123");
    let read = async |tag: &str| world.ask(Ask::new("GET", &path(&id)).header("if-none-match", tag)).await;
    assert_eq!(status(&read("\"SENT\"").await), 304);
    world.answer(&id, "ACCEPTED").await;
    let changed = read("\"SENT\"").await;
    assert_eq!((status(&changed), &changed["headers"]["etag"]), (200, &json!("\"ACCEPTED\"")));
}

#[tokio::test]
async fn a_command_whose_time_is_over_is_found_when_it_is_read_and_when_it_is_listed() {
    for listed in [false, true] {
        let world = World::new().await;
        let (first, second) = (world.press(10).await, world.press(120).await);
        world.later(11);
        let state = if listed {
            body(&world.ask(Ask::new("GET", COMMANDS)).await)["items"][1]["state"].clone()
        } else {
            world.read(&first["id"]).await["state"].clone()
        };
        assert_eq!(state, "EXPIRED");
        assert_eq!(world.asked().as_ref(), Some(&second["id"]), "the next one is sent at once");
    }
}

#[tokio::test]
async fn the_rows_of_queues_and_keys_are_no_commands() {
    let world = World::new().await;
    world.ask(keyed("k", &order())).await;
    assert_eq!(world.engine.rows("commands").len(), 3);
    let listed = body(&world.ask(Ask::new("GET", COMMANDS)).await);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let rows = world.engine.rows("commands");
    let expires = |row: &Value| row["expires_at"].as_i64();
    let of = |prefix: &str| rows.iter().find(|row| row["id"].as_str().unwrap().starts_with(prefix)).unwrap().clone();
    assert_eq!(expires(&of("1795")), Some(1_795_155_884 + 90 * 86_400));
    assert_eq!(expires(&of("key#")), Some(1_795_155_884 + 86_400));
    assert_eq!(expires(&of("queue")), None, "a queue remembers which id was given last");
}

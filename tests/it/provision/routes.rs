//! The allow list over the API.

use serde_json::{Value, json};

use super::{SERIALS, World};
use crate::http::ask::{Ask, body, status};

async fn upload(world: &World, file: &str) -> Value {
    let answer = world.ask(Ask::new("POST", SERIALS).body("text/csv", file)).await;
    assert_eq!(status(&answer), 200, "{answer}");
    body(&answer)
}

fn outcomes(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["outcome"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn numbers_are_listed_by_pages_all_or_in_one_state() {
    let world = World::recorded().await;
    let mut path = format!("{SERIALS}?limit=2");
    let mut seen = Vec::new();
    loop {
        let page = body(&world.ask(Ask::new("GET", &path)).await);
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["serial"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{SERIALS}?limit=2&next={next}");
    }
    assert_eq!(seen, ["SN-0001", "SN-0002", "SN-0003"]);
    for (state, serial) in [("EXPECTED", "SN-0001"), ("BLOCKED", "SN-0002"), ("PROVISIONED", "SN-0003")] {
        let page = body(&world.ask(Ask::new("GET", &format!("{SERIALS}?state={state}"))).await);
        let items = page["items"].as_array().unwrap();
        assert_eq!((items.len(), &items[0]["serial"], &items[0]["state"]), (1, &json!(serial), &json!(state)));
    }
}

#[tokio::test]
async fn a_file_of_five_thousand_lines_is_added_and_the_same_file_again_changes_nothing() {
    let world = World::new().await;
    let file: String = ["serial,device_id\n".to_owned()]
        .into_iter()
        .chain((0..5_000).map(|n| format!("SN-{n:05},board-{n:05}\n")))
        .collect();
    let answer = upload(&world, &file).await;
    assert_eq!((&answer["added"], answer["items"].as_array().unwrap().len()), (&json!(5_000), 5_000));
    let rows = world.engine.rows("serials").len();
    let events = world.engine.rows("events").len();
    assert_eq!((rows, events), (10_000, 5_000_usize.div_ceil(49)));
    let again = upload(&world, &file).await;
    assert_eq!(again["added"], 0);
    assert!(outcomes(&again).iter().all(|outcome| *outcome == "exists"));
    assert_eq!((world.engine.rows("serials").len(), world.engine.rows("events").len()), (rows, events));
}

#[tokio::test]
async fn two_uploads_at_once_add_each_number_once() {
    let world = World::new().await;
    let file: String = ["serial\n".to_owned()].into_iter().chain((0..300).map(|n| format!("SN-{n}\n"))).collect();
    let (one, other) = futures_util::join!(upload(&world, &file), upload(&world, &file));
    let added = |answer: &Value| answer["added"].as_u64().unwrap();
    assert_eq!(added(&one) + added(&other), 300);
    assert_eq!(world.engine.rows("serials").len(), 600);
}

#[tokio::test]
async fn two_numbers_never_have_the_same_device() {
    let world = World::recorded().await;
    let answer = upload(&world, "serial,device_id\nSN-0010,board-0001\nSN-0011,board-0011\n").await;
    assert_eq!(outcomes(&answer), ["device_taken", "added"]);
    // The device of a number that is removed is free again.
    assert_eq!(status(&world.ask(Ask::new("DELETE", &format!("{SERIALS}/SN-0001"))).await), 204);
    assert_eq!(status(&world.add(&json!({"serial": "SN-0010", "device_id": "board-0001"})).await), 201);
}

#[tokio::test]
async fn a_number_that_is_removed_is_unknown_and_its_device_stays() {
    let world = World::recorded().await;
    assert_eq!(status(&world.ask(Ask::new("DELETE", &format!("{SERIALS}/SN-0003"))).await), 204);
    assert!(world.device("board-0003").is_some());
    assert!(!world.provision("SN-0003", 'b').await);
    assert_eq!(world.told("board-0003").last().map(String::as_str), Some("removed"));
}

#[tokio::test]
async fn a_reset_of_a_number_that_is_expected_changes_nothing() {
    let world = World::recorded().await;
    let rows = (world.engine.rows("serials"), world.engine.rows("events"));
    assert_eq!(status(&world.ask(Ask::new("POST", &format!("{SERIALS}/SN-0001/reset"))).await), 200);
    assert_eq!((world.engine.rows("serials"), world.engine.rows("events")), rows);
    assert_eq!(status(&world.ask(Ask::new("POST", &format!("{SERIALS}/SN-0002/reset"))).await), 200);
    assert_eq!(world.state("SN-0002").await.as_deref(), Some("EXPECTED"), "it is no longer blocked");
}

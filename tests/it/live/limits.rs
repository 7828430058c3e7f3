//! Limits: exceeding one is reported as an error, and never closes a connection without a message.

use serde_json::json;
use weir_core::domain::live::{MOST_BYTES, MOST_CONNECTIONS, MOST_TOPICS};
use weir_tests::sockets::Mood;

use super::{ADMIN, USER, Who, World, errors, of_type};

#[tokio::test(start_paused = true)]
async fn a_connection_watches_fifty_topics_and_is_told_which_are_too_many() {
    let world = World::new().await;
    world.open("c1", ADMIN).await;
    let tubes: Vec<String> = ('0'..='9').chain('A'..='Z').chain('a'..='z').map(|tube| format!("tube/{tube}")).collect();
    let topics: Vec<&str> = tubes.iter().map(String::as_str).collect();
    let first = world.subscribe("c1", &topics[..MOST_TOPICS - 1]).await;
    assert_eq!((of_type(&first, "snapshot").len(), errors(&first).len()), (MOST_TOPICS - 1, 0));
    let more = world.subscribe("c1", &topics[MOST_TOPICS - 2..MOST_TOPICS + 2]).await;
    let left = topics[MOST_TOPICS..MOST_TOPICS + 2].iter().map(|topic| (*topic).to_owned()).collect();
    assert_eq!(errors(&more), [("too_many".to_owned(), left)]);
    assert_eq!(of_type(&more, "snapshot").len(), 2);
    // Room is made by leaving one.
    world.say("c1", &json!({"action": "unsubscribe", "topics": ["tube/0"]})).await;
    assert_eq!(errors(&world.subscribe("c1", &["tube/z"]).await), []);
    assert_eq!(world.gateway.closed(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn the_twenty_first_connection_of_a_person_is_told_so_and_closed() {
    let world = World::new().await;
    for number in 0..MOST_CONNECTIONS {
        world.open(&format!("c{number}"), USER).await;
    }
    world.open("surplus", USER).await;
    world.open("others", Who { sub: "5f1e0000-0000-4000-8000-000000000002", ..USER }).await;
    assert_eq!(errors(&world.subscribe("surplus", &["device/buoy-01"]).await), [("too_many".to_owned(), vec![])]);
    assert_eq!(world.gateway.closed(), ["surplus"]);
    for id in ["c0", "others"] {
        assert_eq!(errors(&world.subscribe(id, &["device/buoy-01"]).await), [], "{id}");
    }
    // One that closes makes room.
    world.disconnect("c3").await;
    world.open("next", USER).await;
    assert_eq!(errors(&world.subscribe("next", &["device/buoy-01"]).await), []);
}

#[tokio::test(start_paused = true)]
async fn connections_whose_end_nobody_told_make_room_when_it_is_needed() {
    let world = World::new().await;
    for number in 0..MOST_CONNECTIONS {
        world.open(&format!("c{number}"), USER).await;
    }
    world.subscribe("c7", &["device/buoy-01"]).await;
    for gone in ["c7", "c8"] {
        world.gateway.set(gone, Mood::Gone);
    }
    world.open("next", USER).await;
    assert_eq!(errors(&world.subscribe("next", &["device/buoy-01"]).await), []);
    let left = world.engine.rows("live").into_iter().filter(|row| row["row"] == "c7" || row["part"] == "connection#c7");
    assert_eq!(left.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_above_32_kb_and_one_of_thousands_of_topics_are_refused() {
    let world = World::new().await;
    world.open("c1", USER).await;
    let padded = |bytes: usize| {
        let text = r#"{"action":"ping"}"#;
        format!("{text}{}", " ".repeat(bytes - text.len()))
    };
    assert_eq!(of_type(&world.say_text("c1", &padded(MOST_BYTES)).await, "pong").len(), 1);
    let told = world.say_text("c1", &padded(MOST_BYTES + 1)).await;
    assert_eq!(errors(&told), [("too_large".to_owned(), vec![])]);
    let many: Vec<String> = (0..3_000).map(|number| format!("x{number}")).collect();
    let told = world.say("c1", &json!({"action": "subscribe", "topics": many})).await;
    let errors = errors(&told);
    assert_eq!((errors.len(), errors[0].0.as_str(), errors[0].1.len()), (1, "invalid", MOST_TOPICS));
    assert_eq!(world.gateway.closed(), Vec::<String>::new());
}

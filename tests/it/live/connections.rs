//! A connection from its first message to its last.

use serde_json::json;
use weir_runtime::Function as _;

use super::{ADMIN, Pumps, USER, World, errors, event, of_type};

#[tokio::test(start_paused = true)]
async fn a_subscriber_gets_the_state_and_then_what_changes() {
    let world = World::new().await;
    world.publish("buoy-01", "ph", 700.0, world.now().plus_seconds(-60)).await;
    world.open("c1", USER).await;
    let told = world.subscribe("c1", &["device/buoy-01"]).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["type"], &told[0]["live"]), (&json!("snapshot"), &json!(true)));
    assert_eq!((&told[0]["readings"][0]["sensor"], &told[0]["readings"][0]["value"]), (&json!("ph"), &json!(7.0)));

    let (mut pumps, push) = (Pumps::of(&world), world.push());
    pumps.run(&push).await;
    world.gateway.frames();
    world.publish("buoy-01", "ph", 710.0, world.now()).await;
    world.publish("buoy-02", "ph", 710.0, world.now()).await;
    pumps.run(&push).await;
    let told = world.gateway.messages("c1");
    assert_eq!(told.len(), 1, "{told:?}");
    let expected = json!({"type": "reading", "topic": "device/buoy-01", "sensor": "ph", "at": "2026-11-20T06:24:45.000Z",
        "value": 7.1, "unit": "pH", "quality": "good", "raw": 710.0, "calibration": 2,
        "received_at": "2026-11-20T06:24:45.000Z"});
    assert_eq!(told[0], expected);

    let told = world.say("c1", &json!({"action": "unsubscribe", "topics": ["device/buoy-01", "x"]})).await;
    assert_eq!(of_type(&told, "unsubscribed")[0]["topics"], json!(["device/buoy-01"]));
    assert_eq!(errors(&told), [("invalid".to_owned(), vec!["x".to_owned()])]);
    world.later(1_000);
    world.publish("buoy-01", "ph", 720.0, world.now()).await;
    pumps.run(&push).await;
    assert_eq!(world.gateway.frames(), []);
}

#[tokio::test(start_paused = true)]
async fn what_changes_while_senders_do_not_know_yet_is_in_a_second_snapshot() {
    let world = World::new().await;
    world.open("c1", USER).await;
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    // The sender learns that nobody watches.
    world.publish("buoy-01", "ph", 700.0, world.now().plus_seconds(-60)).await;
    pumps.run(&push).await;
    let live = world.live();
    let subscribe = json!({"body": json!({"action": "subscribe", "topics": ["device/buoy-01"]}).to_string()});
    let subscribing = live.answer(event("$default", "c1", subscribe));
    let publishing = async {
        // After the first snapshot, which is sent within milliseconds, and before the second.
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        world.publish("buoy-01", "ph", 710.0, world.now()).await;
        pumps.run(&push).await;
    };
    let (answer, ()) = tokio::join!(subscribing, publishing);
    answer.unwrap();
    let told = world.gateway.messages("c1");
    let values: Vec<_> = told.iter().map(|message| (&message["type"], &message["readings"][0]["value"])).collect();
    assert_eq!(values, [(&json!("snapshot"), &json!(7.0)), (&json!("snapshot"), &json!(7.1))]);
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_with_the_end_of_the_session_and_nonsense_with_an_error() {
    let world = World::new().await;
    world.open("c1", ADMIN).await;
    assert_eq!(
        world.say("c1", &json!({"action": "ping"})).await,
        [json!({"type": "pong", "expires_at": "2026-11-20T06:38:45.000Z"})]
    );
    for nonsense in ["", "hello", "[]", r#"{"action":"dance"}"#] {
        let told = world.say_text("c1", nonsense).await;
        assert_eq!(errors(&told), [("malformed".to_owned(), vec![])], "{nonsense}");
    }
    assert_eq!(world.gateway.closed(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_leaves_nothing_behind() {
    let world = World::new().await;
    world.open("c1", ADMIN).await;
    world.subscribe("c1", &["device/buoy-01", "tube/0", "problems", "quarantine"]).await;
    assert!(world.engine.rows("live").iter().any(|row| row["row"] == "c1"));
    world.disconnect("c1").await;
    let left: Vec<_> = world.engine.rows("live").into_iter().filter(|row| row["part"] != "all").collect();
    assert!(left.iter().all(|row| row["row"] == "person" && row["connections"].is_null()), "{left:?}");
    // And once more, as API Gateway may tell it twice.
    world.disconnect("c1").await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_over_is_told_so_at_the_next_message_and_gets_nothing_more() {
    let world = World::new().await;
    world.open("c1", USER).await;
    world.subscribe("c1", &["device/buoy-01"]).await;
    let (mut pumps, push) = (Pumps::of(&world), world.push());
    world.later(840_000);
    world.publish("buoy-01", "ph", 700.0, world.now()).await;
    pumps.run(&push).await;
    assert_eq!(world.gateway.frames(), []);
    let told = world.say("c1", &json!({"action": "ping"})).await;
    assert_eq!(errors(&told), [("unauthorized".to_owned(), vec![])]);
    assert_eq!(world.gateway.closed(), ["c1"]);
}

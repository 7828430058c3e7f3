//! The answers of devices: in time, late, repeated, out of order, and about another command; and the resulting events.

use serde_json::json;
use weir_core::domain::Timestamp;
use weir_runtime::Function as _;

use super::{DISPENSER, NOW, World, answer};

#[tokio::test]
async fn a_command_is_accepted_and_then_done() {
    let world = World::recorded().await;
    let id = json!("1795155884123");
    assert_eq!(world.answer(&id, "ACCEPTED").await, "changed");
    assert_eq!(world.read(&id).await["state"], "ACCEPTED");
    assert_eq!(world.asked(), Some(id.clone()), "the device still finds it after a restart");
    world.later(2);
    let event = world.report(&json!({"id": id, "status": "SUCCEEDED", "detail": "done", "result": {"ml": 30}}));
    assert_eq!(world.hear(event).await, "changed");
    let done = world.read(&id).await;
    assert_eq!(
        (&done["state"], &done["detail"], &done["result"]),
        (&json!("SUCCEEDED"), &json!("done"), &json!({"ml": 30}))
    );
    assert_eq!(
        (&done["answered_at"], &done["ended_at"]),
        (&json!("2026-11-20T06:24:44.623Z"), &json!("2026-11-20T06:24:46.623Z"))
    );
    assert_eq!(world.told(), ["QUEUED", "SENT", "ACCEPTED", "SUCCEEDED"]);
    assert_eq!(world.asked(), None);
}

#[tokio::test]
async fn an_answer_that_is_delivered_twice_is_told_once_and_one_that_is_said_twice_is_ignored() {
    let world = World::recorded().await;
    let id = json!("1795155884123");
    let event = world.report(&json!({"id": id, "status": "SUCCEEDED"}));
    assert_eq!(world.hear(event.clone()).await, "changed");
    assert_eq!(world.hear(event.clone()).await, "redelivered");
    assert_eq!(world.told(), ["QUEUED", "SENT", "SUCCEEDED"], "the same message says nothing new");
    world.later(1);
    let again = world.report(&json!({"id": id, "status": "SUCCEEDED"}));
    assert_eq!(world.hear(again.clone()).await, "ignored");
    assert_eq!(world.hear(again).await, "ignored");
    let told = world.told();
    assert_eq!(told.len(), 4, "and the ignored one is told once: {told:?}");
    assert_eq!(told[3], "answer SUCCEEDED ignored: the device has answered this already");
}

#[tokio::test]
async fn what_comes_out_of_order_changes_nothing() {
    let world = World::recorded().await;
    let id = json!("1795155884123");
    let accepted = world.report(&json!({"id": id, "status": "ACCEPTED"}));
    let done = world.report(&json!({"id": id, "status": "SUCCEEDED"}));
    assert_eq!(world.hear(done).await, "changed");
    assert_eq!(world.hear(accepted).await, "ignored");
    let failed = world.report(&json!({"id": id, "status": "FAILED", "detail": "late thought"}));
    assert_eq!(world.hear(failed).await, "ignored");
    let read = world.read(&id).await;
    assert_eq!((&read["state"], read.get("detail")), (&json!("SUCCEEDED"), None));
    let told = world.told();
    let ignored: Vec<_> = told.iter().filter(|text| text.contains("ended with another answer")).collect();
    assert_eq!(ignored.len(), 2, "{told:?}");
}

#[tokio::test]
async fn an_answer_of_another_id_and_one_that_waits_change_nothing() {
    let world = World::recorded().await;
    let second = world.press(60).await;
    assert_eq!(world.answer(&json!("1795155800000"), "SUCCEEDED").await, "ignored");
    assert_eq!(world.answer(&second["id"], "SUCCEEDED").await, "ignored");
    assert_eq!(world.read(&second["id"]).await["state"], "QUEUED");
    assert_eq!(world.asked(), Some(json!("1795155884123")));
    let told = world.told();
    assert!(told.iter().any(|text| text.contains("no command with this id")), "{told:?}");
    assert!(told.iter().any(|text| text.contains("waits for its turn")), "{told:?}");
}

#[tokio::test]
async fn an_answer_after_the_cancellation_changes_nothing() {
    let world = World::recorded().await;
    let id = json!("1795155884123");
    world.cancel(&id).await;
    assert_eq!(world.answer(&id, "SUCCEEDED").await, "ignored");
    assert_eq!(world.read(&id).await["state"], "CANCELLED");
    assert!(world.told().iter().any(|text| text.contains("the command was cancelled")));
}

#[tokio::test]
async fn an_answer_after_the_expiry_changes_nothing_whether_the_sweep_was_there_or_not() {
    for swept in [true, false] {
        let world = World::recorded().await;
        let id = json!("1795155884123");
        world.later(61);
        if swept {
            world.sweep().await;
            assert_eq!(world.asked(), None);
        }
        assert_eq!(world.answer(&id, "SUCCEEDED").await, "ignored", "{swept}");
        assert_eq!(world.read(&id).await["state"], "EXPIRED");
        assert_eq!(world.asked(), None, "{swept}");
        assert!(world.told().iter().any(|text| text.contains("the command has expired")));
    }
}

#[tokio::test]
async fn an_answer_counts_by_when_aws_iot_received_it_and_not_by_when_it_is_heard() {
    let world = World::recorded().await;
    let id = json!("1795155884123");
    let event = world.report(&json!({"id": id, "status": "SUCCEEDED"}));
    world.later(3_600);
    assert_eq!(world.hear(event).await, "changed", "it waited in Lambda's retries, and nobody has looked meanwhile");
    assert_eq!(world.read(&id).await["state"], "SUCCEEDED");
}

#[tokio::test]
async fn an_answer_without_a_confirmation_that_it_was_sent_counts() {
    let world = World::new().await;
    world.cloud.next("UpdateThingShadow", crate::device::iot::Fate::Unanswered);
    let pressed = world.press(60).await;
    assert_eq!(pressed["state"], "QUEUED");
    assert_eq!(world.answer(&pressed["id"], "SUCCEEDED").await, "changed");
    let read = world.read(&pressed["id"]).await;
    assert_eq!((&read["state"], &read["sent_at"]), (&json!("SUCCEEDED"), &json!("2026-11-20T06:24:44.123Z")));
    world.later(31);
    world.sweep().await;
    assert_eq!((world.asked(), world.queue().get("pending")), (None, None));
    assert_eq!(world.told(), ["QUEUED", "SUCCEEDED"]);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_told_and_nobody_elses_device_is_touched() {
    let world = World::recorded().await;
    let said = answer(DISPENSER, &json!({"id": "x", "status": "SUCCEEDED"}), &json!(9), NOW);
    assert_eq!(world.hear(said.clone()).await, "unreadable");
    assert_eq!(world.hear(said).await, "unreadable");
    let told: Vec<_> = world.told().into_iter().filter(|text| text.starts_with("answer ignored: ")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    // The device of an answer is that of the topic.
    let other = answer("dispenser-124", &json!({"id": "1795155884123", "status": "SUCCEEDED"}), &json!(9), NOW);
    assert_eq!(world.hear(other).await, "ignored");
    assert_eq!(world.read(&json!("1795155884123")).await["state"], "SENT");
}

#[tokio::test]
async fn what_a_thing_says_that_is_no_device_is_not_told() {
    let world = World::recorded().await;
    let before = world.told();
    for said in [json!({"id": "1795155884123", "status": "SUCCEEDED"}), json!({"id": "x", "status": "SUCCEEDED"})] {
        world.hear(answer("provision-1", &said, &json!(9), NOW)).await;
    }
    assert_eq!(world.told(), before);
}

#[tokio::test]
async fn an_update_without_a_command_costs_no_request() {
    let world = World::recorded().await;
    let meter = std::sync::Arc::new(weir_tests::meter::Meter::default());
    let function = world.function_by(&world.engine.client_over(meter.clone()), world.cloud.iot());
    world.cloud.asked();
    let nothing = answer(DISPENSER, &json!(null), &json!(9), Timestamp::from_millis(NOW.millis()));
    assert_eq!(function.answer(nothing).await.unwrap()["outcome"], "nothing");
    assert!(meter.take().is_empty() && world.cloud.asked().is_empty());
}

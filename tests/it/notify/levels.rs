//! Notices about problems of flow sensors are sent like those of alerts: between neighbours, and about silent sensors.

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::events::event;
use weir_tests::pool::person;
use weir_tests::pump::stream_record;

use super::World;

/// Whoever sees the upstream sensor, who is no admin.
const UPSTREAM: u32 = 3;

impl World {
    /// A flow sensor reports now, and the neighbours are compared.
    async fn reported(&mut self, id: &str, filling: f64) {
        let functions = &self.alert.functions;
        let now = self.now().millis();
        functions.organizer.answer(json!({"id": id, "filling": filling, "ts": now, "received_at": now})).await.unwrap();
        let batch = json!({"Records": [stream_record("1", json!({"id": {"S": id}}))]});
        assert_eq!(functions.detector.answer(batch).await.unwrap(), json!({"batchItemFailures": []}));
        self.streamed().await;
    }

    /// The webhooks since the last time: what happened, and the problem.
    fn hooks(&self) -> Vec<(String, Value)> {
        let told = |hook: &weir_tests::receiver::Hook| {
            let (_, transition, problem) = hook.notices().remove(0);
            (transition.clone(), json!(problem))
        };
        self.receiver.take().iter().map(told).collect()
    }
}

fn told(transition: &str, problem: &str) -> (String, Value) {
    (transition.to_owned(), json!(problem))
}

#[tokio::test]
async fn a_problem_between_neighbours_is_told_to_whoever_sees_one_of_them() {
    let mut world = World::new().await;
    world.alert.register("weir-01", &json!({"level_id": "01"})).await;
    world.people.know(person(UPSTREAM, "up", &["user"], "weir-01"));
    world.people.know(person(4, "other", &["user"], "buoy-01"));
    for number in [UPSTREAM, 4] {
        world.subscribe(number, &world.hook()).await;
    }
    world.subscribe(UPSTREAM, &json!({"channel": {"email": {}}})).await;
    world.later(60);
    world.reported("01", 90.0).await;
    world.reported("02", 40.0).await;
    assert_eq!(world.hooks(), [told("opened", "0102")]);
    let mails = world.mailbox.take();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(
        (mails[0].to.as_str(), mails[0].subject.as_str()),
        ("up@example.com", "obstruction: 01 → 02 (90 %, 40 %)")
    );
    world.later(60);
    world.reported("02", 90.0).await;
    assert_eq!(world.hooks(), [told("resolved", "0102")]);
}

#[tokio::test]
async fn a_flow_sensor_that_is_silent_is_told_and_so_is_its_next_report() {
    let mut world = World::new().await;
    world.subscribe(2, &world.hook()).await;
    world.later(60);
    world.reported("01", 50.0).await;
    world.later(10_801);
    world.alert.functions.detector.answer(event("problem-detector", "sweep")).await.unwrap();
    world.streamed().await;
    assert_eq!(world.hooks(), [told("opened", "01-silent")]);
    world.reported("01", 50.0).await;
    assert_eq!(world.hooks(), [told("resolved", "01-silent")]);
}

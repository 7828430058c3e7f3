//! The function's response: everything that exists, what cannot be read, and the number of requests.

use std::time::Duration;

use serde_json::{Value, json};

use super::cloud::Fate;
use super::{NOW, World, alarm, system};

/// A device whose settings have not been delivered.
fn undelivered(number: usize) -> Value {
    json!({"id": format!("buoy-{number:03}"), "enabled": true, "sensors": [], "pending": "settings", "due": NOW.millis()})
}

#[tokio::test]
async fn every_part_says_what_there_is() {
    let world = World::new().await;
    world.engine.put("devices", &undelivered(1));
    world.engine.put("devices", &json!({"id": "buoy-02", "enabled": true, "sensors": []}));
    let job = json!({"sensor": "buoy-01#ph", "job": "1", "open": "job", "due": NOW.millis() + 60_000});
    world.engine.put("recalculations", &job);
    let said = system(&world.function()).await;
    assert_eq!(said["read_at"], "2026-11-20T06:24:44.123Z");
    let switches = json!({"email": true, "alarm_email": false, "device_defender": false, "backup": true, "tracing": false,
        "mfa_required": true, "registered_levels_only": false});
    assert_eq!(
        said["deployment"],
        json!({"version": env!("CARGO_PKG_VERSION"), "function_version": "12", "project": "weir", "environment": "test",
            "region": "eu-central-1", "time_series_store": "dynamodb", "switches": switches})
    );
    // What rings comes first, and the alarms of another stack are not there.
    let alarm = |name: &str, whole: &str, state: &str, since: &str, metrics: u32| {
        json!({"name": name, "description": format!("About {whole}."), "state": state, "since": since,
            "metrics": metrics})
    };
    assert_eq!(
        said["alarms"],
        json!({"unread": [], "items": [
            alarm("SiteErrorsAlarm", "weir-test-SiteErrorsAlarm-7G8H9I", "ALARM", "2026-11-20T06:10:00.000Z", 2),
            alarm("IngestAgeAlarm", "weir-test-IngestAgeAlarm-4D5E6F", "INSUFFICIENT_DATA", "2026-11-19T14:53:20.500Z", 1),
            alarm("AdminsAlarm", "weir-test-AdminsAlarm-1A2B3C", "OK", "2026-11-18T11:06:40.000Z", 1),
        ]})
    );
    assert_eq!(
        said["queues"],
        json!({"unread": [], "items": [
            {"name": "notify-on-failure", "kind": "failed", "waiting": 1, "in_flight": 0},
            {"name": "ingest", "kind": "work", "waiting": 7, "in_flight": 2},
        ]})
    );
    assert_eq!(
        said["waiting"],
        json!({"unread": [], "items": [
            {"what": "deliveries", "count": 1, "more": false},
            {"what": "recalculations", "count": 1, "more": false},
            {"what": "jobs", "count": 0, "more": false},
        ]})
    );
    assert_eq!(said["tables"]["unread"], json!([]));
    let devices = &said["tables"]["items"][0];
    assert_eq!((&devices["name"], &devices["items"]), (&json!("devices"), &json!(2)), "{devices}");
    assert_eq!(said["tables"]["items"][1]["name"], "readings");
    assert_eq!(said["bill"]["dashboards"], 1);
}

#[tokio::test]
async fn what_waits_is_counted_up_to_a_hundred() {
    let world = World::new().await;
    for number in 0..100 {
        world.engine.put("devices", &undelivered(number));
    }
    let deliveries = |said: Value| said["waiting"]["items"][0].clone();
    let exactly = deliveries(system(&world.function()).await);
    assert_eq!(exactly["count"], 100, "{exactly}");
    world.engine.put("devices", &undelivered(100));
    assert_eq!(deliveries(system(&world.function()).await), json!({"what": "deliveries", "count": 100, "more": true}));
}

#[tokio::test]
async fn alarms_of_all_pages_are_there_and_their_number_is_bounded() {
    let world = World::new().await;
    world.cloud.pages_of(2);
    let said = system(&world.function()).await;
    assert_eq!(said["alarms"]["items"].as_array().unwrap().len(), 3);
    let asked: Vec<_> =
        world.cloud.asked().into_iter().filter(|(operation, _)| operation == "DescribeAlarms").collect();
    let body = json!({"AlarmNamePrefix": "weir-test-", "MaxRecords": 100});
    assert_eq!(asked[0].1, body);
    assert_eq!(asked[1].1["NextToken"], "2");
    let many = (0..20).map(|number| alarm(&format!("weir-test-A{number:02}Alarm-X"), "OK", 0.0, 0)).collect();
    let world = World { cloud: super::cloud::Cloud::new(many, &[]), ..World::new().await };
    world.cloud.pages_of(1);
    assert_eq!(system(&world.function()).await["alarms"]["items"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_part_that_cannot_be_read_takes_nothing_away_from_the_others() {
    for (fate, reason) in
        [(Fate::Refused(403), "refused"), (Fate::Refused(503), "unavailable"), (Fate::Lost, "unavailable")]
    {
        let world = World::new().await;
        world.cloud.fate("DescribeAlarms", Some(fate));
        let said = system(&world.function()).await;
        assert_eq!(said["alarms"], json!({"items": [], "unread": [{"name": "alarms", "reason": reason}]}), "{fate:?}");
        assert_eq!(said["queues"]["items"].as_array().unwrap().len(), 2);

        world.cloud.fate("DescribeAlarms", None);
        world.cloud.fate("GetQueueAttributes weir-test-ingest", Some(fate));
        let said = system(&world.function_of(["weir-test-devices", "weir-test-nowhere"])).await;
        assert_eq!(said["alarms"]["items"].as_array().unwrap().len(), 3);
        assert_eq!(said["queues"]["items"][0]["name"], "notify-on-failure");
        assert_eq!(said["queues"]["unread"], json!([{"name": "ingest", "reason": reason}]), "{fate:?}");
        assert_eq!(said["tables"]["items"][0]["name"], "devices");
        assert_eq!(said["tables"]["unread"], json!([{"name": "nowhere", "reason": "refused"}]));
    }
}

#[tokio::test]
async fn a_cloudwatch_that_never_answers_is_not_waited_for() {
    let world = World::new().await;
    world.cloud.fate("DescribeAlarms", Some(Fate::Waits));
    let said = tokio::time::timeout(Duration::from_secs(6), system(&world.function())).await.expect("an answer");
    assert_eq!(said["alarms"]["unread"], json!([{"name": "alarms", "reason": "unavailable"}]));
    assert_eq!(said["queues"]["unread"], json!([]));
}

#[tokio::test]
async fn a_complete_answer_is_given_again_for_ten_seconds_and_another_is_not() {
    let world = World::new().await;
    let function = world.function();
    let first = system(&function).await;
    assert_eq!(world.cloud.asked().len(), 3);
    world.clock.set(NOW.plus_seconds(9));
    assert_eq!(system(&function).await, first);
    assert_eq!(world.cloud.asked().len(), 0);
    world.clock.set(NOW.plus_seconds(10));
    world.cloud.fate("GetQueueAttributes", Some(Fate::Lost));
    let later = system(&function).await;
    assert_eq!(later["read_at"], "2026-11-20T06:24:54.123Z");
    assert_eq!(later["queues"]["items"], json!([]));
    world.cloud.asked();
    world.cloud.fate("GetQueueAttributes", None);
    assert_eq!(system(&function).await["queues"]["items"].as_array().unwrap().len(), 2);
    // A clock that was set back does not make an answer last.
    world.clock.set(NOW);
    world.cloud.asked();
    system(&function).await;
    assert_eq!(world.cloud.asked().len(), 3);
}

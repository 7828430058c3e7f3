//! Events of AWS IoT about jobs, reordered and repeated.

use serde_json::json;

use super::{JOB, World};

fn of_device(status: &str, number: u64) -> serde_json::Value {
    json!({"jobId": JOB, "thingArn": "arn:aws:iot:eu-central-1:123456789012:thing/board-old", "status": status,
        "executionNumber": number, "timestamp": 1_795_155_890, "statusDetails": {"reason": "checksum"}})
}

#[tokio::test]
async fn how_a_device_ended_is_written_down_once_however_often_it_is_told() {
    let world = World::recorded().await;
    let topic = format!("$aws/events/jobExecution/{JOB}/failed");
    for _ in 0..3 {
        assert_eq!(world.hear(&topic, &of_device("FAILED", 1)).await, "told");
    }
    world.hear(&topic, &of_device("SUCCEEDED", 2)).await;
    let events = world.engine.rows("events");
    let own: Vec<_> = events.iter().filter(|event| event["device"] == "board-old").collect();
    assert_eq!(own.len(), 2, "{own:?}");
    let failed = own.iter().find(|event| event["id"].as_str().unwrap().ends_with("1-failed")).unwrap();
    assert_eq!(
        (&failed["kind"], &failed["target"], &failed["detail"]),
        (&json!("job"), &json!(JOB), &json!("checksum"))
    );
}

#[tokio::test]
async fn the_end_of_a_job_is_written_down_once_and_what_comes_later_changes_nothing() {
    let world = World::recorded().await;
    let told = |status: &str| json!({"jobId": JOB, "status": status, "timestamp": 1_795_155_890});
    let topic = format!("$aws/events/job/{JOB}/completed");
    assert_eq!(world.hear(&topic, &told("COMPLETED")).await, "ended");
    assert!(world.cloud.groups().is_empty(), "its group is gone");
    for late in ["COMPLETED", "CANCELED"] {
        assert_eq!(world.hear(&topic, &told(late)).await, "known");
    }
    assert_eq!(world.read(&json!(JOB)).await["state"], "COMPLETED");
    assert_eq!(world.told().iter().filter(|id| id.ends_with("-ended")).count(), 1);
}

#[tokio::test]
async fn jobs_of_others_are_ignored() {
    let world = World::recorded().await;
    let before = world.engine.rows("events");
    for (topic, id) in [("job/nightly/completed", "nightly"), ("job/x/completed", "1795155884123-00000000")] {
        let said = json!({"jobId": id, "status": "COMPLETED"});
        assert_eq!(world.hear(&format!("$aws/events/{topic}"), &said).await, "ignored");
    }
    assert_eq!(world.engine.rows("events"), before);
}

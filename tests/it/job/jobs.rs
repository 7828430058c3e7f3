//! Jobs over the API: their devices, the requests to AWS IoT, and how they end.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::cloud::Fate;
use super::{NOW, World, file, path};
use crate::http::ask::{Ask, body, status};

fn things(world: &World, id: &Value) -> Value {
    world.cloud.job(id.as_str().unwrap()).unwrap()["things"].clone()
}

#[tokio::test]
async fn aws_iot_is_asked_for_what_the_order_says() {
    let world = World::new().await;
    world.uploaded("1.4.2").await;
    let made = world
        .make(&json!({"firmware": "1.4.2", "target": {"devices": ["board-old"]}, "rollout_per_minute": 50,
            "abort_percent": 5, "timeout_minutes": 30}))
        .await;
    assert_eq!((&made["state"], &made["devices"], &made["skipped"]), (&json!("IN_PROGRESS"), &json!(1), &json!(0)));
    let job = world.cloud.job(made["id"].as_str().unwrap()).unwrap();
    let (size, sha256, _) = file();
    let document: Value = serde_json::from_str(job["document"].as_str().unwrap()).unwrap();
    let url = format!(
        "${{aws:iot:s3-presigned-url:https://s3.eu-central-1.amazonaws.com/weir-test-firmware/firmware/1.4.2/{sha256}}}"
    );
    let expected = json!({"operation": "firmware", "version": "1.4.2", "sha256": sha256, "size": size, "force": false, "url": url});
    assert_eq!(document, expected);
    assert_eq!(job["targetSelection"], "SNAPSHOT");
    assert_eq!(job["presignedUrlConfig"]["expiresInSec"], 3600);
    assert_eq!(job["jobExecutionsRolloutConfig"]["maximumPerMinute"], 50);
    assert_eq!(job["timeoutConfig"]["inProgressTimeoutInMinutes"], 30);
    let criteria = &job["abortConfig"]["criteriaList"][0];
    let of = |name: &str| criteria[name].clone();
    assert_eq!((of("action"), of("failureType")), (json!("CANCEL"), json!("ALL")));
    assert_eq!((of("thresholdPercentage").as_f64(), of("minNumberOfExecutedThings")), (Some(5.0), json!(1)));
}

#[tokio::test]
async fn all_is_every_device_that_is_enabled_older_and_has_a_thing() {
    let world = World::new().await;
    world.uploaded("1.4.2").await;
    let made = world.make(&json!({"firmware": "1.4.2", "target": "all"})).await;
    assert_eq!(things(&world, &made["id"]), json!(["board-old", "board-silent"]));
    assert_eq!((&made["devices"], &made["skipped"]), (&json!(2), &json!(3)));
    let forced = world.make(&json!({"firmware": "1.4.2", "target": "all", "force": true})).await;
    assert_eq!(things(&world, &forced["id"]), json!(["board-new", "board-old", "board-silent"]));
    let tube = world.make(&json!({"firmware": "1.4.2", "target": {"tube": "7"}})).await;
    assert_eq!(things(&world, &tube["id"]), json!(["board-old"]));
}

#[tokio::test]
async fn a_job_for_nobody_is_completed_at_once_and_leaves_nothing_behind() {
    let world = World::new().await;
    world.uploaded("1.4.2").await;
    let made = world.make(&json!({"firmware": "1.4.2", "target": {"tube": "8"}})).await;
    assert_eq!((&made["state"], &made["detail"]), (&json!("COMPLETED"), &json!("no device is to get it")));
    assert_eq!(world.cloud.jobs(), 0);
    world.sweep().await;
    assert!(world.cloud.groups().is_empty());
    assert_eq!(world.sweep().await, json!({"looked": 0, "failed": 0}));
}

#[tokio::test]
async fn a_device_that_is_in_as_many_groups_as_it_can_be_is_left_out_and_stops_nobody() {
    let world = World::new().await;
    world.uploaded("1.4.2").await;
    world.cloud.next("AddThingToThingGroup", Fate::Invalid);
    let made = world.make(&json!({"firmware": "1.4.2", "target": "all"})).await;
    assert_eq!((&made["state"], &made["devices"], &made["skipped"]), (&json!("IN_PROGRESS"), &json!(1), &json!(4)));
}

#[tokio::test]
async fn whoever_makes_a_job_does_not_wait_for_a_long_preparation() {
    let world = World::new().await;
    world.uploaded("1.4.2").await;
    world.cloud.next("AddThingToThingGroup", Fate::Waits);
    let begun = Instant::now();
    let made = world.make(&json!({"firmware": "1.4.2", "target": "all"})).await;
    assert_eq!(made["state"], "PREPARING");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(world.sweep().await, json!({"looked": 1, "failed": 0}));
    let read = world.read(&made["id"]).await;
    assert_eq!((&read["state"], &read["devices"], &read["skipped"]), (&json!("IN_PROGRESS"), &json!(2), &json!(3)));
}

#[tokio::test]
async fn a_large_fleet_is_gathered_page_by_page_and_each_device_is_counted_once() {
    let world = World::new().await;
    world.uploaded("1.4.2").await;
    for number in 0..230 {
        let id = format!("fleet-{number:03}");
        world
            .engine
            .put("devices", &json!({"id": id, "enabled": true, "sensors": [], "version": 1, "listed": "enabled"}));
        world.cloud.thing(&id);
    }
    // AWS IoT throttles in the middle, and once more.
    for _ in 0..3 {
        world.cloud.next("AddThingToThingGroup", Fate::Refused(429));
    }
    let mut made = world.make(&json!({"firmware": "1.4.2", "target": "all"})).await;
    for _ in 0..10 {
        if made["state"] != "PREPARING" {
            break;
        }
        world.later(60);
        world.sweep().await;
        made = body(&world.ask(Ask::new("GET", &path(&made["id"]))).await);
    }
    assert_eq!((&made["state"], &made["devices"], &made["skipped"]), (&json!("IN_PROGRESS"), &json!(232), &json!(3)));
    assert_eq!(things(&world, &made["id"]).as_array().unwrap().len(), 232);
}

#[tokio::test]
async fn the_same_key_is_the_same_job_and_another_request_with_it_is_refused() {
    let world = World::new().await;
    world.uploaded("1.4.2").await;
    let order = json!({"firmware": "1.4.2", "target": "all"});
    let keyed = |order: &Value| Ask::new("POST", "/fleet/jobs").header("idempotency-key", "k").json(order);
    let first = body(&world.ask(keyed(&order)).await);
    let again = world.ask(keyed(&order)).await;
    assert_eq!((status(&again), &body(&again)["id"]), (202, &first["id"]));
    let other = world.ask(keyed(&json!({"firmware": "1.4.2", "target": {"tube": "7"}}))).await;
    assert_eq!(status(&other), 422);
    assert_eq!(world.cloud.jobs(), 1);
    let without = world.make(&order).await;
    assert_ne!(without["id"], first["id"]);
    let at_once = futures_util::future::join_all(
        (0..10).map(|_| world.ask(Ask::new("POST", "/fleet/jobs").header("idempotency-key", "at-once").json(&order))),
    );
    let ids: std::collections::BTreeSet<_> =
        at_once.await.iter().map(|answer| body(answer)["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[tokio::test]
async fn cancelling_in_the_middle_cancels_in_aws_iot_and_says_who_did_it_once() {
    let world = World::recorded().await;
    let id = json!(super::JOB);
    let cancelled = world.cancel(&id).await;
    assert_eq!((status(&cancelled), &body(&cancelled)["state"]), (200, &json!("CANCELLED")));
    assert_eq!(world.cloud.job(super::JOB).unwrap()["status"], "CANCELED");
    let again = world.cancel(&id).await;
    assert_eq!(body(&again), body(&cancelled));
    let ended: Vec<_> = world.told().into_iter().filter(|id| id.ends_with("-ended")).collect();
    assert_eq!(ended.len(), 1);
    // Once more after a minute, for whoever was preparing it; then nothing is left.
    world.later(61);
    world.sweep().await;
    assert!(world.cloud.groups().is_empty());
    assert_eq!(world.sweep().await, json!({"looked": 0, "failed": 0}));
}

#[tokio::test]
async fn a_job_that_has_ended_cannot_be_cancelled() {
    let world = World::recorded().await;
    world.cloud.becomes(super::JOB, &json!({"status": "COMPLETED"}));
    // Reading it finds out.
    assert_eq!(world.read(&json!(super::JOB)).await["state"], "COMPLETED");
    let refused = world.cancel(&json!(super::JOB)).await;
    assert_eq!((status(&refused), &body(&refused)["type"]), (409, &json!("urn:weir:problem:transition")));
}

#[tokio::test]
async fn what_was_not_told_the_sweep_finds_out() {
    let world = World::recorded().await;
    world
        .cloud
        .becomes(super::JOB, &json!({"status": "CANCELED", "reasonCode": "ABORT_CANCEL", "comment": "too many"}));
    assert_eq!(world.sweep().await, json!({"looked": 0, "failed": 0}), "it looks every five minutes");
    world.later(301);
    assert_eq!(world.sweep().await, json!({"looked": 1, "failed": 0}));
    let row = world.engine.rows("jobs").into_iter().find(|row| row["row"] == super::JOB).unwrap();
    assert_eq!((&row["state"], &row["detail"]), (&json!("ABORTED"), &json!("too many")));
    assert!(row.get("due").is_none() && world.cloud.groups().is_empty());
}

#[tokio::test]
async fn a_job_that_is_open_for_thirty_days_is_cancelled() {
    let world = World::recorded().await;
    world.later(30 * 86_400);
    world.sweep().await;
    let read = world.read(&json!(super::JOB)).await;
    assert_eq!((&read["state"], &read["detail"]), (&json!("CANCELLED"), &json!("it was open for 30 days")));
    assert_eq!(world.cloud.job(super::JOB).unwrap()["status"], "CANCELED");
}

#[tokio::test]
async fn a_job_shows_how_many_devices_are_in_each_state_and_which() {
    let world = World::recorded().await;
    let counts = json!({"numberOfSucceededThings": 7, "numberOfFailedThings": 2, "numberOfTimedOutThings": 1});
    world.cloud.becomes(super::JOB, &json!({"jobProcessDetails": counts}));
    let read = world.read(&json!(super::JOB)).await;
    assert_eq!((&read["counts"]["succeeded"], &read["counts"]["failed"]), (&json!(7), &json!(2)));
    assert_eq!((&read["counts"]["timed_out"], &read["counts"]["queued"]), (&json!(1), &json!(0)));
    let one = &read["executions"]["items"][0];
    assert_eq!((&one["device"], &one["status"]), (&json!("board-old"), &json!("QUEUED")));
    assert_eq!(one["queued_at"], "2026-11-20T06:24:44.000Z");
    let list = body(&world.ask(Ask::new("GET", "/fleet/jobs")).await);
    assert_eq!(list["items"][0]["id"], super::JOB);
    assert_eq!(list["items"][0]["created_at"], "2026-11-20T06:24:44.123Z");
    assert_eq!(NOW.millis(), 1_795_155_884_123);
}

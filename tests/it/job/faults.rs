//! A job whose function is killed at every await, and whose requests to AWS IoT are lost or not answered: the sweep completes the remaining
//! work, AWS IoT has the job once, and each event exists once.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::lives::up_to;

use super::cloud::Fate;
use super::{World, path};
use crate::http::ask::{Ask, body, status};

/// More awaits than any of these calls has.
const MOST: usize = 400;

/// Hands the event to the function, which is killed at its await number `at`; the answer unless it was killed.
async fn killed(world: &World, event: Value, at: usize) -> Option<Value> {
    let function = world.function();
    up_to(at, Box::pin(async move { function.answer(event).await.unwrap() })).await
}

/// Lets the sweep do what is left.
async fn rest(world: &World) {
    for _ in 0..8 {
        world.later(301);
        world.sweep().await;
    }
    let due =
        world.engine.rows("jobs").into_iter().filter(|row| row.get("due").is_some() && row["state"] != "IN_PROGRESS");
    assert_eq!(due.collect::<Vec<_>>(), Vec::<Value>::new());
}

fn jobs(world: &World) -> Vec<Value> {
    world.engine.rows("jobs").into_iter().filter(|row| row["part"] == "job").collect()
}

/// Each event has an id of its own, and there is one that tells of the creation of each job.
fn check_events(world: &World) {
    let told = world.told();
    let unique: BTreeSet<_> = told.iter().collect();
    assert_eq!(unique.len(), told.len(), "{told:?}");
    for job in jobs(world) {
        let id = job["row"].as_str().unwrap();
        assert!(told.contains(&format!("job-{id}-created")), "{id}: {told:?}");
        let ended = told.contains(&format!("job-{id}-ended"));
        assert_eq!(ended, !["PREPARING", "IN_PROGRESS"].contains(&job["state"].as_str().unwrap()), "{job}");
    }
}

#[tokio::test]
async fn a_job_whose_creation_is_killed_anywhere_is_made_once() {
    let order = json!({"firmware": "1.4.2", "target": "all"});
    let mut seen = 0;
    for at in 1..MOST {
        let world = World::new().await;
        world.uploaded("1.4.2").await;
        let ask = || Ask::new("POST", "/fleet/jobs").header("idempotency-key", "once").json(&order).admin().event();
        let whole = killed(&world, ask(), at).await.is_some();
        // Whoever gets no answer asks again.
        let again = world.function().answer(ask()).await.unwrap();
        assert_eq!(status(&again), 202, "{again}");
        rest(&world).await;
        let all = jobs(&world);
        assert_eq!((all.len(), world.cloud.jobs()), (1, 1), "killed at {at}");
        assert_eq!(
            (&all[0]["state"], &all[0]["devices"], &all[0]["skipped"]),
            (&json!("IN_PROGRESS"), &json!(2), &json!(3))
        );
        let id = all[0]["row"].as_str().unwrap();
        assert_eq!(world.cloud.job(id).unwrap()["things"], json!(["board-old", "board-silent"]));
        check_events(&world);
        if whole {
            seen = at;
            break;
        }
    }
    assert!(seen > 5, "{seen} awaits");
}

#[tokio::test]
async fn a_job_whose_preparation_is_killed_anywhere_and_not_asked_for_again_is_made_by_the_sweep() {
    let order = json!({"firmware": "1.4.2", "target": "all"});
    for at in 1..MOST {
        let world = World::new().await;
        world.uploaded("1.4.2").await;
        let ask = Ask::new("POST", "/fleet/jobs").json(&order).admin().event();
        let whole = killed(&world, ask, at).await.is_some();
        rest(&world).await;
        let all = jobs(&world);
        assert_eq!(all.len(), world.cloud.jobs(), "killed at {at}: what is stored is made, and nothing else");
        assert!(all.iter().all(|job| job["state"] == "IN_PROGRESS" && job["devices"] == 2), "{all:?}");
        check_events(&world);
        if whole {
            assert_eq!(all.len(), 1);
            return;
        }
    }
    panic!("more than {MOST} awaits");
}

#[tokio::test]
async fn a_job_whose_cancellation_is_killed_anywhere_is_cancelled_on_both_sides_or_on_none() {
    for at in 1..MOST {
        let world = World::recorded().await;
        let ask = Ask::new("DELETE", &path(&json!(super::JOB))).admin().event();
        let whole = killed(&world, ask, at).await.is_some();
        rest(&world).await;
        let here = jobs(&world)[0]["state"].clone();
        let there = world.cloud.job(super::JOB).unwrap()["status"].clone();
        let both = [json!("CANCELLED"), json!("CANCELED")];
        assert!(
            [here.clone(), there.clone()] == both || (here == "IN_PROGRESS" && there == "IN_PROGRESS"),
            "{at}: {here} {there}"
        );
        if here == "CANCELLED" {
            assert!(world.cloud.groups().is_empty(), "killed at {at}");
            let ended =
                world.engine.rows("events").into_iter().find(|event| event["id"].as_str().unwrap().ends_with("-ended"));
            assert_eq!(ended.unwrap()["by"], "ada@example.org");
        }
        if whole {
            assert_eq!(here, "CANCELLED");
            return;
        }
    }
    panic!("more than {MOST} awaits");
}

#[tokio::test]
async fn a_job_that_is_cancelled_while_it_is_prepared_does_not_run_whoever_is_killed_where() {
    let order = json!({"firmware": "1.4.2", "target": "all"});
    for at in 1..MOST {
        let world = World::new().await;
        world.uploaded("1.4.2").await;
        let ask = Ask::new("POST", "/fleet/jobs").json(&order).admin().event();
        let whole = killed(&world, ask, at).await.is_some();
        if let Some(job) = jobs(&world).first() {
            let answer = world.cancel(&job["row"]).await;
            assert_eq!((status(&answer), &body(&answer)["state"]), (200, &json!("CANCELLED")), "killed at {at}");
            rest(&world).await;
            let there = world.cloud.job(job["row"].as_str().unwrap());
            assert!(there.is_none_or(|job| job["status"] == "CANCELED"), "killed at {at}");
            assert!(world.cloud.groups().is_empty(), "killed at {at}");
            check_events(&world);
        }
        if whole {
            return;
        }
    }
    panic!("more than {MOST} awaits");
}

#[tokio::test]
async fn a_job_that_was_made_goes_on_when_its_devices_have_the_firmware_at_the_repeat() {
    let world = World::new().await;
    world.uploaded("1.4.2").await;
    world.cloud.next("CreateJob", Fate::Unanswered);
    let made = world.make(&json!({"firmware": "1.4.2", "target": {"devices": ["board-old"]}})).await;
    assert_eq!((&made["state"], world.cloud.jobs()), (&json!("PREPARING"), 1));
    let mut board = world.engine.rows("devices").into_iter().find(|row| row["id"] == "board-old").unwrap();
    board["firmware"] = "1.4.2".into();
    world.engine.put("devices", &board);
    rest(&world).await;
    let read = world.read(&made["id"]).await;
    assert_eq!((&read["state"], &read["devices"]), (&json!("IN_PROGRESS"), &json!(0)));
    world.cloud.becomes(made["id"].as_str().unwrap(), &json!({"status": "COMPLETED"}));
    rest(&world).await;
    assert_eq!(world.read(&made["id"]).await["state"], "COMPLETED");
    check_events(&world);
}

#[tokio::test]
async fn an_end_that_is_heard_by_a_function_that_is_killed_anywhere_is_heard_again() {
    let (topic, said) =
        (format!("$aws/events/job/{}/completed", super::JOB), json!({"jobId": super::JOB, "status": "COMPLETED"}));
    for at in 1..MOST {
        let world = World::recorded().await;
        world.cloud.becomes(super::JOB, &json!({"status": "COMPLETED"}));
        let whole = killed(&world, super::told(&topic, &said), at).await.is_some();
        // Lambda delivers it again.
        world.hear(&topic, &said).await;
        rest(&world).await;
        assert_eq!(jobs(&world)[0]["state"], "COMPLETED", "killed at {at}");
        assert!(world.cloud.groups().is_empty(), "killed at {at}");
        check_events_of_recorded(&world);
        if whole {
            return;
        }
    }
    panic!("more than {MOST} awaits");
}

fn check_events_of_recorded(world: &World) {
    let ended = world.told().into_iter().filter(|id| id.ends_with("-ended")).count();
    assert_eq!(ended, 1);
}

#[tokio::test]
async fn whichever_request_to_aws_iot_goes_wrong_the_job_is_made_once() {
    let order = json!({"firmware": "1.4.2", "target": "all"});
    for operation in ["CreateThingGroup", "AddThingToThingGroup", "CreateJob"] {
        for fate in [Fate::Refused(429), Fate::Refused(500), Fate::Refused(403), Fate::Lost, Fate::Unanswered] {
            let world = World::new().await;
            world.uploaded("1.4.2").await;
            world.cloud.next(operation, fate);
            let made = world.make(&order).await;
            assert_eq!(made["state"], "PREPARING", "{operation} {fate:?}");
            rest(&world).await;
            let read = world.read(&made["id"]).await;
            assert_eq!(
                (&read["state"], &read["devices"], &read["skipped"]),
                (&json!("IN_PROGRESS"), &json!(2), &json!(3))
            );
            assert_eq!(world.cloud.jobs(), 1, "{operation} {fate:?}");
        }
    }
    for operation in ["CancelJob", "DeleteThingGroup"] {
        for fate in [Fate::Refused(429), Fate::Refused(500), Fate::Lost, Fate::Unanswered] {
            let world = World::recorded().await;
            world.cloud.next(operation, fate);
            assert_eq!(status(&world.cancel(&json!(super::JOB)).await), 200);
            rest(&world).await;
            assert_eq!(world.cloud.job(super::JOB).unwrap()["status"], "CANCELED", "{operation} {fate:?}");
            assert!(world.cloud.groups().is_empty(), "{operation} {fate:?}");
        }
    }
}

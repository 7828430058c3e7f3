//! Deleting a level: its problems and its monitoring are deleted with it, its history stays, and a concurrent report is not lost.

use std::sync::Arc;

use futures_util::future::{BoxFuture, join};
use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::events::event;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::wire::{Interlude, Outage};

use super::{World, ids};
use crate::http::ask::{Ask, status};

fn delete(id: &str) -> Ask {
    Ask::new("DELETE", &format!("/levels/{id}")).admin()
}

/// The problems as (id, status).
fn problems(world: &World) -> Vec<(String, String)> {
    let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    world.engine.rows("problems").iter().map(|row| (text(row, "problem_id"), text(row, "problem_status"))).collect()
}

fn expected(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(id, status)| ((*id).to_owned(), (*status).to_owned())).collect()
}

#[tokio::test]
async fn a_deleted_level_leaves_its_history_and_no_open_problem() {
    let world = World::operated().await;
    let history = world.engine.rows("readings");
    assert_eq!(status(&world.ask(delete("02")).await), 204);
    assert_eq!(ids(&world.get("/levels").await), ["01", "03", "04", "11"]);
    assert_eq!(status(&world.ask(Ask::new("GET", "/levels/02").admin()).await), 404);
    let left =
        expected(&[("0102", "RESOLVED"), ("0203", "RESOLVED"), ("0304", "RESOLVED"), ("11-silent", "UNRESOLVED")]);
    let mut found = problems(&world);
    found.sort();
    assert_eq!(found, left, "both problems of its pairs are over, and no other is touched");
    assert_eq!(world.get("/problems/0102").await["resolved_by"], "ada@example.org");
    assert_eq!(world.engine.rows("readings"), history, "its history stays");

    let before = (world.engine.rows("levels"), world.engine.rows("problems"));
    assert_eq!(status(&world.ask(delete("02")).await), 204, "again");
    assert_eq!((world.engine.rows("levels"), world.engine.rows("problems")), before, "changes nothing");

    assert_eq!(status(&world.ask(delete("11")).await), 204, "a silent one");
    assert_eq!(world.get("/problems/11-silent").await["problem_status"], "RESOLVED");
    let swept = world.functions.detector.answer(event("problem-detector", "sweep")).await.unwrap();
    assert_eq!((&swept["silent"], &swept["failed"]), (&0.into(), &0.into()), "nothing watches it any more");
}

#[tokio::test]
async fn a_level_that_reports_again_is_new_and_its_problems_open_again() {
    let world = World::operated().await;
    let before = world.engine.rows("levels").into_iter().find(|row| row["id"] == "02").unwrap();
    world.ask(delete("02")).await;
    world.functions.clock.set(NOW.plus_seconds(60));
    world.turned("02", 50, 30).await;
    let row = world.engine.rows("levels").into_iter().find(|row| row["id"] == "02").unwrap();
    assert_eq!(row["measurements"].as_array().unwrap().len(), 1);
    assert!(row["revision"].as_u64() > before["revision"].as_u64(), "no revision stands for two rows");
    let problem = world.get("/problems/0102").await;
    assert_eq!((&problem["problem_status"], &problem["episodes"]), (&"UNRESOLVED".into(), &2.into()));
}

#[tokio::test]
async fn only_the_version_that_was_seen_is_deleted_if_that_is_asked_for() {
    let world = World::operated().await;
    let answer = world.ask(Ask::new("GET", "/levels/02").admin()).await;
    let tag = answer["headers"]["etag"].as_str().unwrap().to_owned();
    world.report("02", 60, -10).await;
    assert_eq!(status(&world.ask(delete("02").header("if-match", &tag)).await), 412);
    assert_eq!(ids(&world.get("/levels").await).len(), 5);
}

/// A report between the read and the delete: the row is read again, and deleted with the report in it.
#[tokio::test]
async fn a_report_meanwhile_is_either_deleted_with_the_level_or_registers_it_again() {
    let world = World::operated().await;
    let other = Arc::new(Functions::over(&world.engine));
    let report = json!({"id": "02", "filling": 10, "ts": NOW.plus_seconds(-5).millis(), "received_at": NOW.millis()});
    let said = report.clone();
    let meanwhile = move || -> BoxFuture<'static, ()> {
        let (other, said) = (Arc::clone(&other), said.clone());
        Box::pin(async move {
            other.organizer.answer(said).await.unwrap();
        })
    };
    let between = Arc::new(Interlude::new("TransactWriteItems", 1, meanwhile));
    let functions = Functions::by(&world.engine, &world.engine.client_over(between.clone()), &Settings::default());
    assert_eq!(status(&functions.flow.answer(delete("02").event()).await.unwrap()), 204);
    assert!(world.engine.rows("levels").iter().all(|row| row["id"] != "02"));
    assert_eq!(between.left(), 0);

    // Both at once, many times: whatever wins, a level that is there has its report, and one that is gone no open problem.
    for round in 0..20 {
        let world = World::operated().await;
        let reporter = Functions::over(&world.engine);
        let asked = delete("02").event();
        let (answer, reported) =
            join(world.functions.flow.answer(asked), reporter.organizer.answer(report.clone())).await;
        assert_eq!((status(&answer.unwrap()), reported.is_ok()), (204, true), "round {round}");
        let there = world.engine.rows("levels").iter().any(|row| row["id"] == "02");
        let open =
            problems(&world).into_iter().filter(|(id, status)| id.contains("02") && status != "RESOLVED").count();
        assert!(there || open == 0, "round {round}: {:?}", problems(&world));
    }
}

#[tokio::test(start_paused = true)]
async fn a_delete_that_was_cut_off_is_finished_by_the_next() {
    let world = World::operated().await;
    let outage = Outage::of("TransactWriteItems", "weir-test-problems");
    let functions = Functions::by(&world.engine, &world.engine.client_over(outage.clone()), &Settings::default());
    assert!(status(&functions.flow.answer(delete("02").event()).await.unwrap()) >= 500);
    assert!(world.engine.rows("levels").iter().all(|row| row["id"] != "02"), "the row goes first");
    outage.end();
    assert_eq!(status(&functions.flow.answer(delete("02").event()).await.unwrap()), 204);
    let open = problems(&world).into_iter().filter(|(id, status)| id.contains("02") && status != "RESOLVED").count();
    assert_eq!(open, 0);
}

//! Changes by people are kept.

use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::functions::NOW;

use super::{problem, problems, set_up, turned};

/// A person changes the row, as the API does.
fn change(engine: &Engine, change: impl Fn(&mut Value)) {
    let mut row = engine.row("problems");
    change(&mut row);
    row["revision"] = (row["revision"].as_u64().unwrap() + 1).into();
    engine.put("problems", &row);
}

fn acknowledge(engine: &Engine) {
    change(engine, |row| {
        row["problem_status"] = "ACKNOWLEDGED".into();
        row["acknowledged_by"] = "ann".into();
        row["acknowledged_at"] = NOW.seconds().into();
        row["acknowledged_episode"] = row["history"][0]["began"].clone();
        row["note"] = "roots in the pipe".into();
    });
}

#[tokio::test]
async fn an_acknowledged_problem_stays_so_until_its_episode_is_over() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 50.0, -900).await;
    turned(&functions, "02", 0.0, -800).await;
    acknowledge(&engine);
    turned(&functions, "02", 100.0, -700).await;
    assert_eq!(problems(&engine), [problem("0102", "PROBLEM", "ACKNOWLEDGED", 1, -800)]);
    assert_eq!(engine.row("problems")["note"], "roots in the pipe");
    turned(&functions, "02", 50.0, -600).await;
    assert_eq!(problems(&engine), [problem("0102", "PROBLEM", "RESOLVED", 1, -800)]);
    turned(&functions, "02", 0.0, -500).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 2, -500)]);
}

#[tokio::test]
async fn an_acknowledged_problem_is_not_withdrawn_by_a_late_report() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -900).await;
    turned(&functions, "02", 50.0, -500).await;
    acknowledge(&engine);
    turned(&functions, "01", 50.0, -800).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "RESOLVED", 1, -500)]);
    assert_eq!(engine.row("problems")["acknowledged_by"], "ann");
}

#[tokio::test]
async fn a_problem_resolved_by_a_person_opens_again_only_by_a_later_report() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -900).await;
    turned(&functions, "02", 50.0, -800).await;
    change(&engine, |row| {
        row["problem_status"] = "RESOLVED".into();
        row["resolved_by"] = "ann".into();
        row["resolved_at"] = (NOW.seconds() - 800).into();
        row["history"][0]["ended"] = json!(NOW.plus_seconds(-800).millis());
        row["history"][0]["by"] = "ann".into();
    });
    let resolved = engine.row("problems");
    super::judged(&functions, &["01", "02"]).await;
    assert_eq!(engine.row("problems"), resolved);
    turned(&functions, "02", 0.0, -700).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 2, -700)]);
}

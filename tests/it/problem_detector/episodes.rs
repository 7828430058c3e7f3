//! How a problem opens, continues, closes and opens again.

use super::{judged, problem, problems, report, set_up, turned};
use weir_runtime::Function as _;

#[tokio::test]
async fn a_repeated_finding_changes_nothing() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -900).await;
    turned(&functions, "02", 50.0, -800).await;
    let opened = engine.row("problems");
    for (id, filling, seconds) in [("02", 50.0, -700), ("01", 100.0, -600), ("02", 50.0, -500)] {
        turned(&functions, id, filling, seconds).await;
    }
    assert_eq!(engine.row("problems"), opened);
}

#[tokio::test]
async fn a_worse_level_keeps_the_beginning() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -900).await;
    turned(&functions, "02", 50.0, -800).await;
    turned(&functions, "02", 0.0, -700).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 1, -800)]);
    assert_eq!(engine.row("problems")["following_value"], "0");
}

#[tokio::test]
async fn equal_levels_close_the_problem() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -900).await;
    turned(&functions, "02", 50.0, -800).await;
    turned(&functions, "02", 100.0, -700).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "RESOLVED", 1, -800)]);
    let row = engine.row("problems");
    assert_eq!((&row["resolved_by"], row["resolved_at"].as_i64()), (&"auto".into(), Some(1_795_155_885 - 700)));
    assert_eq!((&row["current_value"], &row["following_value"]), (&"100".into(), &"100".into()));
}

#[tokio::test]
async fn a_finding_after_the_end_is_a_new_episode() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -900).await;
    for (filling, seconds) in [(50.0, -800), (100.0, -700), (0.0, -600), (100.0, -500), (50.0, -400)] {
        turned(&functions, "02", filling, seconds).await;
    }
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 3, -400)]);
    let row = engine.row("problems");
    assert!(row["resolved_by"].is_null() && row["resolved_at"].is_null(), "it is open: {row}");
}

#[tokio::test]
async fn an_obstruction_that_turns_into_a_problem_is_the_same_episode() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 50.0, -900).await;
    turned(&functions, "02", 0.0, -800).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 1, -800)]);
    turned(&functions, "02", 100.0, -700).await;
    assert_eq!(problems(&engine), [problem("0102", "PROBLEM", "UNRESOLVED", 1, -800)]);
}

#[tokio::test]
async fn a_late_report_moves_the_beginning_or_withdraws_the_problem() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -900).await;
    turned(&functions, "02", 50.0, -500).await;
    turned(&functions, "02", 50.0, -700).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 1, -700)]);
    turned(&functions, "01", 50.0, -800).await;
    assert_eq!(problems(&engine), [], "01 had fallen to 50 before 02 did");
}

#[tokio::test]
async fn an_episode_outlives_the_24_measurements_and_stays_counted() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -9000).await;
    turned(&functions, "02", 100.0, -8999).await;
    for minute in 0..40 {
        turned(&functions, "01", 100.0, minute * 60 - 8900).await;
        turned(&functions, "02", 50.0, minute * 60 - 8890).await;
    }
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 1, -8890)]);
    turned(&functions, "02", 100.0, -1000).await;
    turned(&functions, "02", 50.0, -900).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 2, -900)]);
}

#[tokio::test]
async fn an_old_record_does_not_restore_an_old_state() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -900).await;
    turned(&functions, "02", 50.0, -800).await;
    turned(&functions, "02", 100.0, -700).await;
    let before = engine.rows("problems");
    // The recorded batch shows 02 at 50.
    functions.detector.answer(weir_tests::events::event("problem-detector", "changed")).await.unwrap();
    assert_eq!(engine.rows("problems"), before);
}

#[tokio::test]
async fn records_in_one_batch_or_late_lead_to_the_same_problems_as_one_by_one() {
    let stream = [("01", 100.0, -900), ("02", 50.0, -800), ("03", 50.0, -750), ("02", 100.0, -700), ("01", 0.0, -600)];
    let (one_by_one, functions) = set_up().await;
    for (id, filling, seconds) in stream {
        turned(&functions, id, filling, seconds).await;
    }
    let (together, functions) = set_up().await;
    for (id, filling, seconds) in stream {
        report(&functions, id, filling, seconds).await;
    }
    judged(&functions, &["03", "01", "02", "02", "01"]).await;
    assert_eq!(together.outcome(), one_by_one.outcome());
}

#[tokio::test]
async fn no_revision_ever_stands_for_two_problems_of_a_pair() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -900).await;
    turned(&functions, "02", 50.0, -500).await;
    let first = engine.row("problems")["revision"].as_u64().unwrap();
    turned(&functions, "01", 50.0, -800).await;
    assert_eq!(problems(&engine), [], "withdrawn");
    turned(&functions, "02", 0.0, -400).await;
    assert!(engine.row("problems")["revision"].as_u64().unwrap() > first);
}

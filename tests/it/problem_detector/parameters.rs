//! Tolerance, hysteresis and silence.

use weir_core::domain::problem::Rules;
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, Settings};

use super::{problem, problems, set_up, turned};

async fn set(settings: &Settings) -> (Engine, Functions) {
    let engine = Engine::start().await;
    let functions = Functions::by(&engine, &engine.client(), settings);
    (engine, functions)
}

#[tokio::test]
async fn levels_within_the_tolerance_count_as_equal() {
    let rules = Rules { tolerance: 5.0, ..Rules::default() };
    let (engine, functions) = set(&Settings { rules, ..Settings::default() }).await;
    turned(&functions, "01", 100.0, -900).await;
    turned(&functions, "02", 95.0, -800).await;
    assert_eq!(problems(&engine), []);
    turned(&functions, "02", 94.99, -700).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 1, -700)]);
    turned(&functions, "02", 95.5, -600).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "RESOLVED", 1, -700)]);
}

#[tokio::test]
async fn with_hysteresis_a_finding_opens_after_two_reports_and_closes_after_three() {
    let (engine, functions) = set(&Settings::after(2, 3)).await;
    turned(&functions, "01", 100.0, -900).await;
    let opened = problem("0102", "OBSTRUCTION", "UNRESOLVED", 1, -600);
    for (filling, seconds, expected) in [
        (50.0, -800, None),
        (100.0, -700, None),
        (50.0, -600, None),
        (50.0, -500, Some(&opened)),
        (100.0, -400, Some(&opened)),
        (100.0, -300, Some(&opened)),
        (50.0, -200, Some(&opened)),
        (100.0, -100, Some(&opened)),
        (100.0, -90, Some(&opened)),
    ] {
        turned(&functions, "02", filling, seconds).await;
        assert_eq!(problems(&engine).first(), expected, "after the report at {seconds}");
    }
    turned(&functions, "02", 100.0, -80).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "RESOLVED", 1, -600)]);
}

#[tokio::test]
async fn a_neighbour_that_has_been_silent_for_more_than_three_hours_is_not_compared() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -20_000).await;
    turned(&functions, "02", 50.0, -20_000 + 10_801).await;
    assert_eq!(problems(&engine), []);
    turned(&functions, "01", 100.0, -9000).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 1, -9000)], "it speaks again");
}

#[tokio::test]
async fn a_silence_does_not_close_a_problem() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -40_000).await;
    turned(&functions, "02", 50.0, -39_900).await;
    turned(&functions, "02", 100.0, -20_000).await;
    assert_eq!(problems(&engine), [problem("0102", "OBSTRUCTION", "UNRESOLVED", 1, -39_900)]);
}

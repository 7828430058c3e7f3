//! Which sensors are compared, and the result.

use serde_json::json;
use weir_aws::WriteOutcome;
use weir_aws::device::DeviceTable;
use weir_core::domain::device::{Calibrations, Device, Versions};
use weir_core::id::LevelId;
use weir_runtime::Function as _;
use weir_tests::engine::Engine;
use weir_tests::events::event;
use weir_tests::functions::{Functions, NOW};

use crate::device::{author, details, device};

use super::{judged, problem, problems, report, set_up, turned};

#[tokio::test]
async fn the_nine_rows_of_the_pair_table_hold() {
    let (ok, obstruction, rise) = (None, Some("OBSTRUCTION"), Some("PROBLEM"));
    for (current, following, expected) in [
        (100, 100, ok),
        (100, 50, obstruction),
        (100, 0, obstruction),
        (50, 100, rise),
        (50, 50, ok),
        (50, 0, obstruction),
        (0, 100, rise),
        (0, 50, rise),
        (0, 0, ok),
    ] {
        let (engine, functions) = set_up().await;
        report(&functions, "01", f64::from(current), -120).await;
        report(&functions, "02", f64::from(following), -60).await;
        functions.detector.answer(event("problem-detector", "changed")).await.unwrap();
        let Some(kind) = expected else {
            assert_eq!(engine.rows("problems"), [json!(null); 0], "{current} then {following}");
            continue;
        };
        let (began, began_ms) = (NOW.seconds() - 60, NOW.plus_seconds(-60).millis());
        let (current, following) = (current.to_string(), following.to_string());
        let episode = json!({"problem": kind, "began": began_ms, "changed": began_ms, "current": current, "following": following});
        let row = json!({"problem_id": "0102", "problem": kind, "problem_time": began, "problem_status": "UNRESOLVED",
            "current": "01", "following": "02", "current_value": current, "following_value": following,
            "updated_at": began, "episodes": 1, "history": [episode], "revision": 1 + 2 * NOW.millis(),
            "listed": "UNRESOLVED#1", "place": format!("{began:012}#0102")});
        assert_eq!(engine.row("problems"), row);
    }
}

#[tokio::test]
async fn a_change_judges_both_pairs_of_the_sensor() {
    let (engine, functions) = set_up().await;
    for (id, seconds) in [("01", -300), ("02", -299), ("03", -298)] {
        turned(&functions, id, 100.0, seconds).await;
    }
    assert_eq!(problems(&engine), []);
    report(&functions, "02", 50.0, -60).await;
    functions.detector.answer(event("problem-detector", "changed")).await.unwrap();
    let expected =
        [problem("0102", "OBSTRUCTION", "UNRESOLVED", 1, -60), problem("0203", "PROBLEM", "UNRESOLVED", 1, -60)];
    assert_eq!(problems(&engine), expected);
}

#[tokio::test]
async fn a_sensor_without_a_neighbour_has_no_problem() {
    let (engine, functions) = set_up().await;
    for id in ["02", "04", "12", "103"] {
        turned(&functions, id, f64::from(u8::from(id == "02")) * 100.0, -60).await;
    }
    assert_eq!(problems(&engine), []);
}

#[tokio::test]
async fn numbers_of_different_widths_are_not_neighbours() {
    let (engine, functions) = set_up().await;
    turned(&functions, "09", 100.0, -60).await;
    turned(&functions, "010", 0.0, -50).await;
    assert_eq!(problems(&engine), []);
    turned(&functions, "A009", 100.0, -60).await;
    turned(&functions, "A010", 0.0, -50).await;
    assert_eq!(problems(&engine), [problem("A009A010", "OBSTRUCTION", "UNRESOLVED", 1, -50)]);
}

#[tokio::test]
async fn links_of_the_registry_take_precedence_over_the_numbering() {
    let engine = Engine::start().await;
    engine.link("02", &["05", "11"]);
    engine.link("07", &[]);
    let functions = Functions::over(&engine);
    for (id, seconds) in [("02", -300), ("07", -299)] {
        turned(&functions, id, 100.0, seconds).await;
    }
    for (id, seconds) in [("03", -200), ("05", -199), ("11", -198), ("08", -197)] {
        turned(&functions, id, 0.0, seconds).await;
    }
    let expected = [("0205", -199), ("0211", -198)].map(|(id, at)| problem(id, "OBSTRUCTION", "UNRESOLVED", 1, at));
    assert_eq!(problems(&engine), expected, "02 flows into 05 and 11, not into 03; after 07 there is nothing");
}

#[tokio::test]
async fn several_sensors_that_flow_into_one_are_each_compared_with_it() {
    let engine = Engine::start().await;
    for (from, to) in [("02", "21"), ("14", "21"), ("007", "21")] {
        engine.link(from, &[to]);
    }
    let functions = Functions::over(&engine);
    for (id, filling, seconds) in [("02", 100.0, -300), ("14", 50.0, -299), ("007", 0.0, -298), ("21", 50.0, -100)] {
        turned(&functions, id, filling, seconds).await;
    }
    let expected =
        [problem("007-21", "PROBLEM", "UNRESOLVED", 1, -100), problem("0221", "OBSTRUCTION", "UNRESOLVED", 1, -100)];
    assert_eq!(problems(&engine), expected);
    turned(&functions, "21", 0.0, -50).await;
    let statuses: Vec<_> = problems(&engine).into_iter().map(|problem| (problem.0, problem.2)).collect();
    let expected = [("007-21", "RESOLVED"), ("0221", "UNRESOLVED"), ("1421", "UNRESOLVED")];
    assert_eq!(statuses, expected.map(|(id, status)| (id.to_owned(), status.to_owned())));
}

#[tokio::test]
async fn ids_of_different_widths_do_not_collide() {
    let engine = Engine::start().await;
    engine.link("01", &["023"]);
    engine.link("010", &["23"]);
    let functions = Functions::over(&engine);
    for (id, filling, seconds) in [("01", 100.0, -300), ("010", 0.0, -299), ("023", 50.0, -298), ("23", 50.0, -297)] {
        turned(&functions, id, filling, seconds).await;
    }
    let expected =
        [problem("01-023", "OBSTRUCTION", "UNRESOLVED", 1, -298), problem("010-23", "PROBLEM", "UNRESOLVED", 1, -297)];
    assert_eq!(problems(&engine), expected);
}

#[tokio::test]
async fn a_changed_link_is_seen_after_a_minute_and_not_before() {
    let (engine, functions) = set_up().await;
    turned(&functions, "01", 100.0, -300).await;
    engine.link("01", &["05"]);
    report(&functions, "05", 0.0, -200).await;
    functions.clock.set(NOW.plus_seconds(59));
    judged(&functions, &["05"]).await;
    assert_eq!(problems(&engine), []);
    functions.clock.set(NOW.plus_seconds(60));
    judged(&functions, &["05"]).await;
    assert_eq!(problems(&engine), [problem("0105", "OBSTRUCTION", "UNRESOLVED", 1, -200)]);
}

#[tokio::test]
async fn links_of_a_disabled_device_are_ignored() {
    let engine = Engine::start().await;
    let devices = DeviceTable::new(engine.client(), engine.name("devices"));
    for (id, enabled, after) in [("old", false, json!(["05"])), ("new", true, json!(["07"])), ("off", false, json!([]))]
    {
        let details = details(&json!({"enabled": enabled, "level_id": "03", "followed_by": after}));
        let new = Device::new(device(id), details, Calibrations::new(), Versions::default(), author());
        assert_eq!(devices.write(&new, weir_aws::device::Deliver::NOTHING).await.unwrap(), WriteOutcome::Done);
    }
    let sensor: LevelId = "03".parse().unwrap();
    let following = devices.topology().await.unwrap().following(&sensor);
    assert_eq!(following.iter().map(LevelId::as_str).collect::<Vec<_>>(), ["07"]);
}

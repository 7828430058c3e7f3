//! The life of a problem: changes by people, by reports, and by both at once.

use std::sync::Arc;
use weir_runtime::Function as _;
use weir_tests::pump::{Pump, stream_record};

use futures_util::future::{BoxFuture, join_all};
use serde_json::{Value, json};
use weir_tests::engine::Engine;
use weir_tests::faults::{Fault, Faults};
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::wire::Interlude;

use super::World;
use crate::http::ask::{Ask, body, id_token, status};

const ANN: &str = "ada@example.org";

fn at(seconds: i64) -> Value {
    (NOW.seconds() + seconds).into()
}

/// A world where `0102` has been obstructed for 800 s.
async fn obstructed() -> World {
    let world = World::new().await;
    world.turned("01", 100, -900).await;
    world.turned("02", 50, -800).await;
    world
}

fn acknowledge() -> Value {
    json!({"problem_status": "ACKNOWLEDGED"})
}

fn resolve() -> Value {
    json!({"problem_status": "RESOLVED"})
}

#[tokio::test]
async fn a_problem_has_the_documented_form_from_its_beginning_to_its_end() {
    let world = obstructed().await;
    let mut shown = json!({"problem_id": "0102", "problem": "OBSTRUCTION", "problem_time": at(-800),
        "problem_status": "UNRESOLVED", "current": "01", "following": "02", "current_value": "100", "following_value": "50",
        "updated_at": at(-800), "episodes": 1});
    assert_eq!(world.get("/problems/0102").await, shown);

    let noted = json!({"problem_status": "ACKNOWLEDGED", "note": " roots in the pipe "});
    shown["problem_status"] = "ACKNOWLEDGED".into();
    shown["acknowledged_by"] = ANN.into();
    shown["acknowledged_at"] = at(0);
    shown["note"] = "roots in the pipe".into();
    assert_eq!(world.patch("0102", &noted).await, shown);
    assert_eq!(world.get("/problems/0102").await, shown);

    world.turned("02", 100, -100).await;
    shown["problem_status"] = "RESOLVED".into();
    shown["following_value"] = "100".into();
    shown["updated_at"] = at(-100);
    shown["resolved_by"] = "auto".into();
    shown["resolved_at"] = at(-100);
    assert_eq!(world.get("/problems/0102").await, shown);
}

#[tokio::test]
async fn a_level_has_the_documented_form() {
    let world = obstructed().await;
    world.turned("02", 33, -700).await;
    let measurements = json!([{"filling": "50", "dt": at(-800)}, {"filling": "33", "dt": at(-700)}]);
    let shown = json!({"id": "02", "last_value": "33", "last_update": at(-700), "measurements": measurements});
    assert_eq!(world.get("/levels/02").await, shown);
    assert_eq!(world.get("/levels").await["items"][1], shown);
}

#[tokio::test]
async fn a_report_that_contradicts_a_resolution_opens_a_new_episode() {
    let world = obstructed().await;
    world.turned("01", 100, -500).await;
    let resolved = world.patch("0102", &json!({"problem_status": "RESOLVED", "note": "flushed"})).await;
    assert_eq!((&resolved["resolved_by"], &resolved["resolved_at"]), (&json!(ANN), &at(0)));
    let row = world.engine.row("problems");
    // A repetition of a known report does not contradict the resolution, nor does an earlier report.
    for (id, filling, seconds) in [("01", 100, -500), ("02", 50, -600)] {
        world.turned(id, filling, seconds).await;
        assert_eq!(world.engine.row("problems"), row, "{id} at {seconds}");
    }
    world.turned("02", 50, -400).await;
    let again = world.get("/problems/0102").await;
    assert_eq!((&again["problem_status"], &again["episodes"]), (&json!("UNRESOLVED"), &json!(2)));
    assert_eq!((&again["problem_time"], &again["note"]), (&at(-400), &json!("flushed")));
    assert!(again.get("resolved_by").is_none() && again.get("acknowledged_by").is_none(), "{again}");
}

#[tokio::test]
async fn an_acknowledgement_is_of_its_episode_and_not_of_the_next() {
    let world = obstructed().await;
    world.patch("0102", &acknowledge()).await;
    world.turned("02", 100, -700).await;
    world.turned("02", 0, -600).await;
    let next = world.get("/problems/0102").await;
    assert_eq!((&next["problem_status"], &next["episodes"]), (&json!("UNRESOLVED"), &json!(2)));
    assert!(next.get("acknowledged_by").is_none(), "{next}");
    assert_eq!(world.patch("0102", &acknowledge()).await["problem_status"], "ACKNOWLEDGED");
}

#[tokio::test]
async fn a_silence_changes_like_any_other_problem() {
    let world = World::operated().await;
    let silent = world.get("/problems/11-silent").await;
    assert_eq!((&silent["problem"], &silent["problem_time"]), (&json!("SILENT"), &at(-20_000)));
    assert!(silent.get("following").is_none() && silent.get("following_value").is_none(), "{silent}");
    assert_eq!(world.patch("11-silent", &acknowledge()).await["problem_status"], "ACKNOWLEDGED");
    world.register("kloaka-11", Some("11")).await;
    let own = body(&world.ask(Ask::new("GET", "/problems?status=ACKNOWLEDGED").user("kloaka-11")).await);
    assert_eq!(super::ids(&own), ["11-silent"], "in the list of who sees the sensor");
    world.turned("11", 50, -10).await;
    let over = world.get("/problems/11-silent").await;
    assert_eq!((&over["problem_status"], &over["resolved_by"]), (&json!("RESOLVED"), &json!("auto")));
}

#[tokio::test]
async fn if_match_prevents_a_change_of_a_version_the_person_has_not_seen() {
    let world = obstructed().await;
    let read = world.ask(Ask::new("GET", "/problems/0102").admin()).await;
    let tag = read["headers"]["etag"].as_str().unwrap().to_owned();
    world.turned("02", 0, -700).await;
    let stale = Ask::new("PATCH", "/problems/0102").admin().header("if-match", &tag).json(&resolve());
    assert_eq!(status(&world.ask(stale).await), 412, "it has become worse since");
    let now = world.ask(Ask::new("GET", "/problems/0102").admin().header("if-none-match", &tag)).await;
    assert_eq!(status(&now), 200);
    let tag = now["headers"]["etag"].as_str().unwrap();
    let changed = world.ask(Ask::new("PATCH", "/problems/0102").admin().header("if-match", tag).json(&resolve())).await;
    assert_eq!(status(&changed), 200);
    assert_ne!(changed["headers"]["etag"], tag);
    let known = changed["headers"]["etag"].as_str().unwrap();
    let same = world.ask(Ask::new("GET", "/problems/0102").admin().header("if-none-match", known)).await;
    assert_eq!(status(&same), 304);
}

/// Functions, and an action of other functions right before their first such write.
async fn between(
    before: &'static str,
    act: impl Fn(Arc<Functions>) -> BoxFuture<'static, ()> + Send + Sync + 'static,
) -> (Arc<Engine>, Functions, Arc<Interlude>) {
    let engine = Arc::new(Engine::start().await);
    let other = Arc::new(Functions::over(&engine));
    let interlude = Arc::new(Interlude::new(before, 1, move || act(other.clone())));
    let functions = Functions::by(&engine, &engine.client_over(interlude.clone()), &Settings::default());
    (engine, functions, interlude)
}

async fn report(functions: &Functions, id: &str, filling: u8, seconds: i64) {
    let at = NOW.plus_seconds(seconds).millis();
    functions
        .organizer
        .answer(json!({"id": id, "filling": filling, "ts": at, "received_at": NOW.millis()}))
        .await
        .unwrap();
}

async fn judged(functions: &Functions, id: &str) {
    let record = stream_record("1", json!({"id": {"S": id}}));
    assert_eq!(
        functions.detector.answer(json!({"Records": [record]})).await.unwrap(),
        json!({"batchItemFailures": []})
    );
}

async fn patch(functions: &Functions, patch: &Value) -> Value {
    functions.flow.answer(Ask::new("PATCH", "/problems/0102").admin().json(patch).event()).await.unwrap()
}

#[tokio::test]
async fn a_change_overtaken_by_the_detector_applies_to_the_present_problem() {
    let closes = |other: Arc<Functions>| -> BoxFuture<'static, ()> {
        Box::pin(async move {
            report(&other, "02", 100, -700).await;
            judged(&other, "02").await;
        })
    };
    for (wish, expected) in [(acknowledge(), 409), (json!({"note": "seen"}), 200)] {
        let (engine, functions, interlude) = between("TransactWriteItems", closes).await;
        let before = Functions::over(&engine);
        report(&before, "01", 100, -900).await;
        report(&before, "02", 50, -800).await;
        judged(&before, "02").await;
        let answer = patch(&functions, &wish).await;
        assert_eq!((interlude.left(), status(&answer)), (0, expected), "{answer}");
        let row = engine.row("problems");
        assert_eq!((&row["problem_status"], &row["resolved_by"]), (&json!("RESOLVED"), &json!("auto")));
    }
}

#[tokio::test]
async fn a_detector_overtaken_by_a_person_judges_again_and_the_change_is_kept() {
    let acknowledges = |other: Arc<Functions>| -> BoxFuture<'static, ()> {
        Box::pin(async move { assert_eq!(status(&patch(&other, &acknowledge()).await), 200) })
    };
    let (engine, functions, interlude) = between("TransactWriteItems", acknowledges).await;
    let before = Functions::over(&engine);
    report(&before, "01", 100, -900).await;
    report(&before, "02", 50, -800).await;
    judged(&before, "02").await;
    report(&before, "02", 0, -700).await;
    judged(&functions, "02").await;
    assert_eq!(interlude.left(), 0);
    let row = engine.row("problems");
    assert_eq!((&row["problem_status"], &row["following_value"]), (&json!("ACKNOWLEDGED"), &json!("0")));
    assert_eq!(row["acknowledged_by"], ANN);
}

#[tokio::test]
async fn a_report_between_read_and_write_of_a_resolution_is_judged_after_it() {
    let turns = |other: Arc<Functions>| -> BoxFuture<'static, ()> {
        Box::pin(async move { report(&other, "02", 0, -700).await })
    };
    let (engine, functions, interlude) = between("TransactWriteItems", turns).await;
    let before = Functions::over(&engine);
    report(&before, "01", 100, -900).await;
    report(&before, "02", 50, -800).await;
    judged(&before, "02").await;
    assert_eq!(status(&patch(&functions, &resolve()).await), 200);
    assert_eq!(interlude.left(), 0);
    let wakes: Vec<_> = engine.rows("levels").iter().map(|row| (row["id"].clone(), row["judge"].clone())).collect();
    assert_eq!(wakes, [(json!("01"), json!(false)), (json!("02"), json!(true))], "the detector looks at once");
    judged(&before, "02").await;
    let row = engine.row("problems");
    assert_eq!((&row["problem_status"], &row["episodes"]), (&json!("UNRESOLVED"), &json!(2)));
}

#[tokio::test]
async fn of_concurrent_acknowledgements_one_succeeds_and_the_others_are_refused() {
    let world = obstructed().await;
    let ask = |number: u32| {
        let mut claims = id_token("[admin]", "");
        claims["email"] = format!("person-{number}@example.org").into();
        world.ask(Ask::new("PATCH", "/problems/0102").claims(Some(claims)).json(&acknowledge()))
    };
    let answers = join_all((0..10).map(ask)).await;
    let mut statuses: Vec<_> = answers.iter().map(status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200], vec![409; 9]].concat());
    let told = answers.iter().find(|answer| status(answer) == 409).map(body).unwrap();
    assert_eq!(told["detail"], "the problem is ACKNOWLEDGED: it cannot become ACKNOWLEDGED");
    let said = answers.iter().find(|answer| status(answer) == 200).map(body).unwrap();
    assert_eq!(world.get("/problems/0102").await, said, "who was told so is who is written");
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_recognised_as_its_own() {
    let engine = Engine::start().await;
    let before = Functions::over(&engine);
    report(&before, "01", 100, -900).await;
    report(&before, "02", 50, -800).await;
    judged(&before, "02").await;
    for seed in 0..20 {
        let faults = Faults::only(seed, 60, &[Fault::TimeoutAfter]);
        let functions = Functions::by(&engine, &engine.client_over(faults.clone()), &Settings::default());
        let note = json!({"note": format!("seed {seed}")});
        let answer = patch(&functions, &note).await;
        if status(&answer) == 200 {
            assert_eq!(body(&answer)["note"], note["note"]);
            assert_eq!(engine.row("problems")["note"], note["note"]);
        }
        assert!([200, 503].contains(&status(&answer)), "{answer}");
    }
    let answer = patch(&before, &acknowledge()).await;
    assert_eq!(status(&answer), 200);
}

#[tokio::test]
async fn a_repeated_level_contradicts_a_resolution() {
    let world = World::new().await;
    let mut pump = Pump::of(&world.engine);
    let detector = &world.functions.detector;
    world.report("01", 100, -1000).await;
    // Often enough that the organizer relies on the rows it remembers.
    for seconds in -940..-900 {
        world.report("02", 50, seconds).await;
        pump.run(async |event| detector.answer(event).await).await;
    }
    let woken = pump.calls.len();
    world.patch("0102", &json!({"problem_status": "RESOLVED"})).await;
    pump.run(async |event| detector.answer(event).await).await;
    assert_eq!(pump.calls.len(), woken, "a resolution is not a report");
    world.report("02", 50, -400).await;
    pump.run(async |event| detector.answer(event).await).await;
    let again = world.get("/problems/0102").await;
    assert_eq!((&again["problem_status"], &again["episodes"]), (&json!("UNRESOLVED"), &json!(2)));
    assert_eq!(again["problem_time"], NOW.seconds() - 400);
    world.report("02", 50, -300).await;
    pump.run(async |event| detector.answer(event).await).await;
    assert_eq!(pump.calls.len(), woken + 1, "the report after that is a repetition");
}

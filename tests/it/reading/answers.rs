//! The content of the responses: readings, intervals, the latest, and pages.

use serde_json::{Value, json};
use weir_core::domain::reading::{Quality, Reading};
use weir_runtime::Function as _;
use weir_tests::events::event;
use weir_tests::timestream_query::Recording;

use super::{SIX, World, reading};
use crate::http::ask::{Ask, body, status};

fn items(answer: &Value) -> Vec<Value> {
    assert_eq!(status(answer), 200, "{answer}");
    body(answer)["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_reading_says_all_that_is_known_of_it() {
    let world = World::new().await;
    let answer = world.get("/devices/buoy-01/readings?sensor=ph&sensor=do&limit=2").await;
    assert_eq!(answer["headers"]["vary"], "accept");
    let page = body(&answer);
    assert_eq!((&page["from"], &page["to"]), (&json!("2026-11-19T06:24:44.123Z"), &json!("2026-11-20T06:24:44.123Z")));
    let expected = json!([
        {"sensor": "do", "at": "2026-11-20T06:00:00.000Z", "value": 99.0, "unit": "mg/L", "quality": "out_of_range",
            "raw": 9900.0, "calibration": 1, "received_at": "2026-11-20T06:00:01.000Z"},
        {"sensor": "ph", "at": "2026-11-19T12:00:00.000Z", "value": 6.5, "unit": "pH", "quality": "good",
            "raw": 650.0, "calibration": 1, "received_at": "2026-11-19T12:00:01.000Z"},
    ]);
    assert_eq!(page["items"], expected);
}

#[tokio::test]
async fn pages_follow_one_another_by_next_and_by_link() {
    let world = World::new().await;
    let whole = items(&world.get("/devices/buoy-01/readings").await);
    assert_eq!(whole.len(), 27, "all sensors that the device has, and not the one it had");
    let (mut all, mut path) = (Vec::new(), "/devices/buoy-01/readings?limit=10".to_owned());
    for page in 0..3 {
        let answer = world.get(&path).await;
        all.extend(items(&answer));
        let link = answer["headers"]["link"].as_str().map(str::to_owned);
        assert_eq!(link.is_some(), page < 2);
        let Some(link) = link else { break };
        let address = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).expect("a link");
        assert!(address.ends_with(&format!("limit=10&next={}", body(&answer)["next"].as_str().unwrap())), "{link}");
        path = address.to_owned();
        // What is new does not show: the span ends where it ended for the first page.
        world.registry.later(60);
        world.write(&[reading("buoy-01", "ph", SIX.plus_seconds(1_500 + page), 9.0, "pH")]).await;
    }
    assert_eq!(all, whole);
}

#[tokio::test]
async fn the_recorded_page_names_the_recorded_next_one() {
    let world = World::new().await;
    let answer = world.function().answer(event("reading", "points.page")).await.unwrap();
    let recorded = event("reading", "points.next");
    let next = body(&answer)["next"].as_str().unwrap().to_owned();
    assert_eq!(
        recorded["rawQueryString"],
        format!("sensor=ph&limit=2&next={next}"),
        "the recorded cursor is out of date"
    );
}

#[tokio::test]
async fn intervals_say_what_was_asked_of_what_counts() {
    let world = World::new().await;
    let answer = world.get("/devices/buoy-01/readings?every=1h&from=2026-11-19T00:00:00Z&agg=mean&agg=count,max").await;
    let expected = json!([
        {"sensor": "do", "at": "2026-11-20T06:00:00.000Z", "mean": null, "max": null, "count": 0, "unit": "", "quality": "out_of_range", "left_out": 1},
        {"sensor": "ph", "at": "2026-11-19T12:00:00.000Z", "mean": 6.5, "max": 6.5, "count": 1, "unit": "pH", "quality": "good", "left_out": 0},
        {"sensor": "ph", "at": "2026-11-20T06:00:00.000Z", "mean": 8.5, "max": 10.0, "count": 25, "unit": "pH", "quality": "good", "left_out": 0},
    ]);
    assert_eq!((&body(&answer)["items"], &body(&answer)["every"]), (&expected, &json!("1h")));
    let all = items(&world.get("/devices/buoy-01/readings?every=1h&sensor=ph").await);
    assert_eq!((&all[0]["min"], &all[0]["mean"]), (&json!(6.5), &json!(6.5)));
}

#[tokio::test]
async fn raw_numbers_and_calibrated_values_are_not_mixed() {
    let world = World::new().await;
    let raw = |minute: i64| Reading {
        quality: Quality::Uncalibrated,
        judge: false,
        calibration: 0,
        ..reading("buoy-01", "do", SIX.plus_seconds(60 * minute), 400.0, "mg/L")
    };
    world.write(&[raw(1), raw(2)]).await;
    let hour =
        || async { items(&world.get("/devices/buoy-01/readings?every=1h&sensor=do&agg=mean,count").await).remove(0) };
    let of_raw = hour().await;
    assert_eq!(
        (&of_raw["mean"], &of_raw["quality"], &of_raw["left_out"]),
        (&json!(400.0), &json!("uncalibrated"), &json!(1))
    );
    world.write(&[reading("buoy-01", "do", SIX.plus_seconds(180), 8.0, "mg/L")]).await;
    let of_good = hour().await;
    assert_eq!((&of_good["mean"], &of_good["quality"], &of_good["left_out"]), (&json!(8.0), &json!("good"), &json!(3)));
}

/// The sum of three doubles 0.1 is 0.30000000000000004, and a third of that above 0.1.
#[tokio::test]
async fn the_mean_is_never_above_the_maximum_in_any_interval_rollup_or_sheet() {
    let world = World::new().await;
    // A closed hour of a closed day, and one that is still open.
    for begin in [SIX.plus_seconds(-20 * 3_600), SIX] {
        for minute in 0..3 {
            world.write(&[reading("buoy-01", "do", begin.plus_seconds(60 + 60 * minute), 0.1, "mg/L")]).await;
        }
    }
    for every in ["5m", "1h", "1d", "2d"] {
        // The second time closed hours and days come from their rollups.
        for time in 0..2 {
            let path = format!("/devices/buoy-01/readings?every={every}&sensor=do&from=2026-11-18T00:00:00Z");
            let intervals = items(&world.get(&path).await);
            let counted: Vec<_> = intervals.iter().filter(|interval| interval["count"] != 0).collect();
            assert!(!counted.is_empty(), "{intervals:?}");
            for interval in counted {
                let values = ["min", "mean", "max"].map(|name| interval[name].as_f64());
                assert_eq!(values, [Some(0.1); 3], "{every}, time {time}: {interval}");
            }
            let csv = Ask::new("GET", &path).user("buoy-01").header("accept", "text/csv");
            let sheet = world.function().answer(csv.event()).await.unwrap();
            let rows = sheet["body"].as_str().unwrap();
            assert!(rows.contains(",do,0.1,0.1,0.1,"), "{every}, time {time}: {rows}");
        }
    }
}

#[tokio::test]
async fn a_flow_sensors_level_is_its_sensor_filling() {
    let world = World::new().await;
    for path in [
        "/devices/kloaka-03/readings",
        "/devices/kloaka-03/readings?sensor=filling",
        "/devices/kloaka-03/readings/latest",
    ] {
        let level = items(&world.get(path).await);
        assert_eq!(level.len(), 1, "{path}");
        assert_eq!(
            (&level[0]["sensor"], &level[0]["value"], &level[0]["unit"]),
            (&json!("filling"), &json!(50.0), &json!("%"))
        );
        assert!(level[0]["calibration"].is_null(), "there is none");
    }
    let day = items(&world.get("/devices/kloaka-03/readings?every=1d").await);
    assert_eq!((&day[0]["mean"], &day[0]["unit"]), (&json!(50.0), &json!("%")));
}

#[tokio::test]
async fn the_latest_is_one_for_each_sensor_that_has_any() {
    let world = World::new().await;
    let latest = items(&world.get("/devices/buoy-01/readings/latest").await);
    let seen: Vec<_> = latest.iter().map(|item| (item["sensor"].clone(), item["at"].clone())).collect();
    assert_eq!(
        seen,
        [(json!("do"), json!("2026-11-20T06:00:00.000Z")), (json!("ph"), json!("2026-11-20T06:24:00.000Z"))]
    );
    assert_eq!(items(&world.get("/devices/buoy-01/readings/latest?sensor=tds").await).len(), 1, "one it had");
}

#[tokio::test]
async fn over_timestream_it_answers_the_same_way() {
    let world = World::new().await;
    let columns = [
        ("sensor", "VARCHAR"),
        ("start", "TIMESTAMP"),
        ("quality", "VARCHAR"),
        ("n", "BIGINT"),
        ("total", "DOUBLE"),
        ("low", "DOUBLE"),
        ("high", "DOUBLE"),
    ];
    let row = json!(["ph", "2026-11-20 06:00:00.000000000", "good", 25, 212.5, 7.0, 10.0]);
    let timestream = Recording::of(vec![weir_tests::timestream_query::rows(&columns, &[row])]).await;
    let path = "/devices/buoy-01/readings?every=1h&from=2026-11-20T06:00:00Z&sensor=ph";
    let function = world.function_over(timestream.history());
    let theirs = function.answer(Ask::new("GET", path).user("buoy-01").event()).await.unwrap();
    assert_eq!(body(&theirs), body(&world.get(path).await));
    // A store that is busy is told as that.
    let busy = Recording::of(vec![weir_tests::timestream_query::refused("ThrottlingException", "slow down")]).await;
    let answer =
        world.function_over(busy.history()).answer(Ask::new("GET", path).user("buoy-01").event()).await.unwrap();
    assert_eq!((status(&answer), &answer["headers"]["retry-after"]), (503, &json!("2")));
}

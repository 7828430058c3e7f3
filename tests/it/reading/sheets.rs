//! CSV, as opened by a spreadsheet.

use serde_json::{Value, json};
use weir_runtime::Function as _;

use super::World;
use crate::http::ask::{Ask, status};

async fn sheet(world: &World, path: &str) -> (Vec<Vec<String>>, Value) {
    let ask = Ask::new("GET", path).user("buoy-01").header("accept", "text/csv");
    let answer = world.function().answer(ask.event()).await.unwrap();
    assert_eq!(status(&answer), 200, "{answer}");
    let text = answer["body"].as_str().unwrap().strip_prefix('\u{feff}').expect("the mark of UTF-8").to_owned();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let rows = reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect());
    (rows.collect(), answer["headers"].clone())
}

#[tokio::test]
async fn readings_are_rows_under_a_header() {
    let world = World::new().await;
    let (rows, headers) = sheet(&world, "/devices/buoy-01/readings").await;
    assert_eq!(rows.len(), 1 + 27);
    assert_eq!(rows[0], ["at", "sensor", "value", "unit", "quality", "raw", "calibration", "received_at"]);
    assert_eq!(
        rows[1],
        ["2026-11-20T06:00:00.000Z", "do", "99", "mg/L", "out_of_range", "9900", "1", "2026-11-20T06:00:01.000Z"]
    );
    assert_eq!(headers["content-type"], "text/csv; charset=utf-8; header=present");
    assert_eq!(headers["content-disposition"], "attachment; filename=\"buoy-01.csv\"");
    assert_eq!((&headers["vary"], &headers["link"]), (&json!("accept"), &Value::Null));
}

#[tokio::test]
async fn intervals_have_a_column_for_each_aggregate_that_was_asked_for() {
    let world = World::new().await;
    let (rows, _) = sheet(&world, "/devices/buoy-01/readings?every=1h&agg=count,mean").await;
    assert_eq!(rows[0], ["at", "sensor", "mean", "count", "unit", "quality", "left_out"]);
    assert_eq!(rows[1], ["2026-11-20T06:00:00.000Z", "do", "", "0", "", "out_of_range", "1"]);
    assert_eq!(rows[2][..4], ["2026-11-19T12:00:00.000Z", "ph", "6.5", "1"].map(str::to_owned));
}

#[tokio::test]
async fn the_next_page_stands_in_the_header_link() {
    let world = World::new().await;
    let (first, headers) = sheet(&world, "/devices/buoy-01/readings?limit=20").await;
    let link = headers["link"].as_str().unwrap();
    let path = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")).unwrap();
    let (second, headers) = sheet(&world, path).await;
    assert_eq!((first.len() - 1 + second.len() - 1, &headers["link"]), (27, &Value::Null));
    assert_eq!(first[0], second[0], "each page has the header, so each opens by itself");
}

#[tokio::test]
async fn a_unit_that_looks_like_a_formula_is_none() {
    let world = World::new().await;
    let (rows, _) = sheet(&world, "/devices/buoy-01/readings?sensor=tds").await;
    assert_eq!(rows[1][3], "'=ppm");
}

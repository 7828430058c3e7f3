//! The cost of a report: requests, and the size of the row.

use std::sync::Arc;

use serde_json::Value;
use weir_tests::engine::Engine;
use weir_tests::functions::{Functions, NOW, Settings};
use weir_tests::wire::Ledger;

use super::{handled, report};

/// The size of a row as DynamoDB counts it (developer guide, "DynamoDB item sizes and formats"): the UTF-8 bytes of names
/// and texts, about one byte per two digits of a number plus one, three bytes per list or map plus one per entry.
fn size(row: &Value) -> usize {
    match row {
        Value::String(text) => text.len(),
        Value::Number(number) => number.to_string().trim_start_matches('-').len().div_ceil(2) + 1,
        Value::Bool(_) | Value::Null => 1,
        Value::Array(items) => 3 + items.iter().map(|item| 1 + size(item)).sum::<usize>(),
        Value::Object(entries) => 3 + entries.iter().map(|(name, value)| 1 + name.len() + size(value)).sum::<usize>(),
    }
}

#[tokio::test]
async fn with_24_measurements_of_the_longest_texts_a_row_stays_under_a_kilobyte() {
    let engine = Engine::start().await;
    let functions = Functions::over(&engine);
    for second in 0..30 {
        // 10 digits, 5 letters and 3 digits: nothing is longer.
        let event = super::report_at(
            "0123456789",
            99.99 - f64::from(second) / 100.0,
            1_795_155_000_987 + i64::from(second) * 1000,
        );
        handled(&functions, event).await;
    }
    let mut row = engine.row("levels");
    assert!(row["measurements"].as_array().is_some_and(|kept| kept.len() == 24), "{row}");
    row["revision"] = u64::MAX.into();
    assert!(size(&row) < 1024, "{} bytes", size(&row));
}

#[tokio::test]
async fn a_report_reads_at_most_one_row_and_writes_one_however_long_the_past() {
    let engine = Engine::start().await;
    let ledger = Arc::new(Ledger::default());
    let functions = Functions::by(&engine, &engine.client_over(ledger.clone()), &Settings::default());
    for (place, seconds) in (0_u8..200).map(|place| (place, i64::from(place) * 60 - 90_000)) {
        // Some come late, which takes another kind of write.
        functions.clock.set(NOW.plus_seconds(seconds));
        let seconds = if place % 7 == 6 { seconds - 90 } else { seconds };
        handled(&functions, report("01", f64::from(place % 3) * 50.0, seconds)).await;
        let asked = ledger.operations();
        let kind = |name: &str| asked.iter().filter(|line| line.starts_with(name)).count();
        assert!(kind("Get") <= 1, "report {place}: {asked:?}");
        assert_eq!((kind("Put") + kind("Update"), kind("BatchExecute")), (1, 1), "report {place}: {asked:?}");
        assert!(asked.len() <= 3, "report {place}: {asked:?}");
    }
}

#[tokio::test]
async fn a_duplicate_is_read_and_not_written() {
    let engine = Engine::start().await;
    let ledger = Arc::new(Ledger::default());
    let functions = Functions::by(&engine, &engine.client_over(ledger.clone()), &Settings::default());
    handled(&functions, report("01", 100.0, 0)).await;
    ledger.take();
    handled(&functions, report("01", 100.0, 0)).await;
    assert_eq!(ledger.operations(), ["BatchExecuteStatement", "GetItem levels", "GetItem readings"]);
}

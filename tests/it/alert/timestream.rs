//! With the store Timestream, which has no stream, readings of sensors with alerts are also stored in the table `readings`.

use calibration::Calibration;
use serde_json::json;
use weir_aws::time_series::{ReadingTable, TimeSeries};
use weir_runtime::Function as _;
use weir_tests::functions::Functions;
use weir_tests::timestream::{Timestream, records};

use super::{World, message, problem};

/// `calibration`, which stores in Timestream, and writes what alerts have to judge to the table called `rows`.
fn calibration(world: &World, timestream: &std::sync::Arc<Timestream>, rows: &str) -> Calibration {
    let rows = ReadingTable::new(world.engine.client(), rows, "no rollups", 30);
    Functions::calibration_into(&world.engine, TimeSeries::Timestream(timestream.table().judged_in(rows)))
}

#[tokio::test]
async fn alerts_are_judged_and_other_readings_leave_no_row() {
    let (mut world, timestream) = (World::new().await, Timestream::willing());
    let calibration = calibration(&world, &timestream, &world.engine.name("readings"));
    for (sensor, value, seconds) in [("do", 5.0, -120), ("do", 3.5, -60), ("ph", 7.0, -60), ("do", 3.5, -60)] {
        let answer = calibration.answer(message(sensor, value, seconds)).await.unwrap();
        assert_eq!(answer, json!({"stored": 1, "duplicate": 0, "quarantined": 0}), "{sensor} {seconds}");
    }
    assert_eq!(timestream.take().iter().map(|request| records(request).len()).sum::<usize>(), 4);
    let rows: Vec<_> =
        world.engine.rows("readings").iter().map(|row| (row["sensor"].clone(), row["value"].clone())).collect();
    assert_eq!(rows, [(json!("buoy-01#do"), json!(5)), (json!("buoy-01#do"), json!(3.5))]);
    world.streamed().await;
    assert_eq!(world.problems(), [problem("UNRESOLVED", 1, -60)]);
    calibration.answer(message("do", 5.0, 0)).await.unwrap();
    world.streamed().await;
    assert_eq!(world.problems(), [problem("RESOLVED", 1, -60)]);
}

#[tokio::test]
async fn a_reading_whose_row_cannot_be_written_is_delivered_again_and_judged_then() {
    let (mut world, timestream) = (World::new().await, Timestream::willing());
    let broken = calibration(&world, &timestream, "no-such-table");
    assert!(broken.answer(message("do", 3.5, -60)).await.is_err());
    // The other sensor does not depend on it.
    assert!(broken.answer(message("ph", 7.0, -60)).await.is_ok());
    let whole = calibration(&world, &timestream, &world.engine.name("readings"));
    whole.answer(message("do", 3.5, -60)).await.unwrap();
    world.streamed().await;
    assert_eq!(world.problems(), [problem("UNRESOLVED", 1, -60)]);
}

#[tokio::test]
async fn of_two_numbers_for_one_instant_the_same_one_is_judged_in_either_order() {
    for numbers in [[3.5, 5.0], [5.0, 3.5]] {
        let (mut world, timestream) = (World::new().await, Timestream::willing());
        let calibration = calibration(&world, &timestream, &world.engine.name("readings"));
        for number in numbers {
            calibration.answer(message("do", number, -60)).await.unwrap();
        }
        world.streamed().await;
        // Of one reception the smaller number stays.
        assert_eq!(world.problems(), [problem("UNRESOLVED", 1, -60)], "{numbers:?}");
        assert_eq!(world.engine.rows("quarantine").len(), 1, "{numbers:?}");
    }
}

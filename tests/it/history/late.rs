//! Readings that arrive after their hour was aggregated: late, repeated, recalculated and conflicting ones.

use std::sync::Arc;

use weir_aws::time_series::{History, RollupTable, Span, Written};
use weir_core::domain::Timestamp;
use weir_core::domain::reading::{Quality, Reading};
use weir_tests::wire::Ledger;

use super::{DAY, HOUR, MIDNIGHT, World, ph, reading};

/// Wednesday's and Thursday's readings, one each ten minutes.
pub async fn two_days() -> World {
    let world = World::new().await;
    world.set(MIDNIGHT.plus_seconds(-DAY));
    let each = |place: i64| reading(MIDNIGHT.plus_seconds(-2 * DAY + 600 * place), 7.0 + (place % 40) as f64 / 8.0);
    let all: Vec<_> = (0..288).map(each).collect();
    for day in all.chunks(144) {
        // In time: within the hour after they were measured, as far as the clock tells.
        for hour in day.chunks(6) {
            world.set(hour[5].at);
            world.write(hour).await;
        }
    }
    assert!(world.engine.rows("rollups").is_empty(), "readings in time cost nothing");
    world.set(MIDNIGHT.plus_seconds(12 * HOUR));
    world
}

fn thursday(seconds: i64) -> Timestamp {
    MIDNIGHT.plus_seconds(-DAY + seconds)
}

#[tokio::test]
async fn closed_hours_and_days_are_aggregated_once_and_then_read_from_rollups() {
    let world = two_days().await;
    world.check("the first time").await;
    assert!(world.engine.rows("rollups").len() >= 48 + 2, "{:?}", world.engine.rows("rollups"));
    world.check("the second time").await;

    let ledger = Arc::new(Ledger::default());
    let history = History::DynamoDb(world.table(world.engine.client_over(ledger.clone()), 0));
    let span = Span { from: MIDNIGHT.plus_seconds(-2 * DAY), to: MIDNIGHT };
    for every in ["1h", "1d"] {
        let (buckets, _) = world.buckets_by(&history, span, every, 5_000).await;
        assert_eq!(buckets, world.oracle(span, every));
        assert_eq!(ledger.operations(), ["GetItem rollups", "Query rollups"], "{every}: only rollups are read");
    }
}

#[tokio::test]
async fn a_late_reading_shows_in_its_hour_and_its_day() {
    let world = two_days().await;
    world.check("before").await;
    world.write(&[reading(thursday(5 * HOUR + 1), 99.0)]).await;
    world.check("after").await;
    world.check("once more").await;
    // Two in one message, one of them alone in its hour; and one in a day of which nothing was known.
    world.write(&[reading(thursday(5 * HOUR + 2), 3.0), reading(thursday(-3 * DAY), 4.0)]).await;
    world.check("after the second").await;
}

#[tokio::test]
async fn readings_of_many_days_in_one_message_invalidate_the_series_at_once_and_show() {
    let world = two_days().await;
    world.check("before").await;
    let late: Vec<_> = (0..40).map(|day| reading(thursday(5 * HOUR + 3 - day * DAY), 99.0)).collect();
    let before = world.engine.rows("rollups").len();
    world.write(&late).await;
    let rows = world.engine.rows("rollups");
    let whole: Vec<_> = rows.iter().filter(|row| row["cell"] == "all").collect();
    assert_eq!((rows.len() - before, whole.len()), (1, 1), "one write instead of eighty");
    world.check("after").await;
    let span = Span { from: MIDNIGHT.plus_seconds(-60 * DAY), to: MIDNIGHT };
    for every in ["1h", "1d", "1h", "1d"] {
        assert_eq!(world.buckets(span, every).await, world.oracle(span, every), "{every}");
    }
    world.write(&[reading(thursday(6 * HOUR + 3), 98.0)]).await;
    world.check("one late reading after that").await;
}

#[tokio::test]
async fn a_repeated_reading_changes_nothing_and_its_rollups_are_stored_again() {
    let world = two_days().await;
    world.check("before").await;
    let again = reading(MIDNIGHT.plus_seconds(-2 * DAY), 7.0);
    assert_eq!(world.try_write(&world.engine.client(), &[again]).await, [Some(Written::Duplicate)]);
    world.check("after").await;
}

#[tokio::test]
async fn a_recalculated_reading_replaces_what_it_was() {
    let world = two_days().await;
    world.check("before").await;
    let old = reading(MIDNIGHT.plus_seconds(-2 * DAY + 600), 7.125);
    let new = Reading { calibration: 2, value: 50.0, quality: Quality::OutOfRange, ..old };
    world.write(&[new]).await;
    world.check("after").await;
    assert!(world.engine.rows("readings").iter().any(|row| row["calibration"] == 2));
}

#[tokio::test]
async fn a_reading_with_precedence_shows_instead_of_the_one_it_replaced() {
    let world = two_days().await;
    world.check("before").await;
    let old = reading(MIDNIGHT.plus_seconds(-2 * DAY + 600), 7.125);
    let other = Reading { raw: 1.0, value: 0.125, received_at: old.received_at.plus_seconds(-1), ..old.clone() };
    world.write(&[other]).await;
    world.check("after").await;
    assert_eq!(world.engine.rows("quarantine").len(), 1, "the replaced one is in quarantine");
}

#[tokio::test]
async fn an_hour_has_no_rollup_while_readings_can_still_come_in_time() {
    let world = World::new().await;
    let (hour, span) = (thursday(20 * HOUR), Span { from: thursday(0), to: MIDNIGHT });
    world.set(hour.plus_seconds(HOUR));
    world.write(&[reading(hour, 7.0)]).await;
    // The hour ends at 21:00; until 22:00 readings come in time, and clocks differ by up to ten minutes.
    for (seconds, kept) in [(2 * HOUR, 0), (2 * HOUR + 599, 0), (2 * HOUR + 600, 1)] {
        world.set(hour.plus_seconds(seconds));
        assert_eq!(world.buckets(span, "1h").await.len(), 1);
        let hours = world.engine.rows("rollups");
        let kept_hours: Vec<_> =
            hours.iter().filter(|row| row["cell"] == format!("hour#{:013}", hour.millis())).collect();
        assert_eq!(kept_hours.len(), kept, "{seconds} s after it began: {hours:?}");
        // One that comes an hour after the end of its hour is still in time: it costs nothing, and shows.
        if seconds == 2 * HOUR {
            world.write(&[reading(hour.plus_seconds(1), 8.0)]).await;
            assert!(world.engine.rows("rollups").is_empty());
        }
    }
    assert_eq!(world.buckets(span, "1h").await, world.oracle(span, "1h"));
}

#[tokio::test]
async fn other_writers_can_invalidate_rollups() {
    let world = two_days().await;
    world.check("before").await;
    let at = MIDNIGHT.plus_seconds(-2 * DAY + 600);
    let mut row = world.engine.rows("readings").into_iter().find(|row| row["at"] == at.millis()).unwrap();
    row["value"] = 1000.into();
    world.engine.put("readings", &row);
    let rollups = RollupTable::new(world.engine.client(), world.engine.name("rollups"), 0);
    rollups.invalidate([(&ph(), at)], world.now()).await.unwrap();
    world.check("after").await;
}

#[tokio::test]
async fn a_reading_in_time_costs_one_request_and_a_late_one_two_more_however_many_share_an_hour() {
    let world = World::new().await;
    let ledger = Arc::new(Ledger::default());
    let client = world.engine.client_over(ledger.clone());
    world.try_write(&client, &[reading(world.now(), 7.0)]).await;
    assert_eq!(ledger.operations(), ["BatchExecuteStatement"]);
    let late: Vec<_> = (0..10).map(|place| reading(thursday(5 * HOUR + place), 7.0)).collect();
    world.try_write(&client, &late).await;
    assert_eq!(ledger.operations(), ["BatchExecuteStatement", "UpdateItem rollups", "UpdateItem rollups"]);
}

#[tokio::test]
async fn aggregates_beyond_the_numbers_of_dynamodb_are_stored_all_the_same() {
    let world = World::new().await;
    let large: Vec<_> = (0..20).map(|place| Reading { raw: 1.0, ..reading(thursday(place), 9e125) }).collect();
    world.write(&large).await;
    let span = Span { from: thursday(0), to: MIDNIGHT };
    for _ in 0..2 {
        let buckets = world.buckets(span, "1d").await;
        assert_eq!(buckets[0].aggregates.good.count, 20);
        assert!(buckets[0].aggregates.good.sum > 1.7e127);
    }
    assert!(world.engine.rows("rollups").iter().any(|row| row["aggregates"].is_string()));
}

#[tokio::test]
async fn what_has_expired_is_shown_nowhere_although_its_row_is_still_there() {
    let world = two_days().await;
    let history = History::DynamoDb(world.table(world.engine.client(), 1));
    let span = Span { from: MIDNIGHT.plus_seconds(-5 * DAY), to: MIDNIGHT };
    let (buckets, _) = world.buckets_by(&history, span, "1h", 500).await;
    let alive = Span { from: world.now().plus_seconds(-DAY), ..span };
    assert_eq!(buckets, world.oracle(alive, "1h"));
    let points = history.points(&[ph()], span, None, 5_000, world.now()).await.unwrap().items;
    assert_eq!(points.first().map(|point| point.at), Some(alive.from));
    let row = world.engine.rows("rollups").into_iter().find(|row| !row["aggregates"].is_null()).unwrap();
    let start: i64 = row["cell"].as_str().unwrap().split_once('#').unwrap().1.parse().unwrap();
    assert_eq!(row["expires_at"], start / 1000 + HOUR + DAY, "a rollup expires with the last of its readings");
}

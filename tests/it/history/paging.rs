//! Pages: every reading is on exactly one of them, even with concurrent writes, and the work for each page is limited.

use std::sync::Arc;

use serde_json::json;
use weir_aws::time_series::{Bucket, History, HistoryError, SeriesPosition, Span};
use weir_core::domain::Timestamp;
use weir_core::domain::every::Every;
use weir_core::domain::reading::{Reading, Series};
use weir_tests::engine::Engine;
use weir_tests::meter::Meter;
use weir_tests::wire::Ledger;

use super::{DAY, HOUR, MIDNIGHT, World, oracle, ph, reading, series};

/// Writes rows of `ph` straight into the table: for what would take a function minutes.
pub fn fill(engine: &Engine, from: Timestamp, count: i64, step_ms: i64) {
    fill_with(engine, &ph(), from, count, step_ms);
}

fn fill_with(engine: &Engine, of: &Series, from: Timestamp, count: i64, step_ms: i64) {
    let key = format!("{}#{}", of.device, of.sensor);
    let database = engine.database();
    for chunk in (0..count).collect::<Vec<_>>().chunks(25) {
        let put = |place: &i64| {
            let at = from.millis() + place * step_ms;
            let number = |number: String| json!({"N": number});
            let text = |text: &str| json!({"S": text});
            json!({"PutRequest": {"Item": {
                "sensor": text(&key), "at": number(at.to_string()), "received_at": number((at + 800).to_string()),
                "raw": number("412".into()), "value": number(format!("{}", 7.0 + (place % 80) as f64 / 8.0)), "unit": text("pH"),
                "calibration": number("1".into()), "quality": text("good")}}})
        };
        let puts: Vec<_> = chunk.iter().map(put).collect();
        let request = json!({"RequestItems": {engine.name("readings"): puts}});
        database.batch_write_item(serde_json::from_value(request).unwrap()).unwrap();
    }
}

async fn points(
    history: &History,
    of: &[Series],
    span: Span,
    limit: usize,
    now: Timestamp,
    mut between: impl AsyncFnMut(usize),
) -> Vec<Reading> {
    let (mut all, mut place, mut pages) = (Vec::new(), None::<SeriesPosition>, 0);
    loop {
        let page = history.points(of, span, place.as_ref(), limit, now).await.unwrap();
        assert!(page.items.len() <= limit);
        all.extend(page.items);
        pages += 1;
        between(pages).await;
        match page.next {
            Some(next) => place = Some(next),
            None => return all,
        }
    }
}

#[tokio::test]
async fn pages_put_together_are_the_whole_whatever_the_limit() {
    let world = World::new().await;
    let tmp = series("buoy-01", "tmp");
    let of = |series: &Series, minute: i64| Reading {
        series: series.clone(),
        ..reading(MIDNIGHT.plus_seconds(60 * minute), 7.0)
    };
    let all: Vec<_> = (0..30).map(|minute| of(&ph(), minute)).chain((0..7).map(|minute| of(&tmp, minute))).collect();
    world.write(&all).await;
    let both = [ph(), series("buoy-01", "rest"), tmp];
    let span = Span { from: MIDNIGHT, to: world.now() };
    for limit in [1, 2, 7, 30, 37, 38, 5_000] {
        assert_eq!(points(&world.history(), &both, span, limit, world.now(), async |_| ()).await, all, "limit {limit}");
    }
}

#[tokio::test]
async fn what_comes_in_between_two_pages_moves_nothing() {
    let world = World::new().await;
    let minute = |minute: i64| reading(MIDNIGHT.plus_seconds(60 * minute), 7.0);
    let all: Vec<_> = (0..40).map(minute).collect();
    world.write(&all).await;
    let span = Span { from: MIDNIGHT, to: MIDNIGHT.plus_seconds(HOUR) };
    let between = async |page: usize| {
        // One long before where the pages are, one that is on its way, and one after the span.
        let place = i64::try_from(page).unwrap();
        let before = Reading { at: MIDNIGHT.plus_seconds(place), ..minute(0) };
        world.write(&[before, minute(40 + place), minute(60 + place)]).await;
    };
    let seen = points(&world.history(), &[ph()], span, 10, world.now(), between).await;
    let mut instants: Vec<_> = seen.iter().map(|reading| reading.at).collect();
    instants.dedup();
    assert_eq!(instants.len(), seen.len(), "nothing comes twice");
    for reading in &all {
        assert!(instants.contains(&reading.at), "nothing is left out: {:?}", reading.at);
    }
    assert!(instants.iter().all(|at| *at < span.to), "nothing from after the span");
}

#[tokio::test]
async fn a_page_of_points_reads_what_it_shows_and_one_more() {
    let world = World::new().await;
    fill(&world.engine, MIDNIGHT.plus_seconds(-30 * DAY), 2_000, 60_000);
    let ledger = Arc::new(Ledger::default());
    let history = History::DynamoDb(world.table(world.engine.client_over(ledger.clone()), 0));
    let span = Span { from: Timestamp::EARLIEST, to: world.now() };
    history.points(&[ph()], span, None, 50, world.now()).await.unwrap();
    let asked = ledger.take();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].0.as_str(), &asked[0].1["Limit"]), ("Query", &json!(51)));
    history.latest(&[ph()], world.now()).await.unwrap();
    let asked = ledger.take();
    assert_eq!((asked.len(), &asked[0].1["Limit"], &asked[0].1["ScanIndexForward"]), (1, &json!(1), &json!(false)));
}

#[tokio::test]
async fn intervals_in_pages_are_the_whole_whatever_the_limit_and_the_width() {
    let world = World::new().await;
    // Three stretches of readings, months apart.
    for days in [200, 90, 2] {
        fill(&world.engine, MIDNIGHT.plus_seconds(-days * DAY + 5000), 300, 700_000);
    }
    let span = Span { from: MIDNIGHT.plus_seconds(-250 * DAY + 17), to: world.now() };
    for (every, limit) in
        [("1d", 1), ("1d", 2), ("1d", 500), ("3d", 2), ("1h", 50), ("5h", 13), ("45m", 100), ("366d", 1)]
    {
        let (buckets, _) = world.buckets_by(&world.history(), span, every, limit).await;
        assert_eq!(buckets, world.oracle(span, every), "every {every}, limit {limit}");
    }
}

#[tokio::test]
async fn years_without_readings_are_neither_read_nor_written_down() {
    let world = World::new().await;
    fill(&world.engine, MIDNIGHT.plus_seconds(-2 * DAY), 20, 3_600_000);
    let ledger = Arc::new(Ledger::default());
    let history = History::DynamoDb(world.table(world.engine.client_over(ledger.clone()), 0));
    let span = Span { from: Timestamp::EARLIEST, to: world.now() };
    for time in ["first", "second"] {
        let (buckets, pages) = world.buckets_by(&history, span, "1d", 5_000).await;
        assert_eq!((buckets.len(), pages), (1, 1), "the {time} time");
        let asked = ledger.take().len();
        assert!(asked <= 10, "{asked} requests the {time} time");
    }
    // 26 years of days, of which the month around the readings is written down.
    let kept = world.engine.rows("rollups").len();
    assert!((1..=33).contains(&kept), "{kept} rows");
}

/// A store that begins nothing new once a question has read a thousand rows, and what it asks.
fn bounded(world: &World) -> (History, Arc<Ledger>) {
    let ledger = Arc::new(Ledger::default());
    let table = world.table(world.engine.client_over(ledger.clone()), 0).reading_at_most(1_000);
    (History::DynamoDb(table), ledger)
}

#[tokio::test]
async fn a_request_that_would_read_too_much_answers_a_part_and_goes_on() {
    let world = World::new().await;
    // A reading each three minutes for seven days: 3,360 rows.
    fill(&world.engine, MIDNIGHT.plus_seconds(-8 * DAY), 3_360, 180_000);
    let (history, ledger) = bounded(&world);
    let span = Span { from: MIDNIGHT.plus_seconds(-9 * DAY), to: world.now() };
    // Of the whole week in one interval nothing can be shown before all of its days are known; each request gets further.
    for (every, most) in [("7d", 5), ("1d", 1), ("2h", 5), ("10m", 5)] {
        let (buckets, pages) = world.buckets_by(&history, span, every, 5_000).await;
        assert_eq!(buckets, world.oracle(span, every), "every {every}");
        let rows: usize =
            ledger.take().iter().filter(|(_, body)| body.to_string().contains("weir-test-readings")).count() * 62;
        assert!((1..=most).contains(&pages), "every {every}: {pages} pages");
        // Twice the bound, and the ends of what is asked, whose queries are counted as full ones.
        assert!(rows <= pages * 2_500, "every {every}: up to {rows} rows on {pages} pages");
    }
}

/// The intervals of several series page after page, and how many rows were read for a page at most.
async fn shared(world: &World, of: &[Series], budget: usize, span: Span, every: &str) -> (Vec<Bucket>, usize) {
    let meter = Arc::new(Meter::default());
    let table = world.table(world.engine.client_over(meter.clone()), 0).reading_at_most(budget);
    let (history, width) = (History::DynamoDb(table), Every::parse(every).unwrap());
    let (mut found, mut place, mut most) = (Vec::new(), None::<SeriesPosition>, 0);
    for _ in 0..100 {
        let answer = history.buckets(of, span, width, place.as_ref(), 500, world.now()).await.unwrap();
        most = most.max(meter.take().get("readings").map_or(0, |cost| cost.rows));
        found.extend(answer.items);
        match answer.next {
            Some(next) => place = Some(next),
            None => return (found, most),
        }
    }
    panic!("every {every}: the pages have no end, the next is {place:?}");
}

#[tokio::test]
async fn several_sensors_share_the_bound_and_each_is_shown_to_its_end() {
    let world = World::new().await;
    let all = ["co2", "do", "ec", "nh4", "ph", "rest", "tmp"].map(|code| series("buoy-01", code));
    for of in all.iter().filter(|of| of.sensor.as_str() != "rest") {
        fill_with(&world.engine, of, MIDNIGHT.plus_seconds(-2 * DAY + 7), 1_200, 180_000);
    }
    let span = Span { from: MIDNIGHT.plus_seconds(-2 * DAY + 4_321), to: world.now() };
    for every in ["3d", "1d", "2h", "10m"] {
        let truth: Vec<_> = all.iter().flat_map(|of| oracle(&world.engine, of, span, every)).collect();
        let (found, most) = shared(&world, &all, 1_000, span, every).await;
        assert_eq!(found, truth, "every {every}");
        assert!(most <= 2_500, "every {every}: {most} rows on one page");
    }
}

#[tokio::test]
async fn pages_come_to_an_end_also_while_two_days_of_one_interval_are_open() {
    let world = World::new().await;
    // Yesterday is not closed before 01:10.
    world.set(MIDNIGHT.plus_seconds(3_900));
    let both = ["ph", "tmp"].map(|code| series("buoy-01", code));
    for of in &both {
        fill_with(&world.engine, of, MIDNIGHT.plus_seconds(-2 * DAY), 2 * 1_440 + 65, 60_000);
    }
    for (every, back) in [("2d", DAY), ("2d", 4 * DAY), ("7d", 4 * DAY)] {
        let span = Span { from: MIDNIGHT.plus_seconds(-back), to: world.now().plus_seconds(DAY) };
        let truth: Vec<_> = both.iter().flat_map(|of| oracle(&world.engine, of, span, every)).collect();
        assert_eq!(shared(&world, &both, 1_500, span, every).await.0, truth, "every {every}");
    }
}

#[tokio::test]
async fn an_interval_with_more_readings_than_a_request_may_read_is_refused() {
    let world = World::new().await;
    // Two a second.
    fill(&world.engine, MIDNIGHT.plus_seconds(-HOUR), 3_000, 500);
    let span = Span { from: MIDNIGHT.plus_seconds(-HOUR), to: MIDNIGHT };
    let (history, _) = bounded(&world);
    let hour = Every::parse("1h").unwrap();
    let answer = history.buckets(&[ph()], span, hour, None, 500, world.now()).await;
    assert!(matches!(answer, Err(HistoryError::TooDense { ref sensor, .. }) if *sensor == ph().sensor), "{answer:?}");
    assert_eq!(world.buckets_by(&history, span, "1m", 500).await.0, world.oracle(span, "1m"));
}

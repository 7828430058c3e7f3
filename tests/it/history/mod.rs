//! Queries of the time-series store: both stores answer the same, and the rollups of closed hours and days are the aggregates of
//! their readings, also after late, repeated, recalculated and concurrent ones.

mod cases;
mod conform;
mod killed;
mod late;
mod paging;
mod timestream;
mod year;

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use weir_aws::quarantine::QuarantineTable;
use weir_aws::time_series::{
    Bucket, History, HistoryPage, QuarantineWriter, ReadingTable, SeriesPosition, Span, TimeSeries, Written,
};
use weir_core::domain::Timestamp;
use weir_core::domain::aggregate::Aggregates;
use weir_core::domain::every::Every;
use weir_core::domain::reading::{Quality, Reading, Series};
use weir_runtime::clock::SetClock;
use weir_tests::engine::Engine;

/// Friday, 2026-11-20T00:00Z.
pub const MIDNIGHT: Timestamp = Timestamp::from_millis(1_795_132_800_000);
pub const HOUR: i64 = 3_600;
pub const DAY: i64 = 86_400;

pub fn series(device: &str, sensor: &str) -> Series {
    Series { device: device.parse().unwrap(), sensor: sensor.parse().unwrap() }
}

pub fn ph() -> Series {
    series("buoy-01", "ph")
}

/// A good reading of `ph`; values in eighths add up exactly.
pub fn reading(at: Timestamp, value: f64) -> Reading {
    Reading {
        series: ph(),
        at,
        received_at: at.plus_seconds(1),
        raw: value * 100.0,
        value,
        unit: "pH".into(),
        calibration: 1,
        quality: Quality::Good,
        judge: false,
    }
}

/// A store with a clock.
pub struct World {
    pub engine: Engine,
    pub clock: Arc<SetClock>,
}

impl World {
    /// An empty one at noon of the Friday.
    pub async fn new() -> Self {
        Self { engine: Engine::start().await, clock: Arc::new(SetClock::new(MIDNIGHT.plus_seconds(12 * HOUR))) }
    }

    pub fn table(&self, client: Client, keep_days: i64) -> ReadingTable {
        ReadingTable::new(client, self.engine.name("readings"), self.engine.name("rollups"), keep_days)
    }

    pub fn history(&self) -> History {
        History::DynamoDb(self.table(self.engine.client(), 0))
    }

    pub fn set(&self, now: Timestamp) {
        self.clock.set(now);
    }

    pub fn now(&self) -> Timestamp {
        weir_runtime::clock::Clock::now(self.clock.as_ref())
    }

    /// Writes as functions do, over that client.
    pub async fn try_write(&self, client: &Client, readings: &[Reading]) -> Vec<Option<Written>> {
        let store = TimeSeries::DynamoDb(self.table(client.clone(), 0));
        let table = QuarantineTable::new(self.engine.client(), self.engine.name("quarantine"), 30);
        let message = |some: &[(&Series, Timestamp, f64)]| (some[0].0.device.to_string(), Vec::new());
        let quarantine = QuarantineWriter {
            table: &table,
            clock: self.clock.as_ref(),
            function: "calibration",
            message,
            replayed: &[],
            origins: &Default::default(),
        };
        store.write(readings, &quarantine).await.into_iter().map(Result::ok).collect()
    }

    /// Writes readings, all of which must be new.
    pub async fn write(&self, readings: &[Reading]) {
        let written = self.try_write(&self.engine.client(), readings).await;
        assert!(written.iter().all(|written| *written == Some(Written::Stored)), "{written:?}");
    }

    /// The aggregates of `ph`, page by page.
    pub async fn buckets(&self, span: Span, every: &str) -> Vec<Bucket> {
        self.buckets_by(&self.history(), span, every, 5_000).await.0
    }

    /// The same with another history and limit, with the number of pages.
    pub async fn buckets_by(&self, history: &History, span: Span, every: &str, limit: usize) -> (Vec<Bucket>, usize) {
        let (mut all, mut place, mut pages) = (Vec::new(), None::<SeriesPosition>, 0);
        loop {
            let every = Every::parse(every).unwrap();
            let page = history.buckets(&[ph()], span, every, place.as_ref(), limit, self.now()).await.unwrap();
            let HistoryPage { items, next } = page;
            assert!(items.len() <= limit);
            all.extend(items);
            pages += 1;
            assert!(pages < 10_000, "the pages have no end");
            match next {
                Some(next) => place = Some(next),
                None => return (all, pages),
            }
        }
    }

    /// The expected aggregates of `ph`, calculated from the rows of the table.
    pub fn oracle(&self, span: Span, every: &str) -> Vec<Bucket> {
        oracle(&self.engine, &ph(), span, every)
    }

    /// Compares the hours and days of the days before the Friday with the expected aggregates.
    pub async fn check(&self, what: &str) {
        let span = Span { from: MIDNIGHT.plus_seconds(-3 * DAY - 1234), to: MIDNIGHT.plus_seconds(DAY) };
        for every in ["1h", "1d", "7d", "20m"] {
            assert_eq!(self.buckets(span, every).await, self.oracle(span, every), "{what}, every {every}");
        }
    }
}

/// The expected aggregates of a series, calculated from the rows of the table.
pub fn oracle(engine: &Engine, of: &Series, span: Span, every: &str) -> Vec<Bucket> {
    let every = Every::parse(every).unwrap();
    let mut intervals = std::collections::BTreeMap::<Timestamp, Aggregates>::new();
    for row in engine.rows("readings") {
        let at = Timestamp::from_millis(row["at"].as_i64().unwrap());
        if row["sensor"] == format!("{}#{}", of.device, of.sensor) && span.from <= at && at < span.to {
            let quality = Quality::of_code(row["quality"].as_str().unwrap()).unwrap();
            intervals
                .entry(every.floor(at))
                .or_insert(Aggregates::NONE)
                .of(quality)
                .add(row["value"].as_f64().unwrap());
        }
    }
    intervals.into_iter().map(|(start, aggregates)| Bucket { sensor: of.sensor.clone(), start, aggregates }).collect()
}

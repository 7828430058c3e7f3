//! The cost of querying a year of minutes: `cargo test --workspace --test it a_year -- --ignored --nocapture`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use weir_aws::time_series::{History, Span};
use weir_tests::wire::{Answer, Ledger, Request, Wire};

use super::paging::fill;
use super::{DAY, MIDNIGHT, World};

/// Counts what is asked, and answers as late as an AWS that is some milliseconds away.
#[derive(Debug)]
struct Away {
    ledger: Arc<Ledger>,
    delay: Duration,
}

impl Wire for Away {
    fn carry(self: Arc<Self>, request: Request) -> futures_util::future::BoxFuture<'static, Answer> {
        Box::pin(async move {
            tokio::time::sleep(self.delay).await;
            Arc::clone(&self.ledger).carry(request).await
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "fills a table with 525,600 readings, which takes minutes"]
async fn a_year_of_minutes_is_asked_for_by_days_in_bounded_steps_and_then_at_once() {
    let world = World::new().await;
    let filled = Instant::now();
    fill(&world.engine, MIDNIGHT.plus_seconds(-365 * DAY), 525_600, 60_000);
    println!("525,600 readings in the table after {:.0?}", filled.elapsed());
    let span = Span { from: MIDNIGHT.plus_seconds(-365 * DAY), to: MIDNIGHT };
    for every in ["1d", "1h"] {
        for time in ["the first time", "the second time"] {
            let ledger = Arc::new(Ledger::default());
            let wire = Arc::new(Away { ledger: ledger.clone(), delay: Duration::from_millis(5) });
            let history = History::DynamoDb(world.table(world.engine.client_over(wire), 0));
            let begun = Instant::now();
            let (buckets, pages) = world.buckets_by(&history, span, every, 5_000).await;
            let took = begun.elapsed();
            let (mut readings, mut rollups, mut writes) = (0, 0, 0);
            for (operation, body) in ledger.take() {
                let of_readings =
                    |body: &Value| body["TableName"].as_str().is_some_and(|name| name.ends_with("-readings"));
                match operation.as_str() {
                    "Query" if of_readings(&body) => readings += 1,
                    "Query" => rollups += 1,
                    _ => writes += 1,
                }
            }
            println!(
                "every {every}, {time}: {} intervals on {pages} pages in {took:.2?}; requests: {readings} for readings, {rollups} for rollups, {writes} to store rollups",
                buckets.len()
            );
            assert_eq!(buckets.iter().map(|bucket| bucket.aggregates.count()).sum::<u64>(), 525_600);
        }
    }
}

//! Races between writers of readings and queries that aggregate them, and processes that are killed between any two steps.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use proptest::prelude::*;
use weir_aws::time_series::{History, Span, Written};
use weir_core::domain::every::Every;
use weir_core::domain::reading::Reading;
use weir_tests::wire::{Answer, Interlude, Ledger, Outage, Request, Wire, refusal};

use super::late::two_days;
use super::{DAY, HOUR, MIDNIGHT, World, ph, reading};

/// A day that was never queried, so that it is aggregated now.
fn span() -> Span {
    Span { from: MIDNIGHT.plus_seconds(-2 * DAY), to: MIDNIGHT }
}

/// A late reading is stored, and its message answered, right before a step of a query that aggregates.
async fn stored_before(step: &'static str, table: &'static str, late: fn() -> Vec<Reading>) {
    let world = Arc::new(two_days().await);
    let (storing, done) = (Arc::clone(&world), Arc::new(Mutex::new(false)));
    let flag = Arc::clone(&done);
    let wire = Arc::new(Between {
        operation: step,
        table,
        act: Box::new(move || {
            let (world, flag) = (Arc::clone(&storing), Arc::clone(&flag));
            Box::pin(async move {
                if !std::mem::replace(&mut *flag.lock().unwrap(), true) {
                    world.write(&late()).await;
                }
            })
        }),
    });
    let history = History::DynamoDb(world.table(world.engine.client_over(wire), 0));
    world.buckets_by(&history, span(), "1d", 500).await;
    assert!(*done.lock().unwrap(), "nothing came before {step} {table}");
    world.check(&format!("stored before {step} {table}")).await;
}

/// Does something before each request of a kind.
struct Between {
    operation: &'static str,
    table: &'static str,
    act: Box<dyn Fn() -> BoxFuture<'static, ()> + Send + Sync>,
}

impl std::fmt::Debug for Between {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Between")
    }
}

impl Wire for Between {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            if request.operation() == self.operation && request.body().to_string().contains(self.table) {
                (self.act)().await;
            }
            request.deliver().await
        })
    }
}

#[tokio::test]
async fn a_reading_stored_between_any_two_steps_of_a_query_is_in_the_rollup_or_there_is_no_rollup() {
    let one = || vec![reading(MIDNIGHT.plus_seconds(-5 * HOUR - 7), 99.0)];
    // Enough days for the whole series to be invalidated at once.
    let many = || (0..40).map(|day| reading(MIDNIGHT.plus_seconds(-5 * HOUR - 7 - day * DAY), 99.0)).collect();
    for late in [one, many] {
        for (step, table) in
            [("GetItem", "rollups"), ("Query", "rollups"), ("Query", "readings"), ("BatchExecuteStatement", "rollups")]
        {
            stored_before(step, table, late).await;
        }
    }
}

#[tokio::test]
async fn the_same_holds_for_a_rollup_that_was_invalidated_before() {
    let world = Arc::new(two_days().await);
    world.check("before").await;
    world.write(&[reading(MIDNIGHT.plus_seconds(-5 * HOUR - 8), 98.0)]).await;
    let storing = Arc::clone(&world);
    let act = move || -> BoxFuture<'static, ()> {
        let world = Arc::clone(&storing);
        Box::pin(async move { world.write(&[reading(MIDNIGHT.plus_seconds(-5 * HOUR - 7), 99.0)]).await })
    };
    // The row with its invalidation count exists now, so the aggregates are written to it.
    let wire = Arc::new(Interlude::new("UpdateItem", 1, act));
    let history = History::DynamoDb(world.table(world.engine.client_over(wire.clone()), 0));
    world.buckets_by(&history, span(), "1d", 500).await;
    assert_eq!(wire.left(), 0, "the aggregates were to be written to the row");
    world.check("after").await;
}

#[tokio::test]
async fn a_rollup_stored_between_the_reading_and_its_invalidation_is_invalidated() {
    let world = Arc::new(two_days().await);
    let asking = Arc::clone(&world);
    // A query aggregates the day after the reading was stored, and before the writer invalidates its rollup.
    let act = move || -> BoxFuture<'static, ()> {
        let world = Arc::clone(&asking);
        Box::pin(async move { world.check("in between").await })
    };
    let wire = Arc::new(Interlude::new("UpdateItem", 1, act));
    let client = world.engine.client_over(wire.clone());
    world.try_write(&client, &[reading(MIDNIGHT.plus_seconds(-5 * HOUR - 7), 99.0)]).await;
    assert_eq!(wire.left(), 0);
    world.check("after").await;
}

#[tokio::test(start_paused = true)]
async fn a_writer_that_ends_right_after_storing_is_made_good_by_the_next_delivery() {
    let world = two_days().await;
    world.check("before").await;
    let late = reading(MIDNIGHT.plus_seconds(-5 * HOUR - 7), 99.0);
    let outage = Outage::of("UpdateItem", "rollups");
    let written = world.try_write(&world.engine.client_over(outage), std::slice::from_ref(&late)).await;
    assert_eq!(written, [None], "the message has to be delivered again");
    let buckets = world.buckets(span(), "1d").await;
    assert_ne!(buckets, world.oracle(span(), "1d"), "until then the old rollup is shown");
    assert_eq!(world.try_write(&world.engine.client(), &[late]).await, [Some(Written::Duplicate)]);
    world.check("after").await;
}

#[tokio::test(start_paused = true)]
async fn only_readings_whose_rollup_was_not_invalidated_are_delivered_again() {
    let world = two_days().await;
    let (late, fresh) = (reading(MIDNIGHT.plus_seconds(-5 * HOUR), 99.5), reading(world.now(), 8.0));
    let outage = Outage::of("UpdateItem", "rollups");
    let written = world.try_write(&world.engine.client_over(outage), &[fresh, late]).await;
    assert_eq!(written, [Some(Written::Stored), None]);
}

#[tokio::test(start_paused = true)]
async fn aggregates_that_cannot_be_stored_are_shown_all_the_same() {
    let world = two_days().await;
    let outage = Outage::of("BatchExecuteStatement", "rollups");
    let history = History::DynamoDb(world.table(world.engine.client_over(outage), 0));
    let (buckets, _) = world.buckets_by(&history, span(), "1d", 500).await;
    assert_eq!(buckets, world.oracle(span(), "1d"));
    assert!(world.engine.rows("rollups").is_empty());
}

/// A process that ends after a number of requests.
#[derive(Debug)]
struct Ends(Mutex<usize>);

impl Wire for Ends {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        let left = {
            let mut left = self.0.lock().unwrap();
            let before = *left;
            *left = before.saturating_sub(1);
            before
        };
        if left == 0 {
            return Box::pin(async { refusal(400, "ValidationException", "the process has ended") });
        }
        Box::pin(request.deliver())
    }
}

#[tokio::test]
async fn a_reader_that_ends_after_any_request_leaves_nothing_wrong_behind() {
    for requests in 0..8 {
        let world = two_days().await;
        let client = world.engine.client_over(Arc::new(Ends(Mutex::new(requests))));
        let history = History::DynamoDb(world.table(client, 0));
        let every = Every::parse("1h").unwrap();
        let _ = history.buckets(&[ph()], span(), every, None, 500, world.now()).await;
        world.write(&[reading(MIDNIGHT.plus_seconds(-5 * HOUR - 7), 99.0)]).await;
        world.check(&format!("after {requests} requests")).await;
    }
}

/// One step of a long story.
#[derive(Debug, Clone)]
enum Step {
    /// A reading of a number of seconds before, delivered by a process that may end after a number of requests.
    Write(i64, i16, u32, usize),
    /// A query, by a process that may end.
    Ask(&'static str, usize),
    /// Time passes.
    Wait(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3 * DAY / 900, -80..80_i16, 1..4_u32, prop_oneof![Just(100_usize), 0..3_usize]).prop_map(|(quarters, eighths, version, ends)| Step::Write(900 * quarters, eighths, version, ends)),
        3 => (prop_oneof![Just("1h"), Just("1d"), Just("2h")], prop_oneof![Just(100_usize), 0..6_usize]).prop_map(|(every, ends)| Step::Ask(every, ends)),
        1 => (1..3 * HOUR).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn rollups_are_the_aggregates_of_the_readings_whatever_happens_in_whatever_order(steps in prop::collection::vec(step(), 5..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            for step in &steps {
                match step {
                    Step::Write(before, eighths, version, ends) => {
                        // To the quarter of an hour, so that readings meet.
                        let at = weir_core::domain::Timestamp::from_millis(world.now().millis() / 900_000 * 900_000).plus_seconds(-before);
                        let mut sent = reading(at, f64::from(*eighths) / 8.0);
                        (sent.calibration, sent.received_at, sent.raw) = (*version, world.now(), 700.0 + f64::from(*version % 2));
                        let client = world.engine.client_over(Arc::new(Ends(Mutex::new(*ends))));
                        let written = world.try_write(&client, std::slice::from_ref(&sent)).await;
                        // What was not answered is delivered again, as often as it takes.
                        if written[0].is_none() {
                            assert!(world.try_write(&world.engine.client(), &[sent]).await[0].is_some());
                        }
                    }
                    Step::Ask(every, ends) => {
                        let client = world.engine.client_over(Arc::new(Ends(Mutex::new(*ends))));
                        let history = History::DynamoDb(world.table(client, 0));
                        let span = Span { from: MIDNIGHT.plus_seconds(-4 * DAY), to: world.now() };
                        let _ = history.buckets(&[ph()], span, Every::parse(every).unwrap(), None, 500, world.now()).await;
                    }
                    Step::Wait(seconds) => world.set(world.now().plus_seconds(*seconds)),
                }
            }
            world.check("at the end").await;
        });
    }
}

#[tokio::test]
async fn nothing_is_read_twice_while_it_is_aggregated() {
    let world = two_days().await;
    let ledger = Arc::new(Ledger::default());
    let history = History::DynamoDb(world.table(world.engine.client_over(ledger.clone()), 0));
    world.buckets_by(&history, span(), "1d", 500).await;
    assert_eq!(ledger.operations(), ["BatchExecuteStatement", "GetItem rollups", "Query readings", "Query rollups"]);
}

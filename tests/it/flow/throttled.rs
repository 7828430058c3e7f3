//! The response to a throttled or rejected write of the table `problems`.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use weir_runtime::Function as _;
use weir_tests::functions::{Functions, Settings};
use weir_tests::pump::stream_record;
use weir_tests::wire::{Answer, Request, Wire, answer};

use super::World;
use crate::http::ask::{Ask, status};

/// Cancels every transaction for this reason.
#[derive(Debug)]
struct Cancelling(&'static str);

impl Wire for Cancelling {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        if request.operation() != "TransactWriteItems" {
            return Box::pin(request.deliver());
        }
        let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
        let reasons = json!([{"Code": "None"}, {"Code": self.0, "Message": "x"}]);
        let refused = answer(400, &json!({"__type": kind, "message": "cancelled", "CancellationReasons": reasons}));
        Box::pin(async { refused })
    }
}

/// The pair `0102` with an obstruction, and functions whose transactions are cancelled for this reason.
async fn cancelled(reason: &'static str) -> (World, Functions) {
    let world = World::new().await;
    world.turned("01", 100, -900).await;
    world.turned("02", 50, -800).await;
    let client = world.engine.client_over(Arc::new(Cancelling(reason)));
    let functions = Functions::by(&world.engine, &client, &Settings::default());
    (world, functions)
}

#[tokio::test]
async fn a_resolution_is_answered_with_503_when_the_table_is_throttled_and_with_500_when_it_is_rejected() {
    for (reason, expected) in
        [("ThrottlingError", 503), ("ProvisionedThroughputExceeded", 503), ("ValidationError", 500)]
    {
        let (world, functions) = cancelled(reason).await;
        let before = world.engine.rows("problems");
        let resolve = Ask::new("PATCH", "/problems/0102").admin().json(&json!({"problem_status": "RESOLVED"}));
        let answer = functions.flow.answer(resolve.event()).await.unwrap();
        let retry_after = answer["headers"].get("retry-after").is_some();
        assert_eq!((status(&answer), retry_after), (expected, expected == 503), "{reason}: {answer}");
        assert_eq!(world.engine.rows("problems"), before, "{reason}");
    }
}

#[tokio::test]
async fn a_record_whose_verdict_is_throttled_is_delivered_again() {
    let (world, functions) = cancelled("ThrottlingError").await;
    world.report("02", 100, -700).await;
    let batch = json!({"Records": [stream_record("7", json!({"id": {"S": "02"}}))]});
    let answer: Value = functions.detector.answer(batch.clone()).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "7"}]}));
    let answer = world.functions.detector.answer(batch).await.unwrap();
    assert_eq!(answer, json!({"batchItemFailures": []}));
    assert_eq!(world.engine.row("problems")["problem_status"], "RESOLVED");
}

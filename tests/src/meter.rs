//! The cost of requests, as counted by the engine: read and write units of each table, including its indexes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::wire::{Answer, Request, Wire, answer, opened};

/// The cost of one table.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Requests that touched it.
    pub requests: usize,
    /// Units read.
    pub read: f64,
    /// Units written.
    pub written: f64,
    /// Keys that were requested, and rows that queries returned.
    pub rows: usize,
}

/// Records the consumed capacity of each request.
#[derive(Debug, Default)]
pub struct Meter {
    costs: Mutex<BTreeMap<String, Cost>>,
    reads: AtomicUsize,
}

impl Meter {
    /// The cost of each table since the previous call, by its short name.
    pub fn take(&self) -> BTreeMap<String, Cost> {
        std::mem::take(&mut *self.costs.lock().unwrap())
    }

    /// Number of read requests to all tables.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    fn note(&self, operation: &str, asked: &Value, answered: &Value) {
        let noun = |table: &str| table.rsplit('-').next().unwrap_or_default().to_owned();
        let reads = operation == "Query" || operation.contains("GetItem");
        self.reads.fetch_add(usize::from(reads), Ordering::SeqCst);
        let mut costs = self.costs.lock().unwrap();
        let consumed = &answered["ConsumedCapacity"];
        let all = consumed.as_array().map_or(std::slice::from_ref(consumed), Vec::as_slice);
        for one in all.iter().filter(|one| one.is_object()) {
            let cost = costs.entry(noun(one["TableName"].as_str().expect("a table"))).or_default();
            let units = one["CapacityUnits"].as_f64().expect("units");
            cost.requests += 1;
            if reads { cost.read += units } else { cost.written += units }
        }
        // "If a ConditionExpression evaluates to false, DynamoDB still consumes write capacity": one unit for rows below 1 KB.
        let refused = answered["__type"].as_str().is_some_and(|kind| kind.ends_with("ConditionalCheckFailedException"));
        if let (true, Some(table)) = (refused, asked["TableName"].as_str()) {
            costs.entry(noun(table)).or_default().written += 1.0;
        }
        // Each statement of a batch has a separate result; one that failed because of an existing or different row costs a unit as well.
        let (statements, answers) = (asked["Statements"].as_array(), answered["Responses"].as_array());
        for (statement, answer) in statements.into_iter().flatten().zip(answers.into_iter().flatten()) {
            let code = answer["Error"]["Code"].as_str().unwrap_or_default();
            let table = statement["Statement"].as_str().and_then(|text| text.split('"').nth(1));
            if let (true, Some(table)) = (["DuplicateItem", "ConditionalCheckFailed"].contains(&code), table) {
                costs.entry(noun(table)).or_default().written += 1.0;
            }
        }
        if let Some(tables) = asked["RequestItems"].as_object() {
            for (table, wanted) in tables {
                let keys = wanted["Keys"].as_array().map_or(0, Vec::len);
                costs.entry(noun(table)).or_default().rows += keys;
            }
        } else if let (true, Some(table)) = (reads, asked["TableName"].as_str()) {
            let rows = answered["Count"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(1);
            costs.entry(noun(table)).or_default().rows += rows;
        }
    }
}

impl Wire for Meter {
    fn carry(self: Arc<Self>, request: Request) -> BoxFuture<'static, Answer> {
        Box::pin(async move {
            let (operation, mut asked) = (request.operation().to_owned(), request.body());
            asked["ReturnConsumedCapacity"] = "INDEXES".into();
            let (status, body) = opened(request.with_body(&asked).deliver().await?).await;
            self.note(&operation, &asked, &body);
            answer(status, &body)
        })
    }
}

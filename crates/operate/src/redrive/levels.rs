//! Has all levels judged again, for stream records that Lambda has discarded.
//!
//! Lambda reports only the position of such records in the stream, which keeps them for a day. But the detector judges the stored rows, and
//! uses only the key of a record, so it is sent the key of every level once, page by page.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tooling::progress::Step;

use super::Target;

/// Records per batch, as in the template.
const BATCH: usize = 100;

/// Sends the keys of all levels of the stack to the detector.
///
/// # Errors
/// When the table cannot be read, or the detector does not accept a batch. It is always safe to start again.
pub(super) async fn judge(target: &Target, function: &str, step: &Step) -> Result<()> {
    let table = target.name("levels");
    let mut pages = target
        .tables
        .scan()
        .table_name(&table)
        .projection_expression("id")
        .consistent_read(true)
        .into_paginator()
        .send();
    let mut judged = 0;
    while let Some(page) = pages.next().await {
        let items = page.with_context(|| format!("cannot read the table {table}"))?.items.unwrap_or_default();
        let ids: Vec<_> = items.iter().filter_map(|item| item.get("id")?.as_s().ok()).collect();
        for ids in ids.chunks(BATCH) {
            let answer = target.invoker.invoke(function, &batch(ids)).await?;
            let failures = answer.get("batchItemFailures").and_then(Value::as_array).map_or(0, Vec::len);
            ensure!(failures == 0, "{function} could not judge {failures} of {} levels", ids.len());
            judged += ids.len();
            step.note(&format!("{judged} levels judged"));
        }
    }
    Ok(())
}

/// A batch of the stream in which each level has changed. The sequence numbers identify the levels in the answer.
fn batch(ids: &[&String]) -> Value {
    let record = |(number, id): (usize, &&String)| {
        json!({"eventName": "MODIFY", "eventSource": "aws:dynamodb",
            "eventID": number.to_string(), "awsRegion": "", "dynamodb": {"SequenceNumber": number.to_string(), "SizeBytes": 0, "Keys": {"id": {"S": id}}}})
    };
    json!({"Records": ids.iter().enumerate().map(record).collect::<Vec<_>>()})
}

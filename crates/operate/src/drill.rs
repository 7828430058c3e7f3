//! `cargo operate restore-drill`: every table of the local cloud is exported to a file, deleted, recreated and filled from the file, and
//! must then have the same rows as before. In AWS, point-in-time recovery or a daily copy serves this purpose; see docs/operations.md.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, BillingMode, GlobalSecondaryIndex, PutRequest, TableDescription, WriteRequest,
};
use serde_json::{Map, Value, json};
use tooling::place::Place;
use tooling::progress::Progress;
use tooling::stack::Stack;
use tooling::tables::{TABLES, Tables};

/// Maximum rows per request of DynamoDB.
const BATCH: usize = 25;

type Row = std::collections::HashMap<String, AttributeValue>;

/// Exports, deletes and restores every table of the running local cloud, and compares the rows.
///
/// # Errors
/// When no local cloud runs, or a table differs afterwards.
pub async fn run() -> Result<ExitCode> {
    let place = Place::of_run("restore-drill")?;
    let tables = Tables::of(&Stack::running()?)?;
    let step = Progress::new().step("restore drill");
    let client = tables.client();
    let mut rows = 0;
    for table in TABLES {
        let name = tables.name(table)?;
        step.note(name);
        rows += drill(&client, name, &place.run(&format!("{name}.jsonl")))
            .await
            .with_context(|| format!("the table {name}"))?;
    }
    step.done(&format!("{} tables exported, deleted, recreated and restored; {rows} rows are unchanged", TABLES.len()));
    Ok(ExitCode::SUCCESS)
}

async fn drill(client: &Client, name: &str, file: &Path) -> Result<usize> {
    let described = description(client, name).await?.context("it does not exist")?;
    let before = export(client, name, file).await?;
    client.delete_table().table_name(name).send().await.context("cannot be deleted")?;
    ensure!(description(client, name).await?.is_none(), "it still exists after its deletion");
    make(client, name, &described).await?;
    restore(client, name, file).await?;
    let after: BTreeSet<String> = scan(client, name).await?.iter().map(line).collect::<Result<_>>()?;
    let missing = before.difference(&after).count();
    let strange = after.difference(&before).count();
    ensure!(missing == 0 && strange == 0, "{missing} rows are missing and {strange} differ");
    Ok(before.len())
}

async fn description(client: &Client, name: &str) -> Result<Option<TableDescription>> {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        match client.describe_table().table_name(name).send().await {
            Ok(answer) => {
                let table = answer.table.context("it has no description")?;
                if table.table_status.as_ref().is_none_or(|status| status.as_str() == "ACTIVE") {
                    return Ok(Some(table));
                }
            }
            Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_not_found_exception()) => {
                return Ok(None);
            }
            Err(error) => return Err(error).context("cannot be described"),
        }
        ensure!(Instant::now() < deadline, "its status does not become ACTIVE");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn scan(client: &Client, name: &str) -> Result<Vec<Row>> {
    let mut pages = client.scan().table_name(name).consistent_read(true).into_paginator().items().send();
    let mut rows = Vec::new();
    while let Some(row) = pages.next().await {
        rows.push(row.context("cannot be read")?);
    }
    Ok(rows)
}

/// Exports the rows to a file, one per line, as DynamoDB's export to S3 does; returns the sorted lines.
async fn export(client: &Client, name: &str, file: &Path) -> Result<BTreeSet<String>> {
    let lines: BTreeSet<String> = scan(client, name).await?.iter().map(line).collect::<Result<_>>()?;
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(lines)
}

async fn make(client: &Client, name: &str, was: &TableDescription) -> Result<()> {
    let mut make = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .set_attribute_definitions(was.attribute_definitions.clone())
        .set_key_schema(was.key_schema.clone())
        .set_stream_specification(was.stream_specification.clone());
    for index in was.global_secondary_indexes.iter().flatten() {
        let index = GlobalSecondaryIndex::builder()
            .set_index_name(index.index_name.clone())
            .set_key_schema(index.key_schema.clone())
            .set_projection(index.projection.clone())
            .build()
            .context("an index has no name")?;
        make = make.global_secondary_indexes(index);
    }
    make.send().await.context("cannot be created again")?;
    description(client, name).await?.context("it was created, but does not exist")?;
    Ok(())
}

async fn restore(client: &Client, name: &str, file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let rows: Vec<Row> = text.lines().map(row).collect::<Result<_>>()?;
    for batch in rows.chunks(BATCH) {
        let put = |row: &Row| {
            let request =
                PutRequest::builder().set_item(Some(row.clone())).build().context("a row has no attribute")?;
            Ok(WriteRequest::builder().put_request(request).build())
        };
        let mut open: Vec<WriteRequest> = batch.iter().map(put).collect::<Result<_>>()?;
        while !open.is_empty() {
            let answer =
                client.batch_write_item().request_items(name, open).send().await.context("does not accept its rows")?;
            open = answer.unprocessed_items.unwrap_or_default().remove(name).unwrap_or_default();
        }
    }
    Ok(())
}

fn line(row: &Row) -> Result<String> {
    let mut fields = Map::new();
    for (name, value) in row {
        fields.insert(name.clone(), written(value)?);
    }
    Ok(json!({ "Item": fields }).to_string())
}

fn row(line: &str) -> Result<Row> {
    let line: Value = serde_json::from_str(line).context("a line is not JSON")?;
    let fields = line.get("Item").and_then(Value::as_object).context("a line has no Item")?;
    fields.iter().map(|(name, value)| Ok((name.clone(), read(value)?))).collect()
}

/// A value in DynamoDB's JSON. Binary values and sets of numbers are not supported, because no table of the template has any.
fn written(value: &AttributeValue) -> Result<Value> {
    Ok(match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::Bool(truth) => json!({ "BOOL": truth }),
        AttributeValue::Null(_) => json!({ "NULL": true }),
        // A set has no order, so it is sorted to make equal sets equal text.
        AttributeValue::Ss(texts) => json!({ "SS": texts.iter().collect::<BTreeSet<_>>() }),
        AttributeValue::L(items) => json!({ "L": items.iter().map(written).collect::<Result<Vec<_>>>()? }),
        AttributeValue::M(fields) => {
            let fields: Map<String, Value> =
                fields.iter().map(|(name, value)| Ok((name.clone(), written(value)?))).collect::<Result<_>>()?;
            json!({ "M": fields })
        }
        other => bail!("the drill cannot write {other:?}"),
    })
}

fn read(value: &Value) -> Result<AttributeValue> {
    let (kind, inner) = value.as_object().and_then(|value| value.iter().next()).context("a value has no type")?;
    let text = || inner.as_str().map(str::to_owned).context("not a text");
    Ok(match kind.as_str() {
        "S" => AttributeValue::S(text()?),
        "N" => AttributeValue::N(text()?),
        "BOOL" => AttributeValue::Bool(inner.as_bool().context("not a truth value")?),
        "NULL" => AttributeValue::Null(true),
        "SS" => {
            let texts = inner.as_array().context("not a list")?.iter().map(|text| text.as_str().map(str::to_owned));
            AttributeValue::Ss(texts.collect::<Option<_>>().context("not a list of texts")?)
        }
        "L" => AttributeValue::L(inner.as_array().context("not a list")?.iter().map(read).collect::<Result<_>>()?),
        "M" => {
            let fields = inner.as_object().context("not a map")?;
            AttributeValue::M(
                fields.iter().map(|(name, value)| Ok((name.clone(), read(value)?))).collect::<Result<_>>()?,
            )
        }
        other => bail!("the drill cannot read {other}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_its_line() {
        let text = r#"{"Item":{"a":{"L":[{"N":"1.5"},{"M":{"b":{"BOOL":true}}},{"NULL":true}]},"id":{"S":"01"},"of":{"SS":["x","y"]}}}"#;
        assert_eq!(line(&row(text).unwrap()).unwrap(), text);
    }
}

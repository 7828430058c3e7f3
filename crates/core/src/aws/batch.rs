//! Rows by their keys, as many at once as DynamoDB takes.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::row::{Item, s};
use super::{AwsError, pause};

/// So many rows DynamoDB reads at once.
const AT_ONCE: usize = 100;
/// So many requests are under way at once.
const REQUESTS: usize = 4;
const ATTEMPTS: usize = 8;
const OPERATION: &str = "BatchGetItem";

/// The rows of a table that there are of these, by their key, consistently.
pub(super) async fn rows(
    client: &Client,
    table: &str,
    key: &str,
    values: &[String],
) -> Result<HashMap<String, Item>, AwsError> {
    let chunks: Vec<Vec<String>> = values.chunks(AT_ONCE).map(<[String]>::to_vec).collect();
    let chunks = chunks.into_iter().map(|values| chunk(client, table, key, values));
    let items: Vec<Vec<Item>> = stream::iter(chunks).buffer_unordered(REQUESTS).try_collect().await?;
    let keyed = |item: Item| Some((item.get(key)?.as_s().ok()?.clone(), item));
    Ok(items.into_iter().flatten().filter_map(keyed).collect())
}

async fn chunk(client: &Client, table: &str, key: &str, values: Vec<String>) -> Result<Vec<Item>, AwsError> {
    let mut keys: Vec<Item> = values.into_iter().map(|value| Item::from([(key.to_owned(), s(value))])).collect();
    let mut items = Vec::new();
    for attempt in 0..ATTEMPTS {
        if keys.is_empty() {
            return Ok(items);
        }
        if attempt > 0 {
            tokio::time::sleep(pause(attempt)).await;
        }
        let asked = KeysAndAttributes::builder().set_keys(Some(std::mem::take(&mut keys))).consistent_read(true);
        let asked = asked.build().map_err(|error| AwsError::request(OPERATION, error))?;
        let request = client.batch_get_item().request_items(table, asked);
        let answer = request.send().await.map_err(|error| AwsError::call(OPERATION, error))?;
        items.extend(answer.responses.unwrap_or_default().into_values().flatten());
        keys = answer.unprocessed_keys.unwrap_or_default().into_values().flat_map(|left| left.keys).collect();
    }
    match keys.len() {
        0 => Ok(items),
        left => Err(AwsError::Leftover { operation: OPERATION, left }),
    }
}

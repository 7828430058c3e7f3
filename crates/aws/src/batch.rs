//! Reading rows by their keys, with `BatchGetItem`.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::KeysAndAttributes;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::AwsError;
use super::attempts::pause;
use super::row::{Item, s};

/// Maximum keys per `BatchGetItem`.
pub(super) const MOST_KEYS: usize = 100;
/// Maximum concurrent requests.
const REQUESTS: usize = 4;
/// Attempts to read what DynamoDB left unprocessed: about 2 s in all.
const ATTEMPTS: u32 = 9;
const OPERATION: &str = "BatchGetItem";

/// The rows of a table with these keys, by their key; read consistently. A key that occurs twice, as in a list whose rows
/// moved while it was read, is requested once: DynamoDB refuses duplicate keys.
pub(super) async fn rows(
    client: &Client,
    table: &str,
    key: &str,
    values: &[String],
) -> Result<HashMap<String, Item>, AwsError> {
    let once: Vec<&String> = BTreeSet::from_iter(values).into_iter().collect();
    let chunks: Vec<Vec<String>> = once.chunks(MOST_KEYS).map(|some| some.iter().copied().cloned().collect()).collect();
    let chunks = chunks.into_iter().map(|values| chunk(client, table, key, values));
    let items: Vec<Vec<Item>> = stream::iter(chunks).buffer_unordered(REQUESTS).try_collect().await?;
    let keyed = |item: Item| Some((item.get(key)?.as_s().ok()?.clone(), item));
    Ok(items.into_iter().flatten().filter_map(keyed).collect())
}

async fn chunk(client: &Client, table: &str, key: &str, values: Vec<String>) -> Result<Vec<Item>, AwsError> {
    let keys = values.into_iter().map(|value| Item::from([(key.to_owned(), s(value))])).collect();
    let found = of_tables(client, HashMap::from([(table.to_owned(), keys)]), OPERATION).await?;
    Ok(found.into_values().flatten().collect())
}

/// The rows of each table with these keys, at most [`MOST_KEYS`] in all; read consistently.
pub(super) async fn of_tables(
    client: &Client,
    mut wanted: HashMap<String, Vec<Item>>,
    operation: &'static str,
) -> Result<HashMap<String, Vec<Item>>, AwsError> {
    let mut found: HashMap<String, Vec<Item>> = HashMap::new();
    for attempt in 0..ATTEMPTS {
        pause(attempt).await;
        let mut request = client.batch_get_item();
        for (table, keys) in wanted {
            let keys = KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(true).build();
            request = request.request_items(table, keys.map_err(|error| AwsError::request(operation, error))?);
        }
        let answer = request.send().await.map_err(|error| AwsError::call(operation, error))?;
        for (table, items) in answer.responses.unwrap_or_default() {
            found.entry(table).or_default().extend(items);
        }
        let left = answer.unprocessed_keys.unwrap_or_default().into_iter();
        wanted = left.map(|(table, keys)| (table, keys.keys)).filter(|(_, keys)| !keys.is_empty()).collect();
        if wanted.is_empty() {
            return Ok(found);
        }
    }
    Err(AwsError::Leftover { operation, left: wanted.values().map(Vec::len).sum() })
}

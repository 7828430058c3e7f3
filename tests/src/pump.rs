//! A Lambda event source mapping for an engine's stream, as documented by AWS: it filters records before it invokes the function, delivers
//! batches in order, supports partial batch responses, splits failed batches, and sends discarded ones to an on-failure destination.
//!
//! From "Using Lambda with DynamoDB" and "Configuring partial batch response": of the failures in an answer the lowest sequence number
//! counts, and everything from it on is retried; an answer with an unknown number fails the whole batch; splitting does not count as a
//! retry. Not supported: MaximumRecordAgeInSeconds, several shards, pauses between retries.

use std::collections::VecDeque;
use std::sync::LazyLock;

use dynoxide::Database;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::root;
use crate::template::Template;

static MAPPING: LazyLock<Mapping> = LazyLock::new(|| Mapping::read("ProblemDetectorLevelsMapping"));

/// The configuration of a mapping in the template.
#[derive(Debug)]
struct Mapping {
    batch: usize,
    patterns: Vec<Value>,
    partial: bool,
    split: bool,
    retries: usize,
}

impl Mapping {
    fn read(id: &str) -> Self {
        let template = Template::read(&root());
        let mapping = &template.section("Resources")[id]["Properties"];
        let number = |name: &str| usize::try_from(mapping[name].as_u64().expect(name)).expect(name);
        let filters = mapping["FilterCriteria"]["Filters"].as_array().map(Vec::as_slice).unwrap_or_default();
        let pattern = |filter: &Value| serde_json::from_str(filter["Pattern"].as_str().expect("a pattern"));
        // For live updates, only new records count.
        let begins = if id.starts_with("LivePush") { "LATEST" } else { "TRIM_HORIZON" };
        assert_eq!(mapping["StartingPosition"], begins, "{id} begins elsewhere");
        Self {
            batch: number("BatchSize"),
            patterns: filters.iter().map(pattern).collect::<Result<_, _>>().expect("a pattern is JSON"),
            partial: mapping["FunctionResponseTypes"] == json!(["ReportBatchItemFailures"]),
            split: mapping["BisectBatchOnFunctionError"] == true,
            retries: number("MaximumRetryAttempts"),
        }
    }

    fn wakes(&self, record: &Value) -> bool {
        self.patterns.is_empty() || self.patterns.iter().any(|pattern| matches(pattern, record))
    }
}

/// A discarded batch as reported to the on-failure destination: the position of the records, not their content.
#[derive(Debug, Clone, PartialEq)]
pub struct Discarded {
    /// Sequence number of the first record.
    pub first: String,
    /// Sequence number of the last record.
    pub last: String,
    /// Number of records.
    pub size: usize,
    /// Number of invocations with them.
    pub invocations: usize,
}

/// An event source mapping, with its position in the stream.
#[derive(Debug)]
pub struct Pump {
    mapping: &'static Mapping,
    stream: Stream,
    place: String,
    /// Number of records in each invocation of the function.
    pub calls: Vec<usize>,
    /// The discarded batches.
    pub on_failure: Vec<Discarded>,
}

struct Batch {
    records: Vec<Value>,
    failed: usize,
}

impl Pump {
    /// The mapping of `problem-detector` in the template, at the beginning of the stream of the table of levels.
    pub fn of(engine: &Engine) -> Self {
        let stream = Stream::of(engine.database().clone(), engine.name("levels"));
        let place = stream.iterator(&json!({"ShardIteratorType": "TRIM_HORIZON"}));
        Self { mapping: &MAPPING, stream, place, calls: Vec::new(), on_failure: Vec::new() }
    }

    /// The mapping with the logical id `id` in the template, at the beginning of the stream of the table `noun`.
    pub fn through(engine: &Engine, id: &str, noun: &str) -> Self {
        let stream = Stream::of(engine.database().clone(), engine.name(noun));
        let place = stream.iterator(&json!({"ShardIteratorType": "TRIM_HORIZON"}));
        // One per pump of a test, for the lifetime of the tests.
        let mapping = Box::leak(Box::new(Mapping::read(id)));
        Self { mapping, stream, place, calls: Vec::new(), on_failure: Vec::new() }
    }

    /// Delivers all records of the stream to the function, until they are accepted or discarded.
    pub async fn run<E>(&mut self, function: impl AsyncFn(Value) -> Result<Value, E>) {
        loop {
            let (records, next) = self.stream.read(&self.place, self.mapping.batch);
            self.place = next;
            if records.is_empty() {
                return;
            }
            let records: Vec<_> = records.into_iter().filter(|record| self.mapping.wakes(record)).collect();
            if !records.is_empty() {
                self.deliver(records, &function).await;
            }
        }
    }

    /// Delivers discarded records again, as `cargo operate redrive` does after the cause is removed.
    pub async fn redrive<E>(&mut self, function: impl AsyncFn(Value) -> Result<Value, E>) {
        for given_up in std::mem::take(&mut self.on_failure) {
            let mut place = self
                .stream
                .iterator(&json!({"ShardIteratorType": "AT_SEQUENCE_NUMBER", "SequenceNumber": given_up.first}));
            let mut records = Vec::new();
            while records.last().is_none_or(|record| sequence(record) < given_up.last.as_str()) {
                let (read, next) = self.stream.read(&place, 100);
                assert!(!read.is_empty(), "{given_up:?} is not in the stream");
                (records, place) = ([records, read].concat(), next);
            }
            let wanted = |record: &Value| sequence(record) <= given_up.last.as_str() && self.mapping.wakes(record);
            records.retain(wanted);
            self.deliver(records, &function).await;
        }
    }

    async fn deliver<E>(&mut self, records: Vec<Value>, function: &impl AsyncFn(Value) -> Result<Value, E>) {
        let mut waiting = VecDeque::from([Batch { records, failed: 0 }]);
        while let Some(mut batch) = waiting.pop_front() {
            self.calls.push(batch.records.len());
            let answer = function(json!({"Records": batch.records})).await;
            let half = batch.records.len() / 2;
            let from = match answer.ok().map(|answer| self.failure(&batch.records, &answer)) {
                Some(None) => continue,
                Some(Some(from)) if from > 0 => from,
                // Either the whole batch failed, or its first record; only in the first case it is split.
                None if self.mapping.split && half > 0 => {
                    let rest = batch.records.split_off(half);
                    waiting.push_front(Batch { records: rest, failed: batch.failed });
                    waiting.push_front(batch);
                    continue;
                }
                Some(Some(_)) | None => {
                    batch.failed += 1;
                    0
                }
            };
            if batch.failed > self.mapping.retries {
                self.on_failure.push(discarded(&batch));
            } else {
                let records = batch.records.split_off(from);
                waiting.push_front(Batch { records, failed: batch.failed });
            }
        }
    }

    /// The index of the first record that the answer reports as failed.
    fn failure(&self, records: &[Value], answer: &Value) -> Option<usize> {
        let failures = answer["batchItemFailures"].as_array().filter(|_| self.mapping.partial)?;
        let place = |failure: &Value| {
            let named = failure["itemIdentifier"].as_str().unwrap_or_default();
            records.iter().position(|record| sequence(record) == named).unwrap_or(0)
        };
        failures.iter().map(place).min()
    }
}

fn discarded(batch: &Batch) -> Discarded {
    let end = |record: Option<&Value>| sequence(record.expect("a batch has records")).to_owned();
    Discarded {
        first: end(batch.records.first()),
        last: end(batch.records.last()),
        size: batch.records.len(),
        invocations: batch.failed,
    }
}

/// Sequence numbers of one shard have the same number of digits, so that they can be compared as text.
fn sequence(record: &Value) -> &str {
    record["dynamodb"]["SequenceNumber"].as_str().expect("a record has a sequence number")
}

struct Stream {
    database: Database,
    arn: String,
    shard: String,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.arn)
    }
}

impl Stream {
    fn of(database: Database, table: String) -> Self {
        let request = serde_json::from_value(json!({"TableName": table})).expect("a request");
        let streams = serde_json::to_value(database.list_streams(request).expect("streams")).expect("an answer");
        let arn = streams["Streams"][0]["StreamArn"].as_str().expect("the table has a stream").to_owned();
        let request = serde_json::from_value(json!({"StreamArn": arn})).expect("a request");
        let described = serde_json::to_value(database.describe_stream(request).expect("a stream")).expect("an answer");
        let shards = described["StreamDescription"]["Shards"].as_array().expect("shards");
        assert_eq!(shards.len(), 1, "more shards than one");
        let shard = shards[0]["ShardId"].as_str().expect("a shard has an id").to_owned();
        Self { database, arn, shard }
    }

    fn iterator(&self, from: &Value) -> String {
        let mut request = from.clone();
        request["StreamArn"] = self.arn.as_str().into();
        request["ShardId"] = self.shard.as_str().into();
        let answer = self.database.get_shard_iterator(serde_json::from_value(request).expect("a request"));
        answer.expect("an iterator").shard_iterator.expect("an iterator")
    }

    fn read(&self, place: &str, limit: usize) -> (Vec<Value>, String) {
        let request = serde_json::from_value(json!({"ShardIterator": place, "Limit": limit})).expect("a request");
        let answer = self.database.get_records(request).expect("records");
        let record = |record| {
            let mut record = serde_json::to_value(record).expect("a record");
            // Fields that Lambda adds.
            record["eventSourceARN"] = self.arn.as_str().into();
            record
        };
        (answer.records.into_iter().map(record).collect(), answer.next_shard_iterator.expect("the shard is open"))
    }
}

/// Whether a record matches a filter pattern: every field in it has one of the listed values.
fn matches(pattern: &Value, record: &Value) -> bool {
    match pattern {
        Value::Object(fields) => fields.iter().all(|(name, pattern)| matches(pattern, &record[name])),
        Value::Array(values) => {
            assert!(values.iter().all(|value| !value.is_object()), "the pump does not know {pattern}");
            values.contains(record)
        }
        other => panic!("{other} is no filter pattern"),
    }
}

/// The stream record of a changed row with these keys, as delivered by an event source mapping.
pub fn stream_record(sequence: &str, keys: Value) -> Value {
    json!({
        "eventID": sequence, "eventName": "MODIFY", "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1",
        "dynamodb": {"SequenceNumber": sequence, "SizeBytes": 1, "Keys": keys},
    })
}

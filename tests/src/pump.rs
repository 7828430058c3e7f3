//! A Lambda event source mapping over an engine's stream, as AWS documents it: it filters before it wakes the function, hands over
//! batches in order, understands partial batch answers, splits what fails, and gives up into an on-failure destination.
//!
//! From "Using Lambda with DynamoDB" and "Configuring partial batch response": of an answer's failures the lowest sequence number
//! counts, and everything from it on is retried; an answer naming something unknown fails the batch as a whole; splitting does not
//! count as a retry. Not here: MaximumRecordAgeInSeconds, several shards, pauses between retries.

use std::collections::VecDeque;
use std::sync::LazyLock;

use dynoxide::Database;
use serde_json::{Value, json};

use crate::engine::Engine;
use crate::root;
use crate::template::Template;

static MAPPING: LazyLock<Mapping> = LazyLock::new(|| Mapping::read("ProblemDetectorLevelsMapping"));

/// How a mapping is set in the template.
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
        // Of what is shown live only what is new counts.
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

/// What was given up, as the on-failure destination is told: not the records, only where they stand.
#[derive(Debug, Clone, PartialEq)]
pub struct Discarded {
    /// Sequence number of the first record.
    pub first: String,
    /// Sequence number of the last record.
    pub last: String,
    /// How many records.
    pub size: usize,
    /// How often the function was called with them.
    pub invocations: usize,
}

/// The mapping of `problem-detector`, with its place in the stream.
#[derive(Debug)]
pub struct Pump {
    mapping: &'static Mapping,
    stream: Stream,
    place: String,
    /// How many records each call of the function was handed.
    pub calls: Vec<usize>,
    /// What was given up.
    pub on_failure: Vec<Discarded>,
}

struct Batch {
    records: Vec<Value>,
    failed: usize,
}

impl Pump {
    /// The mapping as the template sets it, over the stream of the table of levels, at the stream's beginning.
    pub fn of(engine: &Engine) -> Self {
        let stream = Stream::of(engine.database().clone(), engine.name("levels"));
        let place = stream.iterator(&json!({"ShardIteratorType": "TRIM_HORIZON"}));
        Self { mapping: &MAPPING, stream, place, calls: Vec::new(), on_failure: Vec::new() }
    }

    /// The mapping called `id` in the template, over the stream of the table called `noun`, at the stream's beginning.
    pub fn through(engine: &Engine, id: &str, noun: &str) -> Self {
        let stream = Stream::of(engine.database().clone(), engine.name(noun));
        let place = stream.iterator(&json!({"ShardIteratorType": "TRIM_HORIZON"}));
        // One for each pump of a test, for as long as the tests run.
        let mapping = Box::leak(Box::new(Mapping::read(id)));
        Self { mapping, stream, place, calls: Vec::new(), on_failure: Vec::new() }
    }

    /// Hands all that is in the stream to the function, until it is taken or given up.
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

    /// Hands over again what was given up, as `cargo operate redrive` does once the cause is gone.
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
                // The whole batch failed, or its first record did: only the former is split.
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

    /// The place of the first record that an answer calls failed.
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

/// Sequence numbers of one shard have one width, so that text compares as numbers do.
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
            // What Lambda adds.
            record["eventSourceARN"] = self.arn.as_str().into();
            record
        };
        (answer.records.into_iter().map(record).collect(), answer.next_shard_iterator.expect("the shard is open"))
    }
}

/// Whether a record fits a filter pattern: every field named has one of the values listed.
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

/// The record of a changed row with these keys, as a stream's mapping hands it over.
pub fn stream_record(sequence: &str, keys: Value) -> Value {
    json!({
        "eventID": sequence, "eventName": "MODIFY", "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1",
        "dynamodb": {"SequenceNumber": sequence, "SizeBytes": 1, "Keys": keys},
    })
}

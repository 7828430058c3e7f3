//! Events that invoke a function, and its answers.
//!
//! Events arrive as JSON and are decoded with the types of `aws_lambda_events`, one record at a time. A record
//! that cannot be decoded is named in the answer, and the others are handled: a queue delivers that message alone again; a stream
//! delivers it and the records after it again, up to the maximum retries of the mapping. If a batch were decoded as a whole, one bad
//! record would make all of it fail.

use aws_lambda_events::apigw::ApiGatewayV2httpResponse;
use aws_lambda_events::dynamodb::EventRecord;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsMessage};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Retry;

/// An event as Lambda delivers it. It has a method for each kind of event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event(Value);

/// A record of a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Record<T> {
    /// The name by which the answer asks for its redelivery.
    pub id: String,
    /// The record, or why it cannot be decoded.
    pub decoded: Result<T, String>,
}

/// What a function answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Response {
    /// To API Gateway.
    Http(Box<ApiGatewayV2httpResponse>),
    /// To the mapping of a DynamoDB stream: the records to deliver again.
    Stream(DynamoDbEventResponse),
    /// To the mapping of an SQS queue: the messages to deliver again.
    Queue(SqsBatchResponse),
    /// To a direct caller, and to the log: what was done.
    Json(Value),
}

impl Event {
    /// The event in this JSON.
    pub fn new(payload: Value) -> Self {
        Self(payload)
    }

    /// The event as JSON.
    pub fn json(&self) -> &Value {
        &self.0
    }

    /// The event's JSON.
    pub fn into_json(self) -> Value {
        self.0
    }

    /// Whether API Gateway sent the event, as a request to an HTTP API in payload format 2.0.
    pub fn is_http(&self) -> bool {
        self.0.pointer("/requestContext/http/method").is_some_and(Value::is_string)
    }

    /// Whether an EventBridge schedule sent the event.
    pub fn is_schedule(&self) -> bool {
        EventBridgeEvent::<Value>::deserialize(&self.0).is_ok_and(|event| event.source == "aws.events")
    }

    /// The records of a DynamoDB stream; `None` when the event is not a batch of records.
    ///
    /// # Errors
    /// When a record has no sequence number, by which the answer could name it.
    pub fn stream_records(&self) -> Option<Result<Vec<Record<EventRecord>>, Retry>> {
        let records = self.records()?;
        let record = |record: &Value| {
            let id = record.pointer("/dynamodb/SequenceNumber").and_then(Value::as_str);
            id.map(|id| decode(id, record)).ok_or_else(|| Retry::new("a stream record has no sequence number"))
        };
        Some(records.iter().map(record).collect())
    }

    /// The messages of an SQS batch; `None` when the event is not one, because a record lacks a message id.
    pub fn queue_messages(&self) -> Option<Vec<Record<SqsMessage>>> {
        let message = |record: &Value| Some(decode(record.get("messageId")?.as_str()?, record));
        self.records()?.iter().map(message).collect()
    }

    fn records(&self) -> Option<&Vec<Value>> {
        self.0.get("Records")?.as_array()
    }
}

fn decode<T: DeserializeOwned>(id: &str, record: &Value) -> Record<T> {
    Record { id: id.to_owned(), decoded: T::deserialize(record).map_err(|error| error.to_string()) }
}

impl Response {
    /// Asks a stream's mapping to deliver these records again. Lambda goes on with the first of them in the stream's order.
    pub fn failed_records(ids: impl IntoIterator<Item = String>) -> Self {
        let mut response = DynamoDbEventResponse::default();
        response.batch_item_failures.extend(ids.into_iter().map(|id| {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(id);
            failure
        }));
        Self::Stream(response)
    }

    /// Asks a queue's mapping to deliver these messages again.
    pub fn failed_messages(ids: impl IntoIterator<Item = String>) -> Self {
        let mut response = SqsBatchResponse::default();
        response.set_failures(ids);
        Self::Queue(response)
    }
}

impl From<Value> for Response {
    fn from(json: Value) -> Self {
        Self::Json(json)
    }
}

impl From<ApiGatewayV2httpResponse> for Response {
    fn from(response: ApiGatewayV2httpResponse) -> Self {
        Self::Http(Box::new(response))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_wakes_a_function_is_told_by_its_shape() {
        let request = Event::new(json!({"requestContext": {"http": {"method": "GET"}}}));
        let schedule = Event::new(json!({"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}));
        let other = Event::new(json!({"source": "weir", "detail-type": "x", "detail": {}}));
        let woken = |event: &Event| (event.is_http(), event.is_schedule(), event.stream_records().is_some());
        assert_eq!(woken(&request), (true, false, false));
        assert_eq!(woken(&schedule), (false, true, false));
        assert_eq!(woken(&other), (false, false, false));
        for odd in [json!(null), json!([]), json!("x"), json!({"Records": {}}), json!({"requestContext": []})] {
            assert_eq!(woken(&Event::new(odd)), (false, false, false));
        }
    }

    #[test]
    fn a_record_that_cannot_be_decoded_does_not_hold_back_the_others() {
        let good = json!({"eventID": "1", "eventName": "MODIFY", "awsRegion": "eu-central-1",
            "dynamodb": {"SequenceNumber": "7", "SizeBytes": 1, "Keys": {"id": {"S": "01"}}}});
        let bad = json!({"dynamodb": {"SequenceNumber": "8", "Keys": {"id": 1}}});
        let event = Event::new(json!({"Records": [bad, good]}));
        let records = event.stream_records().unwrap().unwrap();
        assert_eq!(records.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), ["8", "7"]);
        assert!(records[0].decoded.is_err());
        let keys = &records[1].decoded.as_ref().unwrap().change.keys;
        assert_eq!(serde_json::to_value(keys).unwrap(), json!({"id": {"S": "01"}}));
    }

    #[test]
    fn a_record_without_a_name_fails_the_batch() {
        for unnamed in [json!({}), json!(1), json!({"dynamodb": {}}), json!({"dynamodb": {"SequenceNumber": 7}})] {
            let event = Event::new(json!({"Records": [unnamed]}));
            assert!(event.stream_records().unwrap().is_err(), "{event:?}");
        }
    }

    #[test]
    fn a_batch_without_message_ids_is_not_a_queues() {
        let message = json!({"messageId": "a", "body": "{}", "attributes": {"SentTimestamp": "1"}});
        let messages = Event::new(json!({"Records": [message]})).queue_messages().unwrap();
        assert_eq!(messages[0].decoded.as_ref().unwrap().body.as_deref(), Some("{}"));
        assert_eq!(Event::new(json!({"Records": [{"body": "{}"}]})).queue_messages(), None);
    }

    #[test]
    fn failures_are_named_as_the_mappings_ask_for_them() {
        let named = json!({"batchItemFailures": [{"itemIdentifier": "7"}]});
        assert_eq!(serde_json::to_value(Response::failed_records(["7".to_owned()])).unwrap(), named);
        assert_eq!(serde_json::to_value(Response::failed_messages(["7".to_owned()])).unwrap(), named);
    }
}

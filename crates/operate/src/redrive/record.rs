//! The messages of an on-failure queue: three formats, for three kinds of failure.

use serde_json::{Value, json};

/// The name of the ingest queue's dead letters in `--from`.
pub const INGEST: &str = "ingest";

/// How to handle a message of a queue.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Deliver this event to the function.
    Event(Value),
    /// Records of the stream of `levels` were discarded. The message does not contain them, and the detector only uses their keys, so all
    /// levels have to be judged again.
    Judge,
    /// Unknown.
    Unknown,
}

/// Parses a message of the queue of `function`: its id, its body, and when it was sent to the queue, in ms since the epoch.
pub fn read(function: &str, id: &str, text: &str, sent: i64) -> Work {
    if function == INGEST {
        // The body is what a rule has sent; if it is malformed, the function quarantines it.
        let record = json!({"messageId": id, "body": text, "attributes": {"SentTimestamp": sent.to_string()}});
        return Work::Event(json!({"Records": [record]}));
    }
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(text) else { return Work::Unknown };
    // The format of Lambda: an event on which the function has failed three times.
    if let Some(event) = fields.get("requestPayload").filter(|event| event.is_object()) {
        return Work::Event(event.clone());
    }
    // Discarded records of a stream, of which Lambda only reports the position. The progress of a recalculation is in its row, which also
    // has its due time; invoked with an empty event, the function continues all that are due.
    if fields.contains_key("DDBStreamBatchInfo") {
        return match function {
            "problem-detector" => Work::Judge,
            "recalculation" => Work::Event(json!({})),
            // It is too late for live updates, so the batch is empty.
            "live-push" => Work::Event(json!({"Records": []})),
            _ => Work::Unknown,
        };
    }
    // The format of a rule's error action: Lambda refused the event, so it is rebuilt. The message has no timestamp; but it was sent to the
    // queue within moments of its reception, and that time is the same however often it is read.
    match (fields.get("base64OriginalPayload"), fields.get("topic")) {
        (Some(Value::String(payload)), Some(Value::String(topic))) => {
            Work::Event(json!({"payload": payload, "topic": topic, "received_at": sent}))
        }
        _ => Work::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: i64 = 1_795_155_884_123;

    #[test]
    fn an_event_that_the_function_failed_on_is_handed_over_as_it_was() {
        let event = json!({"payload": "e30=", "topic": "b/readings", "received_at": 1});
        let text = json!({"version": "1.0", "timestamp": "2026-11-20T06:24:44.123Z",
            "requestContext": {"functionArn": "arn:…", "condition": "RetriesExhausted", "approximateInvokeCount": 3},
            "requestPayload": event, "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": "call again"}});
        assert_eq!(read("calibration", "m", &text.to_string(), SENT), Work::Event(event));
    }

    #[test]
    fn what_a_rule_could_not_hand_over_is_made_anew_as_of_its_reception() {
        let text = json!({"ruleName": "weir_dev_readings", "topic": "b/readings", "cloudwatchTraceId": "x", "clientId": "b",
            "base64OriginalPayload": "//4A", "failures": [{"failedAction": "LambdaAction", "failedResource": "…",
            "errorMessage": "throttled"}]});
        let event = json!({"payload": "//4A", "topic": "b/readings", "received_at": SENT});
        assert_eq!(read("calibration", "m", &text.to_string(), SENT), Work::Event(event));
    }

    #[test]
    fn given_up_records_of_a_stream_have_everything_looked_at_that_they_may_have_been_about() {
        let text = json!({"requestContext": {"condition": "RetryAttemptsExhausted"}, "DDBStreamBatchInfo": {"shardId": "s",
            "startSequenceNumber": "1", "endSequenceNumber": "9", "batchSize": 9}});
        assert_eq!(read("problem-detector", "m", &text.to_string(), SENT), Work::Judge);
        // Levels do not concern a function that never reads them.
        assert_eq!(read("recalculation", "m", &text.to_string(), SENT), Work::Event(json!({})));
        assert_eq!(read("live-push", "m", &text.to_string(), SENT), Work::Event(json!({"Records": []})));
        assert_eq!(read("calibration", "m", &text.to_string(), SENT), Work::Unknown);
    }

    #[test]
    fn a_dead_letter_is_the_record_that_it_was_in_its_queue() {
        let Work::Event(event) = read(INGEST, "m-1", "{\"topic\": …", SENT) else { panic!("not an event") };
        let record = &event["Records"][0];
        assert_eq!((&record["messageId"], &record["body"]), (&json!("m-1"), &json!("{\"topic\": …")));
        assert_eq!(record["attributes"]["SentTimestamp"], SENT.to_string());
    }

    #[test]
    fn what_is_of_no_known_form_is_left_alone() {
        for text in
            ["", "x", "[]", "{}", r#"{"requestPayload": 1}"#, r#"{"topic": "b", "base64OriginalPayload": null}"#]
        {
            assert_eq!(read("calibration", "m", text, SENT), Work::Unknown, "{text}");
        }
    }
}

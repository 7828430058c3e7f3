//! The messages of an on-failure queue: three forms, for three ways to fail.

use serde_json::{Value, json};

/// What `--from` calls the dead letters of the ingest queue.
pub const INGEST: &str = "ingest";

/// What to do with a message of a queue.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// Deliver this event to the function.
    Event(Value),
    /// Records of the stream of `levels` were given up. They are not in the message, and the detector never looks at more than
    /// their keys: it has to look at all levels again.
    Judge,
    /// Unknown.
    Unknown,
}

/// Reads a message of the queue of `function`: its id, its text, and when it was put into the queue in epoch milliseconds.
pub fn read(function: &str, id: &str, text: &str, sent: i64) -> Work {
    if function == INGEST {
        // The text is what a rule would have sent, or nothing that can be read, which the function quarantines.
        let record = json!({"messageId": id, "body": text, "attributes": {"SentTimestamp": sent.to_string()}});
        return Work::Event(json!({"Records": [record]}));
    }
    let Ok(Value::Object(fields)) = serde_json::from_str::<Value>(text) else { return Work::Unknown };
    // Lambda's own: an event that the function failed on three times.
    if let Some(event) = fields.get("requestPayload").filter(|event| event.is_object()) {
        return Work::Event(event.clone());
    }
    // Given-up records of a stream: Lambda tells only where they stood. What moved a recalculation is in its row, and the row says when
    // it is due: the function wakes whatever is, when an event says nothing.
    if fields.contains_key("DDBStreamBatchInfo") {
        return match function {
            "problem-detector" => Work::Judge,
            "recalculation" => Work::Event(json!({})),
            // What was to be shown live is over by now: a batch of nothing.
            "live-push" => Work::Event(json!({"Records": []})),
            _ => Work::Unknown,
        };
    }
    // A rule's error action: Lambda would not take the event, so it is made anew. The message tells no time; it was put into the
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
        // Levels are nothing to a function that never reads them.
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

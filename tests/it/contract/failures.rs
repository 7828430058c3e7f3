//! The destinations of failed events: an on-failure queue for every function that is invoked asynchronously or by a stream, and none for
//! the others.
//!
//! Lambda discards an asynchronous event, and a batch of a stream, once its retries are used up, unless there is a destination. The API
//! invokes synchronously: its callers see the error, and an on-failure destination would never receive anything.

use std::collections::BTreeSet;

use serde_json::Value;
use weir_tests::template::{Template, refers_to, statements};

use super::source::root;
use super::{camel_case, each, each_function, invokes};

/// The logical id of a function whose alias `value` names.
fn function_of(value: &Value) -> Option<String> {
    Some(value["Ref"].as_str()?.strip_suffix(".Alias")?.to_owned())
}

/// The functions that rules and schedules invoke: Lambda queues these events and does not report their failure to the sender.
pub fn asynchronous(template: &Template) -> BTreeSet<String> {
    let rules = template.resources("AWS::IoT::TopicRule").into_values();
    let rules = rules.flat_map(|rule| rule["TopicRulePayload"]["Actions"].as_array().into_iter().flatten());
    let rules = rules.filter_map(|action| function_of(&action["Lambda"]["FunctionArn"]));
    let schedules = template.resources("AWS::Events::Rule").into_values();
    let schedules = schedules.flat_map(|rule| rule["Targets"].as_array().into_iter().flatten());
    rules.chain(schedules.filter_map(|target| function_of(&target["Arn"]))).collect()
}

/// The mappings of streams, by the function that they invoke. A queue keeps its messages itself, so its mapping needs no destination.
fn streams(template: &Template) -> Vec<(String, &Value)> {
    let mappings = template.resources("AWS::Lambda::EventSourceMapping").into_values();
    let streams = mappings.filter(|mapping| mapping["EventSourceArn"].to_string().contains("StreamArn"));
    streams.map(|mapping| (function_of(&mapping["FunctionName"]).expect("a mapping names an alias"), mapping)).collect()
}

/// Whether the role of a function may send to a queue.
fn may_send(template: &Template, name: &str, queue: &str) -> bool {
    let roles = template.resources("AWS::IAM::Role");
    let statements = statements(&roles[(camel_case(name) + "Role").as_str()]["Policies"]);
    statements
        .iter()
        .any(|statement| statement["Action"] == "sqs:SendMessage" && refers_to(&statement["Resource"], queue))
}

#[test]
fn what_is_invoked_asynchronously_or_by_a_stream_sends_failed_events_to_its_queue() {
    each_function(|template, name, function| {
        let (id, queue) = (camel_case(name) + "Function", camel_case(name) + "OnFailureQueue");
        let to_queue = |config: &Value| refers_to(&config["DestinationConfig"]["OnFailure"]["Destination"], &queue);
        let by_streams: Vec<_> = streams(template).into_iter().filter(|(to, _)| *to == id).collect();
        let is_asynchronous = asynchronous(template).contains(&id);
        if is_asynchronous {
            assert!(to_queue(&function["EventInvokeConfig"]), "{name} loses asynchronous events that fail");
        }
        for (_, mapping) in &by_streams {
            assert!(to_queue(mapping), "{name} loses stream records that fail");
        }
        if is_asynchronous || !by_streams.is_empty() {
            assert!(may_send(template, name, &queue), "{name} may not send to {queue}");
        }
    });
}

#[test]
fn what_only_the_api_invokes_has_no_queue_for_failures() {
    each_function(|template, name, function| {
        let id = camel_case(name) + "Function";
        if asynchronous(template).contains(&id) || streams(template).iter().any(|(to, _)| *to == id) {
            return;
        }
        let queue = camel_case(name) + "OnFailureQueue";
        assert!(function["EventInvokeConfig"].is_null(), "nothing invokes {name} asynchronously");
        assert!(!template.section("Resources").contains_key(&queue), "{queue} never receives anything");
        let permissions = template.resources("AWS::Lambda::Permission").into_values();
        let by_api = permissions.filter(|permission| invokes(&permission["FunctionName"], &id));
        each(&format!("permission to invoke {name}"), by_api, |permission| {
            // AWS IoT waits for the answer of a pre-provisioning hook.
            let hook = permission["SourceArn"].to_string().contains(":provisioningtemplate/");
            assert!(hook || permission["Principal"] == "apigateway.amazonaws.com", "{name} is also invoked by others");
        });
    });
}

#[test]
fn a_rule_sends_what_it_cannot_deliver_to_the_queue_of_its_function() {
    let template = Template::read(&root());
    each("rule", template.resources("AWS::IoT::TopicRule"), |(id, rule)| {
        let payload = &rule["TopicRulePayload"];
        let function = function_of(&payload["Actions"][0]["Lambda"]["FunctionArn"]).expect("a rule invokes an alias");
        let queue = function.replace("Function", "OnFailureQueue");
        assert!(refers_to(&payload["ErrorAction"]["Sqs"]["QueueUrl"], &queue), "{id} loses what it cannot deliver");
    });
}

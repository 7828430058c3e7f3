//! The function's configuration about its stack: it is complete, within the limits of Lambda, and has the figures of the bill.

use serde_json::Value;
use tooling::bill::Usage;
use weir_core::domain::system::QueueKind;
use weir_tests::root;
use weir_tests::template::{Template, refers_to, statements};

/// The list that a variable of the function joins.
fn joined(template: &Template, name: &str) -> Vec<Value> {
    let function = template.resources("AWS::Serverless::Function")["HealthFunction"];
    let value = &function["Environment"]["Variables"][name]["Fn::Join"];
    assert_eq!(value[0], ",", "{name}");
    value[1].as_array().unwrap_or_else(|| panic!("{name} is no list")).clone()
}

#[test]
fn it_knows_every_queue_and_table_and_may_read_how_they_are() {
    let template = Template::read(&root());
    let policies = &template.resources("AWS::IAM::Role")["HealthRole"]["Policies"];
    for (kind, variable, action) in [
        ("AWS::SQS::Queue", "QUEUES", "sqs:GetQueueAttributes"),
        ("AWS::DynamoDB::Table", "TABLES", "dynamodb:DescribeTable"),
    ] {
        let known = joined(&template, variable);
        let statements = statements(policies);
        let right = statements.into_iter().find(|statement| statement["Action"] == action).expect("a right");
        let allowed = right["Resource"].as_array().expect("a list");
        let all: Vec<_> = template.resources(kind).into_keys().collect();
        assert!(!all.is_empty());
        for id in &all {
            assert!(known.iter().any(|one| refers_to(one, id)), "{variable} lacks {id}");
            assert!(allowed.iter().any(|one| refers_to(one, id)), "{action} is not allowed on {id}");
        }
        assert_eq!((known.len(), allowed.len()), (all.len(), all.len()), "{variable}");
    }
}

#[test]
fn a_queue_is_of_failed_events_if_an_alarm_rings_for_each_message() {
    let template = Template::read(&root());
    for (id, queue) in template.resources("AWS::SQS::Queue") {
        let name = queue["QueueName"]["Fn::Sub"].as_str().unwrap();
        let failed = id.ends_with("OnFailureQueue") || id.ends_with("DeadLetterQueue");
        assert_eq!(QueueKind::of(name) == QueueKind::Failed, failed, "{id}");
    }
}

/// Lambda takes at most 4 KB of variables.
#[test]
fn its_variables_fit_into_lambda_with_the_longest_names() {
    let template = Template::read(&root());
    // 16 letters each of project and environment, two hyphens.
    let prefix = 34;
    let long = |what: &str, around: usize| {
        let names = template.resources(what).into_values().map(|resource| {
            let name = &resource[if what.ends_with("Queue") { "QueueName" } else { "TableName" }]["Fn::Sub"];
            name.as_str().unwrap().trim_start_matches("${Project}-${Environment}-").len() + prefix + around + 1
        });
        names.sum::<usize>()
    };
    let queues = long("AWS::SQS::Queue", "https://sqs.ap-southeast-1.amazonaws.com/123456789012/".len());
    let tables = long("AWS::DynamoDB::Table", 0);
    // The other variables: names, switches, three tables.
    assert!(queues + tables + 800 < 4096, "{queues} and {tables} bytes");
}

#[test]
fn the_inputs_of_the_bill_are_those_of_cargo_operate_bill() {
    let stack = Usage::counted().unwrap().stack;
    let bill = ::health::BILL;
    let shown = [bill.metrics, bill.dashboards, bill.scheduled_invocations].map(f64::from);
    assert_eq!(shown, [stack.metrics, stack.dashboards, stack.sweeps]);
}

//! What watches the stack and keeps it safe: alarms, the brake of a deployment, the dashboard, daily copies.

use serde_json::Value;
use weir_tests::template::{Template, refers_to};

use super::source::{functions, root};
use super::{camel_case, each, each_function};

#[test]
fn the_alarms_of_functions_and_rules_are_those_that_xtask_makes() {
    let text = std::fs::read_to_string(root().join("template.yaml")).expect("template.yaml is there");
    let made = xtask::alarms::remade(&text).expect("the template has its section of alarms");
    assert!(made == text, "the alarms in template.yaml are not up to date; write them with: cargo xtask alarms");
}

#[test]
fn every_function_is_called_by_its_alias_and_nothing_calls_it_directly() {
    let template = Template::read(&root());
    let ids: Vec<String> = functions(&root()).iter().map(|name| camel_case(name) + "Function").collect();
    let may_name = ["AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"];
    each("resource", template.section("Resources"), |(id, resource)| {
        let kind = resource["Type"].as_str().expect("a resource has a type");
        for function in ids.iter().filter(|_| !may_name.contains(&kind)) {
            let text = resource.to_string();
            let direct = [format!(r#""{function}""#), format!(r#""{function}.Arn""#), format!("${{{function}.Arn}}")];
            let found = direct.iter().any(|way| text.contains(way.as_str()));
            assert!(
                !found,
                "{id} calls {function} directly: `!Ref {function}.Alias` lets a new version take over slowly"
            );
        }
    });
}

#[test]
fn every_function_is_rolled_back_by_its_own_errors() {
    each_function(|_, name, function| {
        let alarms = function["DeploymentPreference"]["Alarms"].as_array().cloned().unwrap_or_default();
        let own = camel_case(name) + "ErrorsAlarm";
        assert!(
            alarms.iter().any(|alarm| refers_to(alarm, &own)),
            "{name} lacks `DeploymentPreference: {{Alarms: [!Ref {own}]}}`"
        );
    });
}

#[test]
fn every_function_is_made_after_it_may_be_traced() {
    each_function(|template, name, _| {
        let (function, policy) = (camel_case(name) + "Function", camel_case(name) + "TracePolicy");
        let resources = template.section("Resources");
        assert_eq!(resources[&function]["DependsOn"], policy, "{name}: Lambda refuses `Tracing: Active` without it");
        let roles = &resources[&policy]["Properties"]["Roles"];
        assert_eq!(*roles, serde_json::json!([{ "Ref": camel_case(name) + "Role" }]), "{policy}");
    });
}

#[test]
fn every_function_ends_within_the_time_that_the_alarm_of_its_duration_knows() {
    each_function(|template, name, function| {
        assert_eq!(*template.property(function, "Timeout"), 30, "{name}: xtask's alarm is for 80 % of 30 seconds");
        let id = camel_case(name) + "DurationAlarm";
        assert_eq!(template.section("Resources")[&id]["Properties"]["Threshold"], 24_000, "{id}");
    });
}

#[test]
fn every_function_behind_a_stream_has_an_alarm_of_how_far_it_is_behind() {
    let template = Template::read(&root());
    let mappings = template.resources("AWS::Lambda::EventSourceMapping");
    let streams = mappings.values().filter(|mapping| mapping["EventSourceArn"].to_string().contains("StreamArn"));
    each("mapping of a stream", streams, |mapping| {
        let alias = mapping["FunctionName"]["Ref"].as_str().expect("a mapping names an alias");
        let function = alias.trim_end_matches("Function.Alias");
        let alarm = &template.section("Resources")[&format!("{function}IteratorAgeAlarm")]["Properties"];
        assert_eq!(alarm["MetricName"], "IteratorAge", "{function} has no IteratorAgeAlarm");
    });
}

#[test]
fn every_alarm_tells_the_topic_and_says_what_to_do() {
    let template = Template::read(&root());
    each("alarm", template.resources("AWS::CloudWatch::Alarm"), |(id, alarm)| {
        assert!(
            alarm["AlarmActions"].as_array().is_some_and(|to| to.iter().any(|to| refers_to(to, "AlarmTopic"))),
            "{id}"
        );
        assert!(alarm["AlarmDescription"]["Fn::Sub"].as_str().is_some_and(|text| text.ends_with('.')), "{id}");
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{id} would ring while nothing happens");
    });
}

#[test]
fn every_table_is_in_the_daily_copy() {
    let template = Template::read(&root());
    let selection = &template.section("Resources")["BackupSelection"]["Properties"]["BackupSelection"]["Resources"];
    let copied = selection.as_array().expect("the selection is a list");
    each("table", template.resources("AWS::DynamoDB::Table"), |(id, _)| {
        assert!(copied.iter().any(|table| refers_to(table, id)), "BackupSelection lacks {id}");
    });
}

#[test]
fn the_dashboard_is_json_and_shows_the_whole_way() {
    let template = Template::read(&root());
    let dashboard = template.resources("AWS::CloudWatch::Dashboard");
    let body = dashboard["Dashboard"]["DashboardBody"]["Fn::Sub"].as_str().expect("a body with names to fill in");
    let read: Value = serde_json::from_str(body).expect("the body is JSON");
    each("widget", read["widgets"].as_array().expect("widgets"), |widget| assert!(widget["type"].is_string()));
    each("rule", template.resources("AWS::IoT::TopicRule").into_keys(), |rule| {
        assert!(body.contains(&format!("${{{rule}}}")), "the dashboard does not show {rule}");
    });
    for seen in
        ["Invocations", "Errors", "Throttles", "Duration", "Quarantined", "Stored", "IteratorAge", "5xx", "Latency"]
    {
        assert!(body.contains(seen), "the dashboard does not show {seen}");
    }
}

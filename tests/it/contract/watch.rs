//! The monitoring and protection of the stack: alarms, the rollback of a deployment, the dashboard, daily backups.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use weir_tests::template::{Template, refers_to, statements};

use super::failures::asynchronous;
use super::source::{functions, root};
use super::{camel_case, each, each_function};

#[test]
fn every_function_is_invoked_by_its_alias_only() {
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
                "{id} names {function} without its alias, so TrafficShift does not apply: use `!Ref {function}.Alias`"
            );
        }
    });
}

/// One metric that an alarm watches.
struct Metric<'a> {
    alarm: &'a str,
    /// Its id in the expression of an alarm that watches several metrics.
    id: Option<&'a str>,
    name: &'a Value,
    dimensions: &'a Value,
}

/// The metrics of all alarms.
fn metrics(template: &Template) -> Vec<Metric<'_>> {
    let all = template.resources("AWS::CloudWatch::Alarm").into_iter().flat_map(|(alarm, properties)| {
        let several = properties["Metrics"].as_array().into_iter().flatten();
        let several = several.filter(|query| !query["MetricStat"].is_null());
        let several = several.map(move |query| (query["Id"].as_str(), &query["MetricStat"]["Metric"]));
        let one = (!properties["MetricName"].is_null()).then_some((None, properties));
        several.chain(one).map(move |(id, metric)| Metric {
            alarm,
            id,
            name: &metric["MetricName"],
            dimensions: &metric["Dimensions"],
        })
    });
    all.collect()
}

impl Metric<'_> {
    /// Whether one of its dimensions is exactly this resource.
    fn is_of(&self, resource: &str) -> bool {
        let name = json!({ "Fn::GetAtt": format!("{resource}.QueueName") });
        let dimensions = self.dimensions.as_array().into_iter().flatten();
        dimensions.map(|dimension| &dimension["Value"]).any(|value| refers_to(value, resource) || *value == name)
    }
}

/// The metric of a resource that an alarm has to watch.
fn watched<'a>(template: &'a Template, name: &str, resource: &str) -> Metric<'a> {
    let found = metrics(template).into_iter().find(|metric| *metric.name == name && metric.is_of(resource));
    found.unwrap_or_else(|| panic!("no alarm watches {name} of {resource}"))
}

#[test]
fn a_deployment_is_rolled_back_by_the_errors_of_the_functions_alias() {
    each_function(|template, name, function| {
        let (id, alarm) = (camel_case(name) + "Function", camel_case(name) + "ErrorsAlarm");
        let errors = watched(template, "Errors", &id);
        assert_eq!(errors.alarm, alarm);
        let alias = json!({"Name": "Resource", "Value": {"Fn::Sub": format!("${{{id}}}:live")}});
        assert!(errors.dimensions.as_array().is_some_and(|all| all.contains(&alias)), "{alarm} watches other versions");
        let alarms = function["DeploymentPreference"]["Alarms"].as_array().cloned().unwrap_or_default();
        assert!(
            alarms.iter().any(|brake| refers_to(brake, &alarm)),
            "no deployment of {name} is rolled back by {alarm}"
        );
    });
}

#[test]
fn throttles_of_every_function_are_watched() {
    each_function(|template, name, _| {
        watched(template, "Throttles", &(camel_case(name) + "Function"));
    });
}

#[test]
fn the_duration_of_every_function_is_watched_at_80_percent_of_its_timeout() {
    each_function(|template, name, function| {
        let id = camel_case(name) + "Function";
        let duration = watched(template, "Duration", &id);
        let timeout = template.property(function, "Timeout").as_u64().expect("a number of seconds");
        let compared = format!("{} > {}", duration.id.expect("several functions"), timeout * 800);
        let expression = expression(template.resources("AWS::CloudWatch::Alarm")[duration.alarm]);
        assert!(expression.split(" OR ").any(|part| part == compared), "{}: {compared} is not in it", duration.alarm);
    });
}

#[test]
fn what_failed_for_good_or_was_lost_is_watched() {
    let template = Template::read(&root());
    let queues = template.resources("AWS::SQS::Queue").into_keys();
    let queues = queues.filter(|id| id.ends_with("OnFailureQueue") || id.ends_with("DeadLetterQueue"));
    each("queue of failed events", queues, |id| {
        watched(&template, "ApproximateNumberOfMessagesVisible", id);
    });
    each("asynchronous function", asynchronous(&template), |id| {
        watched(&template, "DestinationDeliveryFailures", &id);
    });
    each("rule", template.resources("AWS::IoT::TopicRule").into_keys(), |id| {
        watched(&template, "ErrorActionFailure", id);
    });
}

#[test]
fn the_age_of_every_stream_is_watched() {
    let template = Template::read(&root());
    let mappings = template.resources("AWS::Lambda::EventSourceMapping");
    let streams = mappings.values().filter(|mapping| mapping["EventSourceArn"].to_string().contains("StreamArn"));
    each("mapping of a stream", streams, |mapping| {
        let alias = mapping["FunctionName"]["Ref"].as_str().expect("a mapping names an alias");
        watched(&template, "IteratorAge", alias.trim_end_matches(".Alias"));
    });
}

/// The expression of an alarm that watches several metrics.
fn expression(alarm: &Value) -> &str {
    let queries = alarm["Metrics"].as_array().expect("several metrics");
    let result = queries.iter().find(|query| query["ReturnData"] == true).expect("one result");
    result["Expression"].as_str().expect("an expression")
}

/// CloudWatch's limits for alarms on metric math, which neither linters nor the emulator check.
#[test]
fn metric_math_of_alarms_uses_each_metric_once_and_stays_within_the_limits() {
    let template = Template::read(&root());
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    each(
        "alarm of several metrics",
        alarms.into_iter().filter(|(_, alarm)| !alarm["Metrics"].is_null()),
        |(id, alarm)| {
            let queries = alarm["Metrics"].as_array().expect("a list");
            let (stats, results): (Vec<_>, Vec<_>) = queries.iter().partition(|query| query["Expression"].is_null());
            assert!(results.len() == 1 && stats.len() <= 10, "{id}: one expression, at most 10 metrics");
            assert!(stats.iter().all(|stat| stat["ReturnData"] == false), "{id} returns more than its expression");
            let periods: BTreeSet<_> = stats.iter().map(|stat| stat["MetricStat"]["Period"].to_string()).collect();
            assert_eq!(periods.len(), 1, "{id} mixes periods");
            let words = expression(alarm).split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
            let mut used: Vec<_> =
                words.filter(|word| word.starts_with(|first: char| first.is_ascii_lowercase())).collect();
            let mut listed: Vec<_> = stats.iter().filter_map(|stat| stat["Id"].as_str()).collect();
            used.sort_unstable();
            listed.sort_unstable();
            assert_eq!(used, listed, "{id}: left the expression, right the metrics");
        },
    );
}

#[test]
fn every_metric_of_ours_that_an_alarm_watches_is_one_that_the_function_writes() {
    let template = Template::read(&root());
    let written = std::fs::read_to_string(root().join("crates/runtime/src/telemetry/metric.rs")).expect("the metrics");
    let own = json!({"Fn::Sub": "${Project}/${Environment}"});
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    each(
        "alarm on a metric of ours",
        alarms.into_iter().filter(|(_, alarm)| alarm["Namespace"] == own),
        |(id, alarm)| {
            let name = &alarm["MetricName"];
            let ways = [format!(r#""Name":{name}"#), format!("count_line(name, {name}")];
            assert!(ways.iter().any(|way| written.contains(way)), "{id}: no function writes {name}");
            let dimensions = alarm["Dimensions"].as_array().expect("a list of dimensions");
            let [dimension] = dimensions.as_slice() else {
                panic!("{id}: a metric of ours has the dimension `function`")
            };
            assert_eq!(dimension["Name"], "function", "{id}");
            let known = functions(&root()).into_iter().any(|function| dimension["Value"] == function);
            assert!(known, "{id}: {} is no function", dimension["Value"]);
        },
    );
}

#[test]
fn every_function_may_write_traces_when_they_are_on() {
    each_function(|template, name, _| {
        let role = camel_case(name) + "Role";
        let policies = &template.resources("AWS::IAM::Role")[role.as_str()]["Policies"];
        let traces = statements(policies)
            .into_iter()
            .any(|statement| statement["Action"] == json!(["xray:PutTraceSegments", "xray:PutTelemetryRecords"]));
        assert!(traces, "{role}: Lambda refuses `Tracing: Active` without it");
    });
}

#[test]
fn every_alarm_notifies_the_topic_and_says_what_happened() {
    let template = Template::read(&root());
    each("alarm", template.resources("AWS::CloudWatch::Alarm"), |(id, alarm)| {
        assert!(
            alarm["AlarmActions"].as_array().is_some_and(|to| to.iter().any(|to| refers_to(to, "AlarmTopic"))),
            "{id}"
        );
        assert!(alarm["AlarmDescription"]["Fn::Sub"].as_str().is_some_and(|text| text.ends_with('.')), "{id}");
        assert_eq!(alarm["TreatMissingData"], "notBreaching", "{id} would go off while nothing happens");
    });
}

#[test]
fn every_table_is_in_the_daily_backup() {
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

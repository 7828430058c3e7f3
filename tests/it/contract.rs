//! The contract between template, crates and events: a name used in one of them exists in the others.

mod events;
mod failures;
mod limits;
mod people;
mod recipe;
mod rights;
mod source;
mod time;
mod watch;

use std::fs::{read_dir, read_to_string};

use serde_json::Value;

use source::{functions, root};
use weir_tests::template::{Template, refers_to, statements};

/// Checks every item, and that there is one: a test of nothing would always pass.
fn each<T>(what: &str, of: impl IntoIterator<Item = T>, check: impl Fn(T)) {
    let seen = of.into_iter().map(check).count();
    assert!(seen > 0, "there is no {what} to check");
}

/// A crate's name in the form of logical ids: `problem-detector` becomes `ProblemDetector`.
fn camel_case(name: &str) -> String {
    let part = |part: &str| part[..1].to_uppercase() + &part[1..];
    name.split('-').map(part).collect()
}

/// Whether `value` names the alias of a function: everything invokes functions by it.
fn invokes(value: &Value, function: &str) -> bool {
    *value == serde_json::json!({ "Ref": format!("{function}.Alias") })
}

fn each_function(check: impl Fn(&Template, &str, &Value)) {
    let template = Template::read(&root());
    each("function", functions(&root()), |name| {
        let id = camel_case(&name) + "Function";
        let all = template.resources("AWS::Serverless::Function");
        let function = all.get(id.as_str()).unwrap_or_else(|| panic!("the template has no {id} for crates/{name}"));
        check(&template, &name, function);
    });
}

#[test]
fn every_function_crate_is_in_the_template_under_its_own_name() {
    each_function(|template, name, function| {
        assert_eq!(function["CodeUri"], format!("target/lambda/{name}"), "{name}");
        assert_eq!(function["FunctionName"]["Fn::Sub"], format!("${{Project}}-${{Environment}}-{name}"), "{name}");
        assert_eq!(*template.property(function, "Handler"), "bootstrap", "{name}");
        assert_eq!(*template.property(function, "Runtime"), "provided.al2023", "{name}");
    });
}

#[test]
fn every_function_of_the_template_has_a_crate() {
    let template = Template::read(&root());
    let known: Vec<_> = functions(&root()).iter().map(|name| camel_case(name) + "Function").collect();
    each("function", template.resources("AWS::Serverless::Function").into_keys(), |id| {
        assert!(known.iter().any(|name| name == id), "{id} has no crate");
    });
}

#[test]
fn the_template_gives_each_function_exactly_the_variables_it_reads() {
    each_function(|template, name, function| {
        assert_eq!(template.variables(function), source::variables(name), "{name}: left the template, right the code");
    });
}

#[test]
fn every_function_keeps_its_log_for_the_retention_period() {
    each_function(|template, name, function| {
        let id = camel_case(name) + "LogGroup";
        assert!(refers_to(&function["LoggingConfig"]["LogGroup"], &id), "{name} logs elsewhere");
        let groups = template.resources("AWS::Logs::LogGroup");
        let group = groups.get(id.as_str()).unwrap_or_else(|| panic!("there is no {id}"));
        assert_eq!(group["LogGroupName"]["Fn::Sub"], format!("/aws/lambda/${{Project}}-${{Environment}}-{name}"));
        assert!(refers_to(&group["RetentionInDays"], "LogRetentionDays"), "{id} has another retention period");
    });
}

#[test]
fn every_function_has_a_role_of_its_own_that_names_each_action() {
    each_function(|template, name, function| {
        let id = camel_case(name) + "Role";
        assert!(refers_to(&function["Role"], &id), "{name} has another role");
        let roles = template.resources("AWS::IAM::Role");
        let role = roles.get(id.as_str()).unwrap_or_else(|| panic!("there is no {id}"));
        assert!(role["ManagedPolicyArns"].is_null(), "{id} includes policies that others may widen");
        each(&format!("statement in {id}"), statements(&role["Policies"]), |statement| {
            assert!(!statement["Action"].to_string().contains('*'), "{id} allows more than it names: {statement}");
            assert!(
                has_no_resource_type(&statement["Action"]) || statement["Resource"] != "*",
                "{id} allows it on everything: {statement}"
            );
        });
    });
}

/// Whether AWS offers no resource to restrict the action to. Of the policies of a certificate it is not certain, and the list tells nobody
/// anything secret.
fn has_no_resource_type(action: &Value) -> bool {
    *action == "timestream:DescribeEndpoints"
        || *action == "iot:ListAttachedPolicies"
        || *action == "iot:CreateCertificateFromCsr"
        || *action == serde_json::json!(["xray:PutTraceSegments", "xray:PutTelemetryRecords"])
}

#[test]
fn every_function_has_recorded_events_that_are_json() {
    each("function", functions(&root()), |name| {
        let folder = root().join("events").join(&name);
        let files = read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        each(&format!("event in events/{name}"), files.map(|entry| entry.unwrap().path()), |path| {
            let read: Result<Value, _> = serde_json::from_str(&read_to_string(&path).unwrap());
            assert!(read.is_ok_and(|event| event.is_object()), "{} is no JSON object", path.display());
        });
    });
}

#[test]
fn every_folder_of_events_belongs_to_a_function() {
    let folders = read_dir(root().join("events")).expect("events is there").map(Result::unwrap);
    each("folder of events", folders.filter(|entry| entry.path().is_dir()), |entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(functions(&root()).contains(&name), "events/{name} belongs to no function");
    });
}

#[test]
fn every_parameter_has_a_default_is_bounded_and_used() {
    let template = Template::read(&root());
    let mentioned = template.mentioned();
    each("parameter", template.section("Parameters"), |(name, parameter)| {
        let has = |key: &str| !parameter[key].is_null();
        assert!(has("Default"), "{name} has no default");
        assert!(
            has("AllowedValues") || has("AllowedPattern") || has("MinValue") && has("MaxValue"),
            "{name} accepts any value"
        );
        assert!(mentioned.contains(name), "{name} is used nowhere");
    });
}

#[test]
fn every_table_can_be_restored_is_encrypted_and_outlives_its_stack() {
    let template = Template::read(&root());
    each("table", template.resources("AWS::DynamoDB::Table"), |(id, table)| {
        assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true, "{id}");
        assert_eq!(table["SSESpecification"]["SSEEnabled"], true, "{id}");
        assert_eq!(table["BillingMode"], "PAY_PER_REQUEST", "{id}");
        let whole = &template.section("Resources")[id];
        assert_eq!(
            (&whole["DeletionPolicy"], &whole["UpdateReplacePolicy"]),
            (&"RetainExceptOnCreate".into(), &"Retain".into()),
            "{id}"
        );
    });
    // The emulator does not delete expired items, so no test in the local cloud would fail without it.
    for id in ["ReadingsTable", "QuarantineTable"] {
        let ttl = &template.section("Resources")[id]["Properties"]["TimeToLiveSpecification"];
        assert_eq!((&ttl["AttributeName"], &ttl["Enabled"]), (&"expires_at".into(), &true.into()), "{id}");
    }
}

#[test]
fn every_queue_is_encrypted_and_keeps_messages_as_long_as_it_can() {
    let template = Template::read(&root());
    each("queue", template.resources("AWS::SQS::Queue"), |(id, queue)| {
        assert_eq!(
            (&queue["SqsManagedSseEnabled"], &queue["MessageRetentionPeriod"]),
            (&true.into(), &1_209_600.into()),
            "{id}"
        );
    });
    let (queue, mapping) = ("IngestQueue", "CalibrationIngestMapping");
    let function = &template.section("Resources")["CalibrationFunction"]["Properties"];
    let seconds = |value: &Value| value.as_u64().expect("a number of seconds");
    let window = seconds(&template.section("Resources")[mapping]["Properties"]["MaximumBatchingWindowInSeconds"]);
    let hidden = seconds(&template.section("Resources")[queue]["Properties"]["VisibilityTimeout"]);
    assert!(
        hidden >= 6 * seconds(template.property(function, "Timeout")) + window,
        "{queue} delivers a message again while it may still be processed"
    );
}

#[test]
fn every_rule_may_invoke_its_function() {
    let template = Template::read(&root());
    let permissions = template.resources("AWS::Lambda::Permission");
    each("rule", template.resources("AWS::IoT::TopicRule"), |(id, rule)| {
        let (name, payload) = (&rule["RuleName"]["Fn::Sub"], &rule["TopicRulePayload"]);
        assert!(
            name.as_str().is_some_and(|name| name.starts_with("${Project}_${Environment}_")),
            "{id} has the name {name}"
        );
        assert_eq!(payload["AwsIotSqlVersion"], "2016-03-23", "{id}");
        let alias = payload["Actions"][0]["Lambda"]["FunctionArn"]["Ref"].as_str().expect("an alias");
        let invoked = alias.trim_end_matches(".Alias");
        let allowed = permissions.values().any(|permission| {
            refers_to(&permission["SourceArn"], id)
                && refers_to(&permission["SourceAccount"], "AWS::AccountId")
                && invokes(&permission["FunctionName"], invoked)
        });
        assert!(allowed, "{id} may not invoke {invoked}");
    });
}

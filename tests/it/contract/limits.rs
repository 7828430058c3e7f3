//! Limits: the concurrency available for messages of devices, and who can delete resources that contain data.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Map, Value, json};
use tooling::deploy::Settings;
use tooling::place::Place;
use weir_tests::template::Template;

use super::each;
use super::source::root;

/// What a new account can run at once; none of it can be reserved.
const UNRESERVED: u32 = 10;

#[test]
fn each_function_that_messages_wake_can_be_kept_from_taking_the_whole_account() {
    let template = Template::read(&root());
    let functions = template.resources("AWS::Serverless::Function");
    let mappings = template.resources("AWS::Lambda::EventSourceMapping");
    // Every function that a rule of AWS IoT invokes, whatever it is called.
    let mut woken = BTreeSet::new();
    for (id, rule) in template.resources("AWS::IoT::TopicRule") {
        for action in rule["TopicRulePayload"]["Actions"].as_array().expect("actions") {
            let Some(lambda) = action.get("Lambda") else { continue };
            let function = lambda["FunctionArn"]["Ref"].as_str().and_then(|name| name.strip_suffix("Function.Alias"));
            woken.insert(function.unwrap_or_else(|| panic!("{id}: {lambda}")).to_owned());
        }
    }
    assert!(woken.len() >= 6, "{woken:?}");
    for name in woken {
        let limit =
            json!({"Fn::If": [format!("Limit{name}"), {"Ref": format!("{name}Concurrency")}, {"Ref": "AWS::NoValue"}]});
        assert_eq!(functions[format!("{name}Function").as_str()]["ReservedConcurrentExecutions"], limit);
        assert_eq!(template.section("Parameters")[&format!("{name}Concurrency")]["Default"], 0);
    }
    let limit = json!({"Fn::If": ["LimitIngest", {"MaximumConcurrency": {"Ref": "IngestConcurrency"}}, {"Ref": "AWS::NoValue"}]});
    assert_eq!(mappings["CalibrationIngestMapping"]["ScalingConfig"], limit);
    assert_eq!(template.section("Parameters")["IngestConcurrency"]["Default"], "0");
}

#[test]
fn where_it_is_limited_the_queue_leaves_some_of_it_to_the_rules_and_a_new_account_reserves_none() {
    let place = Place::of_run("test").expect("the tests live in the repository");
    let names = ["Calibration", "Organizer", "Ingest", "Twin", "Command", "Certificate", "Job"];
    let limits = |environment: &str| {
        let settings = Settings::of(&place, environment, &[]).unwrap_or_else(|error| panic!("{error:#}"));
        names.map(|name| {
            let start = format!("{name}Concurrency=");
            let found = settings.parameters.iter().find_map(|parameter| parameter.strip_prefix(&start));
            found.map_or(0, |number| number.parse::<u32>().expect("a number"))
        })
    };
    for environment in ["local", "dev"] {
        assert_eq!(limits(environment), [0; 7], "{environment}: a new account has {UNRESERVED} and reserves none");
    }
    for environment in ["stage", "prod"] {
        let limits = limits(environment);
        let [calibration, _, ingest, ..] = limits;
        assert!(limits.iter().all(|limit| *limit > 0), "{environment}: {limits:?} of {names:?}");
        assert!(ingest >= 2 && ingest < calibration, "{environment}: {limits:?}");
    }
}

/// A gateway may publish on its filter: with a wildcard in front it could speak for every device.
#[test]
fn no_filter_for_uplinks_begins_with_a_wildcard() {
    let template = Template::read(&root());
    let filter = &template.section("Parameters")["UplinkTopicFilter"];
    let allowed = filter["AllowedPattern"].as_str().expect("a pattern");
    // CloudFormation compares the whole value.
    let allowed = Regex::new(&format!("^(?:{allowed})$")).expect("a pattern that can be read");
    let default = filter["Default"].as_str().expect("a filter");
    for good in [default, "v3/#", "v3/weir@ttn/devices/+/up", "uplinks"] {
        assert!(allowed.is_match(good), "{good:?} is refused");
    }
    for bad in
        ["#", "+", "+/devices/+/up", "/v3/+", "$aws/things/+", "v+/up", "v3/#/up", "v3/a+/up", "v3/ up", "v3/'", ""]
    {
        assert!(!allowed.is_match(bad), "{bad:?} is allowed");
    }
}

/// AWS IoT takes 36 characters; `Project` and `Environment` may have 16 each.
#[test]
fn the_name_of_the_provisioning_template_fits_with_the_longest_names() {
    let template = Template::read(&root());
    let longest = |name: &str| {
        let pattern = template.section("Parameters")[name]["AllowedPattern"].as_str().expect("a pattern");
        let (word, longer) = ("x".repeat(16), "x".repeat(17));
        let allowed = Regex::new(&format!("^(?:{pattern})$")).expect("a pattern that can be read");
        assert!(allowed.is_match(&word) && !allowed.is_match(&longer), "{name}");
        word
    };
    let (project, environment) = (longest("Project"), longest("Environment"));
    each("provisioning template", template.resources("AWS::IoT::ProvisioningTemplate"), |(id, one)| {
        let name = one["TemplateName"]["Fn::Sub"].as_str().expect("a name");
        let name = name.replace("${Project}", &project).replace("${Environment}", &environment);
        assert!(name.len() <= 36, "{id}: {name} has {} characters", name.len());
    });
}

#[test]
fn in_prod_nobody_deletes_a_table_by_mistake() {
    let template = Template::read(&root());
    each("table", template.resources("AWS::DynamoDB::Table"), |(id, table)| {
        assert_eq!(table["DeletionProtectionEnabled"], json!({"Fn::If": ["IsProd", true, false]}), "{id}");
    });
}

/// Characters that AWS IoT takes in a policy, white space not counted ("Maximum policy document size", AWS IoT Core endpoints and
/// quotas in the AWS General Reference).
const POLICY: usize = 2_048;

/// A policy as AWS IoT gets it, with the longest names.
fn spelled_out(value: &Value) -> Value {
    match value {
        Value::Object(fields) => match fields.get("Fn::Sub").and_then(Value::as_str) {
            Some(text) => {
                let longest = [
                    ("${AWS::Partition}", "aws-us-gov"),
                    ("${AWS::Region}", "ap-southeast-2"),
                    ("${AWS::AccountId}", "123456789012"),
                    ("${ReadingRule}", "abcdefghijklmnop_abcdefghijklmnop_reading"),
                    ("${ReadingsRule}", "abcdefghijklmnop_abcdefghijklmnop_readings"),
                    ("${LevelRule}", "abcdefghijklmnop_abcdefghijklmnop_level"),
                    ("${UplinkRule}", "abcdefghijklmnop_abcdefghijklmnop_uplink"),
                    ("${!", "${"),
                ];
                longest.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to)).into()
            }
            None => fields.iter().map(|(name, value)| (name.clone(), spelled_out(value))).collect::<Map<_, _>>().into(),
        },
        Value::Array(items) => items.iter().map(spelled_out).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

#[test]
fn policies_of_devices_fit_into_what_aws_iot_takes() {
    let template = Template::read(&root());
    each("policy", template.resources("AWS::IoT::Policy"), |(name, policy)| {
        let length = spelled_out(&policy["PolicyDocument"]).to_string().len();
        assert!(length <= POLICY, "{name}: {length} characters");
    });
}

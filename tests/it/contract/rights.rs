//! What the pipeline's role may do, and what the tests ask that run under it after a deployment.

use serde_json::Value;
use weir_tests::deployed::ASKED;
use weir_tests::template::{Template, statements};

/// Statements that are there for the tests alone begin so.
const FOR_TESTS: &str = "Test";

/// The words of an entry that is a word or a list of words.
fn words(value: &Value) -> Vec<&str> {
    value
        .as_str()
        .map_or_else(|| value.as_array().into_iter().flatten().filter_map(Value::as_str).collect(), |word| vec![word])
}

#[test]
fn the_pipeline_may_ask_what_the_tests_of_a_deployment_ask_and_no_more() {
    let bootstrap = Template::parse(include_str!("../../../.github/bootstrap.yaml"));
    let roles = bootstrap.resources("AWS::IAM::Role");
    let role = roles.get("DeployRole").expect("the role of the pipeline");
    let allowed = statements(&role["Policies"]).into_iter().filter(|statement| statement["Effect"] == "Allow");
    let allowed: Vec<&Value> = allowed.collect();
    for (service, operation, action) in ASKED {
        let granted = allowed.iter().any(|statement| words(&statement["Action"]).contains(&action));
        assert!(granted, "the tests ask {service} {operation}, and DeployRole lacks {action}");
    }
    let for_tests =
        allowed.iter().filter(|statement| statement["Sid"].as_str().is_some_and(|sid| sid.starts_with(FOR_TESTS)));
    let granted: Vec<&str> = for_tests.flat_map(|statement| words(&statement["Action"])).collect();
    assert!(!granted.is_empty(), "no statement of DeployRole begins with {FOR_TESTS}");
    for action in granted {
        assert!(ASKED.iter().any(|(_, _, asked)| *asked == action), "no test asks for {action}");
    }
}

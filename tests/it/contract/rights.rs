//! The rights of the pipeline's role, and the requests of the tests that run with it after a deployment.

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

/// A role of the templates: its statements that allow something.
fn allowed<'a>(template: &'a Template, role: &str) -> Vec<&'a Value> {
    let roles = template.resources("AWS::IAM::Role");
    let role = roles.get(role).unwrap_or_else(|| panic!("there is no {role}"));
    statements(&role["Policies"]).into_iter().filter(|statement| statement["Effect"] == "Allow").collect()
}

#[test]
fn the_pipeline_may_look_at_the_bootstrap_stack_and_not_change_it() {
    let bootstrap = Template::parse(include_str!("../../../.github/bootstrap.yaml"));
    let of_the_stack: Vec<&str> = allowed(&bootstrap, "DeployRole")
        .into_iter()
        .filter(|statement| statement["Resource"].to_string().contains("stack/${AWS::StackName}/"))
        .flat_map(|statement| words(&statement["Action"]))
        .collect();
    assert_eq!(of_the_stack, ["cloudformation:DescribeStacks"]);
}

#[test]
fn no_role_that_the_pipeline_makes_has_more_rights_than_the_boundary() {
    let bootstrap = Template::parse(include_str!("../../../.github/bootstrap.yaml"));
    let gives = ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PutRolePermissionsBoundary"];
    let mut given = Vec::new();
    for statement in allowed(&bootstrap, "StackRole") {
        for action in words(&statement["Action"]).into_iter().filter(|action| action.starts_with("iam:")) {
            let bounded = &statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"]["Ref"] == "Boundary";
            assert!(bounded || !gives.contains(&action), "{action} is allowed without the boundary");
            let of_policies =
                action.contains('*') || action.contains("PolicyVersion") || action.ends_with("reatePolicy");
            assert!(!of_policies && action != "iam:DeleteRolePermissionsBoundary", "{action} gets round the boundary");
            given.push(action);
        }
    }
    assert!(gives.iter().all(|action| given.contains(action)), "{given:?}");
}

#[test]
fn the_boundary_leaves_every_role_of_the_stack_its_rights() {
    let bootstrap = Template::parse(include_str!("../../../.github/bootstrap.yaml"));
    let template = Template::parse(include_str!("../../../template.yaml"));
    let policies = bootstrap.resources("AWS::IAM::ManagedPolicy");
    let bounds: Vec<&str> = statements(&policies["Boundary"]["PolicyDocument"])
        .into_iter()
        .inspect(|statement| assert_eq!(statement["Effect"], "Allow"))
        .flat_map(|statement| words(&statement["Action"]))
        .collect();
    let within = |action: &str| {
        let fits = |bound: &&str| bound.strip_suffix('*').map_or(*bound == action, |start| action.starts_with(start));
        bounds.iter().any(fits)
    };
    // Handing a role over is bound to one service.
    let to_iot = |statement: &&Value| {
        statement["Action"] == "iam:PassRole"
            && statement["Condition"]["StringEquals"]["iam:PassedToService"] == "iot.amazonaws.com"
    };
    assert_eq!(statements(&policies["Boundary"]["PolicyDocument"]).into_iter().filter(to_iot).count(), 1);
    let once = bounds.iter().filter(|bound| **bound == "iam:PassRole").count() == 1;
    let wide = bounds
        .iter()
        .filter(|bound| **bound != "iam:PassRole" || !once)
        .filter(|bound| bound.starts_with("iam:") || bound.starts_with("sts:") || **bound == "*");
    assert_eq!(wide.collect::<Vec<_>>(), Vec::<&&str>::new(), "a role could get round the boundary");
    for role in template.resources("AWS::IAM::Role").into_keys() {
        for action in allowed(&template, role).into_iter().flat_map(|statement| words(&statement["Action"])) {
            assert!(within(action), "the boundary takes {action} from {role}");
        }
    }
}

//! The template's requirements for people who sign in.

use serde_json::json;
use tooling::deploy::Settings;
use tooling::place::Place;
use weir_tests::template::Template;

use super::source::root;

#[test]
fn a_refresh_gives_a_new_refresh_token_and_the_old_one_ends_half_a_minute_later() {
    let template = Template::read(&root());
    let client = template.resources("AWS::Cognito::UserPoolClient")["UserPoolClient"];
    assert_eq!(client["RefreshTokenRotation"], json!({"Feature": "ENABLED", "RetryGracePeriodSeconds": 30}));
    // The flow that refreshes without rotation; Cognito refuses the client if both are on.
    let flows = client["ExplicitAuthFlows"].as_array().expect("a list of flows");
    assert!(!flows.contains(&json!("ALLOW_REFRESH_TOKEN_AUTH")), "{flows:?}");
}

#[test]
fn one_time_codes_are_required_of_everybody_in_stage_and_prod() {
    let template = Template::read(&root());
    let pool = template.resources("AWS::Cognito::UserPool")["UserPool"];
    assert_eq!(pool["MfaConfiguration"], json!({"Fn::If": ["MfaRequired", "ON", "OPTIONAL"]}));
    assert_eq!(pool["EnabledMfas"], json!(["SOFTWARE_TOKEN_MFA"]));
    assert_eq!(template.section("Conditions")["MfaRequired"], json!({"Fn::Equals": [{"Ref": "Mfa"}, "required"]}));
    let place = Place::of_run("test").expect("the tests live in the repository");
    for (environment, required) in [("local", false), ("dev", false), ("stage", true), ("prod", true)] {
        let settings = Settings::of(&place, environment, &[]).unwrap_or_else(|error| panic!("{error:#}"));
        assert_eq!(settings.parameters.iter().any(|parameter| parameter == "Mfa=required"), required, "{environment}");
    }
}

//! Lists of people in a pool that is larger than a page of Cognito's.

use serde_json::{Value, json};
use tooling::cloud::Call;
use weir_tests::local::Local;

/// Asks the stack's user pool; cheaper than adding people through the API.
async fn pool(local: &Local, operation: &str, mut body: Value) {
    body["UserPoolId"] = local.stack.output("UserPoolId").unwrap().into();
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    let call = Call {
        service: "cognito-idp",
        method: "POST",
        path: "/",
        headers: &headers,
        body: body.to_string().into_bytes(),
    };
    local.stack.cloud().bytes(call).await.expect("the pool does what is asked");
}

async fn add(local: &Local, email: &str) {
    let attributes = json!([{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]);
    let new = json!({"Username": email, "UserAttributes": attributes, "MessageAction": "SUPPRESS"});
    pool(local, "AdminCreateUser", new).await;
    pool(local, "AdminAddUserToGroup", json!({"Username": email, "GroupName": "user"})).await;
}

#[tokio::test]
async fn the_roles_of_those_who_joined_a_large_group_last_are_found() {
    let local = Local::running();
    for number in 0..60 {
        add(&local, &format!("crowd-{number:02}@weir.example")).await;
    }
    for name in ["late-ann", "late-bob", "late-eve"] {
        add(&local, &format!("{name}@weir.example")).await;
    }
    let admin = local.admin().await;
    let page = admin.expect(&[200], "GET", "/cognito/users?email=late-", None).await.unwrap().json();
    let roles: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| one["role"].clone()).collect();
    assert_eq!(roles, [json!("user"), json!("user"), json!("user")], "{page}");
}

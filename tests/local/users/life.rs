//! The life of a user on the deployed stack, with real passwords and tokens.

use serde_json::{Value, json};
use tooling::api::Api;
use tooling::cloud::Call;
use weir_tests::local::{Local, until};

use super::ONE_ADMIN;

const FIRST: &str = "Temporary-Horse-7";
const OWN: &str = "My-Own-Battery-8";

/// Calls the user pool as an app does; an error is a result too.
pub async fn pool(local: &Local, operation: &str, body: Value) -> Result<Value, String> {
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    let cloud = local.stack.cloud();
    let answer = cloud.json("cognito-idp", "POST", "/", &headers, Some(&body)).await;
    answer.map_err(|error| format!("{error:#}"))
}

async fn sign_in(local: &Local, email: &str, password: &str) -> Result<Value, String> {
    let said = json!({"USERNAME": email, "PASSWORD": password});
    flow(local, "ADMIN_USER_PASSWORD_AUTH", said).await
}

async fn refresh(local: &Local, tokens: &Value) -> Result<Value, String> {
    let (_, client) = ids(local);
    let body = json!({"ClientId": client, "RefreshToken": tokens["RefreshToken"]});
    pool(local, "GetTokensFromRefreshToken", body).await
}

async fn flow(local: &Local, flow: &str, said: Value) -> Result<Value, String> {
    let (id, client) = ids(local);
    let body = json!({"UserPoolId": id, "ClientId": client, "AuthFlow": flow, "AuthParameters": said});
    pool(local, "AdminInitiateAuth", body).await
}

fn ids(local: &Local) -> (String, String) {
    let output = |name| local.stack.output(name).unwrap().to_owned();
    (output("UserPoolId"), output("UserPoolClientId"))
}

fn api(local: &Local, tokens: &Value, token: &str) -> Api {
    Api::of(&local.stack, tokens[token].as_str()).unwrap()
}

async fn expect(api: &Api, status: u16, method: &str, path: &str, body: Option<Value>) -> Value {
    api.expect(&[status], method, path, body.as_ref()).await.unwrap().json()
}

#[tokio::test]
async fn a_user_is_added_signs_in_works_is_demoted_disabled_and_deleted() {
    let local = Local::running();
    let _only = ONE_ADMIN.lock().await;
    let admin = local.admin().await;
    let email = "life@weir.example";

    // Added with a temporary password.
    let body = json!({"email": "Life@Weir.example", "role": "user", "password": {"value": FIRST},
        "profile": {"name": "Life"}});
    let added = expect(&admin, 201, "POST", "/cognito/users", Some(body.clone())).await;
    let username = added["username"].as_str().unwrap().to_owned();
    let person = format!("/cognito/users/{username}");
    assert_eq!((added["role"].as_str(), added["status"].as_str()), (Some("user"), Some("force_change_password")));
    assert_eq!(expect(&admin, 409, "POST", "/cognito/users", Some(body)).await["type"], "urn:weir:problem:user_exists");

    // A sign-in does not show whether a user exists.
    let wrong = sign_in(&local, email, "Not-The-Horse-7").await.unwrap_err();
    let nobody = sign_in(&local, "nobody@weir.example", "Not-The-Horse-7").await.unwrap_err();
    assert!(wrong.contains("NotAuthorizedException") && nobody.contains("NotAuthorizedException"), "{wrong} {nobody}");

    // The temporary password has to be changed.
    let asked = sign_in(&local, email, FIRST).await.unwrap();
    assert_eq!(asked["ChallengeName"], "NEW_PASSWORD_REQUIRED", "{asked}");
    let (id, client) = ids(&local);
    let answer = json!({"UserPoolId": id, "ClientId": client, "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "Session": asked["Session"], "ChallengeResponses": {"USERNAME": email, "NEW_PASSWORD": OWN}});
    let tokens = pool(&local, "AdminRespondToAuthChallenge", answer).await.unwrap()["AuthenticationResult"].clone();
    assert_eq!(tokens["ExpiresIn"], 900, "a token lasts a quarter of an hour");

    // Reads their own data.
    let me = api(&local, &tokens, "IdToken");
    assert_eq!(expect(&me, 200, "GET", "/users/me", None).await["name"], "Life");
    let changed = expect(&me, 200, "PATCH", "/users/me", Some(json!({"preferences": {"language": "de"}}))).await;
    assert_eq!((changed["version"].as_u64(), changed["sub"].as_str()), (Some(2), Some(username.as_str())));
    let profiles = expect(&admin, 200, "GET", "/users?limit=200", None).await;
    assert!(profiles["items"].as_array().unwrap().iter().any(|one| one["sub"] == username.as_str()), "{profiles}");
    let role = expect(&me, 200, "GET", &format!("{person}/role"), None).await;
    assert_eq!(role, json!({"username": username, "email": email, "role": "user", "devices": ""}));

    // And is refused elsewhere.
    for (method, path, body) in [
        ("GET", "/users", None),
        ("GET", "/cognito/users", None),
        ("GET", person.as_str(), None),
        ("GET", "/cognito/users/admin@weir.example/role", None),
        ("PATCH", person.as_str(), Some(json!({"role": "admin"}))),
        ("DELETE", person.as_str(), None),
        ("POST", "/devices", Some(json!({"id": "life-02"}))),
    ] {
        expect(&me, 403, method, path, body).await;
    }
    expect(&api(&local, &tokens, "AccessToken"), 401, "GET", "/users/me", None).await;
    expect(&local.nobody(), 401, "GET", "/users/me", None).await;

    // Gets a device, and sees it with the next token.
    local.register(&json!({"id": "life-01"})).await;
    expect(&me, 404, "GET", "/devices/life-01", None).await;
    let given = expect(&admin, 200, "PATCH", &person, Some(json!({"devices": "life-01"}))).await;
    assert_eq!(given["devices"], "life-01");
    let refreshed = refresh(&local, &tokens).await.unwrap()["AuthenticationResult"].clone();
    let me = api(&local, &refreshed, "IdToken");
    expect(&me, 200, "GET", "/devices/life-01", None).await;

    // Becomes an admin.
    expect(&admin, 200, "PATCH", &person, Some(json!({"role": "admin"}))).await;
    let refreshed = refresh(&local, &tokens).await.unwrap()["AuthenticationResult"].clone();
    let page = expect(&api(&local, &refreshed, "IdToken"), 200, "GET", "/cognito/users?email=life@", None).await;
    assert_eq!((page["items"][0]["role"].as_str(), page["items"].as_array().unwrap().len()), (Some("admin"), 1));
    assert_eq!(expect(&admin, 200, "GET", &person, None).await["role"], "admin");
    // Not even an admin can delete themselves.
    let refused = expect(&api(&local, &refreshed, "IdToken"), 409, "DELETE", &person, None).await;
    assert_eq!(refused["type"], "urn:weir:problem:self_delete");

    // Is demoted: signed out, and no longer an admin.
    next_second().await;
    expect(&admin, 200, "PATCH", &person, Some(json!({"role": "user"}))).await;
    refresh(&local, &tokens).await.unwrap_err();
    // The old token, which still says admin, cannot undo that.
    let late = api(&local, &refreshed, "IdToken");
    expect(&late, 403, "PATCH", &person, Some(json!({"role": "admin"}))).await;
    let tokens = sign_in(&local, email, OWN).await.unwrap()["AuthenticationResult"].clone();
    expect(&api(&local, &tokens, "IdToken"), 403, "GET", "/cognito/users", None).await;

    // Gets a new password, which the pool checks. It ends the session.
    let session = tokens;
    next_second().await;
    let weak = json!({"password": {"value": "short", "permanent": true}});
    let refused = expect(&admin, 422, "PATCH", &person, Some(weak)).await;
    assert_eq!(refused["type"], "urn:weir:problem:password_policy");
    assert!(refused["errors"].to_string().contains("must have at least 12 characters"), "{refused}");
    expect(&admin, 200, "PATCH", &person, Some(json!({"password": {"value": FIRST, "permanent": true}}))).await;
    refresh(&local, &session).await.unwrap_err();
    sign_in(&local, email, OWN).await.unwrap_err();
    let tokens = sign_in(&local, email, FIRST).await.unwrap()["AuthenticationResult"].clone();

    // Is disabled, and enabled again.
    next_second().await;
    let disabled = expect(&admin, 200, "PATCH", &person, Some(json!({"enabled": false}))).await;
    assert_eq!(disabled["enabled"], false);
    refresh(&local, &tokens).await.unwrap_err();
    sign_in(&local, email, FIRST).await.unwrap_err();
    expect(&admin, 200, "PATCH", &person, Some(json!({"enabled": true}))).await;
    let tokens = sign_in(&local, email, FIRST).await.unwrap()["AuthenticationResult"].clone();

    // Is deleted, with the profile; a token that is still valid restores nothing.
    expect(&admin, 204, "DELETE", &person, None).await;
    expect(&admin, 404, "GET", &person, None).await;
    expect(&admin, 404, "GET", &format!("/users/{username}"), None).await;
    expect(&admin, 404, "DELETE", &person, None).await;
    sign_in(&local, email, FIRST).await.unwrap_err();
    expect(&api(&local, &tokens, "IdToken"), 404, "PATCH", "/users/me", Some(json!({"name": "Ghost"}))).await;

    // All changes are in the audit log, with the admin who made them.
    let expected = ["user.add", "user.change", "user.delete"];
    until("the log of changes", async || {
        let told = audits(&local, &username, email).await;
        expected.iter().all(|action| told.iter().any(|line| line["action"] == *action)).then_some(())
    })
    .await;
    for line in audits(&local, &username, email).await {
        assert_eq!(line["actor"], "admin@weir.example", "{line}");
        assert!(!line.to_string().contains("Horse"), "{line}");
    }
}

/// The emulator counts whole seconds: there, a token issued in the second of a sign-out stays valid.
async fn next_second() {
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
}

/// The audit lines about one user.
async fn audits(local: &Local, username: &str, email: &str) -> Vec<Value> {
    let name = local.stack.function("cognito-add-update-delete-user").unwrap();
    let body = json!({"logGroupName": format!("/aws/lambda/{name}")}).to_string().into_bytes();
    let headers = [("x-amz-target", "Logs_20140328.FilterLogEvents"), ("content-type", "application/x-amz-json-1.1")];
    let call = Call { service: "logs", method: "POST", path: "/", headers: &headers, body };
    let answer: Value = serde_json::from_slice(&local.stack.cloud().bytes(call).await.unwrap()).unwrap();
    let messages = answer["events"].as_array().unwrap().iter().filter_map(|event| event["message"].as_str());
    let lines = messages.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ours = |line: &Value| line["whom"] == username || line["whom"] == email;
    lines.filter(|line| line["kind"] == "audit" && line["outcome"] == "done" && ours(line)).collect()
}

#[tokio::test]
async fn the_sweep_checks_profiles_and_counts_admins_on_the_deployed_stack() {
    let local = Local::running();
    let function = local.stack.function("cognito-add-update-delete-user").unwrap();
    let swept = local.call(function, &weir_tests::events::event("cognito-add-update-delete-user", "sweep")).await;
    assert!(swept["admins"].as_u64().is_some_and(|admins| admins >= 1), "{swept}");
    assert_eq!(swept["orphans"], 0, "{swept}");
}

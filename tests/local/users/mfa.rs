//! One-time codes: an admin sets up an authenticator app, signs in with its codes and uses the API; and where codes are required,
//! an admin without them changes nobody.

use serde_json::{Value, json};
use tooling::api::Api;
use tooling::people::{Person, Role};
use totp_rs::{Builder, Secret};
use weir_tests::local::{Local, now};

use super::asked;
use super::life::pool;

/// The code that an authenticator app shows now.
pub fn code(secret: &str) -> String {
    let secret = Secret::try_from_base32(secret).expect("the pool gives a secret in base32");
    let app = Builder::new().with_secret(secret).build().expect("a secret is long enough");
    app.generate(u64::try_from(now() / 1_000).unwrap()).to_string()
}

/// Another code than that.
pub fn wrong(code: &str) -> String {
    let digit = if code.starts_with('0') { '1' } else { '0' };
    format!("{digit}{}", &code[1..])
}

async fn sign_in(local: &Local, admin: &Person) -> Value {
    let said = json!({"USERNAME": admin.email, "PASSWORD": admin.password});
    let body = ids(local, json!({"AuthFlow": "ADMIN_USER_PASSWORD_AUTH", "AuthParameters": said}));
    pool(local, "AdminInitiateAuth", body).await.unwrap()
}

/// Answers the challenge for a code.
async fn answer(local: &Local, admin: &Person, challenge: &Value, code: &str) -> Result<Value, String> {
    let said = json!({"USERNAME": admin.email, "SOFTWARE_TOKEN_MFA_CODE": code});
    let body =
        json!({"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": challenge["Session"], "ChallengeResponses": said});
    pool(local, "AdminRespondToAuthChallenge", ids(local, body)).await
}

fn ids(local: &Local, mut body: Value) -> Value {
    body["UserPoolId"] = local.stack.output("UserPoolId").unwrap().into();
    body["ClientId"] = local.stack.output("UserPoolClientId").unwrap().into();
    body
}

/// Sets up an authenticator app with an access token; returns its secret.
pub async fn enrol(local: &Local, access_token: &Value) -> String {
    let made = pool(local, "AssociateSoftwareToken", json!({"AccessToken": access_token})).await.unwrap();
    let secret = made["SecretCode"].as_str().unwrap().to_owned();
    let refused = json!({"AccessToken": access_token, "UserCode": wrong(&code(&secret))});
    assert!(pool(local, "VerifySoftwareToken", refused).await.is_err(), "a wrong code proves no app");
    let proved = json!({"AccessToken": access_token, "UserCode": code(&secret)});
    assert_eq!(pool(local, "VerifySoftwareToken", proved).await.unwrap()["Status"], "SUCCESS");
    let preferred = json!({"Enabled": true, "PreferredMfa": true});
    let preference = json!({"AccessToken": access_token, "SoftwareTokenMfaSettings": preferred});
    pool(local, "SetUserMFAPreference", preference).await.unwrap();
    secret
}

#[tokio::test]
async fn an_admin_signs_in_with_one_time_codes_and_where_they_are_required_needs_them() {
    let local = Local::running();
    let admin = Person::make(&local.stack, "codes@weir.example", Role::Admin, "").await.unwrap();
    let first = sign_in(&local, &admin).await["AuthenticationResult"].clone();
    let id = subject(first["IdToken"].as_str().unwrap());

    // The same function in an environment where codes are required.
    let strict = local.copy("cognito-add-update-delete-user", "codes", &[("MFA", "required")]).await;
    let change = json!({"devices": "codes-01"});
    let request = asked(&id, "PATCH", "/cognito/users/user@weir.example", Some(&change));
    let refused = local.call(&strict, &request).await;
    assert_eq!(refused["statusCode"], 403, "{refused}");
    let told: Value = serde_json::from_str(refused["body"].as_str().unwrap()).unwrap();
    assert_eq!(told["type"], "urn:weir:problem:mfa_required", "{told}");
    assert!(told["detail"].as_str().unwrap().contains("authenticator app"), "{told}");

    let secret = enrol(&local, &first["AccessToken"]).await;
    // From now on the password alone gives no token.
    let challenge = sign_in(&local, &admin).await;
    assert_eq!(challenge["ChallengeName"], "SOFTWARE_TOKEN_MFA", "{challenge}");
    assert!(challenge.get("AuthenticationResult").is_none(), "{challenge}");
    let refused = answer(&local, &admin, &challenge, &wrong(&code(&secret))).await.unwrap_err();
    assert!(refused.contains("CodeMismatchException"), "{refused}");
    let tokens = answer(&local, &admin, &challenge, &code(&secret)).await.unwrap()["AuthenticationResult"].clone();
    let api = Api::of(&local.stack, tokens["IdToken"].as_str()).unwrap();
    api.expect(&[200], "GET", "/cognito/users?limit=1", None).await.unwrap();

    let email = "with-codes@weir.example";
    let new = json!({"email": email, "role": "user", "password": {"value": "Temporary-Horse-7"}});
    let added = local.call(&strict, &asked(&id, "POST", "/cognito/users", Some(&new))).await;
    assert_eq!(added["statusCode"], 201, "{added}");
    let removed = local.call(&strict, &asked(&id, "DELETE", &format!("/cognito/users/{email}"), None)).await;
    assert_eq!(removed["statusCode"], 204, "{removed}");
}

#[tokio::test]
async fn the_template_asks_for_short_sessions_a_password_history_and_rotation() {
    let local = Local::running();
    let described = pool(&local, "DescribeUserPool", ids(&local, json!({}))).await.unwrap()["UserPool"].clone();
    assert_eq!(described["Policies"]["PasswordPolicy"]["PasswordHistorySize"], 5, "{described}");
    assert_eq!(described["UserPoolTier"], "ESSENTIALS");
    let client = pool(&local, "DescribeUserPoolClient", ids(&local, json!({}))).await.unwrap();
    let client = client["UserPoolClient"].clone();
    assert_eq!(
        (&client["RefreshTokenValidity"], &client["TokenValidityUnits"]["RefreshToken"]),
        (&json!(7), &json!("days"))
    );
    let flows = client["ExplicitAuthFlows"].to_string();
    assert!(!flows.contains("ALLOW_REFRESH_TOKEN_AUTH"), "excludes rotation: {flows}");
}

/// The `sub` of a token.
fn subject(token: &str) -> String {
    use base64::Engine;
    let claims = token.split('.').nth(1).expect("a token has three parts");
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).expect("base64");
    serde_json::from_slice::<Value>(&claims).expect("claims are JSON")["sub"].as_str().expect("a sub").to_owned()
}

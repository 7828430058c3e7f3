//! Signing in and out.

use serde_json::json;
use tooling::people::{Person, Role};
use weir_tests::local::Local;

use super::admin;
use super::browser::Browser;
use crate::users::mfa;

#[tokio::test]
async fn people_sign_in_and_come_back_to_the_page_they_asked_for() {
    let local = Local::running();
    let Some(browser) = Browser::start(&local, "sign-in").await else { return };
    browser.open("/devices/buoy-01?from=2026-11-01").await;
    browser.log_in(&admin(&local)).await;
    browser.says("Device buoy-01").await;
    assert_eq!(browser.address().await, format!("{}/devices/buoy-01?from=2026-11-01", browser.dashboard));
    assert_eq!(browser.ask("return document.title").await, "Device buoy-01 – Weir");
    browser.says("admin@weir.example").await;
    // Tokens are in memory: only the refresh token and nothing lasting is kept.
    let kept = browser
        .ask("return [Object.keys(sessionStorage).join(), Object.keys(localStorage).join(), document.cookie]")
        .await;
    assert_eq!(kept, json!(["weir.refresh", "", ""]));
    // Loaded again, it renews its tokens and asks for nothing.
    browser.reload().await;
    browser.says("Device buoy-01").await;
    assert!(browser.address().await.starts_with(&browser.dashboard));
    // The new token says as much as the first: an administrator sees everything.
    assert_eq!(browser.ask("return document.querySelectorAll('#no-devices').length").await, 0);
    browser.click("nav a[href='/app/problems']").await;
    browser.says("Problems").await;
    assert_eq!(browser.address().await, format!("{}/problems", browser.dashboard));
}

#[tokio::test]
async fn who_signs_out_leaves_nothing_behind() {
    let local = Local::running();
    let Some(browser) = Browser::start(&local, "sign-out").await else { return };
    let person = Person::make(&local.stack, "leaves@weir.example", Role::User, "buoy-01").await.unwrap();
    browser.open("/").await;
    browser.log_in(&person).await;
    browser.says("Devices").await;
    let refresh = browser.ask("return JSON.parse(sessionStorage['weir.refresh'])").await;
    browser.click(".person summary").await;
    browser.click(".menu button").await;
    browser.says("You are signed out").await;
    assert_eq!(browser.address().await, format!("{}/signed-out", browser.dashboard));
    assert_eq!(browser.ask("return sessionStorage.length").await, 0);
    // The refresh token is of no use to anybody.
    let body = json!({"ClientId": local.stack.output("UserPoolClientId").unwrap(), "RefreshToken": refresh});
    let headers = [
        ("x-amz-target", "AWSCognitoIdentityProviderService.GetTokensFromRefreshToken"),
        ("content-type", "application/x-amz-json-1.1"),
    ];
    let renewed = local.stack.cloud().json("cognito-idp", "POST", "/", &headers, Some(&body)).await;
    assert!(renewed.is_err(), "{renewed:?}");
    browser.click("button.primary").await;
    browser.there("#username").await;
}

#[tokio::test]
async fn somebody_without_devices_is_told_why_everything_is_empty() {
    let local = Local::running();
    let Some(browser) = Browser::start(&local, "no-devices").await else { return };
    let person = Person::make(&local.stack, "new@weir.example", Role::User, "").await.unwrap();
    browser.open("/").await;
    browser.log_in(&person).await;
    browser.says("You may not see any device yet").await;
}

#[tokio::test]
async fn an_invited_person_sets_a_password_and_is_in() {
    let local = Local::running();
    let Some(browser) = Browser::start(&local, "invited").await else { return };
    let (email, temporary) = ("invited@weir.example", "Temporary-Pass-1");
    let invite = json!({
        "UserPoolId": local.stack.output("UserPoolId").unwrap(), "Username": email, "TemporaryPassword": temporary,
        "MessageAction": "SUPPRESS",
        "UserAttributes": [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
    });
    let headers = [
        ("x-amz-target", "AWSCognitoIdentityProviderService.AdminCreateUser"),
        ("content-type", "application/x-amz-json-1.1"),
    ];
    local.stack.cloud().json("cognito-idp", "POST", "/", &headers, Some(&invite)).await.unwrap();
    browser.open("/problems").await;
    browser.log_in(&Person { email: email.to_owned(), password: temporary.to_owned() }).await;
    for field in ["#new_password", "#confirm_password"] {
        browser.fill(field, "An-Own-Password-2").await;
    }
    browser.click("button[type=submit]").await;
    browser.says("You may not see any device yet").await;
    assert_eq!(browser.address().await, format!("{}/problems", browser.dashboard));
}

#[tokio::test]
async fn an_answer_that_was_not_asked_for_signs_nobody_in() {
    let local = Local::running();
    let Some(browser) = Browser::start(&local, "foreign-code").await else { return };
    browser.open("/signed-in?code=made-up&state=made-up").await;
    browser.says("You could not be signed in").await;
    browser.says("Begin again").await;
    assert_eq!(browser.ask("return sessionStorage.length").await, 0);
}

#[tokio::test]
async fn somebody_with_an_authenticator_app_is_asked_for_its_code_and_comes_to_the_page_they_asked_for() {
    let local = Local::running();
    let Some(browser) = Browser::start(&local, "codes").await else { return };
    let person = Person::make(&local.stack, "app@weir.example", Role::User, "buoy-01").await.unwrap();
    let token = person.sign_in(&local.stack).await.unwrap().access;
    let secret = mfa::enrol(&local, &json!(token)).await;
    browser.open("/problems?status=ACKNOWLEDGED").await;
    browser.log_in(&person).await;
    browser.fill("#totp", &mfa::wrong(&mfa::code(&secret))).await;
    browser.click("button[type=submit]").await;
    browser.says("That is not the code").await;
    assert!(browser.address().await.starts_with(&browser.endpoint), "a wrong code lets nobody in");
    browser.fill("#totp", &mfa::code(&secret)).await;
    browser.click("button[type=submit]").await;
    browser.says("Problems").await;
    assert_eq!(browser.address().await, format!("{}/problems?status=ACKNOWLEDGED", browser.dashboard));
    // Loaded again, the session goes on without a code.
    browser.reload().await;
    browser.says("app@weir.example").await;
    assert!(browser.address().await.starts_with(&browser.dashboard));
}

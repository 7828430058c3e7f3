//! The session while somebody works: tokens are renewed in time, and when it ends nothing of the page is lost.

use serde_json::json;
use tooling::people::{Person, Role};
use weir_tests::local::Local;

use super::browser::Browser;

/// Long waits of the page last two seconds: tokens are renewed all the time.
pub const HURRY: &str = "const own = setTimeout; window.setTimeout = (what, wait, ...more) => own(what, wait > 60000 ? 2000 : wait, ...more)";

async fn signed_in(local: &Local, name: &'static str) -> Option<Browser> {
    let browser = Browser::start(local, name).await?;
    browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({"source": HURRY})).await;
    let person = Person::make(&local.stack, &format!("{name}@weir.example"), Role::User, "buoy-01").await.unwrap();
    browser.open("/problems").await;
    browser.log_in(&person).await;
    browser.says("Problems").await;
    // Something of the page that is not in its address.
    browser.ask("window.mine = 1; document.body.append(Object.assign(document.createElement('input'), {id: 'typed', value: 'half a note'}))").await;
    Some(browser)
}

/// Makes the refresh token of the page worthless from elsewhere, as an administrator would.
pub async fn revoke(local: &Local, browser: &Browser) {
    let headers = [
        ("x-amz-target", "AWSCognitoIdentityProviderService.RevokeToken"),
        ("content-type", "application/x-amz-json-1.1"),
    ];
    let refresh = browser.ask("return JSON.parse(sessionStorage['weir.refresh'])").await;
    let revoke = json!({"ClientId": local.stack.output("UserPoolClientId").unwrap(), "Token": refresh});
    local.stack.cloud().json("cognito-idp", "POST", "/", &headers, Some(&revoke)).await.unwrap();
}

#[tokio::test]
async fn tokens_are_renewed_in_time_and_without_a_reload() {
    let local = Local::running();
    let Some(browser) = signed_in(&local, "renewal").await else { return };
    let identity = format!("{}/", local.stack.endpoint);
    let renewals = format!("return performance.getEntriesByName('{identity}').length >= 2");
    browser.until("the token was renewed twice", &renewals).await;
    assert_eq!(
        browser.ask("return [window.mine, document.querySelector('#typed').value]").await,
        json!([1, "half a note"])
    );
    assert_eq!(browser.ask("return document.querySelectorAll('.banner').length").await, 0);
}

#[tokio::test]
async fn a_session_that_ends_is_taken_up_in_a_window_of_its_own() {
    let local = Local::running();
    let Some(browser) = signed_in(&local, "again").await else { return };
    let people = tooling::people::People::read(&local.stack.people).unwrap();
    revoke(&local, &browser).await;
    browser.says("Your session is over").await;
    browser.click(".banner button").await;
    let page = browser.other_window().await;
    browser.log_in(&people.admin).await;
    browser.to_window(page).await;
    browser.until("the banner is gone", "return document.querySelectorAll('.banner').length === 0").await;
    browser.says("admin@weir.example").await;
    assert_eq!(
        browser.ask("return [window.mine, document.querySelector('#typed').value]").await,
        json!([1, "half a note"])
    );
}

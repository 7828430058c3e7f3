//! The session while somebody works: tokens are renewed in time, and when it ends nothing of the page is lost.

use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};
use tooling::people::{People, Person, Role};
use weir_tests::local::Local;

use super::browser::Browser;

/// Long waits of the page last two seconds: tokens are renewed all the time.
pub const HURRY: &str = "const own = setTimeout; window.setTimeout = (what, wait, ...more) => own(what, wait > 60000 ? 2000 : wait, ...more)";

/// A page with something that is not in its address, and whoever has signed in to it.
async fn signed_in(local: &Local, name: &'static str) -> Option<(Browser, Person)> {
    let browser = Browser::start(local, name).await?;
    browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({"source": HURRY})).await;
    let person = Person::make(&local.stack, &format!("{name}@weir.example"), Role::User, "buoy-01").await.unwrap();
    browser.open("/problems").await;
    browser.log_in(&person).await;
    browser.says("Problems").await;
    browser.ask("window.mine = 1; document.body.append(Object.assign(document.createElement('input'), {id: 'typed', value: 'half a note'}))").await;
    Some((browser, person))
}

#[tokio::test]
async fn tokens_are_renewed_in_time_and_without_a_reload() {
    let local = Local::running();
    let Some((browser, _)) = signed_in(&local, "renewal").await else { return };
    let identity = format!("{}/", local.stack.endpoint);
    let renewals = format!("return performance.getEntriesByName('{identity}').length >= 2");
    browser.until("the token was renewed twice", &renewals).await;
    assert_eq!(kept(&browser).await, json!([1, "half a note"]));
    assert_eq!(browser.ask("return document.querySelectorAll('.banner').length").await, 0);
}

/// What is left of that.
async fn kept(browser: &Browser) -> Value {
    browser.ask("return [window.mine, document.querySelector('#typed')?.value]").await
}

/// Ends the session from elsewhere, as an administrator can, and waits until the page says so.
pub async fn end(local: &Local, browser: &Browser) {
    let headers = [
        ("x-amz-target", "AWSCognitoIdentityProviderService.RevokeToken"),
        ("content-type", "application/x-amz-json-1.1"),
    ];
    let refresh = browser.ask("return JSON.parse(sessionStorage['weir.refresh'])").await;
    let revoke = json!({"ClientId": local.stack.output("UserPoolClientId").unwrap(), "Token": refresh});
    local.stack.cloud().json("cognito-idp", "POST", "/", &headers, Some(&revoke)).await.unwrap();
    browser.says("Your session is over").await;
}

/// Ends the session from elsewhere, and opens the window in which the person signs in again. Returns the handle of the page.
pub async fn ended(local: &Local, browser: &Browser) -> WindowHandle {
    end(local, browser).await;
    browser.click(".banner button").await;
    browser.other_window().await
}

#[tokio::test]
async fn a_session_that_ends_is_taken_up_in_a_window_of_its_own() {
    let local = Local::running();
    let Some((browser, person)) = signed_in(&local, "again").await else { return };
    let page = ended(&local, &browser).await;
    browser.log_in(&person).await;
    browser.to_window(page).await;
    browser.until("the banner is gone", "return document.querySelectorAll('.banner').length === 0").await;
    browser.says("again@weir.example").await;
    assert_eq!(kept(&browser).await, json!([1, "half a note"]));
}

#[tokio::test]
async fn of_a_session_that_ends_nothing_is_left_for_somebody_else() {
    let local = Local::running();
    let Some((browser, _)) = signed_in(&local, "somebody").await else { return };
    let page = ended(&local, &browser).await;
    browser.log_in(&People::read(&local.stack.people).unwrap().admin).await;
    browser.to_window(page).await;
    browser.says("admin@weir.example").await;
    assert_eq!(kept(&browser).await, json!([null, null]));
}

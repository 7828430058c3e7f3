//! The page about the system itself: what it shows to an administrator, and that it shows nobody else anything.

use tooling::people::{Person, Role};
use weir_tests::local::Local;

use super::admin;
use super::browser::Browser;

/// Whether the navigation leads to the page.
const LINKED: &str = "return document.querySelector('nav a[href=\"/app/system\"]') !== null";

#[tokio::test]
async fn an_administrator_sees_alarms_queues_and_tables() {
    let local = Local::running();
    let Some(browser) = Browser::start(&local, "system").await else { return };
    browser.open("/system").await;
    browser.log_in(&admin(&local)).await;
    browser.says("Inputs of the bill").await;
    browser.there("[data-alarm=SiteErrorsAlarm]").await;
    for (selector, least) in [("[data-queue]", 15), ("[data-table]", 16), ("[data-alarm]", 30)] {
        let shown = browser.ask(&format!("return document.querySelectorAll('{selector}').length")).await;
        assert!(shown.as_u64().is_some_and(|shown| shown >= least), "{selector}: {shown}");
    }
    // Everything could be read, with the rights that the function has.
    let unread = browser.ask("return document.body.innerText.includes('Not everything could be read')").await;
    assert_eq!(unread, false);
    assert_eq!(browser.ask(LINKED).await, true);
}

#[tokio::test]
async fn somebody_else_is_told_that_their_role_does_not_allow_it() {
    let local = Local::running();
    let Some(browser) = Browser::start(&local, "system-user").await else { return };
    let person = Person::make(&local.stack, "system-user@weir.example", Role::User, "*").await.unwrap();
    browser.open("/system").await;
    browser.log_in(&person).await;
    browser.there("#admins-only").await;
    assert_eq!(browser.ask(LINKED).await, false);
}

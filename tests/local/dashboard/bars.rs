//! What a page says when something is wrong, where most people do not look for it while they build a page: in the dark and on a phone.

use serde_json::{Value, json};
use tooling::people::{Person, Role};
use weir_tests::local::Local;

use super::browser::Browser;
use super::looks::{self, look, seen_on, settled};
use super::session::{self, HURRY};

/// How the pages are seen.
const KINDS: [(&str, &str, bool); 3] =
    [("dark", "dark", false), ("phone", "light", true), ("phone-dark", "dark", true)];

/// While the page has this, the live feed cannot be reached, and everything else can.
const NO_FEED: &str =
    "if (sessionStorage.withoutFeed) window.WebSocket = class { constructor() { throw new Error('refused'); } }";

/// Waits until the page says this of the live feed.
async fn feed(browser: &Browser, says: &str) {
    let script = format!("return document.querySelector('.feed')?.innerText.trim() === '{says}'");
    browser.until(&format!("the feed is said to be {says}"), &script).await;
}

const PAGE: &str = "/devices/page-beside?last=15m";

#[tokio::test]
async fn what_is_wrong_is_said_for_everybody_in_the_dark_and_on_a_phone() {
    let local = Local::running();
    looks::prepare(&local).await;
    let Some(browser) = Browser::start(&local, "bars").await else { return };
    let axe = looks::axe();
    let person = Person::make(&local.stack, "bars@weir.example", Role::User, "page-beside").await.unwrap();
    for source in [HURRY, NO_FEED] {
        browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    }
    browser.open(PAGE).await;
    browser.log_in(&person).await;
    browser.says("Curves").await;
    for (kind, scheme, phone) in KINDS {
        seen_on(&browser, scheme, phone).await;
        refused(&browser, &axe, kind).await;
        not_live(&browser, &axe, kind).await;
        offline(&browser, &axe, kind).await;
        let page = over(&local, &browser, &axe, kind).await;
        browser.log_in(&person).await;
        browser.to_window(page).await;
        browser.until("the bar is gone", "return document.querySelectorAll('.banner').length === 0").await;
    }
}

/// Opens the page, and waits until all of it is there.
async fn opened(browser: &Browser) {
    browser.open(PAGE).await;
    browser.says("Curves").await;
    settled(browser).await;
}

/// The API refuses to show something, and to change something.
async fn refused(browser: &Browser, axe: &str, kind: &str) {
    browser.open("/devices/page-looks").await;
    browser.there(".state.failed").await;
    browser.says("It does not exist, or is not among the devices that you may see.").await;
    browser.until("the request is named", NAMED).await;
    look(browser, axe, &format!("bar-not-there-{kind}")).await;
    opened(browser).await;
    browser.click("[aria-labelledby=settings] > button").await;
    browser.set("[aria-labelledby=settings] textarea", "[1, 2, 3]", "input").await;
    browser.click("[aria-labelledby=settings] button[type=submit]").await;
    browser.there("[aria-labelledby=settings] .state.failed").await;
    browser.until("the request is named", NAMED).await;
    look(browser, axe, &format!("bar-refused-{kind}")).await;
    browser.ask("document.querySelector('#settings').scrollIntoView()").await;
    browser.picture(&format!("bar-refused-form-{kind}")).await;
}

/// Whether a failure has the id of the request.
const NAMED: &str = "return /Request \\S{8,}/.test(document.querySelector('.state.failed').innerText)";

/// Only the live feed cannot be reached.
async fn not_live(browser: &Browser, axe: &str, kind: &str) {
    browser.ask("sessionStorage.withoutFeed = 'yes'").await;
    opened(browser).await;
    feed(browser, "Not live").await;
    assert_eq!(browser.ask("return document.querySelectorAll('.banner').length").await, 0);
    look(browser, axe, &format!("bar-not-live-{kind}")).await;
    browser.ask("sessionStorage.removeItem('withoutFeed')").await;
}

/// There is no network.
async fn offline(browser: &Browser, axe: &str, kind: &str) {
    opened(browser).await;
    let network =
        |offline: bool| json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    browser.tell("Network.enable", json!({})).await;
    browser.tell("Network.emulateNetworkConditions", network(true)).await;
    browser.there(".banner[role=status]").await;
    browser.says("No connection").await;
    // The socket still seems open.
    feed(browser, "Not live").await;
    look(browser, axe, &format!("bar-offline-{kind}")).await;
    // What was there is still there.
    assert_eq!(browser.ask("return document.querySelectorAll('[data-sensor=ph] .value').length").await, 1);
    browser.tell("Network.emulateNetworkConditions", network(false)).await;
    browser.until("the bar is gone", "return document.querySelectorAll('.banner').length === 0").await;
    feed(browser, "Live").await;
}

/// The session is over. Returns the handle of the page, and leaves the browser in the window for signing in again.
async fn over(local: &Local, browser: &Browser, axe: &str, kind: &str) -> fantoccini::wd::WindowHandle {
    opened(browser).await;
    session::end(local, browser).await;
    browser.there(".banner[role=alert] button").await;
    look(browser, axe, &format!("bar-session-over-{kind}")).await;
    assert_eq!(browser.ask("return document.activeElement.tagName").await, Value::from("H1"), "the focus stays");
    browser.click(".banner button").await;
    browser.other_window().await
}

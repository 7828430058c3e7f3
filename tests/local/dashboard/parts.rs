//! The parts of the page's program that are loaded when one of their pages is opened.

use serde_json::{Value, json};
use weir_tests::local::Local;

use super::browser::Browser;
use super::looks;
use super::pages::signed_in;

/// Files of parts that the page has loaded.
async fn loaded(browser: &Browser) -> u64 {
    let script =
        "return performance.getEntriesByType('resource').filter(file => file.name.includes('/assets/parts/')).length";
    browser.ask(script).await.as_u64().unwrap()
}

/// Whether requests for parts fail.
async fn block(browser: &Browser, is_blocked: bool) {
    let urls: &[&str] = if is_blocked { &["*/assets/parts/*"] } else { &[] };
    browser.tell("Network.setBlockedURLs", json!({"urls": urls})).await;
}

#[tokio::test]
async fn a_part_is_loaded_when_it_is_needed_and_once() {
    let local = Local::running();
    let Some(browser) = signed_in(&local, "parts", "/").await else { return };
    browser.there("main table, main .state").await;
    assert_eq!(loaded(&browser).await, 0, "the overview needs none");
    browser.ask("window.mine = 1").await;
    browser.click("nav a[href='/app/problems']").await;
    browser.there("h1").await;
    browser
        .until(
            "the page of the problems",
            "return location.pathname === '/app/problems' && document.title.startsWith('Problems')",
        )
        .await;
    let files = loaded(&browser).await;
    assert!(files > 0);
    browser.click("nav a[href='/app/']").await;
    browser.until("the overview", "return document.title.startsWith('Devices')").await;
    browser.click("nav a[href='/app/problems']").await;
    browser.until("the page of the problems", "return document.title.startsWith('Problems')").await;
    assert_eq!((loaded(&browser).await, browser.ask("return window.mine").await), (files, Value::from(1)));
}

#[tokio::test]
async fn a_part_that_cannot_be_loaded_can_be_tried_again() {
    let local = Local::running();
    let Some(browser) = signed_in(&local, "parts-blocked", "/").await else { return };
    browser.there("main table, main .state").await;
    browser.ask("window.mine = 1").await;
    browser.tell("Network.enable", json!({})).await;
    block(&browser, true).await;
    browser.click("nav a[href='/app/flow']").await;
    browser.says("This page could not be loaded").await;
    looks::look_at(&browser, "part-not-loaded").await;
    browser.click("main .failed button").await;
    browser.says("This page could not be loaded").await;
    block(&browser, false).await;
    browser.click("main .failed button").await;
    browser.until("the page of the tubes", "return document.title.startsWith('Flow')").await;
    assert_eq!(browser.ask("return window.mine").await, 1, "without a reload");
}

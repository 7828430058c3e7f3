//! The live feed in the page: messages are delivered together, and none is lost.

use serde_json::json;
use weir_tests::local::Local;

use super::browser::Browser;
use super::pages::{half, signed_in};

/// Keeps the sockets of the page. `told(value, second)` is a frame with a reading, as if it came over the newest of them, and
/// `hide(whether)` hides the page.
const SOCKETS: &str = "window.sockets = [];
    const own = window.WebSocket;
    window.WebSocket = class extends own { constructor(...all) { super(...all); sockets.push(this); } };
    const second = Math.floor(Date.now() / 1000);
    window.told = (id, value, place) => sockets.at(-1).dispatchEvent(new MessageEvent('message', {data: JSON.stringify({messages: [{
        type: 'reading', topic: 'device/' + id, sensor: 'ph', at: new Date((second + place) * 1000).toISOString(), value, unit: 'pH',
        quality: 'good', raw: value}]})}));
    window.hide = whether => {
        Object.defineProperty(document, 'hidden', {configurable: true, get: () => whether});
        document.dispatchEvent(new Event('visibilitychange'));
    };";

/// The page of a new device, with that.
async fn page(local: &Local, id: &'static str) -> Option<Browser> {
    local.register_buoy(id, &half()).await;
    let browser = signed_in(local, id, "/problems").await?;
    browser.says("admin@weir.example").await;
    browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({"source": SOCKETS})).await;
    browser.open(&format!("/devices/{id}?last=15m")).await;
    browser.until("it is live", "return document.querySelector('.feed')?.innerText.includes('Live')").await;
    browser.says("No reading yet").await;
    Some(browser)
}

/// Waits until the tile of the sensor has a value.
async fn shows(browser: &Browser, value: &str) {
    let script =
        format!("return (document.querySelector('[data-sensor=ph] .value')?.innerText ?? '').startsWith('{value}')");
    browser.until(&format!("the value is {value}"), &script).await;
}

#[tokio::test]
async fn what_came_before_the_connection_ended_or_the_page_was_hidden_is_shown() {
    let local = Local::running();
    let Some(browser) = page(&local, "page-fed").await else { return };
    let told = "told('page-fed', 1, 1); told('page-fed', 2, 2); told('page-fed', 3, 3);";
    browser.ask(told).await;
    shows(&browser, "3").await;
    // The first is delivered at once, and the second waits while the page is hidden.
    browser.ask("told('page-fed', 4, 4)").await;
    shows(&browser, "4").await;
    browser.ask("told('page-fed', 5, 5); setTimeout(() => { told('page-fed', 6, 6); setTimeout(() => hide(true), 20); }, 20)").await;
    shows(&browser, "6").await;
    browser.ask("hide(false)").await;
    browser
        .until(
            "it is live again",
            "return sockets.length === 2 && document.querySelector('.feed').innerText.includes('Live')",
        )
        .await;
    browser.ask("told('page-fed', 7, 7); setTimeout(() => { told('page-fed', 8, 8); setTimeout(() => sockets.at(-1).close(), 20); }, 20)").await;
    shows(&browser, "8").await;
    // Another page watches other topics, and the message of this one meets nobody.
    browser
        .until(
            "it is live again",
            "return sockets.length === 3 && document.querySelector('.feed').innerText.includes('Live')",
        )
        .await;
    browser.ask("told('page-fed', 9, 9); setTimeout(() => { told('page-fed', 10, 10); document.querySelector(\"nav a[href='/app/problems']\").click(); }, 20)").await;
    browser.until("the other page", "return location.pathname === '/app/problems'").await;
    browser.ask("history.back()").await;
    browser.says("Device page-fed").await;
    // The local cloud's page to sign in has no icon.
    let console: Vec<String> =
        browser.console().await.into_iter().filter(|line| !line.contains("/favicon.ico")).collect();
    assert_eq!(console, Vec::<String>::new());
}

#[tokio::test]
async fn a_clock_that_is_put_back_does_not_hold_messages_back() {
    let local = Local::running();
    let Some(browser) = page(&local, "page-clock").await else { return };
    browser.ask("told('page-clock', 1, 1)").await;
    shows(&browser, "1").await;
    browser.ask("const own = Date.now; Date.now = () => own() - 3600000; told('page-clock', 2, 2)").await;
    shows(&browser, "2").await;
}

#[tokio::test]
async fn a_page_that_was_opened_in_the_background_is_current_when_it_is_seen() {
    let local = Local::running();
    local.register_buoy("page-behind", &half()).await;
    let Some(browser) = signed_in(&local, "behind", "/problems").await else { return };
    browser.says("admin@weir.example").await;
    let source = format!("{SOCKETS}; hide(true)");
    browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({"source": source})).await;
    browser.open("/devices/page-behind?last=15m").await;
    browser.says("No settings").await;
    assert_eq!(browser.ask("return sockets.length").await, 0);
    let settings = json!({"interval": 60});
    local.admin().await.expect(&[200, 202], "PUT", "/devices/page-behind/settings", Some(&settings)).await.unwrap();
    browser.ask("hide(false)").await;
    browser.says("/interval").await;
}

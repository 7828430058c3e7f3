//! Going back and forth: the address is always that of the page, and a page that was hidden shows what has happened meanwhile.

use serde_json::{Value, json};
use weir_tests::local::Local;

use super::browser::Browser;
use super::pages::{half, signed_in};

async fn is_at(browser: &Browser, address: &str) {
    let script = format!("return location.pathname + location.search === {}", json!(address));
    browser.until(&format!("the address is {address}"), &script).await;
}

async fn search(browser: &Browser) -> Value {
    browser.ask("return document.querySelector('main input[type=search]').value").await
}

#[tokio::test]
async fn the_address_is_that_of_the_page_after_a_search_and_going_back() {
    let local = Local::running();
    local.register_buoy("page-back", &half()).await;
    let Some(browser) = signed_in(&local, "back", "/").await else { return };
    let (row, device) = ("main a[href^='/app/devices/page-back']", "/app/devices/page-back");
    browser.fill("main input[type=search]", "page-back").await;
    is_at(&browser, "/app/?q=page-back").await;
    for time in 0..3 {
        browser.click(row).await;
        browser.says("Device page-back").await;
        is_at(&browser, device).await;
        browser.ask("history.back()").await;
        is_at(&browser, "/app/?q=page-back").await;
        browser.there(row).await;
        assert_eq!(search(&browser).await, "page-back", "after going back for the {time}. time");
    }
    browser.click("nav a[href='/app/']").await;
    is_at(&browser, "/app/").await;
    browser.until("nothing is searched", "return document.querySelector('main input[type=search]').value === ''").await;
    // The curves of a device write their view into the address, and it is there after another page.
    browser.click("nav a[href='/app/problems']").await;
    is_at(&browser, "/app/problems").await;
    browser.ask("history.back()").await;
    is_at(&browser, "/app/").await;
    browser.click("nav a[href='/app/problems']").await;
    is_at(&browser, "/app/problems").await;
}

#[tokio::test]
async fn a_page_that_was_hidden_shows_what_has_changed_meanwhile() {
    let local = Local::running();
    local.register_buoy("page-hidden", &half()).await;
    let Some(browser) = signed_in(&local, "hidden", "/devices/page-hidden?last=15m").await else { return };
    let feed = |text: &str| format!("return document.querySelector('.feed').innerText.includes('{text}')");
    browser.until("it is live", &feed("Live")).await;
    browser.says("No settings").await;
    let hide = |is_hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{configurable: true, get: () => {is_hidden}}});
             document.dispatchEvent(new Event('visibilitychange')); window.mine = 1"
        )
    };
    browser.ask(&hide(true)).await;
    browser.until("it pauses", &feed("Paused")).await;
    let settings = json!({"interval": 60});
    local.admin().await.expect(&[200, 202], "PUT", "/devices/page-hidden/settings", Some(&settings)).await.unwrap();
    browser.ask(&hide(false)).await;
    browser.until("it is live again", &feed("Live")).await;
    browser.says("/interval").await;
    assert_eq!(browser.ask("return window.mine").await, 1, "without a reload");
}

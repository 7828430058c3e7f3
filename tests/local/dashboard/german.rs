//! The page of somebody whose browser prefers German.

use serde_json::json;
use weir_tests::local::Local;

use super::browser::Browser;
use super::{admin, looks};

/// English words in what the page itself says; names and what the API tells stay as they are.
const ENGLISH: &str = "const own = [...document.querySelectorAll('main :is(h1, h2, h3, th[scope=col], button, summary, caption)')];
    const words = own.flatMap(one => one.textContent.split(/[^A-Za-zÄÖÜäöüß]+/));
    return words.filter(word => ['the', 'of', 'with', 'and', 'is', 'are', 'not', 'Devices', 'Problems', 'Settings'].includes(word))";

#[tokio::test]
async fn every_page_speaks_german_to_a_german_browser_and_fits_a_phone() {
    let local = Local::running();
    looks::prepare(&local).await;
    let Some(browser) = Browser::start_in(&local, "german", "de").await else { return };
    browser.open("/problems").await;
    browser.log_in(&admin(&local)).await;
    browser.says("Störungen").await;
    assert_eq!(browser.ask("return document.documentElement.lang").await, "de");
    browser.until("the title is German", "return document.title === 'Störungen – Weir'").await;
    for (name, path, _) in looks::PAGES {
        browser.tell("Emulation.clearDeviceMetricsOverride", json!({})).await;
        browser.open(path).await;
        let is_there =
            "return !!document.querySelector('header.bar') && document.querySelector('main h1')?.innerText.length > 0
            && !document.querySelector('.loading, [aria-busy=true]')";
        browser.until(&format!("{name} is there"), is_there).await;
        assert_eq!(browser.ask(ENGLISH).await, json!([]), "{name}");
        let high = browser.ask("return document.documentElement.scrollHeight").await;
        for (kind, width, is_phone) in [("german", 1280, false), ("german-phone", 390, true)] {
            let size = json!({"width": width, "height": high, "deviceScaleFactor": 1, "mobile": is_phone});
            browser.tell("Emulation.setDeviceMetricsOverride", size).await;
            let wide = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
            assert_eq!(browser.ask(wide).await, false, "{name} scrolls sideways");
            browser.picture(&format!("{name}-{kind}")).await;
        }
    }
}

//! Nothing on a page moves by itself: while it loads, and while values arrive. The browser adds up what moved (Layout Instability API:
//! the part of the window that moved, times how far); below 0.1 is "good" (<https://web.dev/articles/cls>).

use serde_json::{Value, json};
use weir_tests::local::{LEVEL_TOPIC, Local, bytes, now};

use super::browser::Browser;
use super::figures::own;
use super::looks::{self, PAGES};
use super::pages::{half, publish, signed_in};

/// Most that may have moved on a page since it was opened. Web Vitals takes the worst five seconds; this is the sum of all of them.
const MOST: f64 = 0.02;
/// Most that values may move that arrive.
const MOST_LIVE: f64 = 0.01;

/// How long each answer takes at least, in ms.
const FAR: u32 = 300;

/// What has moved since the page was opened: the sum, and what it was. Web Vitals leaves out what moves within half a second after
/// something that the reader did (`hadRecentInput`). Here nobody does anything, but the browser takes the size of an emulated phone for a
/// window that was resized: that would leave out most of what a page does while it loads.
const MOVED: &str = "const done = arguments[0], found = [];
    const take = all => found.push(...all);
    const observer = new PerformanceObserver(list => take(list.getEntries()));
    observer.observe({type: 'layout-shift', buffered: true});
    const place = box => [box.x, box.y, box.width, box.height].map(Math.round).join(' ');
    const name = node => node ? (node.outerHTML ?? node.textContent).slice(0, 90) : 'something that is gone';
    const told = one => one.value.toFixed(4) + ' after ' + Math.round(one.startTime) + ' ms: '
        + one.sources.map(of => name(of.node) + ' from ' + place(of.previousRect) + ' to ' + place(of.currentRect)).join('; ');
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => {
        take(observer.takeRecords());
        observer.disconnect();
        done([found.reduce((sum, one) => sum + one.value, 0), found.map(told)]);
    })))";

/// What has moved on the present page, as a number and in words.
async fn moved(browser: &Browser) -> (f64, Value) {
    let moved = browser.ask_slowly(MOVED).await;
    (moved[0].as_f64().unwrap(), moved[1].clone())
}

/// Waits until the page has all that it loads, and follows the live feed if it does.
async fn settled(browser: &Browser) {
    looks::settled(browser).await;
    let feed = "const text = document.querySelector('.feed').innerText; return text.includes('Live') || text.includes('Paused')";
    browser.until("the feed is there", feed).await;
}

#[tokio::test]
async fn nothing_moves_while_a_page_loads() {
    let local = Local::running();
    looks::prepare(&local).await;
    let Some(browser) = signed_in(&local, "shift", "/").await else { return };
    browser.says("Devices").await;
    // Far away: what a page is made of arrives piece by piece.
    let network = json!({"offline": false, "latency": FAR, "downloadThroughput": -1, "uploadThroughput": -1});
    browser.tell("Network.enable", json!({})).await;
    browser.tell("Network.emulateNetworkConditions", network).await;
    let mut wrong = Vec::new();
    for phone in [false, true] {
        looks::seen_on(&browser, "light", phone).await;
        for (name, path, says) in PAGES {
            let mut found = (f64::MAX, Value::Null);
            // Other tests change what lists have. What a page does by itself, it does each time.
            for _ in 0..3 {
                browser.open(path).await;
                browser.says(says).await;
                settled(&browser).await;
                let (sum, what) = moved(&browser).await;
                println!("{name}{}: {sum:.4}", if phone { " on a phone" } else { "" });
                found = (sum, what);
                if sum <= MOST {
                    break;
                }
            }
            if found.0 > MOST {
                wrong.push(json!({"page": name, "phone": phone, "moved": found.0, "what": found.1}));
            }
        }
    }
    assert!(wrong.is_empty(), "{:#}", Value::from(wrong));
    // The measure sees something that moves.
    browser.ask("document.querySelector('main').prepend(Object.assign(document.createElement('hr'), {style: 'height: 300px'}))").await;
    let (sum, what) = moved(&browser).await;
    assert!(sum > MOST, "{sum} {what}");
}

#[tokio::test]
async fn nothing_moves_while_values_arrive() {
    let local = Local::running();
    let id = own("page-still");
    local.register_buoy(&id, &half()).await;
    let mut device = local.connect(&id).await;
    publish(&mut device, &id, "ph", 14.0, now() - 60_000).await;
    let level = |filling: u32| bytes(&json!({"id": "Z1", "filling": filling, "ts": now()}));
    device.publish(LEVEL_TOPIC, level(50)).await.unwrap();
    let page = format!("/devices/{id}?last=15m");
    let Some(browser) = signed_in(&local, "still", &page).await else { return };
    for (path, shown) in [(page.as_str(), "[data-sensor=ph] .value"), ("/flow", "[data-level=Z1] strong")] {
        browser.open(path).await;
        browser.there(shown).await;
        settled(&browser).await;
        // Senders remember for a second who watches.
        tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
        let before = moved(&browser).await.0;
        for step in 1..=10 {
            publish(&mut device, &id, "ph", 14.0 + f64::from(step) * 37.3, now()).await;
            device.publish(LEVEL_TOPIC, level(step * 10)).await.unwrap();
            let value =
                if path == "/flow" { format!("{} %", step * 10) } else { number(7.0 + f64::from(step) * 18.65) };
            let script = format!("return document.querySelector('{shown}').innerText.startsWith('{value}')");
            browser.until(&format!("the value is {value}"), &script).await;
        }
        let (after, what) = moved(&browser).await;
        assert!(after - before <= MOST_LIVE, "{path} moved by {before}, then by {after}: {what:#}");
    }
}

/// A number as the page shows it.
fn number(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

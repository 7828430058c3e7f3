//! The figures of the page that the budget has: each is so many times what something plain takes in the same browser in the same run, since
//! times alone say more about the computer. `cargo xtask figures` runs it.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::json;
use weir_tests::local::{Local, bytes, now};

use super::browser::Browser;
use super::figures::{HOUR, MANY, MOVE, PLAIN, RATE, Times, WATCHED, metric, own, settled, times};
use super::pages::{half, signed_in};

/// How often something is measured whose median counts.
const REPEATS: usize = 5;
/// The function of the lines in `budget.toml` that are compared here; `cargo xtask bench` compares all others.
const FUNCTION: &str = "dashboard";

/// When something was painted first, and when the page's heading was there, in ms since the page was asked for.
const PAINTED: &str = "const done = arguments[0], look = () => {
        const paint = performance.getEntriesByName('first-contentful-paint')[0];
        if (paint) done([paint.startTime, window.headed ?? null]); else requestAnimationFrame(look);
    }; look()";

/// Remembers when the page has its heading.
const HEADED: &str = "new MutationObserver((_, own) => {
        if (document.querySelector('h1')?.textContent && document.querySelector('nav')) { window.headed = performance.now(); own.disconnect(); }
    }).observe(document, {subtree: true, childList: true})";

/// Receives the same messages as a page, and does nothing with them.
const LISTEN: &str = "window.heard = 0;
    const socket = new WebSocket(ADDRESS);
    socket.onopen = () => socket.send(JSON.stringify({action: 'subscribe', topics: TOPICS}));
    socket.onmessage = () => { window.heard++; }";

/// A line of the budget.
#[derive(Debug, Deserialize)]
struct Line {
    function: String,
    #[serde(default)]
    case: String,
    what: String,
    at_most: f64,
}

#[derive(Debug, Deserialize)]
struct Budget {
    figure: Vec<Line>,
}

/// What was measured.
struct Figure {
    case: &'static str,
    what: &'static str,
    value: f64,
    /// The two times, with their unit.
    of: String,
}

/// Compares what was measured with the lines of the budget; each has to have the other.
fn compare(figures: &[Figure]) {
    let text = std::fs::read_to_string(weir_tests::root().join("crates/bench/budget.toml")).unwrap();
    let mut lines = toml::from_str::<Budget>(&text).unwrap().figure;
    lines.retain(|line| line.function == FUNCTION);
    let mut above = Vec::new();
    for Figure { case, what, value, of } in figures {
        let place = lines.iter().position(|line| line.case == *case && line.what == *what);
        let line = lines
            .swap_remove(place.unwrap_or_else(|| panic!("the budget has no line for {case}, {what}: {value} {of}")));
        println!("{case}, {what}: {value:.2}, at most {}; {of}", line.at_most);
        if *value > line.at_most {
            above.push(format!("{case}, {what}: {value:.2} instead of {}", line.at_most));
        }
    }
    assert!(lines.is_empty(), "nothing was measured for {lines:?}");
    assert!(above.is_empty(), "above the budget: {above:?}");
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// First content and the heading of the overview, beside a text of the same server: the stylesheet, opened as a page.
async fn opened(browser: &Browser) -> Vec<Figure> {
    let style = browser.ask("return document.querySelector('link[rel=stylesheet]').href").await;
    let bare = style.as_str().unwrap().strip_prefix(&browser.dashboard).unwrap().to_owned();
    let added = browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({ "source": HEADED })).await;
    let (mut first, mut headed, mut plain) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        browser.open("/problems").await;
        browser.until("the page is there", "return !!window.headed").await;
        let painted = browser.ask_slowly(PAINTED).await;
        first.push(painted[0].as_f64().unwrap());
        headed.push(painted[1].as_f64().unwrap());
        browser.open(&bare).await;
        plain.push(browser.ask_slowly(PAINTED).await[0].as_f64().unwrap());
    }
    browser.tell("Page.removeScriptToEvaluateOnNewDocument", json!({ "identifier": added["identifier"] })).await;
    let [first, headed, plain] = [first, headed, plain].map(median);
    let of = |time: f64| format!("{time:.0} ms; a text of the same server {plain:.0} ms");
    let case = "a page is opened";
    vec![
        Figure { case, what: "first content [× a text]", value: first / plain, of: of(first) },
        Figure { case, what: "heading [× a text]", value: headed / plain, of: of(headed) },
    ]
}

/// Moving 10,000 points, beside a dozen lines of JavaScript that draw as many.
async fn moved(local: &Local, browser: &Browser) -> Figure {
    let id = own("page-budget");
    local.register_buoy(&id, &half()).await;
    let hour = browser.ask(HOUR).await;
    let source = MANY.replace("COUNT", "10000");
    let added = browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
    browser.open(&format!("/devices/{id}?sensor=ph&{}", hour.as_str().unwrap())).await;
    settled(browser).await;
    browser.ask("document.querySelector('.chart').scrollIntoView({block: 'center'})").await;
    let (mut page, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..REPEATS {
        let Times { busy, .. } = times(browser, MOVE).await;
        page.push(busy);
        plain.push(times(browser, &PLAIN.replace("POINTS", "10000")).await.busy);
    }
    browser.tell("Page.removeScriptToEvaluateOnNewDocument", json!({ "identifier": added["identifier"] })).await;
    let (page, plain) = (median(page), median(plain));
    let of = format!("{page:.1} ms of the page's thread; by hand {plain:.1} ms");
    Figure { case: "10,000 points are moved", what: "thread [× drawn by hand]", value: page / plain, of }
}

/// A page with ten readings a second, beside one that only receives the same messages.
async fn live(local: &Local, browser: &Browser) -> Figure {
    let id = own("page-listens");
    local.register_buoy(&id, &half()).await;
    let mut device = local.connect(&id).await;
    let mut shares = Vec::new();
    let topic = format!("{id}/reading/sensor/ph");
    for is_page in [true, false] {
        if is_page {
            browser.open(&format!("/devices/{id}?last=15m&sensor=ph")).await;
            browser.until("it is live", "return document.querySelector('.feed')?.innerText.includes('Live')").await;
        } else {
            let api = local.admin().await;
            let ticket = api.expect(&[200, 201], "POST", "/live/tickets", Some(&json!({}))).await.unwrap().json();
            let address = ticket["url"].to_string();
            // A page without a policy of its own.
            browser.to(&format!("{}/_ministack/health", browser.endpoint)).await;
            let topics = json!([format!("device/{id}")]).to_string();
            browser.ask(&LISTEN.replace("ADDRESS", &address).replace("TOPICS", &topics)).await;
            browser.until("it listens", "return window.heard > 0").await;
        }
        // Senders remember for a second who watches.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let (before, began) = (metric(browser, "ProcessTime").await, Instant::now());
        let mut turn = tokio::time::interval(Duration::from_secs_f64(1.0 / RATE));
        let mut sent = 0_i64;
        while began.elapsed() < WATCHED {
            turn.tick().await;
            sent += 1;
            device.publish(&topic, bytes(&json!({"value": 14 + sent % 10, "ts": now()}))).await.unwrap();
        }
        let busy = metric(browser, "ProcessTime").await - before;
        shares.push(busy / began.elapsed().as_secs_f64() * 100.0);
        if !is_page {
            let heard = browser.ask("return window.heard").await.as_i64().unwrap();
            assert!(heard > 10, "{heard} messages of {sent} readings: nothing was compared");
        }
    }
    let of = format!("{:.1} % of a processor; who only listens {:.1} %", shares[0], shares[1]);
    Figure { case: "ten readings a second", what: "processor time [× listening]", value: shares[0] / shares[1], of }
}

#[tokio::test]
#[ignore = "it measures for half a minute; cargo xtask figures runs it each night"]
async fn the_figures_of_the_page_are_within_the_budget() {
    let local = Local::running();
    let Some(browser) = signed_in(&local, "budget", "/problems").await else { return };
    browser.says("Problems").await;
    browser.tell("Performance.enable", json!({})).await;
    let mut figures = opened(&browser).await;
    figures.push(moved(&local, &browser).await);
    figures.push(live(&local, &browser).await);
    compare(&figures);
}

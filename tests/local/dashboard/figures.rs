//! How fast the page is. Times are printed and judged only beside those of plain JavaScript in the same browser, since computers differ;
//! what does not depend on the computer is counted.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use weir_tests::local::{Local, bytes, now, until};

use super::browser::Browser;
use super::pages::{half, signed_in};

/// Readings that are stored, in as many seconds.
const READINGS: i64 = 10_000;
/// Readings in one message.
const IN_A_MESSAGE: i64 = 250;
/// Steps of each measurement.
const STEPS: usize = 100;
/// How long a page is watched while readings arrive, and how many a second.
pub(super) const WATCHED: Duration = Duration::from_secs(10);
pub(super) const RATE: f64 = 10.0;

/// When the curve was there.
const CURVE: &str = "new MutationObserver((_, own) => {
        if (document.querySelector('figcaption .how')?.textContent) { window.curve = performance.now(); own.disconnect(); }
    }).observe(document, {subtree: true, childList: true, characterData: true})";

/// Counts what is drawn on the canvases of the page: how often, and how many points of lines.
const COUNT: &str = "window.drawn = {times: 0, points: 0};
    const kind = CanvasRenderingContext2D.prototype, {clearRect, lineTo} = kind;
    kind.clearRect = function (...all) { drawn.times++; return clearRect.apply(this, all); };
    if (arguments[0]) kind.lineTo = function (...all) { drawn.points++; return lineTo.apply(this, all); };
    window.uncounted = () => Object.assign(kind, {clearRect, lineTo})";

/// In place of the API: so many single readings in what is shown.
pub(super) const MANY: &str = "const own = window.fetch, count = COUNT * 1.5;
    window.fetch = (what, ...more) => {
        const query = new URL(what.url ?? what, location.href);
        if (!query.pathname.endsWith('/readings')) return own.call(window, what, ...more);
        const [from, to] = ['from', 'to'].map(name => Date.parse(query.searchParams.get(name)));
        const at = n => new Date(from + (to - from) * n / count).toISOString();
        const reading = n => ({sensor: 'ph', at: at(n), value: 7 + Math.sin(n / 500) + n % 7 / 10, unit: 'pH', quality: 'good', raw: 14});
        const items = query.searchParams.has('every') ? [{sensor: 'ph', at: at(0), mean: 7, min: 7, max: 7, count: 1}]
            : Array.from({length: count}, (_, n) => reading(n));
        return Promise.resolve(new Response(JSON.stringify({items}), {headers: {'content-type': 'application/json'}}));
    }";

/// An hour that does not move, as a part of the address.
pub(super) const HOUR: &str =
    "const at = ago => new Date(Date.now() - ago * 3600000).toISOString(); return `from=${at(2)}&to=${at(1)}`";

/// The same number of points, drawn by hand on a canvas of the same size.
pub(super) const PLAIN: &str = "const like = document.querySelector('.chart canvas');
    if (!window.plain) {
        window.plain = Object.assign(document.createElement('canvas'), {width: like.width, height: like.height});
        document.body.append(plain);
    }
    const context = plain.getContext('2d');
    context.clearRect(0, 0, plain.width, plain.height);
    context.beginPath();
    for (let n = 0; n < POINTS; n++) context.lineTo(plain.width * n / POINTS, 100 + 50 * Math.sin((n + step) / 500) + n % 7);
    context.stroke()";

/// Moves what the chart shows.
pub(super) const MOVE: &str = "document.querySelector('.chart').dispatchEvent(new KeyboardEvent('keydown',
    {bubbles: true, cancelable: true, key: step % 2 ? 'ArrowRight' : 'ArrowLeft'}))";

/// Moves the pointer over the chart.
const HOVER: &str = "const chart = document.querySelector('.chart'), box = chart.getBoundingClientRect();
    chart.dispatchEvent(new PointerEvent('pointermove', {bubbles: true, pointerId: 1, pointerType: 'mouse',
        clientX: box.left + box.width * (0.2 + 0.006 * step), clientY: box.top + box.height / 2}))";

/// What a step takes, in ms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    /// Processor time of the page's thread: scripts, styles, layout and what it hands on to be painted.
    pub(super) busy: f64,
    /// The part of scripts, by the clock.
    script: f64,
    /// From frame to frame, half of the steps at most.
    frame: f64,
}

impl std::fmt::Display for Times {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { busy, script, frame } = self;
        write!(to, "{busy:.1} ms of the thread, {script:.1} ms in scripts; {frame:.1} ms from frame to frame")
    }
}

/// Does something once in each of many frames, and measures it.
pub(super) async fn times(browser: &Browser, each: &str) -> Times {
    let script = format!(
        "const done = arguments[0], frames = [], frame = () => new Promise(requestAnimationFrame);
        (async () => {{
            let last = await frame();
            for (let step = 0; step < {STEPS}; step++) {{
                {{ {each}; }}
                const now = await frame();
                frames.push(now - last);
                last = now;
            }}
            done(frames.sort((one, other) => one - other)[frames.length / 2]);
        }})()"
    );
    let before = [metric(browser, "ThreadTime").await, metric(browser, "ScriptDuration").await];
    let frame = browser.ask_slowly(&script).await.as_f64().unwrap();
    let each = |seconds: f64| seconds * 1_000.0 / STEPS as f64;
    let busy = each(metric(browser, "ThreadTime").await - before[0]);
    Times { busy, script: each(metric(browser, "ScriptDuration").await - before[1]), frame }
}

/// What was drawn since counting began.
async fn drawn(browser: &Browser) -> (u64, u64) {
    let drawn = browser.ask("return window.drawn").await;
    (drawn["times"].as_u64().unwrap(), drawn["points"].as_u64().unwrap())
}

/// Begins to count what is drawn, or counts from zero.
async fn count(browser: &Browser, is_each_point: bool) {
    let own = COUNT.replace("arguments[0]", if is_each_point { "true" } else { "false" });
    browser.ask(&format!("window.uncounted?.(); {own}")).await;
}

/// Waits until a curve is drawn, and nothing is on its way.
pub(super) async fn settled(browser: &Browser) {
    browser.until("values are drawn", "return document.querySelector('figcaption .how')?.innerText.length > 0").await;
    browser
        .until("nothing loads", "return document.querySelector('.charts').getAttribute('aria-busy') === 'false'")
        .await;
}

/// The id of a device of this run alone, so that it can be repeated beside the same stack.
pub(super) fn own(name: &str) -> String {
    format!("{name}-{}", now() % 1_000_000_000)
}

/// What the browser has counted of the page, in s; it has to be told to count first.
pub(super) async fn metric(browser: &Browser, name: &str) -> f64 {
    let metrics = browser.tell("Performance.getMetrics", json!({})).await;
    let found = metrics["metrics"].as_array().unwrap().iter().find(|one| one["name"] == name);
    found.and_then(|one| one["value"].as_f64()).unwrap_or_else(|| panic!("no {name} in {metrics}"))
}

#[tokio::test]
#[ignore = "it only measures; docs/costs-and-figures.md says how to run it"]
async fn a_page_of_ten_thousand_readings_is_there_soon() {
    let local = Local::running();
    let id = own("page-figures");
    local.register_buoy(&id, &half()).await;
    let mut device = local.connect(&id).await;
    let start = now() - READINGS * 1_000;
    for first in (0..READINGS).step_by(IN_A_MESSAGE as usize) {
        let group = |at: i64| json!({"ts": start + at * 1_000, "values": {"ph": 14.0 + (at % 97) as f64 / 50.0}});
        let batch = json!({"batch": (first..READINGS.min(first + IN_A_MESSAGE)).map(group).collect::<Vec<_>>()});
        device.publish(&format!("{id}/readings"), bytes(&batch)).await.unwrap();
    }
    let api = local.admin().await;
    let counted = format!("/devices/{id}/readings?every=1d&agg=count&from={start}&to={}", start + READINGS * 1_000);
    for quarter in 1..=4 {
        until("they are stored", async || {
            // The local cloud may take too long to read them all, which is a 503.
            let answer = api.call("GET", &counted, None).await.unwrap();
            let days = (answer.status == 200).then(|| answer.json())?;
            let count: i64 = days["items"].as_array()?.iter().filter_map(|day| day["count"].as_i64()).sum();
            (count >= READINGS * quarter / 4).then_some(())
        })
        .await;
    }
    let path = format!("/devices/{id}?last=6h&sensor=ph");
    let Some(browser) = signed_in(&local, "figures", &path).await else { return };
    settled(&browser).await;
    browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({ "source": CURVE })).await;
    let mut loads = Vec::new();
    for _ in 0..2 {
        browser.reload().await;
        settled(&browser).await;
        let paint = "const paint = performance.getEntriesByName('first-contentful-paint')[0].startTime;
            return [Math.round(paint), Math.round(window.curve)]";
        loads.push(browser.ask(paint).await);
    }
    println!("first content and curve of {READINGS} stored readings, in ms: {}", Value::from(loads));
    println!("drawn: {}", browser.ask("return document.querySelector('figcaption .how').innerText").await);
}

#[tokio::test]
async fn moving_a_curve_draws_no_more_than_there_are_pixels_and_the_pointer_draws_nothing() {
    let local = Local::running();
    let id = own("page-redraw");
    local.register_buoy(&id, &half()).await;
    let Some(browser) = signed_in(&local, "redraw", "/problems").await else { return };
    browser.says("Problems").await;
    let hour = format!("/devices/{id}?sensor=ph&{}", browser.ask(HOUR).await.as_str().unwrap());
    browser.tell("Performance.enable", json!({})).await;
    let mut before = None;
    for points in [10_000_u32, 100_000] {
        if let Some(before) = before.take() {
            browser.tell("Page.removeScriptToEvaluateOnNewDocument", json!({ "identifier": before })).await;
        }
        let source = MANY.replace("COUNT", &points.to_string());
        let added = browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source })).await;
        before = Some(added["identifier"].clone());
        browser.open(&hour).await;
        settled(&browser).await;
        browser.ask("document.querySelector('.chart').scrollIntoView({block: 'center'})").await;

        let moved = times(&browser, MOVE).await;
        println!("{points} points, moved: {moved}");
        let hovered = times(&browser, HOVER).await;
        println!("{points} points, under the pointer: {hovered}");
        let plain = times(&browser, &PLAIN.replace("POINTS", &points.to_string())).await;
        println!("{points} points, by a dozen lines of JavaScript: {plain}");
        // A movement also writes times into fields and asks the layout: a few milliseconds, however many points there are.
        let most = 10.0 * plain.busy.max(3.0);
        assert!(moved.busy <= most, "{points} points: {moved}; by hand: {plain}");

        count(&browser, true).await;
        times(&browser, MOVE).await;
        let (redraws, lines) = drawn(&browser).await;
        assert_eq!(redraws, STEPS as u64, "each movement is drawn once");
        let pixels = browser.ask("return document.querySelector('.chart canvas').width").await.as_u64().unwrap();
        let most = redraws * (4 * pixels + 100);
        assert!(
            lines <= most && lines > redraws * 100,
            "{lines} points of lines in {redraws} redraws, {pixels} pixels wide"
        );
        count(&browser, false).await;
        times(&browser, HOVER).await;
        browser.there(".chart .tip").await;
        assert_eq!(drawn(&browser).await.0, 0, "the pointer draws nothing anew");
    }
}

#[tokio::test]
async fn a_live_page_is_drawn_no_more_often_than_readings_arrive() {
    let local = Local::running();
    let id = own("page-busy");
    local.register_buoy(&id, &half()).await;
    let mut device = local.connect(&id).await;
    let topic = format!("{id}/reading/sensor/ph");
    // The first one is never repeated.
    let reading = |sent: u32| bytes(&json!({"value": if sent == 0 { 8 } else { 14 + sent % 10 }, "ts": now()}));
    device.publish(&topic, reading(0)).await.unwrap();
    let Some(browser) = signed_in(&local, "busy", &format!("/devices/{id}?last=15m&sensor=ph")).await else { return };
    settled(&browser).await;
    browser.until("it is live", "return document.querySelector('.feed').innerText.includes('Live')").await;
    browser.tell("Performance.enable", json!({})).await;
    // Senders remember for a second who watches.
    tokio::time::sleep(Duration::from_secs(3)).await;
    count(&browser, false).await;
    let rows = "return [...document.querySelectorAll('[data-sensor=ph] .value')].map(one => one.innerText).join()";
    let first = browser.ask(rows).await;
    let (before, began, mut sent) = (metric(&browser, "ProcessTime").await, Instant::now(), 0_u32);
    let mut turn = tokio::time::interval(Duration::from_secs_f64(1.0 / RATE));
    while began.elapsed() < WATCHED {
        turn.tick().await;
        sent += 1;
        device.publish(&topic, reading(sent)).await.unwrap();
    }
    let other = format!("return (() => {{ {rows} }})() !== {first}");
    browser.until("readings arrive", &other).await;
    let (seconds, busy) = (began.elapsed().as_secs_f64(), metric(&browser, "ProcessTime").await - before);
    let (redraws, _) = drawn(&browser).await;
    println!(
        "live, {:.1} readings a second: {:.1} % of a processor, {redraws} redraws of {sent} readings",
        f64::from(sent) / seconds,
        busy / seconds * 100.0
    );
    // Each reading, each second of the clock, and the first ones.
    let most = u64::from(sent) + seconds.ceil() as u64 + 5;
    assert!((1..=most).contains(&redraws), "{redraws} redraws of {sent} readings");
}

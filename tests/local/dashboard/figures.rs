//! How fast the page is, for whoever wants to know: nothing here fails because a computer is slow.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use weir_tests::local::{Local, bytes, now};

use super::admin;
use super::browser::Browser;

/// Readings of the curve, in as many seconds.
const READINGS: i64 = 3_600;
/// Readings in one message.
const IN_A_MESSAGE: i64 = 250;
/// Steps of each measurement.
const STEPS: u32 = 100;
/// How long the page is watched while readings arrive.
const WATCHED: Duration = Duration::from_secs(20);

/// What the browser has counted since the page began: seconds of scripts, and of everything that the page does.
async fn busy(browser: &Browser) -> (f64, f64) {
    let metrics = browser.tell("Performance.getMetrics", json!({})).await;
    let metric = |name: &str| {
        let found = metrics["metrics"].as_array().unwrap().iter().find(|metric| metric["name"] == name);
        found.and_then(|metric| metric["value"].as_f64()).unwrap()
    };
    (metric("ScriptDuration"), metric("TaskDuration"))
}

/// Calls a script once in each of many frames, and returns the median and the 95th percentile of the time from frame to frame in
/// milliseconds.
async fn frames(browser: &Browser, each: &str) -> Value {
    let script = format!(
        "const done = arguments[0], times = []; let last;
        const frame = now => {{
            if (last) times.push(now - last);
            last = now;
            if (times.length === {STEPS}) {{
                times.sort((a, b) => a - b);
                return done([times[{STEPS} / 2], times[{STEPS} * 95 / 100]]);
            }}
            const step = times.length;
            {each};
            requestAnimationFrame(frame);
        }};
        requestAnimationFrame(frame);"
    );
    browser.ask_slowly(&script).await
}

#[tokio::test]
#[ignore = "it measures, and fails nowhere: docs/costs-and-figures.md says how to run it"]
async fn figures_of_the_page() {
    let local = Local::running();
    let browser = Browser::start(&local, "figures").await.expect("a browser");
    local.register_buoy("page-figures", &json!({"model": "linear", "slope": 0.5, "intercept": 0})).await;
    let mut device = local.connect("page-figures").await;
    let start = now() - READINGS * 1_000;
    for first in (0..READINGS).step_by(IN_A_MESSAGE as usize) {
        let group =
            |second: i64| json!({"ts": start + second * 1_000, "values": {"ph": 14.0 + (second % 97) as f64 / 50.0}});
        let last = READINGS.min(first + IN_A_MESSAGE);
        let batch = json!({"batch": (first..last).map(group).collect::<Vec<_>>()});
        device.publish("page-figures/readings", bytes(&batch)).await.unwrap();
    }
    browser.open("/devices/page-figures?last=1h&sensor=ph").await;
    browser.log_in(&admin(&local)).await;
    browser.until("values are drawn", "return document.querySelector('figcaption .how')?.innerText.length > 0").await;
    browser.until("nothing loads", "return !document.querySelector('.loading')").await;
    browser.tell("Performance.enable", json!({})).await;

    browser.reload().await;
    browser.until("values are drawn", "return document.querySelector('figcaption .how')?.innerText.length > 0").await;
    let paint = "return Math.round(performance.getEntriesByName('first-contentful-paint')[0].startTime)";
    println!("first content: {} ms", browser.ask(paint).await);
    println!("drawn: {}", browser.ask("return document.querySelector('figcaption .how').innerText").await);

    let place = "const chart = document.querySelector('.chart'); chart.scrollIntoView({block: 'center'});
        const box = chart.getBoundingClientRect()";
    let (before, _) = busy(&browser).await;
    let hover = format!(
        "{place}; chart.dispatchEvent(new PointerEvent('pointermove', {{bubbles: true, pointerId: 1, pointerType: 'mouse',
            clientX: box.left + box.width * (0.2 + 0.6 * step / {STEPS}), clientY: box.top + box.height / 2}}))"
    );
    let times = frames(&browser, &hover).await;
    let (after, _) = busy(&browser).await;
    println!(
        "hover: {times} ms from frame to frame (median, 95 %), {:.2} ms script each",
        (after - before) * 1e3 / f64::from(STEPS)
    );

    let (before, _) = busy(&browser).await;
    let pan = "document.querySelector('.chart').dispatchEvent(new KeyboardEvent('keydown',
        {bubbles: true, key: step % 2 ? 'ArrowLeft' : 'ArrowRight'}))";
    let times = frames(&browser, pan).await;
    let (after, _) = busy(&browser).await;
    println!(
        "move: {times} ms from frame to frame (median, 95 %), {:.2} ms script each",
        (after - before) * 1e3 / f64::from(STEPS)
    );

    browser.open("/devices/page-figures?last=15m&sensor=ph").await;
    browser.until("it is live", "return document.querySelector('.feed').innerText.includes('Live')").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (script, task) = busy(&browser).await;
    let (began, mut sent) = (Instant::now(), 0);
    let mut tenth = tokio::time::interval(Duration::from_millis(100));
    while began.elapsed() < WATCHED {
        tenth.tick().await;
        let reading = json!({"value": 14.0 + f64::from(sent % 10) / 10.0, "ts": now()});
        device.publish("page-figures/reading/sensor/ph", bytes(&reading)).await.unwrap();
        sent += 1;
    }
    let (script_after, task_after) = busy(&browser).await;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "live, {:.1} readings a second: {:.1} % of a processor, {:.1} % in scripts",
        f64::from(sent) / seconds,
        (task_after - task) / seconds * 100.0,
        (script_after - script) / seconds * 100.0
    );
}

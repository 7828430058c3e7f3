//! The page of a problem between two flow sensors: both levels, and what people did about it.

use serde_json::json;
use weir_tests::local::{LEVEL_TOPIC, Local, bytes, now, until};

use super::browser::Browser;
use super::{admin, looks};

/// Whether there are pixels in the colours of the first two curves.
const DRAWN: &str = "const style = getComputedStyle(document.documentElement), canvas = document.querySelector('.chart canvas');
    const wanted = ['--series-1', '--series-2'].map(name => style.getPropertyValue(name).trim().match(/[0-9a-f]{2}/gi).map(part => parseInt(part, 16)));
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return wanted.every(([red, green, blue]) => {
        for (let n = 0; n < pixels.length; n += 4)
            if (pixels[n] === red && pixels[n + 1] === green && pixels[n + 2] === blue && pixels[n + 3] === 255) return true;
        return false;
    })";

#[tokio::test]
async fn a_problem_of_neighbours_shows_both_levels_and_what_people_noted() {
    let local = Local::running();
    for (id, level) in [("page-tube-y1", "Y1"), ("page-tube-y2", "Y2")] {
        local.register(&json!({"id": id, "level_id": level})).await;
    }
    let mut gateway = local.connect("page-gateway").await;
    let start = now() - 300_000;
    for (id, filling, seconds) in [("Y1", 90, 0), ("Y2", 85, 10), ("Y2", 20, 60), ("Y1", 95, 120)] {
        let report = json!({"id": id, "filling": filling, "ts": start + seconds * 1_000});
        gateway.publish(LEVEL_TOPIC, bytes(&report)).await.unwrap();
    }
    until("the obstruction", async || local.problem("Y1Y2").await).await;
    let change = json!({"problem_status": "ACKNOWLEDGED", "note": "<b>Jetting</b> tomorrow"});
    local.admin().await.expect(&[200], "PATCH", "/problems/Y1Y2", Some(&change)).await.unwrap();

    let Some(browser) = Browser::start(&local, "neighbours").await else { return };
    browser.open("/problems/Y1Y2").await;
    browser.log_in(&admin(&local)).await;
    browser.says("Y1 is at 95 %, Y2 after it at 20 %").await;
    browser
        .until("the chart is drawn", "return document.querySelector('figure')?.getAttribute('aria-busy') === 'false'")
        .await;
    let names = "return [...document.querySelectorAll('.keys li')].map(one => one.innerText.trim())";
    assert_eq!(browser.ask(names).await, json!(["1 Y1 (page-tube-y1)", "2 Y2 (page-tube-y2)"]));
    browser.until("both curves are drawn", DRAWN).await;
    browser.says("What people did").await;
    // It is in the logs of both devices, and listed once.
    let done =
        "return [...document.querySelectorAll('[aria-labelledby=told] ul:last-child > li')].map(one => one.innerText)";
    let done = browser.ask(done).await;
    let lines: Vec<&str> = done.as_array().unwrap().iter().filter_map(|one| one.as_str()).collect();
    assert!(
        lines.len() == 1 && lines[0].contains("Acknowledged") && lines[0].contains("<b>Jetting</b> tomorrow"),
        "{lines:?}"
    );
    looks::look_at(&browser, "neighbours").await;
}

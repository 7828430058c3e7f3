//! The page of a problem between two flow sensors: both levels, and what people did about it.

use serde_json::json;
use tooling::people::{Person, Role};
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
    for (id, level) in [("page-tube-o1", "O1"), ("page-tube-o2", "O2")] {
        local.register(&json!({"id": id, "level_id": level})).await;
    }
    let mut gateway = local.connect("page-gateway").await;
    let start = now() - 300_000;
    for (id, filling, seconds) in [("O1", 90, 0), ("O2", 85, 10), ("O2", 20, 60), ("O1", 95, 120)] {
        let report = json!({"id": id, "filling": filling, "ts": start + seconds * 1_000});
        gateway.publish(LEVEL_TOPIC, bytes(&report)).await.unwrap();
    }
    until("the obstruction", async || local.problem("O1O2").await).await;
    let change = json!({"problem_status": "ACKNOWLEDGED", "note": "<b>Jetting</b> tomorrow"});
    local.admin().await.expect(&[200], "PATCH", "/problems/O1O2", Some(&change)).await.unwrap();

    let Some(browser) = Browser::start(&local, "neighbours").await else { return };
    browser.open("/problems/O1O2").await;
    browser.log_in(&admin(&local)).await;
    browser.says("O1 is at 95 %, O2 after it at 20 %").await;
    browser
        .until("the chart is drawn", "return document.querySelector('figure')?.getAttribute('aria-busy') === 'false'")
        .await;
    let names = "return [...document.querySelectorAll('.keys li')].map(one => one.innerText.trim())";
    assert_eq!(browser.ask(names).await, json!(["1 O1 (page-tube-o1)", "2 O2 (page-tube-o2)"]));
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

/// Reports of two flow sensors, between which something obstructs the flow.
async fn obstructed(local: &Local, one: &str, other: &str) {
    let mut gateway = local.connect(&format!("page-gateway-{one}")).await;
    let start = now() - 300_000;
    for (id, filling, seconds) in [(one, 90, 0), (other, 85, 10), (other, 20, 60), (one, 95, 120)] {
        let report = json!({"id": id, "filling": filling, "ts": start + seconds * 1_000});
        gateway.publish(LEVEL_TOPIC, bytes(&report)).await.unwrap();
    }
    until("the obstruction", async || local.problem(&format!("{one}{other}")).await).await;
}

/// Waits until the page of a problem is complete, and says what has failed.
async fn complete(browser: &Browser, note: &str) {
    browser.says(note).await;
    browser
        .until(
            "everything is loaded",
            "return !document.querySelector('.loading') && !document.querySelector('figure[aria-busy=true]')",
        )
        .await;
    assert_eq!(
        browser.ask("return [...document.querySelectorAll('.failed, [role=alert]')].map(one => one.innerText)").await,
        json!([])
    );
}

#[tokio::test]
async fn who_may_see_one_of_two_neighbours_sees_its_level() {
    let local = Local::running();
    for (id, level) in [("page-tube-t1", "T1"), ("page-tube-t2", "T2")] {
        local.register(&json!({"id": id, "level_id": level})).await;
    }
    obstructed(&local, "T1", "T2").await;
    let change = json!({"note": "Seen from the bridge"});
    local.admin().await.expect(&[200], "PATCH", "/problems/T1T2", Some(&change)).await.unwrap();
    let person = Person::make(&local.stack, "one-of-two@weir.example", Role::User, "page-tube-t2").await.unwrap();
    let Some(browser) = Browser::start(&local, "one-of-two").await else { return };
    browser.open("/problems/T1T2").await;
    browser.log_in(&person).await;
    complete(&browser, "Seen from the bridge").await;
    browser.says("page-tube-t2").await;
    assert_eq!(browser.ask("return document.body.innerText.includes('page-tube-t1')").await, false);
    assert_eq!(browser.ask("return document.querySelectorAll('figure').length").await, 1);
    browser.says("What people did").await;
    looks::look_at(&browser, "neighbours-one").await;
}

#[tokio::test]
async fn what_people_did_is_told_without_devices_and_of_silent_ones() {
    let local = Local::running();
    // Flow sensors that belong to no device.
    obstructed(&local, "P1", "P2").await;
    // A device, and a flow sensor with a device, that report no more.
    local.register(&json!({"id": "page-silent", "report_every": 1, "sensors": [{"code": "do"}]})).await;
    local.register(&json!({"id": "page-silent-u1", "level_id": "U1"})).await;
    let mut gateway = local.connect("page-gateway-u").await;
    let report = json!({"id": "U1", "filling": 80, "ts": now() - 4 * 3_600_000});
    gateway.publish(LEVEL_TOPIC, bytes(&report)).await.unwrap();
    until("the level", async || local.level("U1").await).await;
    let api = local.admin().await;
    let detector = local.stack.function("problem-detector").unwrap();
    let sweep = weir_tests::events::event("problem-detector", "sweep");
    until("they are silent", async || {
        local.call(detector, &sweep).await;
        local.problem("U1-silent").await?;
        local.problem("page-silent:silent").await
    })
    .await;
    let Some(browser) = Browser::start(&local, "silent").await else { return };
    browser.open("/problems").await;
    browser.log_in(&admin(&local)).await;
    browser.says("Problems").await;
    for (id, figures) in [("P1P2", 0), ("page-silent:silent", 0), ("U1-silent", 1)] {
        let note = format!("Noted at {id}");
        api.expect(&[200], "PATCH", &format!("/problems/{id}"), Some(&json!({"note": note}))).await.unwrap();
        browser.open(&format!("/problems/{id}")).await;
        browser.says("What people did").await;
        complete(&browser, &note).await;
        assert_eq!(browser.ask("return document.querySelectorAll('figure').length").await, figures, "{id}");
        looks::look_at(&browser, &format!("problem-{}", id.replace(':', "-"))).await;
    }
}

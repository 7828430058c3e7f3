//! The list of devices: what is in quarantine comes with the list and moves nothing, and the last readings are in words.

use serde_json::{Value, json};
use tooling::people::{Person, Role};
use weir_tests::local::{LEVEL_TOPIC, Local, bytes, now, until};

use super::browser::Browser;
use super::pages::{half, publish, signed_in};
use super::{admin, looks};

/// The row of a device, as the beginning of a script.
fn row(id: &str) -> String {
    format!("const row = document.querySelector('main a[href=\"/app/devices/{id}\"]')?.closest('tr');")
}

/// Sends a message that the quarantine gets, and returns its entry.
async fn quarantined(local: &Local, id: &str, sensor: &str) -> String {
    let mut device = local.connect(id).await;
    publish(&mut device, id, sensor, 7.0, now()).await;
    let api = local.admin().await;
    until("the entry", async || {
        let found = api.expect(&[200], "GET", &format!("/quarantine?device={id}"), None).await.unwrap().json();
        let of = |entry: &&Value| entry["topic"].as_str().is_some_and(|topic| topic.ends_with(sensor));
        let entry = found["items"].as_array()?.iter().find(of)?;
        Some(entry["id"].as_str()?.to_owned())
    })
    .await
}

/// Requests of the quarantine do this first. Movements of the content are kept, and what the list first has is kept.
fn watched(first: &str) -> Value {
    let source = format!(
        "const own = window.fetch;
         window.fetch = async (...all) => {{ if (new URL(all[0].url ?? all[0], location).pathname === '/quarantine') {{ {first} }} return own(...all) }};
         window.moved = []; window.begun = null;
         new PerformanceObserver(list => list.getEntries().forEach(shift => {{
             const found = shift.sources.map(one => one.node).filter(node => document.querySelector('main')?.contains(node));
             if (found.length) moved.push([shift.value, found.map(node => (node.outerHTML ?? node.textContent).slice(0, 90))]);
         }})).observe({{type: 'layout-shift', buffered: true}});
         new MutationObserver(() => {{
             const list = document.querySelector('table.devices');
             if (list) begun ??= [!!document.querySelector('#strangers'), !!list.querySelector('a[href=\"/app/quarantine?device=page-chip\"]')];
         }}).observe(document, {{childList: true, subtree: true}})"
    );
    json!({"source": source})
}

#[tokio::test]
async fn what_is_in_quarantine_comes_with_the_list_and_moves_nothing() {
    let local = Local::running();
    local.register_buoy("page-chip", &half()).await;
    quarantined(&local, "page-chip", "odd").await;
    quarantined(&local, "page-stranger", "ph").await;
    let Some(browser) = signed_in(&local, "chip", "/problems").await else { return };
    browser.says("admin@weir.example").await;
    browser
        .tell("Page.addScriptToEvaluateOnNewDocument", watched("await new Promise(go => setTimeout(go, 700));"))
        .await;
    let axe = looks::axe();
    for (kind, scheme, phone) in [("light", "light", false), ("dark", "dark", false), ("phone", "light", true)] {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        browser.tell("Emulation.setEmulatedMedia", json!({"features": features})).await;
        if phone {
            let size = json!({"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true});
            browser.tell("Emulation.setDeviceMetricsOverride", size).await;
        }
        browser.open("/?q=page-chip").await;
        browser.says("1 in quarantine").await;
        browser.there("#strangers a").await;
        assert_eq!(browser.ask("return begun").await, json!([true, true]), "what the list first has, {kind}");
        assert_eq!(browser.ask("return moved").await, json!([]), "what moves, {kind}");
        looks::look(&browser, &axe, &format!("overview-quarantine-{kind}")).await;
    }
    browser.click("a[href='/app/quarantine?device=page-chip']").await;
    browser.says("Unknown sensor").await;
}

#[tokio::test]
async fn the_numbers_in_quarantine_follow_what_happens() {
    let local = Local::running();
    local.register_buoy("page-count", &half()).await;
    let Some(browser) = signed_in(&local, "count", "/?q=page-count").await else { return };
    browser.until("it is live", "return document.querySelector('.feed')?.innerText.includes('Live')").await;
    browser.ask("window.mine = 1").await;
    let words =
        |count: &str| format!("{} return (row?.innerText ?? '').includes('{count} in quarantine')", row("page-count"));
    let none = format!("{} return row && !row.innerText.includes('quarantine')", row("page-count"));
    browser.until("nothing is in quarantine", &none).await;
    // Senders remember for a second who watches.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let mut entries = Vec::new();
    for (sensor, count) in [("odd", "1"), ("strange", "2")] {
        entries.push(quarantined(&local, "page-count", sensor).await);
        browser.until(&format!("{count} in quarantine"), &words(count)).await;
    }
    let api = local.admin().await;
    api.expect(&[204], "DELETE", &format!("/quarantine/{}", entries[0]), None).await.unwrap();
    browser.until("one is left", &words("1")).await;
    api.expect(&[204], "DELETE", &format!("/quarantine/{}", entries[1]), None).await.unwrap();
    browser.until("none is left", &none).await;
    assert_eq!(browser.ask("return window.mine").await, 1, "without a reload");
}

#[tokio::test]
async fn a_quarantine_that_does_not_answer_does_not_hide_the_devices() {
    let local = Local::running();
    local.register_buoy("page-unread", &half()).await;
    let Some(browser) = signed_in(&local, "unread", "/problems").await else { return };
    browser.says("admin@weir.example").await;
    let refuse = "return new Response('{\"title\": \"no\", \"status\": 500}', {status: 500, headers: {'content-type': 'application/problem+json'}});";
    for (name, first, says) in [
        ("fails", refuse, "What is in quarantine could not be read."),
        ("hangs", "await new Promise(() => {});", "page-unread"),
    ] {
        let script = browser.tell("Page.addScriptToEvaluateOnNewDocument", watched(first)).await;
        browser.open("/?q=page-unread").await;
        browser.until(name, &format!("{} return !!row", row("page-unread"))).await;
        browser.says(says).await;
        looks::look_at(&browser, &format!("overview-quarantine-{name}")).await;
        let identifier = json!({"identifier": script["identifier"]});
        browser.tell("Page.removeScriptToEvaluateOnNewDocument", identifier).await;
    }
}

#[tokio::test]
async fn users_ask_for_nothing_of_the_quarantine() {
    let local = Local::running();
    local.register_buoy("page-own", &half()).await;
    quarantined(&local, "page-own", "odd").await;
    let Some(browser) = Browser::start(&local, "own").await else { return };
    let person = Person::make(&local.stack, "own@weir.example", Role::User, "page-own").await.unwrap();
    browser.open("/").await;
    browser.log_in(&person).await;
    browser.until("the device is listed", &format!("{} return !!row", row("page-own"))).await;
    browser.until("it is live", "return document.querySelector('.feed')?.innerText.includes('Live')").await;
    let asked = browser.traffic().await.asked;
    assert!(asked.iter().any(|address| address.contains("/overview")), "{asked:?}");
    let wrong: Vec<_> = asked.iter().filter(|address| address.contains("/quarantine")).collect();
    assert_eq!(wrong, Vec::<&String>::new());
    assert_eq!(browser.ask("return document.querySelectorAll('main a[href*=quarantine]').length").await, 0);
}

#[tokio::test]
async fn the_last_reading_of_a_flow_sensor_is_named_as_on_its_page() {
    let local = Local::running();
    local.register(&json!({"id": "page-level-i1", "level_id": "I1"})).await;
    let mut gateway = local.connect("page-gateway-z").await;
    gateway.publish(LEVEL_TOPIC, bytes(&json!({"id": "I1", "filling": 42, "ts": now()}))).await.unwrap();
    until("the level", async || local.level("I1").await).await;
    for (language, name) in [("en", "42 % Level"), ("de", "42 % Füllstand")] {
        let Some(browser) = Browser::start_in(&local, &format!("level-{language}"), language).await else { return };
        browser.open("/?q=page-level").await;
        browser.log_in(&admin(&local)).await;
        let words =
            format!("{} return (row?.innerText ?? '').replace(/\\s+/g, ' ').includes('{name}')", row("page-level-i1"));
        browser.until(name, &words).await;
    }
}

//! What the pages do in a real browser: values arrive, problems disappear, what is shown is in the address, and texts stay texts.

use serde_json::{Value, json};
use tooling::mqtt::Connection;
use weir_tests::events::event;
use weir_tests::local::{Local, bytes, now, until};

use super::admin;
use super::browser::Browser;

/// Something that a reload would take away.
const MARK: &str = "window.mine = 1";

/// A browser in which the administrator has signed in at an address.
pub async fn signed_in(local: &Local, name: &'static str, path: &str) -> Option<Browser> {
    let browser = Browser::start(local, name).await?;
    browser.open(path).await;
    browser.log_in(&admin(local)).await;
    // Another page that is opened sooner would interrupt the sign-in.
    let is_over = "return location.pathname.startsWith('/app/') && location.pathname !== '/app/signed-in'";
    browser.until("the sign-in is over", is_over).await;
    Some(browser)
}

/// Publishes a reading of an instant.
pub async fn publish(device: &mut Connection, id: &str, sensor: &str, value: f64, at: i64) {
    device.publish(&format!("{id}/reading/sensor/{sensor}"), bytes(&json!({"value": value, "ts": at}))).await.unwrap();
}

/// raw · 0.5
pub fn half() -> Value {
    json!({"model": "linear", "slope": 0.5, "intercept": 0})
}

/// Moves the mouse, with its button or without.
async fn mouse(browser: &Browser, kind: &str, (x, y): (f64, f64)) {
    let buttons = i32::from(kind != "mouseReleased");
    let event = json!({"type": kind, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1});
    browser.tell("Input.dispatchMouseEvent", event).await;
}

#[tokio::test]
async fn values_arrive_without_a_reload() {
    let local = Local::running();
    local.register_buoy("page-live", &half()).await;
    let Some(browser) = signed_in(&local, "live", "/devices/page-live?last=15m").await else { return };
    browser.says("No reading yet").await;
    browser.until("it is live", "return document.querySelector('.feed').innerText.includes('Live')").await;
    browser.ask(MARK).await;
    let mut device = local.connect("page-live").await;
    // Senders remember for a second who watches.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    for (raw, shown) in [(14.0, "7"), (15.0, "7.5")] {
        publish(&mut device, "page-live", "ph", raw, now()).await;
        let script = format!(
            "return (document.querySelector('[data-sensor=ph] .value')?.innerText ?? '').startsWith('{shown}')"
        );
        browser.until(&format!("the value is {shown}"), &script).await;
    }
    // The table of the curves has them as well, in one interval if they are close.
    browser.ask("document.querySelector('details summary').scrollIntoView(); [...document.querySelectorAll('details')].at(-1).open = true").await;
    browser.until("the curve has them", "return document.querySelectorAll('details tbody tr').length >= 1").await;
    assert_eq!(browser.ask("return window.mine").await, 1);
}

#[tokio::test]
async fn a_problem_that_is_acknowledged_on_one_page_disappears_on_another() {
    let local = Local::running();
    let alert = json!({"id": "high", "above": 10, "severity": "critical"});
    local
        .register(&json!({"id": "page-problem", "sensors": [{"code": "do", "unit": "mg/L", "alerts": [alert]}]}))
        .await;
    let Some(one) = signed_in(&local, "one", "/problems?device=page-problem").await else { return };
    let Some(other) = signed_in(&local, "other", "/problems?device=page-problem").await else { return };
    let row = "[data-problem='page-problem:do:high']";
    for browser in [&one, &other] {
        browser.until("it is live", "return document.querySelector('.feed')?.innerText.includes('Live')").await;
        browser.ask(MARK).await;
    }
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let mut device = local.connect("page-problem").await;
    publish(&mut device, "page-problem", "do", 12.0, now() - 60_000).await;
    for browser in [&one, &other] {
        browser.there(row).await;
        browser.says("12\u{a0}mg/L").await;
    }
    one.click(&format!("{row} .buttons button")).await;
    for (browser, is_reader) in [(&one, true), (&other, false)] {
        // Who acknowledged it sees what came of it; for the other it is gone.
        if is_reader {
            browser.says("1 changed.").await;
        }
        browser.until("it is gone", &format!("return !document.querySelector(\"{row}\")")).await;
        assert_eq!(browser.ask("return window.mine").await, 1);
    }
    one.open("/problems?status=ACKNOWLEDGED&device=page-problem").await;
    one.says("Acknowledged by admin@weir.example").await;
}

#[tokio::test]
async fn what_is_selected_on_a_chart_is_in_the_address_and_there_after_a_reload() {
    let local = Local::running();
    local.register_buoy("page-zoom", &half()).await;
    let mut device = local.connect("page-zoom").await;
    let start = now() - 3_600_000;
    for minute in 0..60 {
        let at = start + minute * 60_000;
        publish(&mut device, "page-zoom", "ph", 14.0 + (minute % 7) as f64 / 10.0, at).await;
    }
    let Some(browser) = signed_in(&local, "zoom", "/devices/page-zoom?last=1h&sensor=ph").await else { return };
    browser.there(".chart canvas").await;
    browser.until("values are drawn", "return document.querySelector('figcaption .how')?.innerText.length > 0").await;
    let place = "const one = document.querySelector('.chart'); one.scrollIntoView({block: 'center'});
        const box = one.getBoundingClientRect(); return [box.left + box.width * 0.4, box.left + box.width * 0.6, box.top + box.height / 2]";
    let place = browser.ask(place).await;
    let (from, to, y) = (place[0].as_f64().unwrap(), place[1].as_f64().unwrap(), place[2].as_f64().unwrap());
    mouse(&browser, "mousePressed", (from, y)).await;
    mouse(&browser, "mouseMoved", (to, y)).await;
    browser.there(".brush").await;
    mouse(&browser, "mouseReleased", (to, y)).await;
    browser
        .until(
            "the span is in the address",
            "return location.search.includes('from=') && location.search.includes('to=')",
        )
        .await;
    let shown = "const q = new URLSearchParams(location.search); return [q.get('from'), q.get('to')]";
    let before = browser.ask(shown).await;
    let length = "const q = new URLSearchParams(location.search); return Math.round((new Date(q.get('to')) - new Date(q.get('from'))) / 60000)";
    let minutes = browser.ask(length).await.as_i64().unwrap();
    assert!((11..=16).contains(&minutes), "{minutes}");
    browser.reload().await;
    browser.there(".chart canvas").await;
    browser
        .until("values are drawn again", "return document.querySelector('figcaption .how')?.innerText.length > 0")
        .await;
    assert_eq!(browser.ask(shown).await, before);
    let field = "return document.querySelectorAll('input[type=datetime-local]')[0].value.length";
    assert_eq!(browser.ask(field).await, 16);
    // Keys move it: the focus is where the reader put it.
    browser.ask("document.querySelector('.chart').focus()").await;
    for (kind, key) in [("keyDown", "ArrowRight"), ("keyUp", "ArrowRight")] {
        browser.tell("Input.dispatchKeyEvent", json!({"type": kind, "key": key})).await;
    }
    browser
        .until("it has moved", &format!("return new URLSearchParams(location.search).get('from') !== {}", before[0]))
        .await;
}

#[tokio::test]
async fn texts_of_devices_never_become_markup() {
    let local = Local::running();
    let script = "<script>alert(1)</script>";
    let image = "<img src=x onerror=alert(2)>";
    local
        .register(&json!({"id": "page-script", "name": script, "description": image,
            "location": {"latitude": 47.5, "longitude": 9.5},
            "sensors": [{"code": "ph", "name": image, "unit": "<b>pH</b>"}]}))
        .await;
    let mut device = local.connect("page-script").await;
    publish(&mut device, "page-script", "ph", 7.0, now()).await;
    let Some(browser) = signed_in(&local, "script", "/?q=page-script").await else { return };
    browser.says(script).await;
    let markup = "return document.querySelectorAll('main script, main img, main b').length";
    assert_eq!(browser.ask(markup).await, 0);
    browser.click("main table a").await;
    browser.says(image).await;
    browser.says("<b>pH</b>").await;
    assert_eq!(browser.ask(markup).await, 0);
    // Nor does what a device sends.
    device.publish("page-script/readings", format!("{{{image}{script}").into_bytes()).await.unwrap();
    until("the entry", async || local.quarantine("page-script/readings").await.pop()).await;
    browser.open("/quarantine?device=page-script&group=unparseable:page-script").await;
    browser.click("[data-entry] .buttons button").await;
    browser.says(&format!("{{{image}{script}")).await;
    assert_eq!(browser.ask(markup).await, 0);
    // Nothing was refused by the policy either, since nothing was tried. The local cloud's page to sign in has no icon.
    let own: Vec<_> = browser.console().await.into_iter().filter(|line| !line.contains("/favicon.ico")).collect();
    assert_eq!(own, Vec::<String>::new());
}

#[tokio::test]
async fn points_become_a_calibration() {
    let local = Local::running();
    local.register_buoy("page-calibration", &half()).await;
    let mut device = local.connect("page-calibration").await;
    publish(&mut device, "page-calibration", "ph", 14.0, now() - 5_000).await;
    let path = "/devices/page-calibration/sensors/ph/calibration";
    let Some(browser) = signed_in(&local, "calibration", path).await else { return };
    browser.says("Two points are needed.").await;
    for (row, (raw, reference)) in [("100", "4"), ("200", "7,5")].into_iter().enumerate() {
        let row = row + 1;
        browser.fill(&format!(".points tbody tr:nth-child({row}) td:nth-child(1) input"), raw).await;
        browser.fill(&format!(".points tbody tr:nth-child({row}) td:nth-child(2) input"), reference).await;
    }
    browser.says("slope: 0.035").await;
    browser.there(".xy circle").await;
    // What it would make of the reading: 14 · 0.035 + 0.5 instead of 7.
    browser.says("on average \u{2212}6.01").await;
    let earlier = "const at = new Date(Date.now() - 600000);
        return new Date(at - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16)";
    let earlier = browser.ask(earlier).await;
    browser.set("form.ask input[type=datetime-local]", earlier.as_str().unwrap(), "input").await;
    browser.click("form button.primary").await;
    browser.says("Version 2 is entered").await;
    browser
        .until("the history has it", "return document.querySelectorAll('#history ~ table tbody tr').length === 2")
        .await;
    // The reading of before is computed again.
    browser.click(".notice button").await;
    browser.there("[data-job=waiting], [data-job=running]").await;
    // It begins when no function uses the earlier version any more, and the sweep takes it up.
    tokio::time::sleep(std::time::Duration::from_secs(31)).await;
    let (function, sweep) = (local.stack.function("recalculation").unwrap(), event("recalculation", "sweep"));
    until("the page shows the end of it", async || {
        local.call(function, &sweep).await;
        let is_done = browser.ask("return !!document.querySelector('[data-job=done]')").await;
        (is_done == true).then_some(())
    })
    .await;
    let latest = local
        .admin()
        .await
        .expect(&[200], "GET", "/devices/page-calibration/readings/latest", None)
        .await
        .unwrap()
        .json();
    let value = latest["items"][0]["value"].as_f64().unwrap();
    assert!((value - 0.99).abs() < 1e-9, "{latest}");
}

/// A page whose stack has tiles for the map: the answer of the stack is changed on its way. The icon of the dashboard is every tile, since
/// the policy of this stack allows no images of other servers.
const TILES: &str = "const plain = window.fetch;
    window.fetch = async (asked, ...more) => {
        const answer = await plain(asked, ...more);
        if (!(asked.url ?? asked).endsWith('/app/config.json')) return answer;
        const icon = document.querySelector('link[rel=icon]').href;
        const tiles = {address: `${icon}?{z}/{x}/{y}`, attribution: '© the makers of the tiles'};
        return new Response(JSON.stringify({...await answer.json(), tiles}));
    }";

#[tokio::test]
async fn tiles_lie_below_the_map_where_a_stack_has_them() {
    let local = Local::running();
    for (id, latitude, longitude) in [("page-map-1", 48.2, 16.35), ("page-map-2", 48.21, 16.4)] {
        local.register(&json!({"id": id, "location": {"latitude": latitude, "longitude": longitude}})).await;
    }
    let Some(browser) = signed_in(&local, "map", "/?q=page-map").await else { return };
    browser.there("main .map svg a").await;
    let number = "return document.querySelectorAll('.map image').length";
    assert_eq!(browser.ask(number).await, 0, "a plain map");
    browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({"source": TILES})).await;
    browser.reload().await;
    browser.there("main .map image").await;
    browser.says("© the makers of the tiles").await;
    let seen = "const {a, e} = document.querySelector('.map svg').getScreenCTM();
        const frame = {left: e + 1, right: e + 960 * a - 1};
        const all = [...document.querySelectorAll('.map image')].map(one => one.getBoundingClientRect());
        return [all.length >= 8 && all.length <= 24, Math.min(...all.map(one => one.left)) <= frame.left,
            Math.max(...all.map(one => one.right)) >= frame.right]";
    assert_eq!(browser.ask(seen).await, json!([true, true, true]));
    let loaded = "return performance.getEntriesByType('resource').some(one => /\\?\\d+\\/\\d+\\/\\d+$/.test(one.name))";
    browser.until("the tiles are loaded", loaded).await;
    browser.picture("map-with-tiles").await;
}

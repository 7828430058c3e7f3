//! How every page looks: light, dark and on a phone; what axe-core finds; what the page talks to.

use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tooling::place::Place;
use tooling::tools::{self, Set};
use weir_tests::local::{LEVEL_TOPIC, Local, bytes, now, until};

use super::admin;
use super::browser::{Browser, Traffic};

/// Every page: its name, its address, and what it says when it is there.
pub(super) const PAGES: [(&str, &str, &str); 16] = [
    ("overview", "/", "Devices"),
    ("device", "/devices/page-looks?last=15m", "Curves"),
    ("calibration", "/devices/page-looks/sensors/ph/calibration", "New calibration"),
    ("problems", "/problems", "Problems"),
    ("flow", "/flow", "Flow"),
    ("system", "/system", "Inputs of the bill"),
    ("alerts", "/devices/page-looks/sensors/ph/alerts", "New alert"),
    ("compare", "/devices/page-looks?last=15m&sensor=ph&with=page-beside:ph", "page-beside"),
    ("subscriptions", "/subscriptions", "My notices"),
    ("problem", "/problems/page-looks:ph:high", "What happened"),
    ("quarantine", "/quarantine?device=page-looks&group=unknown_sensor:page-looks", "Unknown sensor"),
    ("people", "/people", "admin@weir.example"),
    ("serials", "/fleet", "PAGE-LOOKS"),
    ("firmware", "/fleet?show=firmware", "Upload a firmware"),
    ("jobs", "/fleet?show=jobs", "Make a job"),
    ("not-found", "/nowhere", "This page does not exist"),
];

/// What the pages of the devices and of the tubes have to show of [`make`].
const DATA: [(&str, &str); 2] = [
    ("overview", ".map:has(a[href$='/devices/page-looks']) a[href$='/devices/page-beside']"),
    ("flow", "[data-level=Y1] ~ [data-level=Y2] + .between.wrong a[href$='/problems/Y2Y3']"),
];

/// Runs axe-core, with the rules of WCAG 2.2 AA and its good practice.
const AXE: &str = "const done = arguments[0];
    axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(
        found => done(found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.html + ' ' + node.failureSummary).join(' | '))),
        error => done([String(error)]));";

/// What axe-core finds on the present page.
async fn violations(browser: &Browser, axe: &str) -> Value {
    // A button that is scrolled below the fixed header is no finding.
    browser.ask("scrollTo(0, 0)").await;
    // WebDriver's scripts are no scripts of the page: its policy does not concern them.
    browser.ask(axe).await;
    browser.ask_slowly(AXE).await
}

/// The text of axe-core.
pub(super) fn axe() -> String {
    let file = tools::node_packages(&Place::of_run("dashboard").unwrap(), Set::Clients).join("axe-core/axe.min.js");
    std::fs::read_to_string(&file).expect("cargo xtask test has installed axe-core")
}

/// Looks at the present page as it is, with what is open on it.
pub(super) async fn look_at(browser: &Browser, name: &str) {
    look(browser, &axe(), name).await;
}

pub(super) async fn look(browser: &Browser, axe: &str, name: &str) {
    let found = violations(browser, axe).await;
    assert_eq!(found, json!([]), "{name}");
    let wide = browser.ask("return document.documentElement.scrollWidth > document.documentElement.clientWidth").await;
    assert_eq!(wide, false, "{name} scrolls sideways");
    browser.picture(name).await;
}

/// What is there only after a click: an alert that was tried, and the form of a subscription.
async fn forms(browser: &Browser, axe: &str, kind: &str) {
    browser.open("/devices/page-looks/sensors/ph/alerts").await;
    browser.click("[data-alert=high] .buttons button").await;
    browser.set("[name=limit]", "7.15", "input").await;
    browser.click("#try").await;
    browser.there(".episodes").await;
    browser.until("it is drawn", "return document.querySelector('figure').getAttribute('aria-busy') === 'false'").await;
    look(browser, axe, &format!("trial-form-{kind}")).await;
    browser.ask("document.querySelector('#try').scrollIntoView()").await;
    browser.picture(&format!("trial-{kind}")).await;
    browser.ask("scrollTo(0, 0)").await;
    browser.click("[data-alert=high] .buttons button:last-child").await;
    browser.there(".confirm").await;
    look(browser, axe, &format!("sure-{kind}")).await;
    browser.open("/subscriptions").await;
    browser.click("#add").await;
    browser.click("[name=channel]:not(:checked)").await;
    browser.click("[name=quiet]").await;
    browser.set("[name=digest]", "soon", "input").await;
    browser.click("form button.primary").await;
    browser.there("#digest-wrong").await;
    look(browser, axe, &format!("subscribe-{kind}")).await;
    browser.open("/devices/page-looks?last=15m&sensor=ph").await;
    browser.click(".compare > button").await;
    look(browser, axe, &format!("compare-form-{kind}")).await;
    browser.ask("document.querySelector('#access').scrollIntoView()").await;
    browser.picture(&format!("access-{kind}")).await;
}

/// Makes what the pages show, once.
pub(super) async fn prepare(local: &Local) {
    static DONE: OnceCell<()> = OnceCell::const_new();
    DONE.get_or_init(|| make(local)).await;
}

async fn make(local: &Local) {
    // Beside a stack that is kept, an earlier run has made it.
    if local.admin().await.call("GET", "/devices/page-looks", None).await.unwrap().status == 200 {
        return;
    }
    let half = json!({"model": "linear", "slope": 0.5, "intercept": 0});
    let alert = json!({"id": "high", "above": 7.3, "note": "Look at the pump."});
    let sensors = json!([{"code": "ph", "unit": "pH", "alerts": [alert]}, {"code": "tmp", "unit": "°C"}]);
    let place = |latitude: f64| json!({"latitude": latitude, "longitude": 16.37});
    local.register(&json!({"id": "page-looks", "sensors": sensors, "level_id": "Y2", "location": place(48.21)})).await;
    let sensors = json!([{"code": "ph", "unit": "pH"}, {"code": "tmp", "unit": "°C"}]);
    local.register(&json!({"id": "page-beside", "sensors": sensors, "level_id": "Y1", "location": place(48.22)})).await;
    for id in ["page-looks", "page-beside"] {
        local.calibrate(id, "ph", &half).await;
    }
    let start = now() - 600_000;
    for (id, more) in [("page-looks", 0.0), ("page-beside", 0.7)] {
        let mut device = local.connect(id).await;
        for (place, raw) in [14.0, 14.4, 14.1, 14.8, 14.2].into_iter().enumerate() {
            let reading = json!({"value": raw + more, "ts": start + place as i64 * 60_000});
            device.publish(&format!("{id}/reading/sensor/ph"), bytes(&reading)).await.unwrap();
        }
    }
    let mut device = local.connect("page-looks").await;
    device.publish("page-looks/reading/sensor/odd", bytes(&json!({"value": 7}))).await.unwrap();
    // The tube is obstructed between its last two sensors, of which one is nobody's device.
    for (place, (id, filling)) in [("Y1", 100), ("Y2", 100), ("Y3", 20)].into_iter().enumerate() {
        let report = json!({"id": id, "filling": filling, "ts": start + place as i64 * 1_000});
        device.publish(LEVEL_TOPIC, bytes(&report)).await.unwrap();
    }
    until("the obstruction", async || local.problem("Y2Y3").await).await;
    let serial = json!({"serial": "PAGE-LOOKS", "device_id": "page-looks-board"});
    local.admin().await.expect(&[201, 409], "POST", "/fleet/serials", Some(&serial)).await.unwrap();
}

/// Shows pages from now on as to somebody who has chosen light or dark, on a phone or not.
pub(super) async fn seen_on(browser: &Browser, scheme: &str, phone: bool) {
    let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
    browser.tell("Emulation.setEmulatedMedia", json!({"features": features})).await;
    if phone {
        let size = json!({"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true});
        browser.tell("Emulation.setDeviceMetricsOverride", size).await;
    }
}

/// Waits until nothing is on its way to the present page.
pub(super) async fn settled(browser: &Browser) {
    let waits = ".loading, [aria-busy=true]";
    browser.until("nothing loads", &format!("return !document.querySelector('{waits}')")).await;
}

#[tokio::test]
async fn every_page_is_for_everybody_in_light_in_dark_and_on_a_phone() {
    let local = Local::running();
    let Some(browser) = Browser::start(&local, "looks").await else { return };
    prepare(&local).await;
    let axe = axe();
    browser.open("/").await;
    browser.log_in(&admin(&local)).await;
    browser.says("Devices").await;
    for (kind, scheme, phone) in [("light", "light", false), ("dark", "dark", false), ("phone", "light", true)] {
        seen_on(&browser, scheme, phone).await;
        for (name, path, says) in PAGES {
            browser.open(path).await;
            browser.says(says).await;
            settled(&browser).await;
            for (_, there) in DATA.iter().filter(|(page, _)| *page == name) {
                browser.there(there).await;
            }
            look(&browser, &axe, &format!("{name}-{kind}")).await;
        }
        forms(&browser, &axe, kind).await;
        browser.click(".person summary").await;
        browser.says("Sign out").await;
        look(&browser, &axe, &format!("menu-{kind}")).await;
    }
    browser.click(".menu button").await;
    browser.says("You are signed out").await;
    look(&browser, &axe, "signed-out-phone").await;
    // Nothing was refused by the page's policy, and nothing else was asked than the stack.
    let console: Vec<String> = browser.console().await;
    // The local cloud's page to sign in has no icon.
    let own: Vec<_> = console.iter().filter(|line| !line.contains("/favicon.ico")).collect();
    assert_eq!(own, Vec::<&String>::new());
    let host = browser.dashboard.trim_end_matches("/app").to_owned();
    let sockets = browser.endpoint.replacen("http", "ws", 1);
    let Traffic { asked: requests, failed } = browser.traffic().await;
    assert_eq!(failed, Vec::<String>::new());
    let own = |url: &&String| [&host, &browser.endpoint, &sockets].iter().any(|known| url.starts_with(known.as_str()));
    assert!(requests.iter().filter(own).count() > 20, "{requests:?}");
    let foreign: Vec<_> = requests
        .iter()
        .filter(|url| {
            !own(url) && !["data:", "chrome:", "chrome-untrusted:"].iter().any(|scheme| url.starts_with(scheme))
        })
        .collect();
    assert_eq!(foreign, Vec::<&String>::new());
}

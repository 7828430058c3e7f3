//! How every page looks: light, dark and on a phone; what axe-core finds; what the page talks to.

use serde_json::{Value, json};
use tooling::place::Place;
use tooling::tools::{self, Set};
use weir_tests::local::{Local, bytes, now};

use super::admin;
use super::browser::Browser;

/// Every page: its name, its address, and what it says when it is there.
const PAGES: [(&str, &str, &str); 11] = [
    ("overview", "/", "Devices"),
    ("device", "/devices/page-looks?last=15m", "Curves"),
    ("calibration", "/devices/page-looks/sensors/ph/calibration", "New calibration"),
    ("problems", "/problems", "Problems"),
    ("flow", "/flow", "Flow"),
    ("quarantine", "/quarantine?device=page-looks&group=unknown_sensor:page-looks", "Unknown sensor"),
    ("people", "/people", "admin@weir.example"),
    ("serials", "/fleet", "PAGE-LOOKS"),
    ("firmware", "/fleet?show=firmware", "Upload a firmware"),
    ("jobs", "/fleet?show=jobs", "Make a job"),
    ("not-found", "/nowhere", "This page does not exist"),
];

/// Runs axe-core, with the rules of WCAG 2.2 AA and its good practice.
const AXE: &str = "const done = arguments[0];
    axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}).then(
        found => done(found.violations.map(one => one.id + ': ' + one.nodes.map(node => node.html + ' ' + node.failureSummary).join(' | '))),
        error => done([String(error)]));";

/// What axe-core finds on the present page.
async fn violations(browser: &Browser, axe: &str) -> Value {
    // WebDriver's scripts are no scripts of the page: its policy does not concern them.
    browser.ask(axe).await;
    browser.ask_slowly(AXE).await
}

/// The text of axe-core.
fn axe() -> String {
    let file = tools::node_packages(&Place::of_run("dashboard").unwrap(), Set::Clients).join("axe-core/axe.min.js");
    std::fs::read_to_string(&file).expect("cargo xtask test has installed axe-core")
}

/// Looks at the present page as it is, with what is open on it.
pub(super) async fn look_at(browser: &Browser, name: &str) {
    look(browser, &axe(), name).await;
}

async fn look(browser: &Browser, axe: &str, name: &str) {
    let found = violations(browser, axe).await;
    assert_eq!(found, json!([]), "{name}");
    let wide = browser.ask("return document.documentElement.scrollWidth > document.documentElement.clientWidth").await;
    assert_eq!(wide, false, "{name} scrolls sideways");
    browser.picture(name).await;
}

#[tokio::test]
async fn every_page_is_for_everybody_in_light_in_dark_and_on_a_phone() {
    let local = Local::running();
    let Some(browser) = Browser::start(&local, "looks").await else { return };
    local.register_buoy("page-looks", &json!({"model": "linear", "slope": 0.5, "intercept": 0})).await;
    let mut device = local.connect("page-looks").await;
    let start = now() - 600_000;
    for (place, raw) in [14.0, 14.4, 14.1, 14.8, 14.2].into_iter().enumerate() {
        let reading = json!({"value": raw, "ts": start + place as i64 * 60_000});
        device.publish("page-looks/reading/sensor/ph", bytes(&reading)).await.unwrap();
    }
    device.publish("page-looks/reading/sensor/odd", bytes(&json!({"value": 7}))).await.unwrap();
    let serial = json!({"serial": "PAGE-LOOKS", "device_id": "page-looks-board"});
    local.admin().await.expect(&[201, 409], "POST", "/fleet/serials", Some(&serial)).await.unwrap();
    let axe = axe();
    browser.open("/").await;
    browser.log_in(&admin(&local)).await;
    browser.says("Devices").await;
    for (kind, scheme, phone) in [("light", "light", false), ("dark", "dark", false), ("phone", "light", true)] {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        browser.tell("Emulation.setEmulatedMedia", json!({"features": features})).await;
        if phone {
            let size = json!({"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true});
            browser.tell("Emulation.setDeviceMetricsOverride", size).await;
        }
        for (name, path, says) in PAGES {
            browser.open(path).await;
            browser.says(says).await;
            browser.until("nothing loads", "return !document.querySelector('.loading')").await;
            look(&browser, &axe, &format!("{name}-{kind}")).await;
        }
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
    let requests = browser.requests().await;
    let own = |url: &&String| [&host, &browser.endpoint, &sockets].iter().any(|known| url.starts_with(known.as_str()));
    assert!(requests.iter().filter(own).count() > 20, "{requests:?}");
    let foreign: Vec<_> = requests
        .iter()
        .filter(|url| !own(url) && !["data:", "chrome:"].iter().any(|scheme| url.starts_with(scheme)))
        .collect();
    assert_eq!(foreign, Vec::<&String>::new());
}

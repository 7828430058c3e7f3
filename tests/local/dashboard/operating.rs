//! Operating a device on its page: settings that it takes up, commands that it answers, the log of both, and the times and values that
//! are shown and downloaded.

use serde_json::{Value, json};
use tooling::mqtt::Connection;
use weir_core::domain::Timestamp;
use weir_tests::local::{Local, bytes, now};

use super::browser::Browser;
use super::pages::{half, publish, signed_in};

/// A reload would take it away.
const MARK: &str = "window.mine = 1";

/// Says something in the shadow of the device.
async fn reports(device: &mut Connection, name: &str, reported: Value) {
    let update = json!({"state": {"reported": reported}});
    device.publish(&format!("$aws/things/{name}/shadow/update"), bytes(&update)).await.unwrap();
}

/// The next difference between what is desired and what was reported.
async fn delta(device: &mut Connection) -> Value {
    serde_json::from_slice::<Value>(&device.message().await.unwrap().payload).unwrap()["state"].clone()
}

/// Waits until the rows of the table of settings are these: setting, desired, reported, state.
async fn compared(browser: &Browser, rows: &[[&str; 4]]) {
    let script = format!(
        "const rows = [...document.querySelectorAll('[aria-labelledby=settings] tbody tr')];
        const told = rows.map(row => [...row.children].map(cell => cell.innerText.trim()));
        return JSON.stringify(told) === JSON.stringify({})",
        json!(rows)
    );
    browser.until(&format!("the settings are {rows:?}"), &script).await;
}

/// Waits until one event of the log has all these words.
async fn logged(browser: &Browser, words: &[&str]) {
    let script = format!(
        "return [...document.querySelectorAll('[aria-labelledby=events] li')].some(one =>
            {}.every(word => one.innerText.includes(word)))",
        json!(words)
    );
    browser.until(&format!("an event says {words:?}"), &script).await;
}

#[tokio::test]
async fn a_changed_setting_differs_until_the_device_takes_it_up() {
    let local = Local::running();
    local.register(&json!({"id": "page-settings", "settings": {"every": 60, "led": {"on": true}}})).await;
    let mut device = local.connect("page-settings").await;
    device.subscribe("$aws/things/page-settings/shadow/update/delta").await.unwrap();
    let Some(browser) = signed_in(&local, "settings", "/devices/page-settings").await else { return };
    compared(&browser, &[["/every", "60", "–", "Not applied"], ["/led/on", "true", "–", "Not applied"]]).await;
    browser.until("it is live", "return document.querySelector('.feed').innerText.includes('Live')").await;
    browser.ask(MARK).await;
    // Senders remember for a second who watches.
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let first = json!({"version": 1, "settings": {"every": 60, "led": {"on": true}, "firmware": 7}});
    reports(&mut device, "page-settings", first).await;
    compared(&browser, &[["/every", "60", "60", "Applied"], ["/led/on", "true", "true", "Applied"]]).await;
    browser.says("Only reported by the device: /firmware").await;

    browser.click("[aria-labelledby=settings] > button").await;
    let text = "return JSON.parse(document.querySelector('[aria-labelledby=settings] textarea').value)";
    assert_eq!(browser.ask(text).await, json!({"every": 60, "led": {"on": true}}));
    // What is no JSON is not sent, and stays to be corrected.
    browser.set("[aria-labelledby=settings] textarea", "{\"every\": 30,", "input").await;
    browser.click("[aria-labelledby=settings] button[type=submit]").await;
    browser.there("[aria-labelledby=settings] .wrong").await;
    let changed = "{\"every\": 30, \"led\": {\"on\": true}}";
    browser.set("[aria-labelledby=settings] textarea", changed, "input").await;
    browser.click("[aria-labelledby=settings] button[type=submit]").await;
    compared(&browser, &[["/every", "30", "60", "Not applied"], ["/led/on", "true", "true", "Applied"]]).await;
    logged(&browser, &["Settings", "/every", "60 → 30", "admin@weir.example"]).await;

    // The device does what its shadow says.
    let desired = loop {
        let desired = delta(&mut device).await;
        if desired["version"] == 2 {
            break desired;
        }
    };
    assert_eq!(desired["settings"], json!({"every": 30}));
    let taken = json!({"version": 2, "settings": {"every": 30, "led": {"on": true}}});
    reports(&mut device, "page-settings", taken).await;
    compared(&browser, &[["/every", "30", "30", "Applied"], ["/led/on", "true", "true", "Applied"]]).await;
    logged(&browser, &["Reported", "/settings/every", "60 → 30"]).await;
    assert_eq!(browser.ask("return window.mine").await, 1);
}

/// Sends a command over the form, and returns its id.
async fn send(browser: &Browser, name: &str, arguments: &str) -> Value {
    let newest = "return document.querySelector('[data-command]')?.dataset.command ?? ''";
    let before = browser.ask(newest).await;
    for (place, text) in [(1, name), (2, arguments)] {
        browser.set(&format!("[aria-labelledby=commands] form label:nth-child({place}) input"), text, "input").await;
    }
    browser.click("[aria-labelledby=commands] button[type=submit]").await;
    let other = format!("return (() => {{ {newest} }})() !== {before}");
    browser.until("the command is listed", &other).await;
    browser.ask(newest).await
}

/// Waits until the row of a command has all these words.
async fn command(browser: &Browser, id: &Value, words: &[&str]) {
    let script = format!(
        "const text = document.querySelector('[data-command=\"' + {id} + '\"]')?.innerText ?? '';
        return {}.every(word => text.includes(word))",
        json!(words)
    );
    browser.until(&format!("the command says {words:?}"), &script).await;
}

#[tokio::test]
async fn a_command_is_sent_answered_and_logged_and_another_one_cancelled() {
    let local = Local::running();
    local.register(&json!({"id": "page-command"})).await;
    let mut device = local.connect("page-command").await;
    device.subscribe("$aws/things/page-command/shadow/update/delta").await.unwrap();
    let Some(browser) = signed_in(&local, "command", "/devices/page-command").await else { return };
    browser.says("No commands yet.").await;
    browser.until("it is live", "return document.querySelector('.feed').innerText.includes('Live')").await;
    browser.ask(MARK).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    let first = send(&browser, "dispense", "{\"ml\": 30}").await;
    command(&browser, &first, &["Sent", "dispense", "{\"ml\":30}", "admin@weir.example", "Cancel"]).await;
    let asked = delta(&mut device).await;
    assert_eq!((&asked["command"]["id"], &asked["command"]["args"]), (&first, &json!({"ml": 30})));
    let second = send(&browser, "rinse", "").await;
    command(&browser, &second, &["Queued", "rinse", "Cancel"]).await;
    reports(&mut device, "page-command", json!({"command": {"id": first, "status": "ACCEPTED"}})).await;
    command(&browser, &first, &["Begun"]).await;
    let cancel = |id: &Value| format!("[data-command='{}'] button", id.as_str().unwrap());
    assert_eq!(browser.ask(&format!("return document.querySelectorAll(\"{}\").length", cancel(&first))).await, 0);
    // The one that waits is taken back before it has its turn.
    browser.click(&cancel(&second)).await;
    command(&browser, &second, &["Cancelled"]).await;
    let done = json!({"command": {"id": first, "status": "SUCCEEDED", "result": {"ml": 29.5}}});
    reports(&mut device, "page-command", done).await;
    command(&browser, &first, &["Done", "{\"ml\":29.5}"]).await;
    let (one, other) = (first.as_str().unwrap(), second.as_str().unwrap());
    logged(&browser, &["Command", one, "dispense", "admin@weir.example"]).await;
    logged(&browser, &["Command", one, "\"ACCEPTED\" → \"SUCCEEDED\""]).await;
    logged(&browser, &["Command", other, "\"CANCELLED\"", "admin@weir.example"]).await;
    assert_eq!(browser.ask("return window.mine").await, 1);
    let api = local.admin().await;
    for (id, state) in [(first, "SUCCEEDED"), (second, "CANCELLED")] {
        let path = format!("/devices/page-command/commands/{}", id.as_str().unwrap());
        assert_eq!(api.expect(&[200], "GET", &path, None).await.unwrap().json()["state"], state);
    }
}

/// The times on the page as shown, and as the browser writes the same instants in a zone: of the log, and of the field of the span.
fn times(zone: &str) -> String {
    format!(
        "const text = (at, more) => new Intl.DateTimeFormat('en-GB', {{timeZone: '{zone}', hourCycle: 'h23', ...more}}).format(new Date(at));
        const clock = {{hour: '2-digit', minute: '2-digit', second: '2-digit'}};
        const all = [...document.querySelectorAll('[aria-labelledby=events] time:not([title])')];
        const shown = all.map(one => one.innerText.split(', ')[1]), expected = all.map(one => text(one.dateTime, clock));
        const from = new URLSearchParams(location.search).get('from');
        shown.push(document.querySelector('input[type=datetime-local]').value.slice(11, 16));
        expected.push(text(from, {{hour: '2-digit', minute: '2-digit'}}));
        return [shown, expected]"
    )
}

/// Waits until all times of the page are those of a zone.
async fn in_zone(browser: &Browser, zone: &str) {
    let script = format!(
        "const [shown, expected] = (() => {{ {} }})();
        return shown.length > 1 && JSON.stringify(shown) === JSON.stringify(expected)",
        times(zone)
    );
    browser.until(&format!("times are those of {zone}"), &script).await;
}

/// The values of the table below the charts, oldest first, and those of the file with the same instants, each as time and value.
const VALUES: &str = "const zone = {timeZone: 'Asia/Kathmandu', hourCycle: 'h23', hour: '2-digit', minute: '2-digit', second: '2-digit'};
    const clock = at => new Intl.DateTimeFormat('en-GB', zone).format(new Date(at));
    const table = [...document.querySelectorAll('details.card[open] table')].find(one => one.caption.innerText.startsWith('ph'));
    const rows = [...table.tBodies[0].rows].map(row => [row.cells[0].innerText.split(', ')[1], row.cells[1].innerText]).reverse();
    const lines = window.saved.trim().split('\\r\\n').slice(1).map(line => line.split(','));
    return [rows, lines.map(line => [clock(line[0]), line[5]]), lines.map(line => line[3]).join('')]";

#[tokio::test]
async fn another_time_zone_changes_every_time_and_the_file_has_what_is_shown() {
    let local = Local::running();
    local.register_buoy("page-zone", &half()).await;
    let mut device = local.connect("page-zone").await;
    let start = now() - 1_800_000;
    for minute in 0..10 {
        publish(&mut device, "page-zone", "ph", 14.0 + (minute * 7 % 10) as f64 / 4.0, start + minute * 60_000).await;
    }
    let at = |ms: i64| Timestamp::from_millis(ms).to_string();
    let path = format!("/devices/page-zone?sensor=ph&from={}&to={}", at(start - 60_000), at(start + 900_000));
    let Some(browser) = signed_in(&local, "zone", &path).await else { return };
    let drawn = "return document.querySelector('figcaption .how')?.innerText === 'single readings'";
    browser.until("single readings are drawn", drawn).await;
    for zone in ["Asia/Kathmandu", "America/St_Johns"] {
        browser.set(".zone select", zone, "change").await;
        in_zone(&browser, zone).await;
        let told = format!("return new URLSearchParams(location.search).get('tz') === '{zone}'");
        browser.until("it is in the address", &told).await;
    }
    // The address of somebody else is in the zone of that person, and changes nothing for good.
    let passed_on = browser.address().await.replace("America%2FSt_Johns", "Asia%2FKathmandu");
    assert!(passed_on.contains("Kathmandu"), "{passed_on}");
    let passed_on = passed_on.strip_prefix(&browser.dashboard).unwrap().to_owned();
    browser.open(&passed_on).await;
    browser.until("single readings are drawn", drawn).await;
    in_zone(&browser, "Asia/Kathmandu").await;
    assert_eq!(browser.ask("return document.querySelector('.zone select').value").await, "Asia/Kathmandu");
    assert_eq!(browser.ask("return localStorage['weir.zone']").await, "America/St_Johns");

    let caught = "window.saved = ''; const own = URL.createObjectURL;
        URL.createObjectURL = blob => { blob.text().then(text => { window.saved = text; }); return own.call(URL, blob); };
        [...document.querySelectorAll('.tools button')].find(one => one.innerText === 'Download CSV').click()";
    browser.ask(caught).await;
    browser.until("the file is there", "return window.saved.length > 0").await;
    browser.ask("document.querySelector('[aria-labelledby=curves] details.card:last-child').open = true").await;
    browser.there("details.card[open] tbody tr").await;
    let values = browser.ask(VALUES).await;
    assert_eq!(values[0].as_array().map(Vec::len), Some(10), "{values}");
    assert_eq!(values[0], values[1], "{values}");
    assert_eq!(values[2], "ph".repeat(10));
}

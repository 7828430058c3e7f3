//! What the page of a device does beyond its own values: certificates, curves of several devices, and what happens without a network.

use serde_json::{Value, json};
use weir_tests::local::{Local, now, until};

use super::browser::Browser;
use super::pages::{half, publish, signed_in};
use super::{admin, looks};

#[tokio::test]
async fn an_administrator_shuts_a_device_out_and_lets_it_in_again() {
    let local = Local::running();
    local.register_buoy("page-access", &half()).await;
    let _device = local.connect("page-access").await;
    let Some(browser) = signed_in(&local, "access", "/devices/page-access").await else { return };
    let card = "const card = document.querySelector('[aria-labelledby=access]'); return";
    browser.until("it is in use", &format!("{card} card?.innerText.includes('In use') ?? false")).await;
    browser.until("it is active", &format!("{card} card.innerText.includes('Active')")).await;
    browser.click("#access ~ .row button").await;
    // Asked first: nothing has happened yet.
    let enabled = async || {
        let answer = local.admin().await.expect(&[200], "GET", "/devices/page-access", None).await.unwrap();
        answer.json()["enabled"].clone()
    };
    browser.there(".confirm .yes").await;
    assert_eq!(enabled().await, true);
    browser.click(".confirm .yes").await;
    browser
        .until("its certificate is off", &format!("{card} card?.innerText.includes('Off with the device') ?? false"))
        .await;
    assert_eq!(enabled().await, false);
    browser.click("#access ~ .row button").await;
    browser.until("its certificate is active", &format!("{card} card?.innerText.includes('Active') ?? false")).await;
    assert_eq!(enabled().await, true);
    browser.click("[data-certificate] button").await;
    browser.says("Shut it out?").await;
    browser.click(".confirm .yes").await;
    browser.says("it cannot connect").await;
}

#[tokio::test]
async fn curves_of_two_devices_stand_in_one_chart_and_in_the_address() {
    let local = Local::running();
    let start = now() - 1_800_000;
    for (id, raw) in [("page-first", 14.0), ("page-second", 16.0)] {
        local.register_buoy(id, &half()).await;
        let mut device = local.connect(id).await;
        for minute in 0..20 {
            publish(&mut device, id, "ph", raw + (minute % 5) as f64 / 10.0, start + minute * 60_000).await;
        }
    }
    let Some(browser) = signed_in(&local, "compare", "/devices/page-first?last=1h&sensor=ph").await else { return };
    browser.there(".chart canvas").await;
    browser.click(".compare > button").await;
    browser.set(".compare input", "page-second", "change").await;
    browser
        .until("its sensors are known", "return document.querySelectorAll('.compare select option').length > 0")
        .await;
    browser.set(".compare select", "ph", "change").await;
    browser.click(".compare form button").await;
    let both = "return [...document.querySelectorAll('figure .keys li')].map(one => one.innerText.trim()).join()";
    let is_both =
        format!("const all = (() => {{ {both} }})(); return all.includes('page-first') && all.includes('page-second')");
    browser.until("both are named", &is_both).await;
    browser
        .until("it is in the address", "return new URLSearchParams(location.search).get('with') === 'page-second:ph'")
        .await;
    assert_eq!(browser.ask("return document.querySelectorAll('figure').length").await, 1);
    browser.reload().await;
    browser.until("both are named again", &is_both).await;
    browser
        .until("both are drawn", "return document.querySelector('.charts')?.getAttribute('aria-busy') === 'false'")
        .await;
    browser.ask("[...document.querySelectorAll('details.card')].at(-1).open = true").await;
    browser.says("page-second").await;
    let caught = "window.saved = ''; const own = URL.createObjectURL;
        URL.createObjectURL = blob => { blob.text().then(text => { window.saved = text; }); return own.call(URL, blob); };
        [...document.querySelectorAll('.tools button')].find(one => one.innerText === 'Download CSV').click()";
    browser.ask(caught).await;
    browser
        .until(
            "the file has both",
            "return window.saved.includes(',page-first,ph,') && window.saved.includes(',page-second,ph,')",
        )
        .await;
    browser.click("[data-with] button").await;
    browser
        .until("it is gone", "return !location.search.includes('with=') && !document.querySelector('figure .keys')")
        .await;

    // One that the reader may not see, or that does not exist, is told, and takes nothing else away.
    browser.open("/devices/page-first?last=1h&sensor=ph&with=page-nowhere:ph").await;
    browser.until("it is told", "return !!document.querySelector('[data-with] .wrong')").await;
    browser
        .until("the own curve is there", "return document.querySelector('figcaption .how')?.innerText.length > 0")
        .await;
}

#[tokio::test]
async fn that_no_own_sensor_is_shown_stays_after_a_reload() {
    let local = Local::running();
    for id in ["page-none", "page-shown"] {
        local.register_buoy(id, &half()).await;
        publish(&mut local.connect(id).await, id, "ph", 14.0, now() - 60_000).await;
    }
    let path = "/devices/page-none?last=15m&sensor=ph&with=page-shown:ph";
    let Some(browser) = signed_in(&local, "none", path).await else { return };
    browser.until("both are there", "return document.querySelectorAll('figure .keys li').length === 2").await;
    browser.ask("[...document.querySelectorAll('.tools input[type=checkbox]')].filter(one => one.checked).forEach(one => one.click())").await;
    let is_alone = "const all = [...document.querySelectorAll('figure')].map(one => one.innerText);
        return all.length === 1 && all[0].includes('page-shown') && !all[0].includes('page-none')
            && [...new URLSearchParams(location.search).getAll('sensor')].join() === ''
            && new URLSearchParams(location.search).has('sensor')";
    browser.until("only the other one is there", is_alone).await;
    browser.reload().await;
    browser.until("it is so after a reload", is_alone).await;
    browser
        .until("it is drawn", "return document.querySelector('.charts')?.getAttribute('aria-busy') === 'false'")
        .await;
    browser
        .ask("[...document.querySelectorAll('.tools input[type=checkbox]')].find(one => !one.checked).click()")
        .await;
    browser.until("one is named again", "return new URLSearchParams(location.search).get('sensor')?.length > 0").await;
    // None at all: the page says nothing wrong, and the address stays.
    browser.open("/devices/page-none?last=15m&sensor=").await;
    browser.says("Curves").await;
    browser.until("nothing is shown", "return !document.querySelector('figure')").await;
    looks::look_at(&browser, "no-curve").await;
}

#[tokio::test]
async fn why_a_connection_has_ended_is_said_in_both_languages() {
    let local = Local::running();
    local.register_buoy("page-gone", &half()).await;
    let device = local.connect("page-gone").await;
    let state = async || {
        local.admin().await.call("GET", "/devices/page-gone", None).await.unwrap().json()["connection"].clone()
    };
    until("it is connected", async || Some(state().await).filter(|state| state["state"] == "connected")).await;
    // Nothing is said to the broker.
    drop(device);
    let ended =
        until("it is gone", async || Some(state().await).filter(|state| state["state"] == "disconnected")).await;
    for (language, words) in [("en", "The connection was lost"), ("de", "Die Verbindung ist abgebrochen")] {
        let Some(browser) = Browser::start_in(&local, &format!("gone-{language}"), language).await else { return };
        browser.open("/devices/page-gone").await;
        browser.log_in(&admin(&local)).await;
        browser
            .until(
                &format!("{words} for {ended}"),
                &format!("return document.querySelector('.facts')?.innerText.includes('{words}')"),
            )
            .await;
        let log =
            format!("return [...document.querySelectorAll('li .row')].some(one => one.innerText.includes('{words}'))");
        browser.until("it is among the events", &log).await;
        looks::look_at(&browser, &format!("gone-{language}")).await;
    }
}

#[tokio::test]
async fn without_a_network_the_page_says_so_and_goes_on_afterwards() {
    let local = Local::running();
    local.register_buoy("page-offline", &half()).await;
    let mut device = local.connect("page-offline").await;
    publish(&mut device, "page-offline", "ph", 14.0, now()).await;
    let Some(browser) = signed_in(&local, "offline", "/devices/page-offline?last=15m").await else { return };
    let shows = |value: &str| {
        format!("return (document.querySelector('[data-sensor=ph] .value')?.innerText ?? '').startsWith('{value}')")
    };
    browser.until("the value is there", &shows("7")).await;
    browser.until("it is live", "return document.querySelector('.feed').innerText.includes('Live')").await;
    browser.ask("window.mine = 1").await;
    let network =
        |offline: bool| json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
    browser.tell("Network.enable", json!({})).await;
    browser.tell("Network.emulateNetworkConditions", network(true)).await;
    browser.says("No connection").await;
    publish(&mut device, "page-offline", "ph", 15.0, now()).await;
    browser.tell("Network.emulateNetworkConditions", network(false)).await;
    browser.until("the bar is gone", "return document.querySelectorAll('.banner').length === 0").await;
    // What happened meanwhile, and what happens then.
    browser.until("the missed value is there", &shows("7.5")).await;
    browser.until("it is live again", "return document.querySelector('.feed').innerText.includes('Live')").await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    publish(&mut device, "page-offline", "ph", 16.0, now()).await;
    browser.until("the next value is there", &shows("8")).await;
    assert_eq!(browser.ask("return window.mine").await, Value::from(1));
}

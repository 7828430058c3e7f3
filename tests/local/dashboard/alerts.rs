//! The alerts of a sensor: tried on what was measured, saved, and what comes of them.

use serde_json::json;
use tooling::people::{Person, Role};
use weir_tests::local::{Local, now};

use super::browser::Browser;
use super::pages::{publish, signed_in};

const ALERTS: &str = "/devices/page-alert/sensors/do/alerts";

async fn register(local: &Local, id: &str) {
    local.register(&json!({"id": id, "sensors": [{"code": "do", "unit": "mg/L"}]})).await;
}

#[tokio::test]
async fn an_alert_is_tried_on_history_saved_and_opens_a_problem() {
    let local = Local::running();
    register(&local, "page-alert").await;
    let mut device = local.connect("page-alert").await;
    let start = now() - 3_000_000;
    for (minute, value) in [8.0, 3.0, 3.5, 9.0, 8.0, 2.0, 8.5].into_iter().enumerate() {
        publish(&mut device, "page-alert", "do", value, start + minute as i64 * 300_000).await;
    }
    let Some(browser) = signed_in(&local, "alert", "/devices/page-alert?last=1h").await else { return };
    browser.click("[data-sensor=do] a[href$='/alerts']").await;
    browser.says("No alert watches this sensor yet").await;
    browser.until("the address says so", &format!("return location.pathname === '/app{ALERTS}'")).await;

    // What is wrong is said at its field, before anything is sent and by the API.
    browser.set("[name=id]", "low", "input").await;
    browser.set("[name=kind]", "below", "change").await;
    browser.set("[name=limit]", "much", "input").await;
    browser.set("[name=clear]", "3", "input").await;
    browser.click("form button.primary").await;
    browser.there("#limit-wrong").await;
    browser.set("[name=limit]", "5", "input").await;
    browser.click("form button.primary").await;
    browser.there("#clear-wrong").await;
    browser.until("the limit is right", "return !document.querySelector('#limit-wrong')").await;
    browser.set("[name=clear]", "6", "input").await;

    browser.click("#try").await;
    browser.there("[data-episodes='2']").await;
    browser.says("7 readings were judged").await;
    browser.until("both are listed", "return document.querySelectorAll('.episodes tbody tr').length === 2").await;
    browser
        .until(
            "the readings are drawn",
            "return document.querySelector('figure')?.getAttribute('aria-busy') === 'false'",
        )
        .await;
    browser.set("[name=for]", "2", "input").await;
    browser.click("#try").await;
    browser.there("[data-episodes='1']").await;
    browser.set("[name=for]", "", "input").await;

    browser.click("form button.primary").await;
    browser.says("low is saved").await;
    browser.there("[data-alert=low]").await;
    let path = "/devices/page-alert/sensors/do";
    let sensor = local.admin().await.expect(&[200], "GET", path, None).await.unwrap().json();
    assert_eq!((&sensor["alerts"][0]["below"], &sensor["alerts"][0]["clear"]), (&json!(5.0), &json!(6.0)), "{sensor}");

    // Functions remember a device for some seconds.
    tokio::time::sleep(std::time::Duration::from_secs(7)).await;
    browser.open("/problems?device=page-alert").await;
    browser.until("it is live", "return document.querySelector('.feed')?.innerText.includes('Live')").await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    publish(&mut device, "page-alert", "do", 1.5, now()).await;
    let row = "[data-problem='page-alert:do:low']";
    browser.there(row).await;
    browser.click(&format!("{row} strong a")).await;
    browser.says("What happened").await;
    assert!(browser.address().await.contains("/problems/page-alert%3Ado%3Alow"), "{}", browser.address().await);
    browser.set("input[maxlength='1000']", "a heron", "input").await;
    browser.click("button.primary").await;
    browser.says("Acknowledged by admin@weir.example").await;
    browser.says("a heron").await;

    // The link of a notice has the colons as they are.
    browser.open("/problems/page-alert:do:low").await;
    browser.says("What people did").await;

    browser.open(ALERTS).await;
    browser.says("Its problem").await;
    browser.click("[data-alert=low] .buttons button:last-child").await;
    browser.click(".confirm .yes").await;
    browser.says("low is removed").await;
    let sensor = local.admin().await.expect(&[200], "GET", path, None).await.unwrap().json();
    assert!(sensor.get("alerts").is_none(), "{sensor}");
}

#[tokio::test]
async fn what_somebody_else_has_changed_meanwhile_is_not_overwritten() {
    let local = Local::running();
    register(&local, "page-both").await;
    let path = "/devices/page-both/sensors/do";
    let Some(browser) = signed_in(&local, "both", &format!("{path}/alerts")).await else { return };
    browser.there("[name=id]").await;
    browser.set("[name=id]", "mine", "input").await;
    browser.set("[name=limit]", "9", "input").await;
    let other = json!({"unit": "mg/L", "alerts": [{"id": "theirs", "above": 12}]});
    local.admin().await.expect(&[200], "PUT", path, Some(&other)).await.unwrap();
    browser.click("form button.primary").await;
    browser.says("Somebody else has changed it meanwhile").await;
    browser.click("form > button").await;
    browser.there("[data-alert=theirs]").await;
    assert_eq!(browser.ask("return document.querySelector('[name=id]').value").await, "mine");
    browser.click("form button.primary").await;
    browser.says("mine is saved").await;
    let sensor = local.admin().await.expect(&[200], "GET", path, None).await.unwrap().json();
    assert_eq!(sensor["alerts"].as_array().unwrap().len(), 2, "{sensor}");
}

#[tokio::test]
async fn what_is_typed_outlives_a_session_that_ends() {
    let local = Local::running();
    register(&local, "page-typed").await;
    let Some(browser) = Browser::start(&local, "typed").await else { return };
    browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({"source": super::session::HURRY})).await;
    let person = Person::make(&local.stack, "typed@weir.example", Role::Admin, "").await.unwrap();
    browser.open("/devices/page-typed/sensors/do/alerts").await;
    browser.log_in(&person).await;
    browser.there("[name=id]").await;
    browser.set("[name=id]", "kept", "input").await;
    browser.set("[name=limit]", "9", "input").await;
    let page = super::session::ended(&local, &browser).await;
    browser.log_in(&person).await;
    browser.to_window(page).await;
    browser.until("the banner is gone", "return document.querySelectorAll('.banner').length === 0").await;
    let typed = "return [document.querySelector('[name=id]').value, document.querySelector('[name=limit]').value]";
    assert_eq!(browser.ask(typed).await, json!(["kept", "9"]));
    browser.click("form button.primary").await;
    browser.says("kept is saved").await;
}

#[tokio::test]
async fn several_problems_are_acknowledged_at_once() {
    let local = Local::running();
    let sensor = |code: &str| json!({"code": code, "alerts": [{"id": "high", "above": 5}]});
    local.register(&json!({"id": "page-many", "sensors": [sensor("ph"), sensor("do")]})).await;
    let mut device = local.connect("page-many").await;
    for code in ["ph", "do"] {
        publish(&mut device, "page-many", code, 9.0, now()).await;
    }
    let Some(browser) = signed_in(&local, "many", "/problems?device=page-many").await else { return };
    browser.until("both are there", "return document.querySelectorAll('[data-problem]').length === 2").await;
    browser.click(".actions ~ label.check input").await;
    browser.says("2 selected").await;
    browser.fill(".actions input[type=text]", "Both are known.").await;
    browser.click(".actions button.primary").await;
    let api = local.admin().await;
    weir_tests::local::until("both are acknowledged", async || {
        let found =
            api.expect(&[200], "GET", "/problems?device=page-many&status=ACKNOWLEDGED", None).await.unwrap().json();
        let items = found["items"].as_array().unwrap();
        (items.len() == 2 && items.iter().all(|one| one["note"] == "Both are known.")).then_some(())
    })
    .await;
    browser.says("2 changed.").await;
}

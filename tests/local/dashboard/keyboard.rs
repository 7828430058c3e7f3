//! Working without a pointer: the focus stays where somebody works, also when the button that had it is gone.

use serde_json::{Value, json};
use weir_tests::local::Local;

use super::browser::Browser;
use super::pages::{half, signed_in};

/// Presses a key and lets it go.
async fn press(browser: &Browser, key: &str) {
    let (code, text) = match key {
        "Enter" => (13, "\r"),
        "Tab" => (9, ""),
        _ => panic!("no such key here: {key}"),
    };
    let event =
        |kind: &str| json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
    browser.tell("Input.dispatchKeyEvent", event("keyDown")).await;
    browser
        .tell(
            "Input.dispatchKeyEvent",
            json!({"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code}),
        )
        .await;
}

/// Goes to something with the focus.
async fn focus(browser: &Browser, what: &str) {
    browser.there(what).await;
    browser.ask(&format!("document.querySelector({}).focus()", json!(what))).await;
}

/// Waits until the focus is on what the selector names.
async fn is_on(browser: &Browser, what: &str) {
    let script = format!("return document.activeElement.matches({})", json!(what));
    browser.until(&format!("the focus is on {what}"), &script).await;
}

#[tokio::test]
async fn who_removes_a_row_by_keyboard_goes_on_with_the_next_one() {
    let local = Local::running();
    let api = local.admin().await;
    for serial in ["KEYS-1", "KEYS-2"] {
        api.expect(&[201, 409], "POST", "/fleet/serials", Some(&json!({ "serial": serial }))).await.unwrap();
    }
    let Some(browser) = signed_in(&local, "keys-row", "/fleet").await else { return };
    browser.there("[data-serial='KEYS-1']").await;
    // Which row comes next is the list's business.
    let next = "const row = document.querySelector('[data-serial=KEYS-1]'); return (row.nextElementSibling ?? row.previousElementSibling).dataset.serial";
    let next = browser.ask(next).await.as_str().unwrap().to_owned();
    focus(&browser, "[data-serial='KEYS-1'] .buttons button:last-of-type").await;
    press(&browser, "Enter").await;
    is_on(&browser, ".confirm button:not(.yes)").await;
    press(&browser, "Tab").await;
    is_on(&browser, ".confirm .yes").await;
    press(&browser, "Enter").await;
    browser.says("KEYS-1 is off the list.").await;
    is_on(&browser, &format!("[data-serial='{next}'] *")).await;
}

#[tokio::test]
async fn who_saves_or_cancels_a_form_by_keyboard_is_back_at_its_button() {
    let local = Local::running();
    local.register_buoy("page-keys", &half()).await;
    let Some(browser) = signed_in(&local, "keys-form", "/devices/page-keys").await else { return };
    let change = "const found = [...document.querySelectorAll('main button')].find(one => one.innerText === 'Change');
        found?.focus(); return !!found";
    let is_back = "return document.activeElement.innerText === 'Change'";
    for button in [".buttons button[type=button]", ".buttons button[type=submit]"] {
        browser.until("the settings can be changed", change).await;
        press(&browser, "Enter").await;
        is_on(&browser, "textarea").await;
        focus(&browser, &format!("form:has(> label > textarea.json[rows='10']) {button}")).await;
        press(&browser, "Enter").await;
        browser.until("the focus is back", is_back).await;
    }
}

#[tokio::test]
async fn a_button_whose_request_is_over_has_the_focus_again() {
    let local = Local::running();
    local.register_buoy("page-keys-calibration", &half()).await;
    let path = "/devices/page-keys-calibration/sensors/ph/calibration";
    let Some(browser) = signed_in(&local, "keys-button", path).await else { return };
    browser.says("Two points are needed.").await;
    // The button is below what the window shows.
    let low = json!({"width": 1280, "height": 200, "deviceScaleFactor": 1, "mobile": false});
    browser.tell("Emulation.setDeviceMetricsOverride", low).await;
    // Chromium takes the focus from a button that is switched off.
    focus(&browser, ".points + .buttons button, form .buttons button").await;
    let off = "const button = document.activeElement; window.button = button; button.disabled = true; return true";
    assert_eq!(browser.ask(off).await, Value::from(true));
    browser.until("it has lost the focus", "return document.activeElement === document.body").await;
    browser.ask("scrollTo(0, 0); window.button.disabled = false").await;
    browser.until("it has the focus again", "return document.activeElement === window.button").await;
    assert_eq!(
        browser.ask("return [scrollY, window.button.getBoundingClientRect().top > innerHeight]").await,
        json!([0, true])
    );
}

//! Every page as somebody who is no administrator, and as somebody without devices: it shows what it should, or says why there is nothing.

use tooling::people::{Person, Role};
use weir_tests::local::Local;

use super::browser::Browser;
use super::looks;

const NOT_THERE: &str = "It does not exist, or is not among the devices that you may see.";
const ADMINS: &str = "This page is for administrators";
const TO_DO: &str = "Nothing to do";
const NO_LEVELS: &str = "No flow sensor that you may see has reported a level yet.";

/// Every page: its address, what it says to a person who may see one device, and what to a person without devices.
const PAGES: [(&str, &str, &str); 17] = [
    ("/", "page-beside", "None of the devices that you may see is registered."),
    ("/devices/page-beside?last=15m", "Curves", NOT_THERE),
    ("/devices/page-looks", NOT_THERE, NOT_THERE),
    ("/devices/page-beside/sensors/ph/calibration", "Calibration of ph, page-beside", NOT_THERE),
    ("/devices/page-beside/sensors/ph/alerts", "Try an alert", NOT_THERE),
    ("/devices/page-looks/sensors/ph/alerts", NOT_THERE, NOT_THERE),
    ("/problems", TO_DO, TO_DO),
    ("/problems/page-looks:ph:high", NOT_THERE, NOT_THERE),
    ("/flow", "Tube Y", NO_LEVELS),
    ("/subscriptions", "You are not told anything yet.", "You are not told anything yet."),
    ("/quarantine", ADMINS, ADMINS),
    ("/people", ADMINS, ADMINS),
    ("/fleet", ADMINS, ADMINS),
    ("/fleet?show=firmware", ADMINS, ADMINS),
    ("/fleet?show=jobs", ADMINS, ADMINS),
    ("/system", ADMINS, ADMINS),
    ("/nowhere", "This page does not exist", "This page does not exist"),
];

/// What only administrators can change: nobody else has a button for it.
const FORMS: &str =
    "return document.querySelectorAll('main .points, #invite, #add-serials, #upload, #order, #access').length";

/// Goes to every page as somebody with these devices.
async fn tour(name: &'static str, devices: &str, says: impl Fn(&(&str, &'static str, &'static str)) -> &'static str) {
    let local = Local::running();
    looks::prepare(&local).await;
    let Some(browser) = Browser::start(&local, name).await else { return };
    let person = Person::make(&local.stack, &format!("{name}@weir.example"), Role::User, devices).await.unwrap();
    browser.open("/problems").await;
    browser.log_in(&person).await;
    browser.says("Problems").await;
    let axe = looks::axe();
    for page in &PAGES {
        browser.open(page.0).await;
        browser.says(says(page)).await;
        looks::settled(&browser).await;
        let why = browser.ask("return !!document.querySelector('#no-devices')").await;
        assert_eq!(why, devices.is_empty(), "{}", page.0);
        assert_eq!(browser.ask(FORMS).await, 0, "{}", page.0);
        let place = page.0.replace(['/', '?', '=', ':'], "-");
        looks::look(&browser, &axe, &format!("{name}{place}")).await;
    }
    assert_eq!(browser.traffic().await.failed, Vec::<String>::new());
}

#[tokio::test]
async fn somebody_with_one_device_sees_what_is_theirs_and_is_told_what_is_not() {
    tour("tour-user", "page-beside", |(_, user, _)| user).await;
}

#[tokio::test]
async fn somebody_without_devices_is_told_on_every_page_why_there_is_nothing() {
    tour("tour-nobody", "", |(_, _, nobody)| nobody).await;
}

//! What somebody is told: a subscription is made, tried, changed and removed.

use serde_json::json;
use tooling::api::Api;
use tooling::people::{Person, Role};
use weir_tests::local::Local;
use weir_tests::receiver::Receiver;

use super::browser::Browser;

#[tokio::test]
async fn somebody_subscribes_tries_it_and_unsubscribes() {
    let local = Local::running();
    local.register(&json!({"id": "page-notice", "sensors": [{"code": "do", "unit": "mg/L"}]})).await;
    let Some(browser) = Browser::start(&local, "notices").await else { return };
    let person = Person::make(&local.stack, "page-notices@weir.example", Role::User, "page-notice").await.unwrap();
    let receiver = Receiver::start().await;
    browser.open("/problems").await;
    browser.log_in(&person).await;
    browser.click(".person summary").await;
    browser.click(".menu a").await;
    browser.says("You are not told anything yet").await;
    browser.click("#add").await;
    browser.click("[name=channel]:not(:checked)").await;
    browser.set("[name=url]", "ftp://example.org", "input").await;
    browser.set("[name=device]", "buoy-01", "input").await;
    browser.click(".devices-of .tools button").await;
    // The API says what is wrong with each field.
    browser.click("form button.primary").await;
    browser.there("#url-wrong").await;
    browser.says("buoy-01 is no device that you may see").await;
    browser.click(".devices-of li button").await;
    browser.set("[name=device]", "page-notice", "input").await;
    browser.click(".devices-of .tools button").await;
    browser.set("[name=url]", &format!("{}/hook", receiver.url), "input").await;
    browser.click("[value=LIMIT]").await;
    browser.click("[name=quiet]").await;
    browser.click("form button.primary").await;
    browser.there("#secret").await;
    let secret = browser.ask("return document.querySelector('#secret input').value").await;
    browser.says("Limit of page-notice").await;

    let own = ".subscriptions [data-subscription]";
    browser.click(&format!("{own} .buttons button:nth-child(1)")).await;
    browser.says("The test has arrived.").await;
    let hooks = receiver.take();
    assert!(hooks.len() == 1 && hooks[0].is_signed_with(secret.as_str().unwrap()), "{hooks:?}");

    browser.click(&format!("{own} .buttons button:nth-child(2)")).await;
    browser.set("[name=remind]", "4", "input").await;
    browser.click("[name=quiet]").await;
    browser.click("form button.primary").await;
    browser.says("again after 4 h").await;
    let id = browser.ask(&format!("return document.querySelector('{own}').dataset.subscription")).await;
    let tokens = person.sign_in(&local.stack).await.unwrap();
    let api = Api::of(&local.stack, Some(&tokens.id)).unwrap();
    let path = format!("/users/me/subscriptions/{}", id.as_str().unwrap());
    let shown = api.expect(&[200], "GET", &path, None).await.unwrap().json();
    assert_eq!((&shown["remind_hours"], shown.get("quiet")), (&json!(4), None), "{shown}");
    assert_eq!(shown["filter"], json!({"kinds": ["LIMIT"], "devices": ["page-notice"]}), "{shown}");
    // The secret stays until it is said to be kept, whatever is done meanwhile.
    browser.there("#secret").await;
    browser.click("#secret button").await;
    browser.until("the secret is gone", "return !document.querySelector('#secret')").await;

    browser.click(&format!("{own} .buttons button:nth-child(3)")).await;
    browser
        .until("it is off", &format!("return document.querySelector('{own}').innerText.includes('Switched off')"))
        .await;
    browser.click(&format!("{own} .buttons button:last-child")).await;
    browser.click(".confirm .yes").await;
    browser.says("You are not told anything yet").await;
    assert_eq!(api.call("GET", &path, None).await.unwrap().status, 404);
}

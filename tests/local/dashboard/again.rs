//! Signing in again when the session has ended, and tabs that were duplicated.

use serde_json::{Value, json};
use tooling::people::{Person, Role};
use weir_tests::local::{Local, until};

use super::browser::Browser;
use super::session::{HURRY, end, ended};

/// A page with a form that somebody is filling in.
async fn typing(local: &Local, name: &'static str) -> Option<(Browser, Person)> {
    let browser = Browser::start(local, name).await?;
    browser.tell("Page.addScriptToEvaluateOnNewDocument", json!({"source": HURRY})).await;
    let person = Person::make(&local.stack, &format!("{name}@weir.example"), Role::User, "buoy-01").await.unwrap();
    browser.open("/subscriptions").await;
    browser.log_in(&person).await;
    browser.click("#add").await;
    browser.click("[name=channel]:not(:checked)").await;
    browser.set("[name=digest]", "soon", "input").await;
    Some((browser, person))
}

async fn typed(browser: &Browser) -> Value {
    browser.ask("return document.querySelector('[name=digest]')?.value").await
}

const NO_BANNER: &str = "return document.querySelectorAll('.banner').length === 0";

#[tokio::test]
async fn a_sign_in_that_fails_says_why_and_can_be_tried_again() {
    let local = Local::running();
    let Some((browser, person)) = typing(&local, "denied").await else { return };
    let page = ended(&local, &browser).await;
    // The managed login refuses.
    browser.there("#username").await;
    let state = "return new URLSearchParams(location.search).get('state')";
    let state = browser.ask(state).await.as_str().unwrap().to_owned();
    let answer = format!("{}/signed-in?error=access_denied&error_description=No+luck&state={state}", browser.dashboard);
    browser.ask(&format!("location = {}", json!(answer))).await;
    browser.to_window(page).await;
    browser.there("#sign-in-failed").await;
    browser.says("You could not be signed in. The sign-in service says: No luck").await;
    super::looks::look_at(&browser, "sign-in-failed").await;
    assert_eq!(typed(&browser).await, "soon");
    browser.click(".banner button").await;
    let page = browser.other_window().await;
    browser.log_in(&person).await;
    browser.to_window(page).await;
    browser.until("the banner is gone", NO_BANNER).await;
    assert_eq!(typed(&browser).await, "soon");
}

#[tokio::test]
async fn where_windows_are_blocked_a_link_signs_in_and_nothing_typed_is_lost() {
    let local = Local::running();
    let Some((browser, person)) = typing(&local, "blocked").await else { return };
    browser.ask("window.open = () => null").await;
    end(&local, &browser).await;
    browser.click(".banner button").await;
    browser.there("#window-blocked a").await;
    super::looks::look_at(&browser, "window-blocked").await;
    browser.click("#window-blocked a").await;
    let page = browser.other_window().await;
    browser.log_in(&person).await;
    browser.to_window(page).await;
    browser.until("the banner is gone", NO_BANNER).await;
    browser.says("blocked@weir.example").await;
    assert_eq!(typed(&browser).await, "soon");
    assert_eq!(browser.ask("return location.pathname").await, "/app/subscriptions");
    // The tab closes itself.
    until("one window is left", async || (browser.windows().await == 1).then_some(())).await;
}

/// Number of renewals of the tokens on this page.
async fn renewals(local: &Local, browser: &Browser) -> u64 {
    let script = format!("return performance.getEntriesByName('{}/').length", local.stack.endpoint);
    browser.ask(&script).await.as_u64().unwrap()
}

#[tokio::test]
async fn a_duplicated_tab_ends_no_session() {
    let local = Local::running();
    let Some((browser, person)) = typing(&local, "twice").await else { return };
    let first = browser.ask("return sessionStorage['weir.refresh']").await;
    // A window that a page opens gets a copy of its session storage, like a duplicated tab.
    browser.ask("window.open('/app/problems')").await;
    let page = browser.other_window().await;
    browser
        .until(
            "it signs in",
            "return !!document.querySelector('#username') || document.body.innerText.includes('twice@weir.example')",
        )
        .await;
    if browser.ask("return !!document.querySelector('#username')").await == true {
        browser.log_in(&person).await;
    }
    browser.says("twice@weir.example").await;
    let own = browser.ask("return sessionStorage['weir.refresh']").await;
    browser.to_window(page).await;
    let before = renewals(&local, &browser).await;
    let more = format!("return performance.getEntriesByName('{}/').length > {}", local.stack.endpoint, before + 1);
    browser.until("the first tab renews its tokens twice more", &more).await;
    assert_eq!(browser.ask(NO_BANNER).await, true);
    assert_eq!(typed(&browser).await, "soon");
    let now = browser.ask("return sessionStorage['weir.refresh']").await;
    assert!(now != own && first != own, "each tab has its own token");
}

#[tokio::test]
async fn a_reload_keeps_the_session_and_does_not_wait() {
    let local = Local::running();
    let Some((browser, _)) = typing(&local, "reload").await else { return };
    // The time from the answer with the configuration to the renewal, in which the page claims its token.
    let waited = format!(
        "const end = performance.getEntriesByType('resource').find(one => one.name.endsWith('/app/config.json'))?.responseEnd;
         const begin = performance.getEntriesByName('{}/')[0]?.startTime;
         return begin === undefined ? null : begin - end",
        local.stack.endpoint
    );
    let mut shortest = f64::MAX;
    for _ in 0..5 {
        browser.reload().await;
        browser.says("reload@weir.example").await;
        assert!(browser.address().await.starts_with(&browser.dashboard));
        shortest = shortest.min(browser.ask(&waited).await.as_f64().unwrap());
    }
    // A page that took itself for a duplicate would wait half a second each time; a busy computer does not.
    assert!(shortest < 400.0, "a page that is loaded again waits at least {shortest} ms");
}

//! The frame of every page: header, navigation, messages about the session and the connection, and the content.

use leptos::prelude::*;
use leptos_router::components::A;
use wasm_bindgen_futures::spawn_local;

use crate::api::Api;
use crate::app::CHOSEN;
use crate::browser;
use crate::components::admin_only::is_admin;
use crate::components::banner::{NoDevices, Offline, SessionOver};
use crate::components::focus;
use crate::components::status::{Status, Tone};
use crate::components::words;
use crate::live::{Liveness, liveness};
use crate::messages as m;
use crate::session::Session;
use crate::text::{Language, fill, language, t};

/// The frame.
#[component]
pub fn Frame(
    /// The page within it.
    children: Children,
) -> impl IntoView {
    let content = NodeRef::<leptos::html::Main>::new();
    focus::keep(content);
    let is_admin = is_admin();
    // The router intercepts links within the page, and does not move the focus.
    let skip = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        if let Some(content) = content.get_untracked() {
            let _ = content.focus();
        }
    };
    view! {
        <a class="skip" href="#content" on:click=skip>{t(m::SKIP)}</a>
        <header class="bar">
            <A href="/app/" attr:class="brand">{t(m::WEIR)}</A>
            <nav aria-label=t(m::NAVIGATION)>
                <ul>
                    <li><A href="/app/" exact=true>{t(m::OVERVIEW)}</A></li>
                    <li><A href="/app/problems">{t(m::PROBLEMS)}</A></li>
                    <li><A href="/app/flow">{t(m::FLOW)}</A></li>
                    <Show when=move || is_admin.get()>
                        <li><A href="/app/quarantine">{t(m::QUARANTINE)}</A></li>
                        <li><A href="/app/people">{t(m::PEOPLE)}</A></li>
                        <li><A href="/app/fleet">{t(m::FLEET)}</A></li>
                        <li><A href="/app/system">{t(m::SYSTEM)}</A></li>
                    </Show>
                </ul>
            </nav>
            <div class="side">
                <Feed/>
                <Person/>
            </div>
        </header>
        <SessionOver/>
        <Offline/>
        <main id="content" tabindex="-1" node_ref=content>
            <NoDevices/>
            {children()}
        </main>
    }
}

/// Shows whether the live feed is connected.
#[component]
fn Feed() -> impl IntoView {
    let live = liveness();
    let shown = move || match live.map_or(Liveness::Paused, |live| live.get()) {
        Liveness::Live => (Tone::Good, m::LIVE),
        Liveness::Connecting => (Tone::Neutral, m::LIVE_CONNECTING),
        Liveness::Paused => (Tone::Neutral, m::LIVE_PAUSED),
        Liveness::Off => (Tone::Warning, m::LIVE_OFF),
    };
    view! {
        <span class="feed" role="status" title=t(m::LIVE_EXPLAINED)>
            {move || {
                let (tone, text) = shown();
                view! { <Status tone text=t(text)/> }
            }}
        </span>
    }
}

/// The person who is signed in, the choice of language, and the button for signing out.
#[component]
fn Person() -> impl IntoView {
    let session = StoredValue::new_local(Api::here().session().clone());
    let email = move || session.with_value(Session::person).map(|person| person.email).unwrap_or_default();
    let role = move || t(words::role(session.with_value(Session::person).and_then(|person| person.role)));
    let sign_out = move |_| {
        let session = session.get_value();
        spawn_local(async move { session.sign_out().await });
    };
    let menu = NodeRef::<leptos::html::Details>::new();
    let close = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape"
            && let Some(menu) = menu.get_untracked()
        {
            menu.set_open(false);
        }
    };
    // On another page, the menu is closed.
    let leave = move |_| {
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    };
    view! {
        <details class="person" node_ref=menu on:keydown=close>
            <summary>
                <span class="email">{email}</span>
            </summary>
            <div class="menu">
                <p>{move || fill(m::SIGNED_IN_AS, &[("email", &email())])}<br/><span class="faint">{role}</span></p>
                <A href="/app/subscriptions" on:click=leave>{t(m::SUBSCRIPTIONS)}</A>
                <Languages/>
                <button type="button" on:click=sign_out>{t(m::SIGN_OUT)}</button>
            </div>
        </details>
    }
}

/// The choice of a language. The page is loaded again in it; the address keeps what is shown.
#[component]
fn Languages() -> impl IntoView {
    let choose = move |event| {
        if let Some(lasting) = browser::lasting() {
            let _ = lasting.set_item(CHOSEN, &event_target_value(&event));
        }
        browser::go(&browser::address());
    };
    let option = |one: Language| view! { <option value=one.tag() selected={one == language()} lang=one.tag()>{one.name()}</option> };
    view! {
        <label>
            {t(m::LANGUAGE)}
            <select on:change=choose>
                {option(Language::English)}
                {option(Language::German)}
            </select>
        </label>
    }
}

//! Messages about the session and the connection, above every page.

use leptos::prelude::*;

use super::gate::reason;
use super::status::{Status, Tone};
use crate::api::Api;
use crate::messages as m;
use crate::session::Session;
use crate::session::window::{self, Hindrance};
use crate::text::t;

/// The session has expired. Text typed on the page stays.
#[component]
pub fn SessionOver() -> impl IntoView {
    let session = StoredValue::new_local(Api::here().session().clone());
    let over = move || session.with_value(Session::is_over);
    let again = move |_| session.with_value(window::open);
    let hindrance = move || match session.with_value(Session::hindrance)? {
        // A click on a link opens a page even where windows are blocked.
        Hindrance::Blocked(address) => Some(
            view! {
                <p class="wrong" id="window-blocked">
                    {t(m::WINDOW_BLOCKED)}" "<a href=address target="_blank" rel="noopener">{t(m::SIGN_IN_TAB)}</a>
                </p>
            }
            .into_any(),
        ),
        Hindrance::Failed(failure) => Some(
            view! { <p class="wrong" id="sign-in-failed">{t(m::SIGN_IN_FAILED)}". "{reason(&failure)}</p> }.into_any(),
        ),
    };
    view! {
        <Show when=over>
            <div class="banner" role="alert">
                <Status tone=Tone::Warning text=t(m::SESSION_OVER)/>
                <p>{t(m::SESSION_OVER_DETAIL)}</p>
                {hindrance}
                <button type="button" on:click=again>{t(m::SIGN_IN_AGAIN)}</button>
            </div>
        </Show>
    }
}

/// There is no connection.
#[component]
pub fn Offline() -> impl IntoView {
    let online = Api::here().online();
    view! {
        <Show when=move || !online.get()>
            <div class="banner" role="status">
                <Status tone=Tone::Warning text=t(m::OFFLINE)/>
                <p>{t(m::OFFLINE_DETAIL)}</p>
            </div>
        </Show>
    }
}

/// Tells people whose scope has no devices why every page is empty.
#[component]
pub fn NoDevices() -> impl IntoView {
    let session = StoredValue::new_local(Api::here().session().clone());
    let nothing = move || session.with_value(Session::person).is_some_and(|person| !person.sees_something());
    view! {
        <Show when=nothing>
            <div class="state" id="no-devices">
                <h2>{t(m::NO_DEVICES)}</h2>
                <p>{t(m::NO_DEVICES_DETAIL)}</p>
            </div>
        </Show>
    }
}

//! Shown while nobody is signed in.

use leptos::prelude::*;

use crate::browser;
use crate::messages as m;
use crate::session::{Failure, Session, State};
use crate::sign_in::{HOME, RETURN};
use crate::text::{fill, t};

/// The state of the sign-in, and a button to sign in again.
#[component]
pub fn Gate(
    /// The session of the page.
    session: Session,
) -> impl IntoView {
    let state = session.state();
    let session = StoredValue::new_local(session);
    let sign_in = move |_| {
        let address = browser::address();
        let own = if address.starts_with("/app/signed-") { HOME.to_owned() } else { address };
        session.with_value(|session| session.sign_in(&own));
    };
    let button = move || view! { <button type="button" class="primary" on:click=sign_in>{t(m::SIGN_IN)}</button> };
    let told = move || {
        match state.get() {
        // A window that was opened to sign in again, and that the browser has not closed.
        State::Starting if browser::path() == RETURN && browser::query().is_empty() => {
            view! { <p role="status">{t(m::WINDOW_DONE)}</p> }.into_any()
        }
        State::SignedOut => view! {
            <h1>{t(m::SIGNED_OUT)}</h1>
            <p>{t(m::SIGNED_OUT_DETAIL)}</p>
            {button()}
        }
        .into_any(),
        State::Failed(Failure::Offline) => view! {
            <h1>{t(m::OFFLINE)}</h1>
            <p role="alert">{t(m::OFFLINE_DETAIL)}</p>
            <button type="button" class="primary" on:click=move |_| browser::go(&browser::address())>{t(m::RETRY)}</button>
        }
        .into_any(),
        State::Failed(failure) => view! {
            <h1>{t(m::SIGN_IN_FAILED)}</h1>
            <p role="alert">{reason(&failure)}</p>
            {button()}
        }
        .into_any(),
        _ => view! { <h1>{t(m::WEIR)}</h1><p role="status">{t(m::SIGNING_IN)}</p> }.into_any(),
    }
    };
    view! { <main class="gate" id="content">{told}</main> }
}

/// Why signing in failed, in words.
pub(super) fn reason(failure: &Failure) -> String {
    match failure {
        Failure::Offline => t(m::OFFLINE_DETAIL).to_owned(),
        Failure::Stale => t(m::SIGN_IN_STALE).to_owned(),
        Failure::Denied(detail) => fill(m::SIGN_IN_DENIED, &[("detail", detail)]),
        Failure::Token => t(m::SIGN_IN_TOKEN).to_owned(),
    }
}

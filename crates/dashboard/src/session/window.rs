//! Signing in again in a separate window, so that the page loses nothing: the window passes the answer of the managed login to the page,
//! which alone can use it.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{BroadcastChannel, MessageEvent};

use super::{Failure, Session, State};
use crate::browser;
use crate::sign_in::{Attempt, HOME, Returned};
use crate::text::language;

/// The broadcast channel, which only pages of this site can use.
const CHANNEL: &str = "weir.sign-in";
/// Prefix of the state of such a sign-in.
const MARK: &str = "window-";

/// Why signing in again has not succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hindrance {
    /// The browser has blocked the window. A link to this address is not blocked, and the page continues in the same way.
    Blocked(String),
    /// Signing in failed.
    Failed(Failure),
}

/// Opens the window. The page continues as soon as the person has signed in there.
pub fn open(session: &Session) {
    session.hindrance.set(None);
    let (Some(config), Some(random), Some(window)) = (session.config(), browser::random(), browser::window()) else {
        return session.hindrance.set(Some(Hindrance::Failed(Failure::Offline)));
    };
    let mut attempt = Attempt::new(&random, HOME);
    attempt.state = format!("{MARK}{}", attempt.state);
    let Ok(channel) = BroadcastChannel::new(CHANNEL) else {
        return session.hindrance.set(Some(Hindrance::Failed(Failure::Stale)));
    };
    let (own, waits, heard_on) = (session.clone(), attempt.clone(), channel.clone());
    browser::listen(channel.unchecked_ref(), "message", move |event| {
        let Some(query) = event.unchecked_ref::<MessageEvent>().data().as_string() else { return };
        // The answer may be for another page of this site.
        if waits.returned(&query) == Returned::Stale {
            return;
        }
        heard_on.close();
        let (session, attempt) = (own.clone(), waits.clone());
        spawn_local(async move {
            // Somebody may have tried again meanwhile, with success.
            if let Err(failure) = session.accept(&attempt, &query).await
                && session.is_over_now()
            {
                session.hindrance.set(Some(Hindrance::Failed(failure)));
            }
        });
    });
    let address = attempt.address(&config, &browser::origin(), language());
    let opened = window.open_with_url_and_target_and_features(&address, "_blank", "popup,width=480,height=720");
    if !matches!(opened, Ok(Some(_))) {
        session.hindrance.set(Some(Hindrance::Blocked(address)));
    }
}

/// Whether this page is such a window. If so, the answer is passed on, and the window closes.
pub fn hand_over(query: &str) -> bool {
    let marked = form_urlencoded::parse(query.trim_start_matches('?').as_bytes())
        .any(|(name, value)| name == "state" && value.starts_with(MARK));
    if !marked {
        return false;
    }
    browser::rename(crate::sign_in::RETURN);
    if let Ok(channel) = BroadcastChannel::new(CHANNEL) {
        let _ = channel.post_message(&JsValue::from_str(query));
    }
    if let Some(window) = browser::window() {
        let _ = window.close();
    }
    true
}

impl Session {
    /// Whether the session expired after somebody had signed in.
    pub fn is_over(&self) -> bool {
        matches!(self.state.get(), State::Over(_))
    }

    fn is_over_now(&self) -> bool {
        matches!(self.state.get_untracked(), State::Over(_))
    }

    /// Why signing in again has not succeeded.
    pub fn hindrance(&self) -> Option<Hindrance> {
        self.hindrance.get()
    }
}

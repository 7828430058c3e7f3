//! The current time: one clock for the whole page, which stops while the page is hidden.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::zone;
use crate::browser;
use crate::model::{age, moment};

thread_local! {
    static NOW: ArcRwSignal<f64> = started();
}

fn started() -> ArcRwSignal<f64> {
    let now = ArcRwSignal::new(browser::now());
    let ticking = now.clone();
    spawn_local(async move {
        loop {
            TimeoutFuture::new(1_000).await;
            if !browser::hidden() {
                ticking.set(browser::now());
            }
        }
    });
    now
}

/// Milliseconds since the epoch, updated each second.
pub fn now() -> ArcRwSignal<f64> {
    NOW.with(Clone::clone)
}

/// The age of an instant, with the instant itself as the title.
#[component]
pub fn Ago(
    /// When, in ms since the epoch.
    at: f64,
) -> impl IntoView {
    let now = now();
    let words = Memo::new(move |_| age::ago(at, now.get()));
    let zone = zone::zone();
    let instant = move || moment::full(at, &zone.get().zone);
    view! { <time datetime=moment::rfc3339(at) title=instant>{move || words.get()}</time> }
}

/// An instant in the zone that the reader has chosen.
#[component]
pub fn Instant(
    /// When, in ms since the epoch.
    at: f64,
) -> impl IntoView {
    let zone = zone::zone();
    view! { <time datetime=moment::rfc3339(at)>{move || moment::full(at, &zone.get().zone)}</time> }
}

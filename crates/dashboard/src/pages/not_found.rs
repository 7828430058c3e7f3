//! Shown for unknown addresses.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::components::heading::Heading;
use crate::messages::{NOT_FOUND, NOT_FOUND_DETAIL, OVERVIEW};
use crate::text::t;

/// The page.
#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <Heading text=t(NOT_FOUND).to_owned()/>
        <p>{t(NOT_FOUND_DETAIL)}</p>
        <p><A href="/app/">{t(OVERVIEW)}</A></p>
    }
}

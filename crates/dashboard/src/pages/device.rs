//! One device.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::components::heading::Heading;
use crate::components::states::Empty;
use crate::messages::DEVICE;
use crate::text::fill;

/// The page.
#[component]
pub fn Device() -> impl IntoView {
    let parameters = use_params_map();
    let id = move || parameters.with(|parameters| parameters.get("id").unwrap_or_default());
    let title = Signal::derive(move || fill(DEVICE, &[("id", &id())]));
    view! {
        <Heading text=title/>
        <Empty/>
    }
}

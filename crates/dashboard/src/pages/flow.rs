//! Tubes with their flow sensors.

use leptos::prelude::*;

use crate::components::heading::Heading;
use crate::components::states::Empty;
use crate::messages::FLOW;
use crate::text::t;

/// The page.
#[component]
pub fn Flow() -> impl IntoView {
    view! {
        <Heading text=t(FLOW).to_owned()/>
        <Empty/>
    }
}

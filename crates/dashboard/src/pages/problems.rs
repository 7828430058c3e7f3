//! Problems: what is wrong, and what somebody does about it.

use leptos::prelude::*;

use crate::components::heading::Heading;
use crate::components::states::Empty;
use crate::messages::PROBLEMS;
use crate::text::t;

/// The page.
#[component]
pub fn Problems() -> impl IntoView {
    view! {
        <Heading text=t(PROBLEMS).to_owned()/>
        <Empty/>
    }
}

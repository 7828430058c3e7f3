//! Every device in scope, worst first.

use leptos::prelude::*;

use crate::components::heading::Heading;
use crate::components::states::Empty;
use crate::messages::OVERVIEW;
use crate::text::t;

/// The page.
#[component]
pub fn Overview() -> impl IntoView {
    view! {
        <Heading text=t(OVERVIEW).to_owned()/>
        <Empty/>
    }
}

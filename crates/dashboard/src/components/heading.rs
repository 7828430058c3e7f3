//! The heading of a page, which is also its title in the browser.

use leptos::prelude::*;

use crate::browser;
use crate::messages::WEIR;
use crate::text::t;

/// The heading. It takes the focus when the page is shown, so that a screen reader announces the page.
#[component]
pub fn Heading(
    /// The text of the heading.
    #[prop(into)]
    text: Signal<String>,
) -> impl IntoView {
    let heading = NodeRef::<leptos::html::H1>::new();
    Effect::new(move |before: Option<()>| {
        if let Some(document) = browser::document() {
            document.set_title(&format!("{} – {}", text.get(), t(WEIR)));
        }
        if before.is_none()
            && let Some(heading) = heading.get_untracked()
        {
            let _ = heading.focus();
        }
    });
    view! { <h1 node_ref=heading tabindex="-1">{move || text.get()}</h1> }
}

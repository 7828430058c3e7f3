//! A button for what cannot be undone: it asks first, in its own place.

use leptos::html;
use leptos::prelude::*;

use crate::messages as m;
use crate::text::t;

/// The button.
#[component]
pub fn AskFirst(
    /// What it does.
    #[prop(into)]
    text: String,
    /// What it is called for screen readers, where several buttons have the same text.
    #[prop(optional, into)]
    label: Option<String>,
    /// What is asked.
    #[prop(into)]
    question: String,
    /// Does it.
    act: Callback<()>,
    /// Whether something is under way, so that it cannot be pressed.
    #[prop(into)]
    busy: Signal<bool>,
) -> impl IntoView {
    let asking = RwSignal::new(false);
    let (first, yes) = (NodeRef::<html::Button>::new(), NodeRef::<html::Button>::new());
    // The focus goes along, so that the keyboard goes on where the reader is.
    Effect::new(move |before: Option<bool>| {
        let is_asking = asking.get();
        let button = if is_asking { yes } else { first };
        if before.is_some_and(|before| before != is_asking)
            && let Some(button) = button.get()
        {
            let _ = button.focus();
        }
        is_asking
    });
    let confirmed = text.clone();
    view! {
        <Show
            when=move || asking.get()
            fallback=move || view! {
                <button type="button" class="small" node_ref=first aria-label=label.clone() disabled=move || busy.get()
                    on:click=move |_| asking.set(true)>{text.clone()}</button>
            }
        >
            <span
                class="sure"
                role="group"
                aria-label=question.clone()
                on:keydown=move |event| if event.key() == "Escape" { asking.set(false) }
            >
                <span>{question.clone()}</span>
                <button type="button" class="small danger" node_ref=yes disabled=move || busy.get() on:click=move |_| {
                    asking.set(false);
                    act.run(());
                }>{confirmed.clone()}</button>
                <button type="button" class="small" on:click=move |_| asking.set(false)>{t(m::CANCEL)}</button>
            </span>
        </Show>
    }
}

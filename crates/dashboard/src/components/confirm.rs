//! A button that asks for confirmation.

use leptos::prelude::*;

use crate::browser;
use crate::messages::ASK_NO;
use crate::text::t;

/// A button for actions that cannot be undone: the first click shows a question, the second one confirms it. While it asks, the focus is on
/// the button that cancels; Escape cancels as well.
#[component]
pub fn Confirm(
    /// The text of the button.
    #[prop(into)]
    label: String,
    /// A label for screen readers, for pages with several buttons of the same text.
    #[prop(optional, into)]
    called: Option<String>,
    /// The question.
    #[prop(into)]
    question: String,
    /// The text of the confirming button; by default that of the first one.
    #[prop(optional)]
    answer: Option<&'static str>,
    /// Whether the action is unavailable.
    #[prop(into)]
    disabled: Signal<bool>,
    /// Called after confirmation.
    confirmed: Callback<()>,
) -> impl IntoView {
    let asking = RwSignal::new(false);
    let left = StoredValue::new(false);
    let (first, no) = (NodeRef::<leptos::html::Button>::new(), NodeRef::<leptos::html::Button>::new());
    Effect::new(move |_| {
        if let Some(no) = no.get() {
            let _ = no.focus();
        }
    });
    // After an answer, the focus returns to the button: after a confirmation when the action has ended, unless the focus is elsewhere by
    // then.
    Effect::new(move |_| {
        if let Some(first) = first.get()
            && left.get_value()
            && !disabled.get()
        {
            left.set_value(false);
            first.set_disabled(false);
            if browser::focus_is_nowhere() {
                let _ = first.focus();
            }
        }
    });
    let leave = move || {
        left.set_value(true);
        asking.set(false);
    };
    let escape = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Escape" {
            leave();
        }
    };
    let confirm = move |_| {
        leave();
        confirmed.run(());
    };
    view! {
        {move || if asking.get() {
            view! {
                <div class="confirm" role="group" aria-label=question.clone() on:keydown=escape>
                    <span>{question.clone()}</span>
                    <button type="button" class="small" node_ref=no on:click=move |_| leave()>{t(ASK_NO)}</button>
                    <button type="button" class="small yes" disabled=move || disabled.get() on:click=confirm>
                        {answer.map_or_else(|| label.clone(), str::to_owned)}
                    </button>
                </div>
            }.into_any()
        } else {
            view! {
                <button type="button" class="small" node_ref=first aria-label=called.clone() disabled=move || disabled.get()
                    on:click=move |_| asking.set(true)>{label.clone()}</button>
            }.into_any()
        }}
    }
}

//! A button that asks first.

use leptos::prelude::*;

use crate::browser;
use crate::messages::ASK_NO;
use crate::text::t;

/// A button for what cannot be undone: the first click asks, the second one does it. While it asks, the focus is on the answer that does
/// nothing; Escape gives that answer too.
#[component]
pub fn Confirm(
    /// What the button says.
    #[prop(into)]
    label: String,
    /// What it is called for screen readers, where several buttons say the same.
    #[prop(optional, into)]
    called: Option<String>,
    /// What it asks.
    #[prop(into)]
    question: String,
    /// What the answer says that does it; the button's own word unless given.
    #[prop(optional)]
    answer: Option<&'static str>,
    /// Whether it cannot be done at the moment.
    #[prop(into)]
    disabled: Signal<bool>,
    /// Does it.
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
    // Whoever has answered is back where they came from: after a yes as soon as it is done, unless they have gone on meanwhile.
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

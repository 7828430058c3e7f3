//! An input field, with its error below it.

use leptos::prelude::*;

use crate::text::{Text, t};

/// A text of a form: how to read it, and how to store what is typed.
#[derive(Clone, Copy)]
pub struct Typed {
    value: Signal<String>,
    set: Callback<String>,
}

impl Typed {
    /// A text within a form that a signal holds.
    pub fn of<T: Clone + Send + Sync + 'static>(form: RwSignal<T>, at: fn(&mut T) -> &mut String) -> Self {
        Self {
            value: Signal::derive(move || {
                let mut form = form.get();
                at(&mut form).clone()
            }),
            set: Callback::new(move |text| form.update(|form| *at(form) = text)),
        }
    }
}

/// The field.
#[component]
pub fn Field(
    /// Its name, unique on the page.
    name: &'static str,
    /// Its label.
    label: Text,
    /// The text.
    typed: Typed,
    /// The error of the field, if any.
    #[prop(into)]
    wrong: Signal<Option<String>>,
    /// An explanation of what to type.
    #[prop(optional)]
    hint: Option<Text>,
    /// The type of the input element.
    #[prop(default = "text")]
    kind: &'static str,
    /// The keyboard that a touch screen shows (`inputmode`).
    #[prop(optional)]
    keyboard: Option<&'static str>,
    /// Maximum characters.
    #[prop(optional)]
    most: Option<u32>,
    /// Whether it is read-only.
    #[prop(optional)]
    fixed: bool,
    /// The id of the list of suggestions.
    #[prop(optional)]
    list: Option<&'static str>,
) -> impl IntoView {
    let (hint_id, wrong_id) = (format!("{name}-hint"), format!("{name}-wrong"));
    let described = {
        let ids = (hint.map(|_| hint_id.clone()), wrong_id.clone());
        move || {
            let (hint, wrong_id) = ids.clone();
            let wrong_id = wrong.with(Option::is_some).then_some(wrong_id);
            let all: Vec<String> = hint.into_iter().chain(wrong_id).collect();
            Some(all.join(" ")).filter(|all| !all.is_empty())
        }
    };
    view! {
        <div class="field">
            <label>
                {t(label)}
                <input
                    type=kind
                    name=name
                    inputmode=keyboard
                    maxlength=most
                    list=list
                    autocomplete="off"
                    readonly=fixed
                    aria-invalid=move || wrong.with(Option::is_some).to_string()
                    aria-describedby=described
                    prop:value=move || typed.value.get()
                    on:input=move |event| typed.set.run(event_target_value(&event))
                />
            </label>
            {hint.map(|text| view! { <p class="faint hint" id=hint_id>{t(text)}</p> })}
            {move || wrong.get().map(|text| view! { <p class="wrong" id=wrong_id.clone()>{text}</p> })}
        </div>
    }
}

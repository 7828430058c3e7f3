//! A field to type into, with what is wrong with it right below.

use leptos::prelude::*;

use crate::text::{Text, t};

/// A text of a form: what it is, and where it goes when somebody types.
#[derive(Clone, Copy)]
pub struct Typed {
    value: Signal<String>,
    set: Callback<String>,
}

impl Typed {
    /// A text of a form that a signal holds.
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
    /// Names it among the fields of its page.
    name: &'static str,
    /// What it is called.
    label: Text,
    /// The text.
    typed: Typed,
    /// What is wrong with it.
    #[prop(into)]
    wrong: Signal<Option<String>>,
    /// What to type, where the name does not say it.
    #[prop(optional)]
    hint: Option<Text>,
    /// The type of the element.
    #[prop(default = "text")]
    kind: &'static str,
    /// Which keyboard a touch screen shows.
    #[prop(optional)]
    keyboard: Option<&'static str>,
    /// The most characters.
    #[prop(optional)]
    most: Option<u32>,
    /// Whether it is only shown.
    #[prop(optional)]
    fixed: bool,
    /// The list of suggestions.
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

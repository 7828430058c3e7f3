//! A person in the list, with a button for editing.

use leptos::prelude::*;
use weir_core::domain::access::Role;

use super::Shared;
use super::editor::Editor;
use crate::components::status::Status;
use crate::components::words;
use crate::messages as m;
use crate::model::people::standing;
use crate::text::{fill, t};
use crate::wire::person::PersonJson;

#[component]
pub(super) fn Row(username: String, shared: Shared, people: Memo<Vec<PersonJson>>) -> impl IntoView {
    let own = username.clone();
    let person = Memo::new(move |_| people.with(|people| people.iter().find(|one| one.username == own).cloned()));
    let own = username.clone();
    let is_open = Memo::new(move |_| shared.selected.with(|selected| selected.as_ref() == Some(&own)));
    let own = username.clone();
    let toggle = move |_| shared.selected.set(Some(own.clone()).filter(|_| !is_open.get_untracked()));
    let toggle = StoredValue::new(toggle);
    let name =
        Memo::new(move |_| person.with(|person| person.as_ref().map(|one| one.name().to_owned()).unwrap_or_default()));
    let own = username.clone();
    view! {
        <li data-person=move || name.get()>
            {move || person.get().map(|person| {
                let (tone, word) = words::standing(standing(&person));
                let devices = match (person.role, person.devices.as_str()) {
                    (Some(Role::Admin), _) | (_, "*") => t(m::ALL_DEVICES).to_owned(),
                    (_, "") => t(m::NO_DEVICES_OF).to_owned(),
                    (_, devices) => devices.to_owned(),
                };
                view! {
                    <div class="row">
                        <Status tone text=t(word)/>
                        <strong class="words">{person.name().to_owned()}</strong>
                        <span>{t(words::role(person.role))}</span>
                        <span class="faint words">{devices}</span>
                        <button
                            type="button"
                            class="small"
                            aria-expanded=move || is_open.get().to_string()
                            aria-label=fill(m::CHANGE_PERSON, &[("email", person.name())])
                            on:click=move |event| toggle.with_value(|toggle| toggle(event))
                        >{t(m::CHANGE)}</button>
                    </div>
                }
            })}
            <Show when=move || is_open.get()>
                <Editor username=own.clone() shared/>
            </Show>
        </li>
    }
}

/// A new temporary password, shown once.
#[component]
pub(super) fn Password(shared: Shared) -> impl IntoView {
    let password = shared.password;
    move || {
        password.get().map(|(email, text)| {
            view! {
                <div class="notice" role="status" id="password">
                    <p>{fill(m::PASSWORD_IS, &[("email", &email)])}</p>
                    <p><code>{text}</code></p>
                    <button type="button" class="small" on:click=move |_| password.set(None)>{t(m::CLOSE)}</button>
                </div>
            }
        })
    }
}

//! Edits a person. Each change is conditional on the version that is shown, so it fails if somebody else was faster.

use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;
use weir_core::domain::access::Role;

use super::Shared;
use crate::api::{Answer, Api};
use crate::browser;
use crate::components::confirm::Confirm;
use crate::components::load::Load;
use crate::components::words;
use crate::messages as m;
use crate::model::address::part;
use crate::model::people::{ROLES, change, password, role};
use crate::problem::ApiError;
use crate::text::{Text, fill, t};
use crate::wire::person::PersonJson;

/// Maximum attempts to draw a password with every kind of character; about four of five have all.
const DRAWS: usize = 100;

#[component]
pub(super) fn Editor(username: String, shared: Shared) -> impl IntoView {
    let api = Api::here();
    let path = format!("/cognito/users/{}", part(&username));
    let own = path.clone();
    let load = Load::new(move || {
        let (api, path) = (api.clone(), own.clone());
        async move { api.get::<PersonJson>(&path).await }
    });
    let typed = Typed { role: RwSignal::new(None), devices: RwSignal::new(None) };
    load.keep(move || view! { <Form path=path.clone() shared load typed/> })
}

/// The changes that are chosen and typed; `None` where the person's value is shown. It is kept while the form is removed because the person
/// cannot be read.
#[derive(Clone, Copy)]
struct Typed {
    role: RwSignal<Option<Role>>,
    devices: RwSignal<Option<String>>,
}

#[component]
fn Form(path: String, shared: Shared, load: Load<Answer<PersonJson>>, typed: Typed) -> impl IntoView {
    let person = Memo::new(move |_| load.here(|answer| answer.value.clone()));
    let known = move || person.with(|person| person.as_ref().and_then(|person| person.role));
    let chosen = Memo::new(move |_| typed.role.get().or_else(known));
    let devices = Memo::new(move |_| {
        let known = || person.with(|person| person.as_ref().map(|person| person.devices.clone()));
        typed.devices.get().or_else(known).unwrap_or_default()
    });
    let has_role = Memo::new(move |_| known().is_some());
    let enabled = Memo::new(move |_| person.with(|person| person.as_ref().is_some_and(|person| person.enabled)));
    let name =
        person.with_untracked(|person| person.as_ref().map(|person| person.name().to_owned()).unwrap_or_default());
    let wrong = RwSignal::new(None::<String>);
    let working = RwSignal::new(false);
    let place = StoredValue::new((path, name.clone()));
    // The version at the time of a click.
    let version = move || untrack(|| load.here(|answer| answer.etag.clone()).flatten());
    // Sends a change, and shows the outcome.
    let send = move |body: Value, done: Text, given: Option<String>| {
        let ((path, name), etag) = (place.get_value(), version());
        let (role, devices) = (typed.role.get_untracked(), typed.devices.get_untracked());
        working.set(true);
        shared.outcome.set(None);
        spawn_local(async move {
            let api = shared.api.get_value();
            let answer = api.patch::<Value, PersonJson>(&path, &body, etag.as_deref()).await;
            let _ = working.try_set(false);
            let told = match answer {
                Ok(answer) => {
                    if let Some(text) = given {
                        shared.password.set(Some((name.clone(), text)));
                    }
                    shared.load.again();
                    // Saved changes are no longer unsaved; other fields, and changes made meanwhile, are kept.
                    if body.get("role").is_some() && typed.role.try_get_untracked() == Some(role) {
                        let _ = typed.role.try_set(None);
                    }
                    if body.get("devices").is_some() && typed.devices.try_get_untracked() == Some(devices) {
                        let _ = typed.devices.try_set(None);
                    }
                    // The next change is based on this version.
                    load.written(|known| *known = answer);
                    Ok(fill(done, &[("email", &name)]))
                }
                Err(error) => {
                    // Somebody else was faster: their change is shown, and the next one is based on it.
                    if error.problem().is_some_and(|problem| problem.status == 412) {
                        load.again();
                    }
                    Err(error)
                }
            };
            shared.outcome.set(Some(told));
        });
    };
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let Some(own) = person.get_untracked() else { return };
        match change(&own, chosen.get_untracked(), &devices.get_untracked()) {
            Err(why) => wrong.set(Some(why)),
            Ok(None) => wrong.set(Some(t(m::NOTHING_CHANGED).to_owned())),
            Ok(Some(body)) => {
                wrong.set(None);
                send(body, m::PERSON_CHANGED, None);
            }
        }
    };
    let reset = Callback::new(move |()| {
        let drawn = (0..DRAWS).find_map(|_| browser::random().and_then(password));
        let Some(text) = drawn else { return shared.outcome.set(Some(Err(ApiError::Offline))) };
        send(json!({"password": {"value": text, "permanent": false}}), m::PASSWORD_SET, Some(text));
    });
    let disable = Callback::new(move |()| send(json!({"enabled": false}), m::PERSON_IS_DISABLED, None));
    let enable = Callback::new(move |()| send(json!({"enabled": true}), m::PERSON_IS_ENABLED, None));
    let delete = Callback::new(move |()| {
        let ((path, name), etag) = (place.get_value(), version());
        working.set(true);
        shared.outcome.set(None);
        spawn_local(async move {
            let answer = shared.api.get_value().delete(&path, etag.as_deref()).await;
            let _ = working.try_set(false);
            if answer.is_ok() {
                shared.selected.set(None);
                shared.load.written(|listed| listed.items.retain(|one| one.name() != name));
            }
            shared.outcome.set(Some(answer.map(|()| fill(m::PERSON_DELETED, &[("email", &name)]))));
        });
    });
    let busy = Signal::derive(move || working.get());
    let ask = StoredValue::new(move |text: Text| fill(text, &[("email", &name)]));
    let ask = move |text| ask.with_value(|ask| ask(text));
    let option = move |(name, one): (&'static str, Role)| {
        view! { <option value=name selected={chosen.get_untracked() == Some(one)}>{t(words::role(Some(one)))}</option> }
    };
    view! {
        <form class="person-form" on:submit=save>
            <div class="ask">
                <label>
                    {t(m::ROLE)}
                    <select
                        prop:value=move || chosen.get().map_or("", Role::name)
                        on:change=move |event| typed.role.set(role(&event_target_value(&event)))
                    >
                        <Show when=move || !has_role.get()>
                            <option value="" selected={chosen.get_untracked().is_none()}>{t(m::ROLE_NONE)}</option>
                        </Show>
                        {ROLES.map(option)}
                    </select>
                </label>
                <label>
                    {t(m::DEVICES_OF)}
                    <input type="text" maxlength="2048" spellcheck="false" autocomplete="off" prop:value=move || devices.get()
                        on:input=move |event| typed.devices.set(Some(event_target_value(&event)))/>
                </label>
                <button type="submit" class="primary" disabled=move || busy.get()>{t(m::SAVE)}</button>
            </div>
            {move || wrong.get().map(|why| view! { <p class="wrong" role="alert">{why}</p> })}
            <div class="buttons">
                {move || if enabled.get() {
                    view! { <Confirm label=t(m::DISABLE) question=ask(m::DISABLE_ASK) disabled=busy confirmed=disable/> }.into_any()
                } else {
                    view! { <button type="button" class="small" disabled=move || busy.get() on:click=move |_| enable.run(())>{t(m::ENABLE)}</button> }.into_any()
                }}
                <Confirm label=t(m::RESET_PASSWORD) question=ask(m::RESET_PASSWORD_ASK) disabled=busy confirmed=reset/>
                <Confirm label=t(m::DELETE) question=ask(m::DELETE_PERSON_ASK) disabled=busy confirmed=delete/>
            </div>
        </form>
    }
}

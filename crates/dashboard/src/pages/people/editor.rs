//! Changes a person. Each change is made to the version that is shown: if somebody else was faster, nothing happens.

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

/// How often a password is drawn until it has every kind of letter; four of five have.
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
    load.show(move |answer| view! { <Form answer path=path.clone() shared load/> })
}

#[component]
fn Form(answer: Answer<PersonJson>, path: String, shared: Shared, load: Load<Answer<PersonJson>>) -> impl IntoView {
    let Answer { value: person, etag, .. } = answer;
    let name = person.name().to_owned();
    let (chosen, devices) = (RwSignal::new(person.role), RwSignal::new(person.devices.clone()));
    let wrong = RwSignal::new(None::<String>);
    let working = RwSignal::new(false);
    let place = StoredValue::new((path, etag, name.clone()));
    // Sends a change, and says what came of it.
    let send = move |body: Value, done: Text, given: Option<String>| {
        let (path, etag, name) = place.get_value();
        working.set(true);
        shared.outcome.set(None);
        shared.password.set(None);
        spawn_local(async move {
            let api = shared.api.get_value();
            let answer = api.patch::<Value, PersonJson>(&path, &body, etag.as_deref()).await;
            let _ = working.try_set(false);
            let told = answer.map(|answer| {
                shared.password.set(given.map(|text| (name.clone(), text)));
                shared.load.again();
                // The next change is made to this version. What is refused stays as it was typed.
                load.update(|known| *known = answer);
                fill(done, &[("email", &name)])
            });
            shared.outcome.set(Some(told));
        });
    };
    let own = person.clone();
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
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
    let enable = move |_| send(json!({"enabled": true}), m::PERSON_IS_ENABLED, None);
    let delete = Callback::new(move |()| {
        let (path, etag, name) = place.get_value();
        working.set(true);
        shared.outcome.set(None);
        spawn_local(async move {
            let answer = shared.api.get_value().delete(&path, etag.as_deref()).await;
            let _ = working.try_set(false);
            if answer.is_ok() {
                shared.selected.set(None);
                shared.load.update(|listed| listed.people.retain(|one| one.name() != name));
            }
            shared.outcome.set(Some(answer.map(|()| fill(m::PERSON_DELETED, &[("email", &name)]))));
        });
    });
    let busy = Signal::derive(move || working.get());
    let ask = move |text: Text| fill(text, &[("email", &name)]);
    let option = move |(name, one): (&'static str, Role)| {
        view! { <option value=name selected={person.role == Some(one)}>{t(words::role(Some(one)))}</option> }
    };
    view! {
        <form class="person-form" on:submit=save>
            <div class="ask">
                <label>
                    {t(m::ROLE)}
                    <select on:change=move |event| chosen.set(role(&event_target_value(&event)))>
                        {person.role.is_none().then(|| view! { <option value="" selected=true>{t(m::ROLE_NONE)}</option> })}
                        {ROLES.map(option)}
                    </select>
                </label>
                <label>
                    {t(m::DEVICES_OF)}
                    <input type="text" maxlength="2048" spellcheck="false" autocomplete="off" prop:value=move || devices.get()
                        on:input=move |event| devices.set(event_target_value(&event))/>
                </label>
                <button type="submit" class="primary" disabled=move || busy.get()>{t(m::SAVE)}</button>
            </div>
            {move || wrong.get().map(|why| view! { <p class="wrong" role="alert">{why}</p> })}
            <div class="buttons">
                {if person.enabled {
                    view! { <Confirm label=t(m::DISABLE) question=ask(m::DISABLE_ASK) disabled=busy confirmed=disable/> }.into_any()
                } else {
                    view! { <button type="button" class="small" disabled=move || busy.get() on:click=enable>{t(m::ENABLE)}</button> }.into_any()
                }}
                <Confirm label=t(m::RESET_PASSWORD) question=ask(m::RESET_PASSWORD_ASK) disabled=busy confirmed=reset/>
                <Confirm label=t(m::DELETE) question=ask(m::DELETE_PERSON_ASK) disabled=busy confirmed=delete/>
            </div>
        </form>
    }
}

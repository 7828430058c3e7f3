//! The list of subscriptions.

use leptos::prelude::*;
use serde_json::{Value, json};
use wasm_bindgen_futures::spawn_local;

use super::{Shared, path};
use crate::components::confirm::Confirm;
use crate::components::states::{Empty, Failed};
use crate::components::status::{Status, Tone};
use crate::components::words;
use crate::messages as m;
use crate::model::subscription::{channel, sentences};
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::subscription::{Subscription, Tested};

#[component]
pub(super) fn List(shared: Shared, email: String) -> impl IntoView {
    let ids = Memo::new(move |_| {
        let ids = shared.load.here(|all| all.iter().map(|one| one.id.clone()).collect::<Vec<_>>());
        ids.unwrap_or_default()
    });
    let is_empty = Memo::new(move |_| ids.with(Vec::is_empty));
    let email = StoredValue::new(email);
    // A row is kept as long as its subscription, so that the result of a test, a question, and the focus survive changes.
    let rows = move || {
        if is_empty.get() {
            return view! { <Empty text=t(m::NO_SUBSCRIPTIONS)/> }.into_any();
        }
        view! {
            <ul class="list card subscriptions">
                <For each=move || ids.get() key=Clone::clone let(id)><Line id shared email=email.get_value()/></For>
            </ul>
        }
        .into_any()
    };
    view! { <section aria-label=t(m::SUBSCRIPTIONS)>{rows}</section> }
}

/// Whether it is active, and if not, why.
fn state(one: &Subscription) -> (Tone, String) {
    match (one.enabled, one.disabled_because.as_deref()) {
        (true, _) => (Tone::Good, t(m::SWITCHED_ON).to_owned()),
        (false, Some("unsubscribed")) => (Tone::Warning, t(m::OFF_BY_LINK).to_owned()),
        (false, Some("gone")) => (Tone::Warning, t(m::OFF_BY_RECEIVER).to_owned()),
        (false, _) => (Tone::Neutral, t(m::SWITCHED_OFF).to_owned()),
    }
}

#[component]
fn Line(id: String, shared: Shared, email: String) -> impl IntoView {
    let (busy, failed) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let tested = RwSignal::new(None::<Tested>);
    let own = id.clone();
    let one = Memo::new(move |_| shared.known(&own));
    let name = Memo::new(move |_| one.with(|one| one.as_ref().map(|one| channel(one, &email)).unwrap_or_default()));
    let is_on = Memo::new(move |_| one.with(|one| one.as_ref().is_some_and(|one| one.enabled)));
    let said = move || {
        let kind = |kind| t(words::kind(kind)).to_owned();
        let severity = |severity| t(words::severity(severity)).to_owned();
        let said = one.with(|one| one.as_ref().map(|one| sentences(one, kind, severity)).unwrap_or_default());
        said.into_iter().map(|text| view! { <li>{text}</li> }).collect_view()
    };
    let test = {
        let path = format!("{}/test", path(&id));
        move |_| {
            let (api, path) = (shared.api.get_value(), path.clone());
            busy.set(true);
            failed.set(None);
            tested.set(None);
            spawn_local(async move {
                let answer = api.post::<Value, Tested>(&path, &json!({})).await;
                let _ = busy.try_set(false);
                match answer {
                    Ok(answer) => drop(tested.try_set(Some(answer.value))),
                    Err(error) => drop(failed.try_set(Some(error))),
                }
            });
        }
    };
    let change = move |_| {
        if let Some(one) = one.get_untracked() {
            shared.begin(Some(one));
        }
    };
    let switch = move |_| {
        if let Some(one) = one.get_untracked() {
            shared.switch(&one, busy, failed);
        }
    };
    let remove = Callback::new(move |()| {
        if let Some(one) = one.get_untracked() {
            shared.remove(&one, busy, failed);
        }
    });
    let about = move |text| name.with(|name| fill(text, &[("name", name)]));
    view! {
        <li data-subscription=id>
            <div class="row">
                <strong class="break">{move || name.get()}</strong>
                {move || one.with(|one| one.as_ref().map(state)).map(|(tone, text)| view! { <Status tone text/> })}
            </div>
            <ul class="changes">{said}</ul>
            <div class="buttons">
                <button type="button" class="small" aria-label=move || about(m::TEST_ONE) disabled=move || busy.get() on:click=test>{t(m::TEST)}</button>
                <button type="button" class="small" aria-label=move || about(m::CHANGE_ONE) disabled=move || busy.get()
                    on:click=change>{t(m::CHANGE)}</button>
                <button type="button" class="small" aria-label=move || about(if is_on.get() { m::SWITCH_OFF_ONE } else { m::SWITCH_ON_ONE })
                    disabled=move || busy.get() on:click=switch>
                    {move || t(if is_on.get() { m::SWITCH_IT_OFF } else { m::SWITCH_IT_ON })}
                </button>
                {move || view! {
                    <Confirm label=t(m::REMOVE) called=about(m::REMOVE_ONE) question=t(m::REMOVE_SUBSCRIPTION_QUESTION) confirmed=remove disabled=busy/>
                }}
            </div>
            <div aria-live="polite">
                {move || tested.get().map(|tested| {
                    let (tone, text) = if tested.delivered {
                        (Tone::Good, t(m::TEST_ARRIVED).to_owned())
                    } else {
                        (Tone::Bad, fill(m::TEST_FAILED, &[("detail", &tested.detail.unwrap_or_default())]))
                    };
                    view! { <p class="told"><Status tone text/></p> }
                })}
            </div>
            {move || failed.get().map(|error| view! { <Failed error/> })}
        </li>
    }
}

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
    let rows = move || {
        let all = shared.load.here(Clone::clone).unwrap_or_default();
        if all.is_empty() {
            return view! { <Empty text=t(m::NO_SUBSCRIPTIONS)/> }.into_any();
        }
        let rows = all.into_iter().map(|one| view! { <Line one shared email=email.clone()/> });
        view! { <ul class="list card subscriptions">{rows.collect_view()}</ul> }.into_any()
    };
    view! { <section aria-label=t(m::SUBSCRIPTIONS)>{rows}</section> }
}

/// Whether it tells, and why not.
fn state(one: &Subscription) -> (Tone, String) {
    match (one.enabled, one.disabled_because.as_deref()) {
        (true, _) => (Tone::Good, t(m::SWITCHED_ON).to_owned()),
        (false, Some("unsubscribed")) => (Tone::Warning, t(m::OFF_BY_LINK).to_owned()),
        (false, Some("gone")) => (Tone::Warning, t(m::OFF_BY_RECEIVER).to_owned()),
        (false, _) => (Tone::Neutral, t(m::SWITCHED_OFF).to_owned()),
    }
}

#[component]
fn Line(one: Subscription, shared: Shared, email: String) -> impl IntoView {
    let (busy, failed) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let tested = RwSignal::new(None::<Tested>);
    let name = channel(&one, &email);
    let said =
        sentences(&one, |kind| t(words::kind(kind)).to_owned(), |severity| t(words::severity(severity)).to_owned());
    let (tone, word) = state(&one);
    let is_on = one.enabled;
    let test = {
        let path = format!("{}/test", path(&one));
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
    let (change, switch, remove) = (one.clone(), one.clone(), one.clone());
    let remove = Callback::new(move |()| shared.remove(&remove, busy, failed));
    let about = |text| fill(text, &[("name", &name)]);
    view! {
        <li data-subscription=one.id.clone()>
            <div class="row">
                <strong class="break">{name.clone()}</strong>
                <Status tone text=word/>
            </div>
            <ul class="changes">{said.into_iter().map(|text| view! { <li>{text}</li> }).collect_view()}</ul>
            <div class="buttons">
                <button type="button" class="small" aria-label=about(m::TEST_ONE) disabled=move || busy.get() on:click=test>{t(m::TEST)}</button>
                <button type="button" class="small" aria-label=about(m::CHANGE_ONE) disabled=move || busy.get()
                    on:click=move |_| shared.begin(Some(change.clone()))>{t(m::CHANGE)}</button>
                <button type="button" class="small" aria-label=about(if is_on { m::SWITCH_OFF_ONE } else { m::SWITCH_ON_ONE })
                    disabled=move || busy.get() on:click=move |_| shared.switch(&switch, busy, failed)>
                    {t(if is_on { m::SWITCH_IT_OFF } else { m::SWITCH_IT_ON })}
                </button>
                <Confirm label=t(m::REMOVE) called=about(m::REMOVE_ONE) question=t(m::REMOVE_SUBSCRIPTION_QUESTION) confirmed=remove disabled=busy/>
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

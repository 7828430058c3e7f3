//! One entry: its properties, the published message, and replaying or deleting it.

use leptos::prelude::*;
use serde_json::json;
use wasm_bindgen_futures::spawn_local;

use super::Shared;
use crate::api::Api;
use crate::components::clock::{Ago, Instant};
use crate::components::confirm::Confirm;
use crate::components::load::Load;
use crate::components::zone;
use crate::messages as m;
use crate::model::address::part;
use crate::model::moment;
use crate::model::quarantine::{Shown, shown};
use crate::text::{fill, t};
use crate::wire::quarantine::{Entry, Payload, Replay, WholeEntry};

#[component]
pub(super) fn Line(entry: Entry, shared: Shared) -> impl IntoView {
    let working = RwSignal::new(false);
    let id = entry.id.clone();
    let own = id.clone();
    let is_open = Memo::new(move |_| shared.selected.with(|selected| selected.entry.as_ref() == Some(&own)));
    let own = id.clone();
    let toggle = move |_| {
        let entry = Some(own.clone()).filter(|_| !is_open.get_untracked());
        shared.selected.update(|selected| selected.entry = entry);
    };
    let path = format!("/quarantine/{}", part(&id));
    let (own, replayed) = (id.clone(), format!("{path}/replay"));
    let replay = move |_| {
        let (api, path, id) = (shared.api.get_value(), replayed.clone(), own.clone());
        working.set(true);
        shared.outcome.set(None);
        spawn_local(async move {
            let answer = api.post::<_, Replay>(&path, &json!({})).await;
            let _ = working.try_set(false);
            shared.outcome.set(Some(answer.map(|answer| take(shared, &id, answer.value))));
        });
    };
    let (own, deleted) = (id.clone(), path.clone());
    let delete = Callback::new(move |()| {
        let (api, path, id) = (shared.api.get_value(), deleted.clone(), own.clone());
        working.set(true);
        shared.outcome.set(None);
        spawn_local(async move {
            let answer = api.delete(&path, None).await;
            let _ = working.try_set(false);
            if answer.is_ok() {
                shared.forget(&id);
            }
            shared.outcome.set(Some(answer.map(|()| t(m::ENTRY_DELETED).to_owned())));
        });
    });
    let busy = Signal::derive(move || working.get() || shared.run.is_running());
    let at = moment::parse(&entry.first_seen);
    let look = move || if is_open.get() { m::HIDE } else { m::LOOK_AT };
    let name = at.map(|at| moment::full(at, &zone::zone().get_untracked().zone)).unwrap_or_default();
    let name = StoredValue::new(format!("{}, {name}", entry.topic));
    let called = move |action| name.with_value(|name| fill(m::ACTION_OF, &[("action", t(action)), ("name", name)]));
    let whole = path.clone();
    view! {
        <li data-entry=id>
            <div class="row">
                <code>{entry.topic.clone()}</code>
                {at.map(|at| view! { <span class="faint"><Ago at/></span> })}
            </div>
            <p class="words">{entry.detail.clone()}</p>
            <div class="buttons">
                <button type="button" class="small" aria-expanded=move || is_open.get().to_string() aria-label=move || called(look()) on:click=toggle>
                    {move || t(look())}
                </button>
                <button type="button" class="small" aria-label=called(m::REPLAY) disabled=move || busy.get() on:click=replay>{t(m::REPLAY)}</button>
                <Confirm label=t(m::DELETE) called=called(m::DELETE) question=t(m::DELETE_ENTRY_ASK) disabled=busy confirmed=delete/>
            </div>
            <Show when=move || is_open.get()>
                <Whole path=whole.clone() entry=entry.clone()/>
            </Show>
        </li>
    }
}

/// Updates the list with the result of a replay. Returns the result in words.
fn take(shared: Shared, id: &str, answer: Replay) -> String {
    match answer.entry {
        Some(refused) => {
            let sentence = fill(m::REPLAY_REFUSED, &[("detail", &refused.detail)]);
            shared.load.written(|listed| {
                if let Some(known) = listed.items.iter_mut().find(|entry| entry.id == id) {
                    *known = refused;
                }
            });
            sentence
        }
        None => {
            shared.forget(id);
            match answer.quarantined.len() {
                0 => t(m::REPLAYED_ONE).to_owned(),
                count => fill(m::REPLAYED_PARTLY, &[("count", &count.to_string())]),
            }
        }
    }
}

/// All properties of an entry.
#[component]
fn Whole(path: String, entry: Entry) -> impl IntoView {
    let api = Api::here();
    let load = Load::new(move || {
        let (api, path) = (api.clone(), path.clone());
        async move { Ok(api.get::<WholeEntry>(&path).await?.value) }
    });
    let instant = |text: &str| moment::parse(text).map(|at| view! { <Instant at/> });
    let reason = entry.reason.clone();
    view! {
        <dl class="known">
            <dt>{t(m::TOPIC)}</dt><dd><code>{entry.topic.clone()}</code></dd>
            <dt>{t(m::FUNCTION)}</dt><dd><code>{entry.function.clone()}</code></dd>
            <dt>{t(m::MEANT_FOR)}</dt><dd>{instant(&entry.at)}</dd>
            <dt>{t(m::SINCE)}</dt><dd>{instant(&entry.first_seen)}</dd>
            <dt>{t(m::VANISHES)}</dt><dd>{instant(&entry.expires_at)}</dd>
            <dt>{t(m::ATTEMPTS)}</dt><dd class="number">{entry.attempts}</dd>
        </dl>
        {load.show(move |whole| view! { <Sent payload=whole.payload reason=reason.clone()/> })}
    }
}

/// The published message.
#[component]
fn Sent(payload: Payload, reason: String) -> impl IntoView {
    let (how, text, more) = match shown(&payload, &reason) {
        Shown::Json(text) => (m::PAYLOAD_JSON, text, 0),
        Shown::Text(text) => (m::PAYLOAD_TEXT, text, 0),
        Shown::Bytes(text, more) => (m::PAYLOAD_BYTES, text, more),
    };
    let title = format!("{}, {}", t(m::PAYLOAD), t(how));
    if text.is_empty() {
        return view! { <p class="faint">{t(m::PAYLOAD)}": "{t(m::PAYLOAD_EMPTY)}</p> }.into_any();
    }
    view! {
        <figure class="payload">
            <figcaption>{title.clone()}</figcaption>
            <pre tabindex="0" aria-label=title><code>{text}</code></pre>
            {(more > 0).then(|| view! { <p class="faint">{fill(m::PAYLOAD_MORE, &[("count", &more.to_string())])}</p> })}
        </figure>
    }
    .into_any()
}

//! The actions on a problem. Each change is conditional on the version that the reader has seen.

use leptos::prelude::*;
use serde_json::{Map, Value};
use wasm_bindgen_futures::spawn_local;
use weir_core::wire::problem::{ProblemJson, StatusJson};

use super::One;
use crate::api::Api;
use crate::components::states::Failed;
use crate::messages as m;
use crate::model::address::part;
use crate::problem::ApiError;
use crate::text::t;

#[component]
pub(super) fn Actions(load: One) -> impl IntoView {
    let api = StoredValue::new_local(Api::here());
    let note = RwSignal::new(String::new());
    let (changing, failed) = (RwSignal::new(false), RwSignal::new(None::<ApiError>));
    let act = move |status: Option<&'static str>| {
        let Some((id, etag)) = load.here(|known| (known.value.problem_id.clone(), known.etag.clone())) else { return };
        let text = note.get_untracked().trim().to_owned();
        let mut body = Map::new();
        body.extend(status.map(|status| ("problem_status".to_owned(), Value::from(status))));
        body.extend(Some(text).filter(|text| !text.is_empty()).map(|text| ("note".to_owned(), Value::from(text))));
        let (api, path) = (api.get_value(), format!("/problems/{}", part(&id)));
        changing.set(true);
        failed.set(None);
        spawn_local(async move {
            let answer = api.patch::<Value, ProblemJson>(&path, &Value::Object(body), etag.as_deref()).await;
            changing.set(false);
            match answer {
                Ok(answer) => {
                    note.set(String::new());
                    load.written(|known| *known = answer);
                }
                Err(error) => {
                    let is_old = error.is_outdated();
                    failed.set(Some(error));
                    // The change of somebody else is shown; the note is kept.
                    if is_old {
                        load.again();
                    }
                }
            }
        });
    };
    let status = Memo::new(move |_| load.here(|known| known.value.problem_status));
    let can_acknowledge = move || status.get() == Some(StatusJson::Unresolved);
    let can_resolve = move || status.get().is_some_and(|status| status != StatusJson::Resolved);
    view! {
        <section class="card" aria-label=t(m::WHAT_TO_DO)>
            <div class="row">
                <Show when=can_acknowledge>
                    <button type="button" class="primary" disabled=move || changing.get() on:click=move |_| act(Some("ACKNOWLEDGED"))>{t(m::ACKNOWLEDGE)}</button>
                </Show>
                <Show when=can_resolve>
                    <button type="button" disabled=move || changing.get() on:click=move |_| act(Some("RESOLVED"))>{t(m::RESOLVE)}</button>
                </Show>
                <label class="grow">
                    <span class="spoken">{t(m::NOTE)}</span>
                    <input type="text" maxlength="1000" placeholder=t(m::NOTE) prop:value=move || note.get()
                        readonly=move || changing.get()
                        on:input=move |event| note.set(event_target_value(&event))/>
                </label>
                <button type="button" disabled=move || changing.get() || note.with(|note| note.trim().is_empty())
                    on:click=move |_| act(None)>{t(m::WRITE_NOTE)}</button>
            </div>
            {move || failed.get().map(|error| view! { <Failed error/> })}
        </section>
    }
}

//! Settings: the desired ones, the reported ones, and the differences. They are edited as JSON; errors are shown at their position.

use leptos::prelude::*;
use serde_json::Value;
use wasm_bindgen_futures::spawn_local;
use weir_core::wire::device::DeliveryJson;
use weir_core::wire::settings::SettingsJson;

use crate::api::{Answer, Api};
use crate::components::load::{Load, Loaded};
use crate::components::states::{Failed, Loading};
use crate::components::status::{Status, Tone};
use crate::live;
use crate::messages as m;
use crate::model::address::part;
use crate::problem::ApiError;
use crate::text::{fill, t};

#[component]
pub(super) fn Settings(id: String) -> impl IntoView {
    let (api, path) = (Api::here(), format!("/devices/{}/settings", part(&id)));
    let own = path.clone();
    let load = Load::new(move || {
        let (api, path) = (api.clone(), own.clone());
        async move { api.get::<SettingsJson>(&path).await }
    });
    live::watch(format!("device/{id}"), move |message| {
        let kind = message.rest.pointer("/event/kind").and_then(Value::as_str);
        if message.r#type == "gap" || matches!(kind, Some("settings" | "reported" | "desired")) {
            load.again();
        }
    });
    let editing = RwSignal::new(None::<Edit>);
    let path = StoredValue::new(path);
    view! {
        <section class="card" aria-labelledby="settings">
            <h2 id="settings">{t(m::SETTINGS)}</h2>
            {move || if editing.with(Option::is_some) {
                view! { <Editor path=path.get_value() editing load/> }.into_any()
            } else {
                load.with(|loaded| match loaded {
                    Loaded::Loading => view! { <Loading/> }.into_any(),
                    Loaded::Failed(error) => view! { <Failed error=error.clone() retry=Callback::new(move |()| load.again())/> }.into_any(),
                    Loaded::Here(answer) => view! { <Compared answer=answer.clone() editing/> }.into_any(),
                })
            }}
        </section>
    }
}

/// An edit: the settings as they were, and their entity tag.
#[derive(Debug, Clone)]
struct Edit {
    text: String,
    etag: Option<String>,
}

/// Collects the leaves of a document, each with its JSON pointer.
fn leaves(pointer: &str, value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() || pointer.is_empty() => {
            for (name, value) in fields {
                leaves(&format!("{pointer}/{name}"), value, found);
            }
        }
        value => found.push((pointer.to_owned(), value.clone())),
    }
}

#[component]
fn Compared(answer: Answer<SettingsJson>, editing: RwSignal<Option<Edit>>) -> impl IntoView {
    let Answer { value: settings, etag, .. } = answer;
    let mut wanted = Vec::new();
    leaves("", &settings.desired, &mut wanted);
    let mut reported = Vec::new();
    if let Some(said) = &settings.reported {
        leaves("", said, &mut reported);
    }
    let known = settings.reported.is_some();
    let is_different =
        |pointer: &str| settings.difference.as_ref().is_some_and(|difference| difference.pointer(pointer).is_some());
    let lines = wanted.iter().map(|(pointer, value)| {
        let said = reported.iter().find(|(known, _)| known == pointer).map(|(_, value)| value.to_string());
        let state = match (known, is_different(pointer)) {
            (false, _) => (Tone::Neutral, m::SETTING_UNKNOWN),
            (true, true) => (Tone::Warning, m::SETTING_DIFFERENT),
            (true, false) => (Tone::Good, m::SETTING_SAME),
        };
        view! {
            <tr>
                <th scope="row"><code>{pointer.clone()}</code></th>
                <td><code>{value.to_string()}</code></td>
                <td>{said.map_or_else(|| view! { <span class="faint">"–"</span> }.into_any(), |said| view! { <code>{said}</code> }.into_any())}</td>
                <td><Status tone=state.0 text=t(state.1)/></td>
            </tr>
        }
    });
    let lines = lines.collect_view();
    let only: Vec<String> = reported
        .iter()
        .filter(|(pointer, _)| !wanted.iter().any(|(known, _)| known == pointer))
        .map(|(pointer, _)| pointer.clone())
        .collect();
    let text = serde_json::to_string_pretty(&settings.desired).unwrap_or_default();
    let pending = settings.delivery == DeliveryJson::Pending;
    view! {
        {pending.then(|| view! { <p><Status tone=Tone::Neutral text=t(m::SETTINGS_PENDING)/></p> })}
        {(!known).then(|| view! { <p class="faint">{t(m::SETTINGS_UNREACHED)}</p> })}
        {if wanted.is_empty() {
            view! { <p class="faint">{t(m::NO_SETTINGS)}</p> }.into_any()
        } else {
            view! {
                <div class="scroll" tabindex="0">
                    <table>
                        <caption class="spoken">{t(m::SETTINGS)}</caption>
                        <thead><tr>
                            <th scope="col">{t(m::SETTING)}</th>
                            <th scope="col">{t(m::DESIRED)}</th>
                            <th scope="col">{t(m::REPORTED)}</th>
                            <th scope="col">{t(m::STATE)}</th>
                        </tr></thead>
                        <tbody>{lines}</tbody>
                    </table>
                </div>
            }.into_any()
        }}
        {(!only.is_empty()).then(|| view! { <p class="faint">{t(m::REPORTED_ONLY)}" "<code>{only.join(" ")}</code></p> })}
        <button type="button" on:click=move |_| {
            editing.set(Some(Edit { text: text.clone(), etag: etag.clone() }));
        }>{t(m::CHANGE)}</button>
    }
}

#[component]
fn Editor(path: String, editing: RwSignal<Option<Edit>>, load: Load<Answer<SettingsJson>>) -> impl IntoView {
    let api = StoredValue::new_local(Api::here());
    let (saving, own) = (RwSignal::new(false), StoredValue::new(path.clone()));
    let field = NodeRef::<leptos::html::Textarea>::new();
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            let _ = field.focus();
        }
    });
    let first = editing.with_untracked(|edit| edit.as_ref().map(|edit| edit.text.clone()).unwrap_or_default());
    // The error of the API, or the reason why no request was sent.
    let failed = RwSignal::new(None::<Result<ApiError, String>>);
    let text = RwSignal::new(first.clone());
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let body: Value = match serde_json::from_str(&text.get_untracked()) {
            Ok(body) => body,
            Err(error) => return failed.set(Some(Err(fill(m::NO_JSON, &[("detail", &error.to_string())])))),
        };
        let etag = editing.with_untracked(|edit| edit.as_ref().and_then(|edit| edit.etag.clone()));
        let (api, path) = (api.get_value(), path.clone());
        saving.set(true);
        spawn_local(async move {
            let saved = api.put::<Value, Value>(&path, &body, etag.as_deref()).await;
            saving.set(false);
            match saved {
                Ok(_) => {
                    editing.set(None);
                    load.again();
                }
                Err(error) => failed.set(Some(Ok(error))),
            }
        });
    };
    // Somebody else has changed them: what was typed is saved over the newest ones.
    let read_again = move |_| {
        spawn_local(async move {
            match api.get_value().get::<SettingsJson>(&own.get_value()).await {
                Ok(newest) => editing.set(Some(Edit { text: text.get_untracked(), etag: newest.etag })),
                Err(error) => failed.set(Some(Ok(error))),
            }
        });
    };
    view! {
        <form on:submit=save>
            <label>
                {t(m::SETTINGS_JSON)}
                <textarea
                    node_ref=field
                    class="json"
                    rows="10"
                    spellcheck="false"
                    prop:value=first
                    on:input=move |event| text.set(event_target_value(&event))
                ></textarea>
            </label>
            {move || failed.get().map(|error| match error {
                Ok(error) => {
                    let is_outdated = error.is_outdated();
                    view! {
                        <Failed error/>
                        {is_outdated.then(|| view! { <button type="button" on:click=read_again>{t(m::LOAD_AGAIN)}</button> })}
                    }.into_any()
                }
                Err(text) => view! { <p class="wrong" role="alert">{text}</p> }.into_any(),
            })}
            <div class="buttons">
                <button type="submit" class="primary" disabled=move || saving.get()>{t(m::SAVE)}</button>
                <button type="button" on:click=move |_| editing.set(None)>{t(m::CANCEL)}</button>
            </div>
        </form>
    }
}

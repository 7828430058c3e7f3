//! Commands: sending one to the device, and their states as they change.

use leptos::prelude::*;
use serde_json::{Map, Value, json};
use wasm_bindgen_futures::spawn_local;
use weir_core::wire::command::{CommandJson, StateJson};

use crate::api::Api;
use crate::browser;
use crate::components::clock::Ago;
use crate::components::load::{Load, Loaded};
use crate::components::states::{Failed, Loading};
use crate::components::status::Status;
use crate::components::words;
use crate::live;
use crate::messages as m;
use crate::model::address::part;
use crate::model::moment;
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::Page;

/// Maximum commands that are shown.
const SHOWN: usize = 10;

#[component]
pub(super) fn Commands(id: String, enabled: Memo<bool>) -> impl IntoView {
    let path = format!("/devices/{}/commands", part(&id));
    let (api, own) = (Api::here(), format!("{path}?limit={SHOWN}"));
    let load = Load::new(move || {
        let (api, path) = (api.clone(), own.clone());
        async move { Ok(api.get::<Page<CommandJson>>(&path).await?.value.items) }
    });
    live::watch(format!("device/{id}"), move |message| match message.r#type.as_str() {
        "command" => {
            if let Some(command) = message.read::<CommandJson>() {
                load.report(move |commands| take(commands, command.clone()));
            }
        }
        "gap" => load.again(),
        _ => {}
    });
    let error = RwSignal::new(None::<ApiError>);
    let (list, asked) = (path.clone(), path);
    // Kept while the device is disabled and enabled again.
    let typed = Typed::default();
    view! {
        <section class="card" aria-labelledby="commands">
            <h2 id="commands">{t(m::COMMANDS)}</h2>
            {move || if enabled.get() {
                view! { <Ask path=asked.clone() load error typed/> }.into_any()
            } else {
                view! { <p class="faint">{t(m::NO_COMMANDS_DISABLED)}</p> }.into_any()
            }}
            {move || error.get().map(|error| view! { <Failed error/> })}
            {move || load.with(|loaded| match loaded {
                Loaded::Loading => view! { <Loading/> }.into_any(),
                Loaded::Failed(error) => view! { <Failed error=error.clone() retry=Callback::new(move |()| load.again())/> }.into_any(),
                Loaded::Here(commands) if commands.is_empty() => view! { <p class="faint">{t(m::NO_COMMANDS)}</p> }.into_any(),
                Loaded::Here(commands) => {
                    let rows = commands.iter().map(|command| view! { <Line command=command.clone() path=list.clone() load error/> });
                    view! { <ul class="list">{rows.collect_view()}</ul> }.into_any()
                }
            })}
        </section>
    }
}

/// Adds or updates a command. A command that has ended never changes again.
fn take(commands: &mut Vec<CommandJson>, told: CommandJson) {
    match commands.iter_mut().find(|command| command.id == told.id) {
        Some(known) if known.ended_at.is_some() => {}
        Some(known) => *known = told,
        None => {
            commands.insert(0, told);
            commands.truncate(SHOWN);
        }
    }
}

/// The fields of the next command, as typed.
#[derive(Clone, Copy)]
struct Typed {
    name: RwSignal<String>,
    arguments: RwSignal<String>,
    seconds: RwSignal<String>,
}

impl Default for Typed {
    fn default() -> Self {
        let text = |text: &str| RwSignal::new(text.to_owned());
        Self { name: text(""), arguments: text(""), seconds: text("60") }
    }
}

#[component]
fn Ask(path: String, load: Load<Vec<CommandJson>>, error: RwSignal<Option<ApiError>>, typed: Typed) -> impl IntoView {
    let api = StoredValue::new_local(Api::here());
    let Typed { name, arguments, seconds } = typed;
    let wrong = RwSignal::new(None::<String>);
    let sending = RwSignal::new(false);
    // The last request with an unknown outcome, and its idempotency key: repeating it has no further effect.
    let unknown = StoredValue::new(None::<(Value, String)>);
    let send = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        wrong.set(None);
        error.set(None);
        let text = arguments.get_untracked();
        let read =
            if text.trim().is_empty() { Ok(Map::new()) } else { serde_json::from_str::<Map<String, Value>>(&text) };
        let read = match read {
            Ok(read) => read,
            Err(error) => return wrong.set(Some(fill(m::NO_JSON, &[("detail", &error.to_string())]))),
        };
        let expires: u64 = seconds.get_untracked().trim().parse().unwrap_or(60);
        let body = json!({"name": name.get_untracked().trim(), "args": read, "expires_in": expires});
        let (api, path) = (api.get_value(), path.clone());
        let known = unknown.get_value().filter(|(before, _)| *before == body).map(|(_, key)| key);
        let Some(key) = known.or_else(browser::request_key) else { return error.set(Some(ApiError::Offline)) };
        unknown.set_value(Some((body.clone(), key.clone())));
        sending.set(true);
        spawn_local(async move {
            let sent = api.post_once::<Value, CommandJson>(&path, &body, &key).await;
            let _ = sending.try_set(false);
            if !sent.as_ref().is_err_and(ApiError::is_passing) {
                let _ = unknown.try_set_value(None);
            }
            match sent {
                Ok(answer) => load.written(|commands| take(commands, answer.value)),
                Err(refused) => error.set(Some(refused)),
            }
        });
    };
    let input = |to: RwSignal<String>| move |event| to.set(event_target_value(&event));
    view! {
        <form class="ask" on:submit=send>
            <label>
                {t(m::COMMAND)}
                <input type="text" required pattern="[a-z][a-z0-9_\\-]{0,31}" placeholder="dispense" autocomplete="off"
                    prop:value=move || name.get() on:input=input(name)/>
            </label>
            <label>
                {t(m::ARGUMENTS)}
                <input type="text" placeholder="{\"ml\": 30}" autocomplete="off" spellcheck="false"
                    prop:value=move || arguments.get() on:input=input(arguments)/>
            </label>
            <label>
                {t(m::WITHIN_SECONDS)}
                <input type="number" min="1" max="86400" required prop:value=move || seconds.get() on:input=input(seconds)/>
            </label>
            <button type="submit" class="primary" disabled=move || sending.get()>{t(m::SEND)}</button>
            {move || wrong.get().map(|text| view! { <p class="wrong" role="alert">{text}</p> })}
        </form>
    }
}

#[component]
fn Line(
    command: CommandJson,
    path: String,
    load: Load<Vec<CommandJson>>,
    error: RwSignal<Option<ApiError>>,
) -> impl IntoView {
    let (tone, word) = words::command(command.state);
    let can_cancel = matches!(command.state, StateJson::Queued | StateJson::Sent);
    let api = StoredValue::new_local(Api::here());
    let own = format!("{path}/{}", part(command.id.as_str()));
    let cancel = move |_| {
        let (api, path) = (api.get_value(), own.clone());
        spawn_local(async move {
            match api.delete(&path, None).await {
                Ok(()) => load.again(),
                Err(refused) => error.set(Some(refused)),
            }
        });
    };
    let arguments = Some(command.args.to_string()).filter(|text| text != "{}");
    let answer = command.result.as_ref().map(Value::to_string);
    view! {
        <li data-command=command.id.to_string()>
            <div class="row">
                <Status tone text=t(word)/>
                <code>{command.name.to_string()}</code>
                {arguments.map(|text| view! { <code class="faint">{text}</code> })}
                {can_cancel.then(|| view! { <button type="button" class="small" on:click=cancel>{t(m::CANCEL_COMMAND)}</button> })}
            </div>
            <p class="faint">
                <Ago at=moment::of(command.created_at)/>" · "{command.by}
                {command.detail.map(|detail| format!(" · {detail}"))}
                {answer.map(|answer| view! { " · "<code>{answer}</code> })}
            </p>
        </li>
    }
}

//! Registers an unknown device, with the properties that its messages suggest, and then replays them.

use leptos::prelude::*;
use serde_json::Value;
use wasm_bindgen_futures::spawn_local;
use weir_core::wire::device::DeviceJson;

use super::{Shared, run};
use crate::components::states::Failed;
use crate::messages as m;
use crate::model::address::part;
use crate::model::quarantine::{Draft, Group, add_sensors, sensors};
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::quarantine::WholeEntry;

/// Number of messages that are searched for the sensors of the device.
const LOOKED_AT: usize = 3;

#[component]
pub(super) fn Register(group: Group, shared: Shared) -> impl IntoView {
    let id = group.device.clone().unwrap_or_default();
    let known = shared.drafts.with_untracked(|drafts| drafts.get(&id).cloned());
    let is_new = known.is_none();
    let draft = RwSignal::new(
        known.unwrap_or_else(|| Draft { sensors: sensors(&group.entries).join("\n"), ..Draft::default() }),
    );
    let own = id.clone();
    // The typed fields are kept when the form is closed and opened again.
    Effect::new(move |before: Option<()>| {
        let now = draft.get();
        if before.is_some() {
            shared.drafts.update(|drafts| drop(drafts.insert(own.clone(), now)));
        }
    });
    let suggested = draft.get_untracked().sensors;
    if is_new {
        look(&group, shared, draft, suggested);
    }
    let failed = RwSignal::new(None::<ApiError>);
    let saving = RwSignal::new(false);
    let name = NodeRef::<leptos::html::Input>::new();
    Effect::new(move |_| {
        if let Some(name) = name.get() {
            let _ = name.focus();
        }
    });
    let (count, own) = (group.entries.len().to_string(), id.clone());
    let save = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (api, id, group) = (shared.api.get_value(), own.clone(), group.clone());
        let body = draft.get_untracked().body(&id);
        saving.set(true);
        failed.set(None);
        spawn_local(async move {
            let answer = api.post::<Value, DeviceJson>("/devices", &body).await;
            let _ = saving.try_set(false);
            match answer {
                Ok(_) => {
                    shared.registering.set(None);
                    shared.drafts.update(|drafts| drop(drafts.remove(&id)));
                    run::begin(shared, group);
                    shared.outcome.set(Some(Ok(fill(m::REGISTERED, &[("id", &id)]))));
                }
                Err(error) => drop(failed.try_set(Some(error))),
            }
        });
    };
    let input = move |to: fn(&mut Draft) -> &mut String| {
        move |event| draft.update(|draft| *to(draft) = event_target_value(&event))
    };
    view! {
        <form class="register" on:submit=save>
            <p class="faint">{t(m::REGISTER_EXPLAINED)}</p>
            <label>{t(m::DEVICE_ID)}<input type="text" readonly prop:value=id/></label>
            <label>
                {t(m::DEVICE_NAME)}
                <input type="text" maxlength="100" node_ref=name prop:value=move || draft.get().name on:input=input(|draft| &mut draft.name)/>
            </label>
            <label>
                {t(m::DEVICE_SENSORS)}
                <textarea class="json" rows="4" spellcheck="false" placeholder="ph pH" prop:value=move || draft.get().sensors
                    on:input=input(|draft| &mut draft.sensors)></textarea>
            </label>
            <label>
                {t(m::DEVICE_LEVEL)}
                <input type="text" maxlength="10" autocomplete="off" placeholder="01" prop:value=move || draft.get().level
                    on:input=input(|draft| &mut draft.level)/>
            </label>
            {move || failed.get().map(|error| view! { <Failed error/> })}
            <div class="buttons">
                <button type="submit" class="primary" disabled=move || saving.get() || shared.run.is_running()>
                    {fill(m::REGISTER_AND_REPLAY, &[("count", &count)])}
                </button>
                <button type="button" on:click=move |_| shared.registering.set(None)>{t(m::CANCEL)}</button>
            </div>
        </form>
    }
}

/// Searches messages with several values for sensors, and adds them unless the draft has been changed.
fn look(group: &Group, shared: Shared, draft: RwSignal<Draft>, suggested: String) {
    let several = group.entries.iter().filter(|entry| entry.topic.ends_with("/readings")).take(LOOKED_AT);
    let ids: Vec<String> = several.map(|entry| entry.id.clone()).collect();
    let mut found: Vec<String> = suggested.lines().map(str::to_owned).collect();
    spawn_local(async move {
        let api = shared.api.get_value();
        for id in ids {
            // Without the payload, fewer sensors are suggested.
            if let Ok(answer) = api.get::<WholeEntry>(&format!("/quarantine/{}", part(&id))).await
                && let Some(json) = answer.value.payload.json
            {
                add_sensors(&mut found, &json);
            }
        }
        let _ = draft.try_update(|draft| {
            if draft.sensors == suggested {
                draft.sensors = found.join("\n");
            }
        });
    });
}

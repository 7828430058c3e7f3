//! Sensors of other devices in the charts of this one: the list, and the choice of another one.

use std::collections::BTreeMap;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use weir_core::wire::device::DeviceJson;

use super::{Chosen, sensors};
use crate::api::Api;
use crate::components::devices::DeviceOptions;
use crate::components::states::Failed;
use crate::messages as m;
use crate::model::address::part;
use crate::model::source::{MOST, Source};
use crate::problem::ApiError;
use crate::text::{fill, t};

/// The other devices, as far as they are read.
pub(super) type Known = RwSignal<BTreeMap<String, Result<DeviceJson, ApiError>>>;

/// Reads the devices to compare with, each once.
pub(super) fn known(chosen: Chosen) -> Known {
    let known: Known = RwSignal::new(BTreeMap::new());
    let api = StoredValue::new_local(Api::here());
    let asked = StoredValue::new(Vec::<String>::new());
    Effect::new(move |_| {
        for device in chosen.others.get().into_iter().map(|source| source.device) {
            if asked.with_value(|asked| asked.contains(&device)) {
                continue;
            }
            asked.update_value(|asked| asked.push(device.clone()));
            let api = api.get_value();
            spawn_local(async move {
                let read = api.get::<DeviceJson>(&format!("/devices/{}", part(&device))).await;
                if read.as_ref().is_err_and(ApiError::is_passing) {
                    // The next choice reads it again.
                    let _ = asked.try_update_value(|asked| asked.retain(|known| *known != device));
                }
                let _ = known.try_update(|known| known.insert(device, read.map(|answer| answer.value)));
            });
        }
    });
    known
}

#[component]
pub(super) fn Compare(own: String, chosen: Chosen, known: Known) -> impl IntoView {
    let others = move || {
        let lines = chosen.others.get().into_iter().map(|source| view! { <Other source chosen known/> }).collect_view();
        let any = chosen.others.with(|others| !others.is_empty());
        any.then(|| view! { <ul class="list others" aria-label=t(m::COMPARED)>{lines}</ul> })
    };
    let open = RwSignal::new(false);
    view! {
        <div class="compare">
            {others}
            <button type="button" class="small" aria-expanded=move || open.get().to_string() on:click=move |_| open.update(|open| *open = !*open)>
                {t(m::COMPARE)}
            </button>
            <Show when=move || open.get()>
                <Picker own=own.clone() chosen known/>
            </Show>
        </div>
    }
}

/// A sensor of another device, or why it cannot be shown.
#[component]
fn Other(source: Source, chosen: Chosen, known: Known) -> impl IntoView {
    let name = source.name();
    let remove = {
        let source = source.clone();
        move |_| chosen.others.update(|others| others.retain(|known| *known != source))
    };
    let wrong = move || {
        known.with(|known| match known.get(&source.device) {
            None => None,
            Some(Err(error)) => Some(error.sentence()),
            Some(Ok(device)) => {
                let is_there = sensors(device, false).iter().any(|sensor| sensor.source == source);
                (!is_there).then(|| t(m::NO_SUCH_SENSOR).to_owned())
            }
        })
    };
    let label = fill(m::STOP_COMPARING, &[("name", &name)]);
    let shown = name.clone();
    view! {
        <li class="row" data-with=name>
            <span class="id">{shown}</span>
            <button type="button" class="small" aria-label=label.clone() title=label on:click=remove>"×"</button>
            {move || wrong().map(|text| view! { <span class="wrong" role="alert">{text}</span> })}
        </li>
    }
}

/// The choice of a device and one of its sensors.
#[component]
fn Picker(own: String, chosen: Chosen, known: Known) -> impl IntoView {
    let api = StoredValue::new_local(Api::here());
    let own = StoredValue::new(own);
    let (device, code) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let found = RwSignal::new(None::<Result<DeviceJson, ApiError>>);
    let ask = move |id: String| {
        device.set(id.clone());
        found.set(None);
        if id.is_empty() || id == own.get_value() {
            return;
        }
        let api = api.get_value();
        spawn_local(async move {
            let read = api.get::<DeviceJson>(&format!("/devices/{}", part(&id))).await.map(|answer| answer.value);
            // Of two devices only the later choice counts.
            if device.try_get_untracked().as_ref() != Some(&id) {
                return;
            }
            if let Ok(known) = &read {
                let first = sensors(known, false).first().map(|sensor| sensor.source.code.clone());
                code.set(first.unwrap_or_default());
            }
            found.set(Some(read));
        });
    };
    let options = move || {
        found.with(|found| {
            let Some(Ok(device)) = found else { return Vec::new() };
            sensors(device, false).into_iter().map(|one| (one.source.code, one.name, one.unit)).collect::<Vec<_>>()
        })
    };
    let is_full = move || chosen.count() >= MOST;
    let add = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let source = Source::new(device.get_untracked(), code.get_untracked());
        let Some(Ok(read)) = found.get_untracked() else { return };
        if source.code.is_empty() || chosen.others.with_untracked(|others| others.contains(&source)) {
            return;
        }
        // It was just read, and need not be read again.
        known.update(|known| drop(known.insert(source.device.clone(), Ok(read))));
        chosen.others.update(|others| others.push(source));
    };
    view! {
        <form class="tools" on:submit=add>
            <label>
                {t(m::DEVICE_COLUMN)}
                <input type="text" list="compare-devices" autocomplete="off" spellcheck="false" size="16"
                    prop:value=move || device.get()
                    on:change=move |event| ask(event_target_value(&event).trim().to_owned())/>
            </label>
            <DeviceOptions id="compare-devices"/>
            <label>
                {t(m::SENSOR)}
                <select prop:value=move || code.get() disabled=move || options().is_empty() on:change=move |event| code.set(event_target_value(&event))>
                    {move || options().into_iter().map(|(code, name, unit)| {
                        let text = if unit.is_empty() { name } else { format!("{name} [{unit}]") };
                        view! { <option value=code>{text}</option> }
                    }).collect_view()}
                </select>
            </label>
            <button type="submit" disabled=move || is_full() || options().is_empty()>{t(m::ADD)}</button>
            <Show when=is_full><p class="faint">{fill(m::MOST_CURVES, &[("count", &MOST.to_string())])}</p></Show>
        </form>
        {move || found.with(|found| match found {
            Some(Err(error)) => Some(view! { <Failed error=error.clone()/> }),
            _ => None,
        })}
    }
}

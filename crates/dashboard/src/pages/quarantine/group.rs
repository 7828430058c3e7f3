//! Entries of the same reason and device: their number, a list, and actions on all of them.

use leptos::prelude::*;
use leptos_router::components::A;

use super::register::Register;
use super::{Selected, Shared, entry, run};
use crate::components::clock::Ago;
use crate::components::words;
use crate::messages as m;
use crate::model::address::part;
use crate::model::moment;
use crate::model::quarantine;
use crate::text::{fill, t};

/// Number of entries that are shown at first, and that each click adds.
const SHOWN: usize = 20;

#[component]
pub(super) fn Group(
    key: String,
    first: quarantine::Group,
    shared: Shared,
    all: Memo<Vec<quarantine::Group>>,
) -> impl IntoView {
    let own = key.clone();
    // It keeps its last value while it is being removed.
    let group = Memo::new(move |before: Option<&quarantine::Group>| {
        let now = all.with(|all| all.iter().find(|group| group.key() == own).cloned());
        now.or_else(|| before.cloned()).unwrap_or_else(|| first.clone())
    });
    let opened = key.clone();
    let is_open = Memo::new(move |_| shared.selected.with(|selected| selected.group.as_ref() == Some(&opened)));
    let device = Memo::new(move |_| group.with(|group| group.device.clone()));
    let is_registering = Memo::new(move |_| {
        let asked = group.with(|group| group.needs_device().then(|| group.device.clone()).flatten());
        asked.is_some() && shared.registering.get() == asked
    });
    let can_register = Memo::new(move |_| group.with(quarantine::Group::needs_device));
    let count = Memo::new(move |_| group.with(|group| group.entries.len()));
    let newest = Memo::new(move |_| {
        group.with(|group| group.entries.first().and_then(|entry| moment::parse(&entry.first_seen)))
    });
    let entries = move || {
        let count = count.get();
        if count == 1 { t(m::ENTRY_ONE).to_owned() } else { fill(m::ENTRIES, &[("count", &count.to_string())]) }
    };
    let toggle = {
        let key = key.clone();
        move |_| {
            let group = Some(key.clone()).filter(|_| !is_open.get_untracked());
            shared.selected.set(Selected { group, entry: None });
        }
    };
    let replay = move |_| run::begin(shared, group.get_untracked());
    let register = move |_| {
        let now = device.get_untracked().filter(|_| !is_registering.get_untracked());
        shared.registering.set(now);
    };
    let reason = words::reason_named(&group.get_untracked().reason);
    let code = group.get_untracked().reason;
    let look = move || if is_open.get() { m::HIDE_ENTRIES } else { m::SHOW_ENTRIES };
    let replayed = move || match count.get() {
        1 => t(m::REPLAY).to_owned(),
        count => fill(m::REPLAY_ALL, &[("count", &count.to_string())]),
    };
    let id = device.get_untracked().unwrap_or_else(|| t(m::NO_DEVICE_KNOWN).to_owned());
    let name = StoredValue::new(fill(m::REPLAY_OF, &[("reason", &reason), ("device", &id)]));
    let called = move |action: &str| name.with_value(|name| fill(m::ACTION_OF, &[("action", action), ("name", name)]));
    view! {
        <li class="card" data-group=key>
            <div class="row">
                <h2>{reason}</h2>
                <code class="faint">{code}</code>
                {move || match device.get() {
                    Some(id) if can_register.get() => view! { <strong class="id">{id}</strong> }.into_any(),
                    Some(id) => view! { <A href=format!("/app/devices/{}", part(&id))>{id.clone()}</A> }.into_any(),
                    None => view! { <span class="faint">{t(m::NO_DEVICE_KNOWN)}</span> }.into_any(),
                }}
                <span class="number">{entries}</span>
                {move || newest.get().map(|at| view! { <span class="faint">{t(m::NEWEST)}" "<Ago at/></span> })}
            </div>
            <div class="buttons">
                <button
                    type="button"
                    class="small"
                    aria-expanded=move || is_open.get().to_string()
                    aria-label=move || called(t(look()))
                    on:click=toggle
                >
                    {move || t(look())}
                </button>
                <Show when=move || can_register.get()>
                    <button
                        type="button"
                        class="small primary"
                        aria-expanded=move || is_registering.get().to_string()
                        aria-label=called(t(m::REGISTER))
                        on:click=register
                    >
                        {t(m::REGISTER)}
                    </button>
                </Show>
                <button
                    type="button"
                    class="small"
                    aria-label=move || called(&replayed())
                    disabled=move || shared.run.is_running()
                    on:click=replay
                >
                    {replayed}
                </button>
            </div>
            <Show when=move || is_registering.get()>
                <Register group=group.get_untracked() shared/>
            </Show>
            <Show when=move || is_open.get()>
                <Entries group shared/>
            </Show>
        </li>
    }
}

#[component]
fn Entries(group: Memo<quarantine::Group>, shared: Shared) -> impl IntoView {
    let most = RwSignal::new(SHOWN);
    let shown = Memo::new(move |_| {
        // The entry in the address is always shown.
        let named = shared.selected.with(|selected| selected.entry.clone());
        group.with(|group| {
            let place = named.and_then(|id| group.entries.iter().position(|entry| entry.id == id));
            let most = most.get().max(place.map_or(0, |place| place.saturating_add(1)));
            group.entries.iter().take(most).cloned().collect::<Vec<_>>()
        })
    });
    let has_more = move || group.with(|group| group.entries.len()) > shown.with(Vec::len);
    view! {
        <ul class="list">
            // A change of an entry renders its row again.
            <For each=move || shown.get() key=|entry| format!("{entry:?}") let:one>
                <entry::Line entry=one shared/>
            </For>
        </ul>
        <Show when=has_more>
            <button type="button" class="small" on:click=move |_| most.update(|most| *most = most.saturating_add(SHOWN))>{t(m::MORE)}</button>
        </Show>
    }
}

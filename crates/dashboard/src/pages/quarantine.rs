//! The quarantine, for administrators: entries by reason and device; registering an unknown device, and replaying messages.

use std::collections::{BTreeMap, BTreeSet};

use leptos::prelude::*;
use weir_core::domain::Reason;

use crate::api::Api;
use crate::browser;
use crate::components::admin_only::AdminOnly;
use crate::components::heading::Heading;
use crate::components::load::Load;
use crate::components::more::More;
use crate::components::states::Empty;
use crate::components::told::{Outcome, Told};
use crate::components::{words, zone};
use crate::in_address::in_address;
use crate::live;
use crate::messages as m;
use crate::model::address::Query;
use crate::model::moment;
use crate::model::quarantine::{Draft, Filter, groups, is_new};
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::Page;
use crate::wire::quarantine::{Entry, Quarantined};

mod entry;
mod group;
mod register;
mod run;

/// Maximum pages that are read at once: 1,000 entries.
const PAGES: usize = 5;

/// The open parts of the page, as in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Selected {
    /// The key of a group.
    group: Option<String>,
    /// The id of an entry.
    entry: Option<String>,
}

impl Selected {
    fn of(query: &Query) -> Self {
        let text = |name| query.get(name).map(str::to_owned);
        Self { group: text("group"), entry: text("entry") }
    }

    fn write(&self, query: Query) -> Query {
        query.with("group", self.group.as_deref()).with("entry", self.entry.as_deref())
    }
}

/// State that the parts of the page share.
#[derive(Clone, Copy)]
struct Shared {
    load: Load<Page<Entry>>,
    filter: RwSignal<Filter>,
    selected: RwSignal<Selected>,
    /// The id of the device that is being registered, and the typed fields of each device, which are kept when the form is closed.
    registering: RwSignal<Option<String>>,
    drafts: RwSignal<BTreeMap<String, Draft>>,
    run: run::Run,
    outcome: Outcome,
    /// Ids of entries that arrived after the list was read.
    fresh: RwSignal<BTreeSet<String>>,
    api: StoredValue<Api, LocalStorage>,
}

impl Shared {
    /// Removes an entry from the list.
    fn forget(self, id: &str) {
        self.load.written(|listed| listed.items.retain(|entry| entry.id != id));
    }
}

/// The page.
#[component]
pub fn Quarantine() -> impl IntoView {
    view! {
        <Heading text=t(m::QUARANTINE).to_owned()/>
        <AdminOnly><Inside/></AdminOnly>
    }
}

async fn read(api: Api, filter: Filter, first: Option<String>) -> Result<Page<Entry>, ApiError> {
    api.pages(PAGES, |next| filter.path(next), first).await
}

#[component]
fn Inside() -> impl IntoView {
    let query = Query::parse(&browser::query());
    let (filter, selected) = (RwSignal::new(Filter::of(&query)), RwSignal::new(Selected::of(&query)));
    let api = StoredValue::new_local(Api::here());
    let fresh = RwSignal::new(BTreeSet::new());
    let load = Load::new(move || {
        fresh.set(BTreeSet::new());
        read(api.get_value(), filter.get(), None)
    });
    let shared = Shared {
        load,
        filter,
        selected,
        registering: RwSignal::new(None),
        drafts: RwSignal::default(),
        run: run::Run::new(),
        outcome: RwSignal::new(None),
        fresh,
        api,
    };
    in_address("/app/quarantine", filter, Filter::of, Filter::into_query);
    in_address("/app/quarantine", selected, Selected::of, |selected, query| selected.write(query));
    // Messages about outcomes belong to the previous list.
    Effect::new(move |before: Option<Filter>| {
        let now = filter.get();
        if before.is_some_and(|before| before != now) {
            shared.outcome.set(None);
        }
        now
    });
    hear(shared);
    view! {
        <Filters shared/>
        <run::Shown shared/>
        <Told outcome=shared.outcome/>
        {load.keep(move || view! { <Groups shared/> })}
    }
}

/// Removes entries that have left the quarantine. New ones are held back until a click, so that nothing moves under the pointer.
fn hear(shared: Shared) {
    let Shared { load, filter, fresh, .. } = shared;
    live::watch("quarantine", move |message| match message.r#type.as_str() {
        "quarantined" => {
            if let Some(entry) = message.field::<Quarantined>("entry") {
                let filter = filter.get_untracked();
                if load.here(|listed| is_new(&entry, &listed.items, &filter)).unwrap_or(false) {
                    fresh.update(|fresh| fresh.extend([entry.id]));
                }
            }
        }
        "released" => {
            if let Some(id) = message.field::<String>("id") {
                fresh.update(|fresh| fresh.retain(|known| *known != id));
                shared.forget(&id);
            }
        }
        "gap" => load.again(),
        _ => {}
    });
}

#[component]
fn Filters(shared: Shared) -> impl IntoView {
    let Shared { filter, load, fresh, .. } = shared;
    // Entries reported during the read may already be in the list.
    let waiting = Memo::new(move |_| {
        let is_listed = |id: &String| load.here(|listed| listed.items.iter().any(|entry| entry.id == *id));
        fresh.with(|fresh| fresh.iter().filter(|id| is_listed(id) != Some(true)).count())
    });
    let zone = zone::zone();
    let shown_zone = zone.clone();
    let since = move || {
        let zone = shown_zone.get().zone;
        filter.with(|filter| filter.since.map(|at| moment::field(at, &zone)).unwrap_or_default())
    };
    let option = |reason: Reason| {
        let is_chosen = filter.get_untracked().reason == Some(reason);
        view! { <option value=reason.code() selected=is_chosen>{t(words::reason(reason))}</option> }
    };
    view! {
        <div class="tools">
            <label>
                {t(m::REASON)}
                <select
                    prop:value=move || filter.with(|filter| filter.reason.map_or("", Reason::code))
                    on:change=move |event| filter.update(|filter| filter.reason = Reason::of(&event_target_value(&event)))
                >
                    <option value="">{t(m::ANY)}</option>
                    {Reason::ALL.iter().copied().map(option).collect_view()}
                </select>
            </label>
            <label>
                {t(m::DEVICE_COLUMN)}
                <input
                    type="search"
                    size="14"
                    prop:value=move || filter.with(|filter| filter.device.clone())
                    on:change=move |event| filter.update(|filter| filter.device = event_target_value(&event).trim().to_owned())
                />
            </label>
            <label>
                {t(m::SINCE)}
                <input
                    type="datetime-local"
                    prop:value=since
                    on:change=move |event| {
                        let since = moment::of_field(&event_target_value(&event), &zone.get_untracked().zone);
                        filter.update(|filter| filter.since = since);
                    }
                />
            </label>
            <button type="button" on:click=move |_| load.again()>{t(m::READ_AGAIN)}</button>
        </div>
        <Show when=move || waiting.get() != 0>
            <button type="button" class="notice" on:click=move |_| load.again()>
                {move || fill(m::QUARANTINE_NEW, &[("count", &waiting.get().to_string())])}
            </button>
        </Show>
    }
}

#[component]
fn Groups(shared: Shared) -> impl IntoView {
    let Shared { load, filter, outcome, api, .. } = shared;
    let all = Memo::new(move |_| load.here(|listed| groups(&listed.items)).unwrap_or_default());
    let count = move || load.here(|listed| listed.items.len()).unwrap_or(0);
    let has_more = Memo::new(move |_| load.here(|listed| listed.next.is_some()).unwrap_or(false));
    let more = move |cursor| read(api.get_value(), filter.get_untracked(), Some(cursor));
    let nothing = move || if filter.get() == Filter::default() { m::QUARANTINE_EMPTY } else { m::QUARANTINE_NONE_FITS };
    view! {
        <Show when=move || has_more.get()>
            <p class="faint">{move || fill(m::QUARANTINE_MORE, &[("count", &count().to_string())])}</p>
        </Show>
        <Show when=move || all.with(|all| !all.is_empty()) fallback=move || view! { <Empty text=t(nothing())/> }>
            <ul class="groups" aria-label=t(m::QUARANTINE_GROUPS)>
                <For each=move || all.get() key=|group| group.key() let:one>
                    <group::Group key=one.key() first=one shared all/>
                </For>
            </ul>
        </Show>
        <More load outcome read=more key=|entry| entry.id.clone()/>
    }
}

//! People, for administrators: accounts with their roles and devices; inviting, changing, disabling and deleting people.

use leptos::prelude::*;

use crate::api::Api;
use crate::browser;
use crate::components::admin_only::AdminOnly;
use crate::components::heading::Heading;
use crate::components::load::Load;
use crate::components::more::More;
use crate::components::states::Empty;
use crate::components::told::{Outcome, Told};
use crate::components::words;
use crate::in_address::in_address;
use crate::messages as m;
use crate::model::address::Query;
use crate::model::people::{Filter, ROLES, role};
use crate::problem::ApiError;
use crate::text::t;
use crate::wire::Page;
use crate::wire::person::PersonJson;

mod editor;
mod invite;
mod row;

/// Maximum pages that are read until one has a person: Cognito filters by one attribute only, so a page may be empty although another one
/// follows.
const PAGES: usize = 10;

/// State that the parts of the page share.
#[derive(Clone, Copy)]
struct Shared {
    load: Load<Page<PersonJson>>,
    filter: RwSignal<Filter>,
    /// The user name of the person who is being edited.
    selected: RwSignal<Option<String>>,
    outcome: Outcome,
    /// A new temporary password and its user; it is shown once.
    password: RwSignal<Option<(String, String)>>,
    api: StoredValue<Api, LocalStorage>,
}

/// The page.
#[component]
pub fn People() -> impl IntoView {
    view! {
        <Heading text=t(m::PEOPLE).to_owned()/>
        <AdminOnly><Inside/></AdminOnly>
    }
}

async fn read(api: Api, filter: Filter, first: Option<String>) -> Result<Page<PersonJson>, ApiError> {
    let mut listed = Page { items: Vec::new(), next: first };
    for _ in 0..PAGES {
        let page: Page<PersonJson> = api.get(&filter.path(listed.next.as_deref())).await?.value;
        listed.items.extend(page.items);
        listed.next = page.next;
        if listed.next.is_none() || !listed.items.is_empty() {
            break;
        }
    }
    Ok(listed)
}

#[component]
fn Inside() -> impl IntoView {
    let query = Query::parse(&browser::query());
    let filter = RwSignal::new(Filter::of(&query));
    let selected = RwSignal::new(query.get("person").map(str::to_owned));
    let api = StoredValue::new_local(Api::here());
    let load = Load::new(move || read(api.get_value(), filter.get(), None));
    let shared = Shared { load, filter, selected, outcome: RwSignal::new(None), password: RwSignal::new(None), api };
    in_address("/app/people", filter, Filter::of, Filter::into_query);
    let person = |query: &Query| query.get("person").map(str::to_owned);
    in_address("/app/people", selected, person, |person, query| query.with("person", person.as_deref()));
    view! {
        <invite::Invite shared/>
        <Filters shared/>
        <Told outcome=shared.outcome/>
        <row::Password shared/>
        {load.keep(move || view! { <List shared/> })}
    }
}

#[component]
fn Filters(shared: Shared) -> impl IntoView {
    let Shared { filter, load, .. } = shared;
    let option = |(name, one)| {
        let is_chosen = filter.get_untracked().role == Some(one);
        view! { <option value=name selected=is_chosen>{t(words::role(Some(one)))}</option> }
    };
    view! {
        <div class="tools">
            <label class="grow">
                {t(m::SEARCH_EMAIL)}
                <input
                    type="search"
                    maxlength="120"
                    prop:value=move || filter.with(|filter| filter.email.clone())
                    on:change=move |event| filter.update(|filter| filter.email = event_target_value(&event).trim().to_owned())
                />
            </label>
            <label>
                {t(m::ROLE)}
                <select
                    prop:value=move || filter.with(|filter| filter.role.map_or("", |role| role.name()))
                    on:change=move |event| filter.update(|filter| filter.role = role(&event_target_value(&event)))
                >
                    <option value="">{t(m::ANY)}</option>
                    {ROLES.map(option)}
                </select>
            </label>
            <button type="button" on:click=move |_| load.again()>{t(m::READ_AGAIN)}</button>
        </div>
    }
}

#[component]
fn List(shared: Shared) -> impl IntoView {
    let Shared { load, filter, outcome, api, .. } = shared;
    let people = Memo::new(move |_| load.here(|listed| listed.items.clone()).unwrap_or_default());
    let more = move |cursor| read(api.get_value(), filter.get_untracked(), Some(cursor));
    view! {
        <Show
            when=move || people.with(|people| !people.is_empty())
            fallback=|| view! { <Empty text=t(m::NOBODY)/> }
        >
            <div class="card">
                <ul class="list people">
                    <For each=move || people.get() key=|person| person.username.clone() let:person>
                        <row::Row username=person.username shared people/>
                    </For>
                </ul>
            </div>
        </Show>
        <More load outcome read=more key=|person| person.username.clone()/>
    }
}

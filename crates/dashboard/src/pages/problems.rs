//! The list of problems, and actions on them. The list does not move while somebody reads it.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_router::components::A;
use serde::Deserialize;
use serde_json::{Value, json};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::spawn_local;
use weir_core::wire::problem::{ProblemJson, StatusJson};

use crate::api::Api;
use crate::browser;
use crate::components::clock;
use crate::components::heading::Heading;
use crate::components::load::Load;
use crate::components::states::{Empty, Failed};
use crate::components::words;
use crate::in_address::in_address;
use crate::live;
use crate::messages as m;
use crate::model::address::Query;
use crate::model::inbox::{Filter, Inbox, KINDS, SEVERITIES, STATUSES, name};
use crate::problem::ApiError;
use crate::text::{Text, fill, t};
use crate::wire::Page;

mod row;

/// Time between two reads of the list while nobody uses it, in ms: the live feed reports problems of readings to administrators only.
const AGAIN: f64 = 60_000.0;
/// Rows of the first page, as [`Filter::path`] asks for them. A list with more is not read again: that would take the others away.
const FIRST: usize = 100;

/// State that the parts of the page share.
#[derive(Clone, Copy)]
struct Shared {
    load: Load<Inbox>,
    filter: RwSignal<Filter>,
    /// The ids of the selected problems.
    ticked: RwSignal<BTreeSet<String>>,
    /// Whether the reader is using the list, so that it must not move.
    held: Memo<bool>,
    /// Whether the pointer is in the list, and whether the focus is.
    reader: RwSignal<(bool, bool)>,
    /// The outcome of the last change.
    outcome: RwSignal<Option<Outcome>>,
    changing: RwSignal<bool>,
    api: StoredValue<Api, LocalStorage>,
}

/// The outcome of a change.
#[derive(Debug, Clone)]
enum Outcome {
    Changed { count: usize, refused: Vec<Refused> },
    Failed(ApiError),
}

/// The answer to a change of several problems.
#[derive(Debug, Clone, Deserialize)]
struct Changed {
    changed: Vec<ProblemJson>,
    refused: Vec<Refused>,
}

/// A problem that was not changed, and the reason.
#[derive(Debug, Clone, Deserialize)]
struct Refused {
    problem_id: String,
    detail: String,
}

/// The page.
#[component]
pub fn Problems() -> impl IntoView {
    let filter = RwSignal::new(Filter::of(&Query::parse(&browser::query())));
    let api = StoredValue::new_local(Api::here());
    let load = Load::new(move || {
        let (api, path) = (api.get_value(), filter.get().path(None));
        async move {
            let page: Page<ProblemJson> = api.get(&path).await?.value;
            Ok(Inbox { rows: page.items, next: page.next, ..Inbox::default() })
        }
    });
    let reader = RwSignal::new((false, false));
    let shared = Shared {
        load,
        filter,
        ticked: RwSignal::default(),
        held: Memo::new(move |_| reader.get().0 || reader.get().1),
        reader,
        outcome: RwSignal::new(None),
        changing: RwSignal::new(false),
        api,
    };
    in_address("/app/problems", filter, Filter::of, Filter::into_query);
    // The selection and the outcome belong to the previous list.
    Effect::new(move |before: Option<()>| {
        filter.track();
        if before.is_some() {
            shared.ticked.set(BTreeSet::new());
            shared.outcome.set(None);
        }
    });
    hear(shared);
    view! {
        <Heading text=t(m::PROBLEMS).to_owned()/>
        <Filters shared/>
        {load.keep(move || view! { <List shared/> })}
    }
}

fn hear(shared: Shared) {
    let Shared { load, filter, held, .. } = shared;
    let read_at = StoredValue::new(browser::now());
    live::watch("problems", move |message| match message.r#type.as_str() {
        "problem" => {
            if let Some(problem) = message.read::<ProblemJson>() {
                load.report(move |inbox| {
                    inbox.take(&filter.get_untracked(), problem.clone(), held.get_untracked());
                });
            }
        }
        "withdrawn" => {
            if let Some(id) = message.field::<String>("problem_id") {
                load.report(move |inbox| inbox.withdraw(&id, held.get_untracked()));
            }
        }
        "gap" => load.again(),
        _ => {}
    });
    let now = clock::now();
    Effect::new(move |_| {
        let now = now.get();
        if now - read_at.get_value() > AGAIN
            && !held.get_untracked()
            && load.here(|inbox| inbox.rows.len() <= FIRST) != Some(false)
            && shared.ticked.with_untracked(BTreeSet::is_empty)
        {
            read_at.set_value(now);
            load.again();
        }
    });
    // When the reader leaves the list, it is brought up to date.
    Effect::new(move |_| {
        if !held.get() {
            load.update(Inbox::settle);
        }
    });
}

#[component]
fn Filters(shared: Shared) -> impl IntoView {
    let Shared { filter, load, .. } = shared;
    let tabs = STATUSES.map(|(_, status)| {
        view! {
            <button
                type="button"
                aria-pressed=move || filter.with(|filter| (filter.status == status).to_string())
                on:click=move |_| filter.update(|filter| filter.status = status)
            >{t(words::status(status))}</button>
        }
    });
    let option = |code: &'static str, text: Text, is_chosen: bool| view! { <option value=code selected=is_chosen>{t(text)}</option> };
    view! {
        <div class="tools">
            <div class="tabs" role="group" aria-label=t(m::WHICH_PROBLEMS)>{tabs}</div>
            <label>
                {t(m::KIND)}
                <select
                    prop:value=move || filter.with(|filter| filter.kind.map_or("", |kind| name(&KINDS, kind)))
                    on:change=move |event| {
                        let chosen = event_target_value(&event);
                        filter.update(|filter| filter.kind = KINDS.iter().find(|(code, _)| *code == chosen).map(|(_, kind)| *kind));
                    }
                >
                    <option value="">{t(m::ANY)}</option>
                    {KINDS.map(|(code, kind)| option(code, words::kind(kind), filter.get_untracked().kind == Some(kind)))}
                </select>
            </label>
            <label>
                {t(m::SEVERITY)}
                <select
                    prop:value=move || filter.with(|filter| filter.severity.map_or("", |severity| name(&SEVERITIES, severity)))
                    on:change=move |event| {
                        let chosen = event_target_value(&event);
                        filter.update(|filter| {
                            filter.severity = SEVERITIES.iter().find(|(code, _)| *code == chosen).map(|(_, severity)| *severity);
                        });
                    }
                >
                    <option value="">{t(m::ANY)}</option>
                    {SEVERITIES.map(|(code, severity)| option(code, words::severity(severity), filter.get_untracked().severity == Some(severity)))}
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
            <button type="button" on:click=move |_| load.again()>{t(m::READ_AGAIN)}</button>
        </div>
    }
}

#[component]
fn List(shared: Shared) -> impl IntoView {
    let Shared { load, ticked, reader, outcome, .. } = shared;
    let rows = Memo::new(move |_| load.here(|inbox| inbox.rows.clone()).unwrap_or_default());
    // A removed list does not report that the pointer has left it.
    Effect::new(move |_| {
        if rows.with(Vec::is_empty) {
            reader.set((false, false));
        }
    });
    let waiting = Memo::new(move |_| load.here(|inbox| inbox.waiting.len()).unwrap_or(0));
    let next = Memo::new(move |_| load.here(|inbox| inbox.next.clone()).flatten());
    let all = move || rows.with(|rows| rows.iter().map(|row| row.problem_id.clone()).collect::<BTreeSet<_>>());
    let is_all = move || {
        rows.with(|rows| {
            !rows.is_empty() && ticked.with(|ticked| rows.iter().all(|row| ticked.contains(&row.problem_id)))
        })
    };
    let more = move |_| {
        let Some(cursor) = next.get_untracked() else { return };
        let path = shared.filter.get_untracked().path(Some(&cursor));
        let api = shared.api.get_value();
        spawn_local(async move {
            match api.get::<Page<ProblemJson>>(&path).await {
                Ok(page) => load.update(|inbox| {
                    // By now another list was read, or this page was already appended.
                    if inbox.next.as_deref() != Some(cursor.as_str()) {
                        return;
                    }
                    let known: BTreeSet<String> = inbox.rows.iter().map(|row| row.problem_id.clone()).collect();
                    inbox.rows.extend(page.value.items.into_iter().filter(|row| !known.contains(&row.problem_id)));
                    inbox.next = page.value.next;
                }),
                Err(error) => outcome.set(Some(Outcome::Failed(error))),
            }
        });
    };
    view! {
        <Told shared/>
        <Show
            when=move || rows.with(|rows| !rows.is_empty())
            fallback=move || view! { <Empty text=t(if shared.filter.get().status == StatusJson::Unresolved { m::NOTHING_TO_DO } else { m::NO_PROBLEM })/> }
        >
            <div
                class="inbox"
                on:pointerenter=move |_| reader.update(|reader| reader.0 = true)
                on:pointerleave=move |_| reader.update(|reader| reader.0 = false)
                on:focusin=move |_| reader.update(|reader| reader.1 = true)
                on:focusout=move |event| reader.update(|reader| reader.1 = stays_within(&event))
            >
                <Actions shared/>
                <Show when=move || waiting.get() != 0>
                    <button type="button" class="notice" on:click=move |_| load.update(Inbox::settle)>
                        {move || fill(m::NEW_PROBLEMS, &[("count", &waiting.get().to_string())])}
                    </button>
                </Show>
                <label class="check">
                    <input type="checkbox" prop:checked=is_all
                        on:change=move |event| ticked.set(if event_target_checked(&event) { all() } else { BTreeSet::new() })/>
                    {t(m::TICK_ALL)}
                </label>
                <ul class="list problems">
                    <For each=move || rows.get() key=|row| row.problem_id.clone() let:row>
                        <row::Row id=row.problem_id shared rows/>
                    </For>
                </ul>
            </div>
        </Show>
        <Show when=move || next.with(Option::is_some)>
            <button type="button" on:click=more>{t(m::MORE)}</button>
        </Show>
    }
}

/// Whether the focus only moves within the list.
fn stays_within(event: &web_sys::FocusEvent) -> bool {
    let list = event.current_target().and_then(|list| list.dyn_into::<web_sys::Node>().ok());
    let next = event.related_target().and_then(|next| next.dyn_into::<web_sys::Node>().ok());
    list.is_some_and(|list| list.contains(next.as_ref()) && next.is_some())
}

/// The actions on the selected problems.
#[component]
fn Actions(shared: Shared) -> impl IntoView {
    let Shared { ticked, changing, filter, .. } = shared;
    let note = RwSignal::new(String::new());
    let count = move || ticked.with(BTreeSet::len);
    let none = move || count() == 0 || changing.get();
    let act = move |status: Option<&'static str>| {
        let ids: Vec<String> = ticked.with_untracked(|ticked| ticked.iter().cloned().collect());
        // A note that was not saved is kept, so that it can be sent again.
        change(shared, ids, status, note.get_untracked(), move || drop(note.try_set(String::new())));
    };
    let is_over = move || filter.with(|filter| filter.status == StatusJson::Resolved);
    view! {
        <div class="actions">
            <span class="chosen" aria-live="polite">{move || fill(m::TICKED, &[("count", &count().to_string())])}</span>
            <Show when=move || filter.with(|filter| filter.status == StatusJson::Unresolved)>
                <button type="button" class="primary" disabled=none on:click=move |_| act(Some("ACKNOWLEDGED"))>{t(m::ACKNOWLEDGE)}</button>
            </Show>
            <Show when=move || !is_over()>
                <button type="button" disabled=none on:click=move |_| act(Some("RESOLVED"))>{t(m::RESOLVE)}</button>
            </Show>
            <label class="grow">
                <span class="spoken">{t(m::NOTE)}</span>
                <input type="text" maxlength="1000" placeholder=t(m::NOTE_FOR_TICKED) prop:value=move || note.get()
                    on:input=move |event| note.set(event_target_value(&event))/>
            </label>
            <button
                type="button"
                disabled=move || none() || note.with(|note| note.trim().is_empty())
                on:click=move |_| act(None)
            >{t(m::WRITE_NOTE)}</button>
        </div>
    }
}

/// Changes problems, in requests of at most 50, and applies the answers; calls `done` if no request has failed.
fn change(shared: Shared, ids: Vec<String>, status: Option<&'static str>, note: String, done: impl FnOnce() + 'static) {
    let Shared { load, filter, ticked, outcome, changing, api, .. } = shared;
    let note = note.trim().to_owned();
    if ids.is_empty() || (status.is_none() && note.is_empty()) {
        return;
    }
    changing.set(true);
    outcome.set(None);
    spawn_local(async move {
        let (api, mut count, mut refused) = (api.get_value(), 0, Vec::new());
        for ids in ids.chunks(50) {
            let mut body = json!({"problem_ids": ids});
            if let Some(fields) = body.as_object_mut() {
                fields.extend(status.map(|status| ("problem_status".to_owned(), Value::from(status))));
                fields.extend(
                    Some(&note)
                        .filter(|note| !note.is_empty())
                        .map(|note| ("note".to_owned(), Value::from(note.as_str()))),
                );
            }
            match api.post::<Value, Changed>("/problems/changes", &body).await {
                Ok(answer) => {
                    count += answer.value.changed.len();
                    refused.extend(answer.value.refused);
                    let wanted = filter.get_untracked();
                    // The reader's own change moves the list at once.
                    load.written(|inbox| {
                        answer.value.changed.into_iter().for_each(|one| inbox.take(&wanted, one, false))
                    });
                    ticked.update(|ticked| ticked.retain(|id| !ids.contains(id)));
                }
                Err(error) => {
                    changing.set(false);
                    return outcome.set(Some(Outcome::Failed(error)));
                }
            }
        }
        changing.set(false);
        done();
        outcome.set(Some(Outcome::Changed { count, refused }));
    });
}

/// The outcome of the last change.
#[component]
fn Told(shared: Shared) -> impl IntoView {
    let Shared { outcome, .. } = shared;
    view! {
        <div aria-live="polite">
            {move || outcome.get().map(|outcome| match outcome {
                Outcome::Failed(error) => view! { <Failed error/> }.into_any(),
                Outcome::Changed { count, refused } if refused.is_empty() => view! {
                    <p class="notice">{fill(m::CHANGED, &[("count", &count.to_string())])}</p>
                }.into_any(),
                Outcome::Changed { count, refused } => view! {
                    <div class="notice">
                        <p>{fill(m::CHANGED_PARTLY, &[("count", &count.to_string()), ("refused", &refused.len().to_string())])}</p>
                        <ul>{refused.into_iter().map(|one| view! { <li><code>{one.problem_id}</code>" "{one.detail}</li> }).collect_view()}</ul>
                    </div>
                }.into_any(),
            })}
        </div>
    }
}

/// The device of a problem, if it has one.
fn device_link(problem: &ProblemJson) -> Option<impl IntoView + use<>> {
    let device = problem.device.as_ref()?.to_string();
    let sensor = problem.sensor.as_ref().map(ToString::to_string);
    // From an hour before its start, to show what led to it.
    let query = Query::default().with("sensor", sensor.as_deref());
    let path = query.address(&format!("/app/devices/{}", crate::model::address::part(&device)));
    Some(view! { <A href=path>{device}</A> })
}

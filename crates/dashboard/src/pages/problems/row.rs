//! A problem in the list: its description, age, state and actions.

use leptos::prelude::*;
use leptos_router::components::A;
use weir_core::wire::problem::{ProblemJson, StatusJson};

use super::{Shared, change, device_link};
use crate::components::clock::{Ago, Instant};
use crate::components::status::Status;
use crate::components::words;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::moment::seconds;
use crate::text::{fill, t};

#[component]
pub(super) fn Row(id: String, shared: Shared, rows: Memo<Vec<ProblemJson>>) -> impl IntoView {
    let own = id.clone();
    let problem = Memo::new(move |_| rows.with(|rows| rows.iter().find(|row| row.problem_id == own).cloned()));
    let own = id.clone();
    let gone = Memo::new(move |_| shared.load.here(|inbox| inbox.is_gone(&own)).unwrap_or(false));
    let (tick, ticked, shown) = (id.clone(), id.clone(), id.clone());
    view! {
        <li class=move || if gone.get() { "problem gone" } else { "problem" } data-problem=id>
            <input
                type="checkbox"
                aria-label=fill(m::TICK, &[("id", &shown)])
                prop:checked=move || shared.ticked.with(|all| all.contains(&ticked))
                on:change=move |event| {
                    let on = event_target_checked(&event);
                    shared.ticked.update(|all| {
                        all.retain(|known| *known != tick);
                        all.extend(on.then(|| tick.clone()));
                    });
                }
            />
            {move || problem.get().map(|problem| view! { <What problem gone=gone.get() shared/> })}
        </li>
    }
}

#[component]
fn What(problem: ProblemJson, gone: bool, shared: Shared) -> impl IntoView {
    let (tone, word) = words::state(&problem);
    let id = problem.problem_id.clone();
    let act = move |status: &'static str| {
        let id = id.clone();
        move |_| change(shared, vec![id.clone()], Some(status), String::new(), || {})
    };
    let (can_acknowledge, can_resolve) = match problem.problem_status {
        StatusJson::Unresolved => (true, true),
        StatusJson::Acknowledged => (false, true),
        StatusJson::Resolved => (false, false),
    };
    let known = problem.acknowledged_by.clone().zip(problem.acknowledged_at);
    let over = problem.resolved_by.as_deref().map(words::ended_by).zip(problem.resolved_at);
    let device = device_link(&problem);
    // With the filter in the address, so that the page knows the problems before and after it.
    let query = shared.filter.with_untracked(|filter| filter.into_query(Query::default()));
    let own = query.address(&format!("/app/problems/{}", part(&problem.problem_id)));
    let is_flow = problem.current.is_some();
    view! {
        <div class="what">
            <div class="row">
                <Status tone text=t(word)/>
                <strong><A href=own>{t(words::kind(problem.problem))}</A></strong>
                <span>{words::about(&problem)}</span>
            </div>
            <p class="faint">
                <Ago at=seconds(problem.problem_time)/>" · "<Instant at=seconds(problem.problem_time)/>
                {(problem.episodes > 1).then(|| format!(" · {}", fill(m::EPISODES, &[("count", &problem.episodes.to_string())])))}
                {device.map(|device| view! { " · "{device} })}
                {is_flow.then(|| view! { " · "<A href="/app/flow">{t(m::FLOW)}</A> })}
            </p>
            {known.map(|(who, at)| view! { <p class="faint">{fill(m::ACKNOWLEDGED_BY, &[("by", &who)])}" "<Ago at=seconds(at)/></p> })}
            {over.map(|(who, at)| view! { <p class="faint">{fill(m::RESOLVED_BY, &[("by", &who)])}" "<Ago at=seconds(at)/></p> })}
            {problem.note.clone().map(|note| view! { <p class="note">{note}</p> })}
            {gone.then(|| view! { <p class="faint">{t(m::NO_LONGER_HERE)}</p> })}
        </div>
        <div class="buttons">
            {can_acknowledge.then(|| view! {
                <button type="button" class="small" disabled=move || shared.changing.get() on:click=act("ACKNOWLEDGED")>{t(m::ACKNOWLEDGE)}</button>
            })}
            {can_resolve.then(|| view! {
                <button type="button" class="small" disabled=move || shared.changing.get() on:click=act("RESOLVED")>{t(m::RESOLVE)}</button>
            })}
        </div>
    }
}

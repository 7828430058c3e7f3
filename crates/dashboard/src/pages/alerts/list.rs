//! The alerts of a sensor.

use leptos::prelude::*;
use leptos_router::components::A;
use serde_json::json;
use weir_core::wire::alert::{AlertJson, SeverityJson};

use super::Shared;
use crate::components::confirm::Confirm;
use crate::components::states::Empty;
use crate::components::status::{Status, Tone};
use crate::components::words;
use crate::messages as m;
use crate::model::address::part;
use crate::model::alert::sentence;
use crate::text::{fill, t};

#[component]
pub(super) fn List(shared: Shared) -> impl IntoView {
    // Each with the unit, which is part of its sentence.
    let alerts = Memo::new(move |_| {
        let known = shared.load.here(|known| (known.sensor.alerts.clone(), known.sensor.unit.clone()));
        let (alerts, unit) = known.unwrap_or_default();
        alerts.into_iter().map(|alert| (alert, unit.clone())).collect::<Vec<_>>()
    });
    let is_empty = Memo::new(move |_| alerts.with(Vec::is_empty));
    // A row is only rendered again if its alert has changed: its question and the focus survive changes of others.
    let rows = move || {
        if is_empty.get() {
            return view! { <Empty text=t(m::NO_ALERTS)/> }.into_any();
        }
        let key = |(alert, unit): &(AlertJson, String)| json!([alert, unit]).to_string();
        view! {
            <ul class="list">
                <For each=move || alerts.get() key let((alert, unit))><Line alert unit shared/></For>
            </ul>
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby="alerts">
            <h2 id="alerts">{t(m::ALERTS)}</h2>
            {rows}
            <div aria-live="polite">
                {move || shared.done.get().map(|text| view! { <p class="notice">{text}</p> })}
            </div>
        </section>
    }
}

#[component]
fn Line(alert: AlertJson, unit: String, shared: Shared) -> impl IntoView {
    let id = alert.id.to_string();
    let severity = alert.severity.unwrap_or(SeverityJson::Warning);
    let own = id.clone();
    let problem = move || {
        let open = shared.load.here(|known| {
            let is_own = |problem: &&_| -> bool {
                let problem: &weir_core::wire::problem::ProblemJson = problem;
                problem.alert.as_ref().is_some_and(|alert| alert.as_str() == own)
            };
            known.problems.iter().find(is_own).cloned()
        });
        open.flatten().map(|problem| {
            let tone = words::tone(problem.problem_status, problem.severity);
            let link = format!("/app/problems/{}", part(&problem.problem_id));
            view! { <Status tone text=t(words::status(problem.problem_status))/>" "<A href=link>{t(m::ITS_PROBLEM)}</A> }
        })
    };
    let change = {
        let alert = alert.clone();
        move |_| shared.begin(Some(&alert))
    };
    let remove = {
        let id = id.clone();
        Callback::new(move |()| {
            let alerts = shared.load.here(|known| known.sensor.alerts.clone()).unwrap_or_default();
            let place = alerts.iter().position(|known| known.id.as_str() == id).unwrap_or(alerts.len());
            let rest = alerts.into_iter().filter(|known| known.id.as_str() != id).collect();
            shared.write(rest, place, Some(id.clone()), fill(m::ALERT_REMOVED, &[("id", &id)]));
        })
    };
    let is_off = alert.enabled == Some(false);
    view! {
        <li data-alert=id.clone()>
            <div class="row">
                <code>{id.clone()}</code>
                <span>{sentence(&alert, &unit)}</span>
                <span class="faint">{t(words::severity(severity))}</span>
                {is_off.then(|| view! { <Status tone=Tone::Neutral text=t(m::CONDITION_DISABLED)/> })}
                {problem}
            </div>
            {alert.note.clone().map(|note| view! { <p class="note">{note}</p> })}
            {shared.is_admin.then(|| view! {
                <div class="buttons">
                    <button type="button" class="small" aria-label=fill(m::CHANGE_ONE, &[("name", &id)]) on:click=change>{t(m::CHANGE)}</button>
                    <Confirm
                        label=t(m::REMOVE)
                        called=fill(m::REMOVE_ONE, &[("name", &id)])
                        question=fill(m::REMOVE_ALERT_QUESTION, &[("id", &id)])
                        confirmed=remove
                        disabled=shared.saving
                    />
                </div>
            })}
        </li>
    }
}

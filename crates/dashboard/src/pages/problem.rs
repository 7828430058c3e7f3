//! One problem, as opened by the link in a notice: its description, cause, history, and the possible actions.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::{use_params_map, use_query_map};
use weir_core::wire::problem::ProblemJson;

use crate::api::{Answer, Api};
use crate::browser;
use crate::components::clock::{Ago, Instant};
use crate::components::heading::Heading;
use crate::components::load::{Load, Loaded};
use crate::components::states::{Failed, Loading};
use crate::components::status::Status;
use crate::components::words;
use crate::live;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::inbox::{Filter, beside};
use crate::model::moment::seconds;
use crate::text::{fill, t};
use crate::wire::Page;

mod actions;
mod history;

/// Time between two reads, in ms: the live feed reports problems of readings to administrators only.
const AGAIN: f64 = 30_000.0;

/// The problem as it was read.
type One = Load<Answer<ProblemJson>>;

/// The page. Another id in the address makes a new page.
#[component]
pub fn Problem() -> impl IntoView {
    let parameters = use_params_map();
    let id = Memo::new(move |_| parameters.with(|parameters| parameters.get("id").unwrap_or_default()));
    move || view! { <OneProblem id=id.get()/> }
}

#[component]
fn OneProblem(id: String) -> impl IntoView {
    let (api, path) = (Api::here(), format!("/problems/{}", part(&id)));
    let load: One = Load::new(move || {
        let (api, path) = (api.clone(), path.clone());
        async move { api.get::<ProblemJson>(&path).await }
    });
    let own = id.clone();
    live::watch("problems", move |message| match message.r#type.as_str() {
        "problem" => {
            let is_own = message.field::<String>("problem_id").as_ref() == Some(&own);
            if is_own {
                load.again();
            }
        }
        "gap" => load.again(),
        _ => {}
    });
    load.every(AGAIN);
    let title = {
        let id = id.clone();
        Signal::derive(move || {
            let kind = load.here(|answer| t(words::kind(answer.value.problem)));
            kind.map_or_else(|| fill(m::PROBLEM, &[("id", &id)]), |kind| format!("{kind}: {id}"))
        })
    };
    let stage = Memo::new(move |_| {
        load.with(|loaded| match loaded {
            Loaded::Loading => None,
            Loaded::Failed(error) => Some(Err(error.clone())),
            Loaded::Here(_) => Some(Ok(())),
        })
    });
    let problem = Memo::new(move |_| load.here(|answer| answer.value.clone()));
    view! {
        <Heading text=title/>
        <Beside problem/>
        {move || match stage.get() {
            None => view! { <Loading/> }.into_any(),
            Some(Err(error)) => view! { <Failed error retry=Callback::new(move |()| load.again())/> }.into_any(),
            Some(Ok(())) => view! {
                {move || problem.get().map(|problem| view! { <What problem/> })}
                <actions::Actions load/>
                <history::History problem/>
            }.into_any(),
        }}
    }
}

/// Links back to the list, and to the problems before and after this one.
#[component]
fn Beside(problem: Memo<Option<ProblemJson>>) -> impl IntoView {
    let query = use_query_map();
    let filter = Memo::new(move |_| {
        query.track();
        Filter::of(&Query::parse(&browser::query()))
    });
    let api = Api::here();
    let list = Load::new(move || {
        let (api, path) = (api.clone(), filter.get().path(None));
        async move { Ok(api.get::<Page<ProblemJson>>(&path).await?.value) }
    });
    let places = move || {
        let problem = problem.get()?;
        list.here(|page| beside(&page.items, page.next.is_none(), &problem))
    };
    let link = move |id: Option<String>, text| {
        let query = filter.get().into_query(Query::default());
        id.map(|id| view! { <A href=query.address(&format!("/app/problems/{}", part(&id)))>{t(text)}</A> })
    };
    let back = move || filter.get().into_query(Query::default()).address("/app/problems");
    view! {
        <nav class="row beside" aria-label=t(m::PROBLEMS)>
            {move || view! { <A href=back()>{t(m::TO_PROBLEMS)}</A> }}
            {move || places().map(|(newer, older)| view! {
                {link(newer, m::NEWER_PROBLEM)}
                {link(older, m::OLDER_PROBLEM)}
            })}
        </nav>
    }
}

#[component]
fn What(problem: ProblemJson) -> impl IntoView {
    let (tone, word) = words::state(&problem);
    let began = seconds(problem.problem_time);
    let links = problem.device.as_ref().map(|device| {
        let (device, sensor) = (device.to_string(), problem.sensor.as_ref().map(ToString::to_string));
        let path = format!("/app/devices/{}", part(&device));
        let curve = Query::default().with("sensor", sensor.as_deref()).address(&path);
        let alerts = sensor.map(|sensor| format!("{path}/sensors/{}/alerts", part(&sensor)));
        view! {
            <A href=curve>{device}</A>
            {alerts.map(|alerts| view! { <A href=alerts>{t(m::ITS_ALERT)}</A> })}
        }
    });
    let is_flow = problem.current.is_some();
    view! {
        <section class="card" data-status=word.en>
            <div class="row">
                <Status tone text=t(word)/>
                <strong class="break">{words::about(&problem)}</strong>
            </div>
            <p class="faint">
                <Ago at=began/>" · "<Instant at=began/>
                {(problem.episodes > 1).then(|| format!(" · {}", fill(m::EPISODES, &[("count", &problem.episodes.to_string())])))}
            </p>
            {problem.note.clone().map(|note| view! { <p class="note">{note}</p> })}
            <p class="row">{links}{is_flow.then(|| view! { <A href="/app/flow">{t(m::FLOW)}</A> })}</p>
        </section>
    }
}

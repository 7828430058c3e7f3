//! Tubes with their flow sensors in order, the current levels, and the problems between neighbours.

use std::collections::BTreeSet;

use leptos::prelude::*;
use leptos_router::components::A;
use weir_core::wire::problem::ProblemJson;

use crate::api::Api;
use crate::components::clock::Ago;
use crate::components::heading::Heading;
use crate::components::load::{Load, Loaded};
use crate::components::states::{Empty, Failed, Loading};
use crate::components::status::{Status, Tone};
use crate::components::words;
use crate::live;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::flow::{After, Registered, Sensor, Tube, is_of_flow, take_level, take_problem, tubes};
use crate::model::number;
use crate::problem::ApiError;
use crate::registry::of_tube;
use crate::text::{fill, t};
use crate::wire::overview::Level;

/// Maximum pages of a list that are read.
const PAGES: usize = 10;
/// Maximum tubes that are followed. A connection has at most 50 topics.
const FOLLOWED: usize = 40;

/// The data that was read.
#[derive(Debug, Clone)]
struct Network {
    levels: Vec<Level>,
    registered: Vec<Registered>,
    problems: Vec<ProblemJson>,
}

async fn all<T: serde::de::DeserializeOwned>(api: &Api, path: &str, query: Query) -> Result<Vec<T>, ApiError> {
    let query = query.with("limit", Some("200"));
    let path = |next: Option<&str>| query.clone().with("next", next).address(path);
    Ok(api.pages(PAGES, path, None).await?.items)
}

async fn read(api: Api) -> Result<Network, ApiError> {
    let levels: Vec<Level> = all(&api, "/levels", Query::default()).await?;
    let mut problems = Vec::new();
    for status in ["UNRESOLVED", "ACKNOWLEDGED"] {
        let found: Vec<ProblemJson> = all(&api, "/problems", Query::default().with("status", Some(status))).await?;
        problems.extend(found.into_iter().filter(is_of_flow));
    }
    let names: BTreeSet<String> = levels.iter().filter_map(|level| level.id.get(..1).map(str::to_owned)).collect();
    let mut registered = Vec::new();
    for tube in names {
        registered.extend(of_tube(&api, &tube).await?);
    }
    Ok(Network { levels, registered, problems })
}

/// The page.
#[component]
pub fn Flow() -> impl IntoView {
    let api = Api::here();
    let load = Load::new(move || read(api.clone()));
    live::watch("problems", move |message| match message.r#type.as_str() {
        "problem" => {
            if let Some(problem) = message.read::<ProblemJson>() {
                load.report(move |network| take_problem(&mut network.problems, problem.clone()));
            }
        }
        "withdrawn" => {
            if let Some(id) = message.field::<String>("problem_id") {
                load.report(move |network| network.problems.retain(|problem| problem.problem_id != id));
            }
        }
        "gap" => load.again(),
        _ => {}
    });
    let names = Memo::new(move |_| {
        let of = |network: &Network| {
            network.levels.iter().filter_map(|level| level.id.get(..1).map(str::to_owned)).collect::<BTreeSet<_>>()
        };
        load.here(of).unwrap_or_default()
    });
    view! {
        <Heading text=t(m::FLOW).to_owned()/>
        // Each tube is followed while it is listed.
        <For each=move || names.get().into_iter().take(FOLLOWED) key=Clone::clone let:name>
            <Follow tube=name load/>
        </For>
        {move || load.with(|loaded| match loaded {
            Loaded::Loading => view! { <Loading/> }.into_any(),
            Loaded::Failed(error) => view! { <Failed error=error.clone() retry=Callback::new(move |()| load.again())/> }.into_any(),
            Loaded::Here(network) if network.levels.is_empty() => view! { <Empty text=t(m::NO_LEVELS)/> }.into_any(),
            Loaded::Here(network) => {
                let tubes = tubes(&network.levels, &network.registered, &network.problems);
                tubes.into_iter().map(|tube| view! { <Line tube/> }).collect_view().into_any()
            }
        })}
    }
}

#[component]
fn Follow(tube: String, load: Load<Network>) -> impl IntoView {
    live::watch(format!("tube/{tube}"), move |message| match message.r#type.as_str() {
        "level" => {
            let deleted = message.field("deleted").unwrap_or(false);
            if let Some(level) = message.read::<Level>() {
                load.report(move |network| take_level(&mut network.levels, level.clone(), deleted));
            }
        }
        "snapshot" => {
            for level in message.field::<Vec<Level>>("levels").unwrap_or_default() {
                load.report(move |network| take_level(&mut network.levels, level.clone(), false));
            }
        }
        "gap" => load.again(),
        _ => {}
    });
}

#[component]
fn Line(tube: Tube) -> impl IntoView {
    let title = format!("tube-{}", tube.name);
    let labelled = title.clone();
    view! {
        <section class="card tube" aria-labelledby=labelled>
            <h2 id=title>{fill(m::TUBE, &[("name", &tube.name)])}</h2>
            <ol class="sensors" tabindex="0">{tube.sensors.into_iter().map(|sensor| view! { <Station sensor/> }).collect_view()}</ol>
        </section>
    }
}

#[component]
fn Station(sensor: Sensor) -> impl IntoView {
    let Sensor { id, percent, at, device, silent, after } = sensor;
    let height = percent.unwrap_or(0.0).clamp(0.0, 100.0) * 0.6;
    let (next, elsewhere): (Vec<After>, Vec<After>) = after.into_iter().partition(|after| after.is_next);
    let told = percent.map_or_else(|| "–".to_owned(), |percent| format!("{} %", number::shown(percent)));
    let shown = id.clone();
    // Where a connection leads: to the curves of both levels in one chart.
    let curves = {
        let (own, device) = (id.clone(), device.clone());
        move |after: &After| {
            let (device, next) = device.as_ref().zip(after.device.as_ref()).filter(|(device, next)| device != next)?;
            let query = Query::default().with("sensor", Some("filling")).with("with", Some(&format!("{next}:filling")));
            let label = fill(m::BOTH_CURVES, &[("id", &own), ("next", &after.id)]);
            Some((query.address(&format!("/app/devices/{}", part(device))), label))
        }
    };
    let name = match device {
        Some(device) => {
            let path =
                Query::default().with("sensor", Some("filling")).address(&format!("/app/devices/{}", part(&device)));
            view! { <A href=path>{shown}</A> }.into_any()
        }
        None => view! { <span>{shown}</span> }.into_any(),
    };
    let is_silent = silent.is_some();
    view! {
        <li class=if is_silent { "station silent" } else { "station" } data-level=id>
            <span class="name">{name}</span>
            // A cross-section of a pipe, filled up to the level.
            <svg viewBox="0 0 44 64" width="44" height="64" aria-hidden="true">
                <rect x="2" y="2" width="40" height="60" rx="6" class="pipe"/>
                <rect x="2" y=62.0 - height width="40" height=height rx="3" class="water"/>
            </svg>
            <strong class="number">{told}</strong>
            {(at > 0.0).then(|| view! { <span class="faint"><Ago at/></span> })}
            {silent.map(|problem| view! { <Link problem text=t(m::KIND_SILENT).to_owned()/> })}
            {elsewhere.into_iter().map(|after| view! {
                {match curves(&after) {
                    Some((path, label)) => view! { <A href=path attr:title=label>{fill(m::FLOWS_INTO, &[("id", &after.id)])}</A> }.into_any(),
                    None => view! { <span class="faint">{fill(m::FLOWS_INTO, &[("id", &after.id)])}</span> }.into_any(),
                }}
                {after.problem.map(|problem| { let text = t(words::kind(problem.problem)).to_owned(); view! { <Link problem text/> } })}
            }).collect_view()}
        </li>
        {next.into_iter().map(|after| { let class = if after.problem.is_some() { "between wrong" } else { "between" }; view! {
            <li class=class>
                {match curves(&after) {
                    Some((path, label)) => view! { <A href=path attr:class="way" attr:aria-label=label.clone() attr:title=label><span class="pipe-line"></span></A> }.into_any(),
                    None => view! { <span class="way"><span class="pipe-line"></span></span> }.into_any(),
                }}
                {match after.problem {
                    Some(problem) => { let text = t(words::kind(problem.problem)).to_owned(); view! { <Link problem text/> }.into_any() }
                    None => view! { <span class="spoken">{t(m::FLOWS_ON)}</span> }.into_any(),
                }}
            </li>
        }}).collect_view()}
    }
}

/// The problem, with a link to it.
#[component]
fn Link(problem: ProblemJson, text: String) -> impl IntoView {
    let tone = words::tone(problem.problem_status, problem.severity);
    let tone = if tone == Tone::Good { Tone::Neutral } else { tone };
    let path = format!("/app/problems/{}", part(&problem.problem_id));
    view! {
        <A href=path attr:title=words::about(&problem)><Status tone text/></A>
        <span class="faint"><Ago at=crate::model::moment::seconds(problem.problem_time)/></span>
    }
}

//! The readings that led to a problem, and what people did about it.

use chart::{Limit, Span};
use leptos::prelude::*;
use weir_core::wire::problem::ProblemJson;

use crate::api::Api;
use crate::browser;
use crate::components::clock::{Ago, Instant};
use crate::components::judged::Judged;
use crate::components::load::{Load, Loaded};
use crate::components::states::{Failed, Loading};
use crate::components::words;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::moment::{self, seconds};
use crate::model::number;
use crate::model::source::Source;
use crate::text::{fill, t};
use crate::wire::Page;
use crate::wire::event::Event;

/// Minimum time before and after the episode for which readings are shown, in ms.
const ROOM: f64 = 3_600e3;

#[component]
pub(super) fn History(problem: Memo<Option<ProblemJson>>) -> impl IntoView {
    // The chart is rendered again for another episode, not for every note.
    let episode = Memo::new(move |_| problem.get().as_ref().and_then(Episode::of));
    view! {
        {move || episode.get().map(|episode| view! { <Readings episode/> })}
        <Told problem/>
    }
}

/// An episode of an alert.
#[derive(Debug, Clone, PartialEq)]
struct Episode {
    source: Source,
    unit: String,
    began: f64,
    ended: Option<f64>,
    limit: f64,
    alert: String,
}

impl Episode {
    fn of(problem: &ProblemJson) -> Option<Self> {
        Some(Self {
            source: Source::new(problem.device.as_ref()?.as_str(), problem.sensor.as_ref()?.as_str()),
            unit: problem.unit.clone().unwrap_or_default(),
            began: seconds(problem.problem_time),
            ended: problem.resolved_at.map(seconds),
            limit: problem.limit?,
            alert: problem.alert.as_ref().map(ToString::to_string).unwrap_or_default(),
        })
    }
}

#[component]
fn Readings(episode: Episode) -> impl IntoView {
    let Episode { source, unit, began, ended, limit, alert } = episode;
    let until = ended.unwrap_or_else(browser::now).max(began);
    let room = ROOM.max((until - began) / 2.0);
    let after = (until + room).min(browser::now().max(until));
    let label = format!("{alert} {}", number::shown(limit));
    view! {
        <section aria-labelledby="readings">
            <h2 id="readings">{t(m::READINGS_THEN)}</h2>
            <Judged source unit span=Span::new(began - room, after) limits=vec![Limit { value: limit, label }] bands=vec![Span::new(began, until)]/>
        </section>
    }
}

/// The actions, the newest first: from the problem itself, and from the log of its device.
#[component]
fn Told(problem: Memo<Option<ProblemJson>>) -> impl IntoView {
    let api = Api::here();
    // Problems of flow sensors are logged with both devices; the problem itself contains most of it.
    let load = Load::new(move || {
        let api = api.clone();
        let of = problem.get().and_then(|problem| Some((problem.device?.to_string(), problem.problem_id)));
        async move {
            let Some((device, id)) = of else { return Ok(Vec::new()) };
            let query = Query::default().with("kind", Some("problem")).with("limit", Some("100"));
            let path = query.address(&format!("/devices/{}/events", part(&device)));
            let mut events = api.get::<Page<Event>>(&path).await?.value.items;
            events.retain(|event| event.target.as_ref() == Some(&id));
            Ok(events)
        }
    });
    let own = move || {
        let problem = problem.get()?;
        let known = problem.acknowledged_by.clone().zip(problem.acknowledged_at);
        let over = problem.resolved_by.as_deref().map(words::ended_by).zip(problem.resolved_at);
        let line = |text: String, at: i64| {
            view! { <li>{text}" "<span class="faint"><Ago at=seconds(at)/>" · "<Instant at=seconds(at)/></span></li> }
        };
        let over = over.map(|(by, at)| line(fill(m::RESOLVED_BY, &[("by", &by)]), at));
        let known = known.map(|(by, at)| line(fill(m::ACKNOWLEDGED_BY, &[("by", &by)]), at));
        let began = line(t(m::EPISODE_BEGAN).to_owned(), problem.problem_time);
        Some(view! { <ul class="list episode">{over}{known}{began}</ul> })
    };
    view! {
        <section class="card" aria-labelledby="told">
            <h2 id="told">{t(m::THIS_EPISODE)}</h2>
            {own}
            {move || load.with(|loaded| match loaded {
                Loaded::Loading => view! { <Loading/> }.into_any(),
                Loaded::Failed(error) => view! { <Failed error=error.clone() retry=Callback::new(move |()| load.again())/> }.into_any(),
                Loaded::Here(events) if events.is_empty() => ().into_any(),
                Loaded::Here(events) => {
                    let lines = events.iter().map(line).collect_view();
                    view! { <h3>{t(m::WHAT_PEOPLE_DID)}</h3><ul class="list">{lines}</ul> }.into_any()
                }
            })}
        </section>
    }
}

/// A change, as a line.
fn line(event: &Event) -> impl IntoView + use<> {
    let at = moment::parse(&event.at).unwrap_or_default();
    let value = |value: Option<&serde_json::Value>| match value {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "–".to_owned(),
    };
    let changes = event.changes.iter().map(|change| {
        let text = format!("{} → {}", value(change.before.as_ref()), value(change.after.as_ref()));
        view! { <li><code>{change.pointer.clone()}</code>" "{text}</li> }
    });
    let changes = changes.collect_view();
    let by = event.by.clone().unwrap_or_default();
    let detail = event.detail.clone();
    view! {
        <li>
            <p><strong>{by}</strong>" "{detail}" "<span class="faint"><Ago at/>" · "<Instant at/></span></p>
            <ul class="changes">{changes}</ul>
        </li>
    }
}

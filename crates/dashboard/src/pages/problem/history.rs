//! The readings that led to a problem, and what people did about it.

use std::collections::BTreeSet;

use chart::{Limit, Span};
use futures_util::future::try_join_all;
use leptos::prelude::*;
use weir_core::domain::reading::FILLING;
use weir_core::id::LevelId;
use weir_core::wire::problem::ProblemJson;

use crate::api::Api;
use crate::browser;
use crate::components::admin_only::is_admin;
use crate::components::clock::{Ago, Instant};
use crate::components::judged::{Judged, Shown};
use crate::components::load::{Load, Loaded};
use crate::components::states::{Failed, Loading};
use crate::components::words;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::deed::{Deed, deeds};
use crate::model::moment::{self, seconds};
use crate::model::number;
use crate::model::source::Source;
use crate::problem::ApiError;
use crate::registry::of_tube;
use crate::text::{fill, t};
use crate::wire::event::Event;

/// Minimum time before and after the episode for which readings are shown, in ms.
const ROOM: f64 = 3_600e3;

/// Maximum pages of events that are read, of 100 events each.
const PAGES: usize = 3;

/// A sensor of the problem, as far as the reader may see its device.
#[derive(Debug, Clone, PartialEq)]
enum Whose {
    /// The sensor of an alert, or none for a silent device.
    Device(String, Option<String>),
    /// A flow sensor with its device.
    Level(LevelId, String),
}

impl Whose {
    fn device(&self) -> &str {
        match self {
            Self::Device(device, _) | Self::Level(_, device) => device,
        }
    }

    fn shown(&self) -> Option<Shown> {
        match self {
            Self::Device(device, sensor) => {
                let code = sensor.as_ref()?;
                Some(Shown { source: Source::new(device, code), name: code.clone() })
            }
            Self::Level(level, device) => {
                Some(Shown { source: Source::new(device, FILLING), name: format!("{level} ({device})") })
            }
        }
    }
}

/// Finds the devices of a problem. Its flow sensors name none, so those of their tubes are searched.
async fn whose(api: Api, of: Option<Whose>, levels: Vec<LevelId>) -> Result<Vec<Whose>, ApiError> {
    let tubes: BTreeSet<&str> = levels.iter().map(LevelId::tube).collect();
    let mut found: Vec<Whose> = of.into_iter().collect();
    for tube in tubes {
        let registered = of_tube(&api, tube).await?.into_iter();
        found.extend(
            registered.filter(|(_, level, _)| levels.contains(level)).map(|(id, level, _)| Whose::Level(level, id)),
        );
    }
    // The sensor upstream first.
    found.sort_by_key(|one| match one {
        Whose::Device(..) => 0,
        Whose::Level(level, _) => levels.iter().position(|own| own == level).unwrap_or_default(),
    });
    Ok(found)
}

#[component]
pub(super) fn History(problem: Memo<Option<ProblemJson>>) -> impl IntoView {
    let api = Api::here();
    let subject = Memo::new(move |_| {
        let problem = problem.get()?;
        let sensor = problem.sensor.as_ref().map(ToString::to_string);
        let of = problem.device.map(|device| Whose::Device(device.to_string(), sensor));
        let levels: Vec<LevelId> = problem.current.into_iter().chain(problem.following).collect();
        Some((of, levels))
    });
    let owners = Load::new(move || {
        let (api, (of, levels)) = (api.clone(), subject.get().unwrap_or_default());
        whose(api, of, levels)
    });
    // The chart is rendered again for another episode, not for every note.
    let episode = Memo::new(move |_| Episode::of(&problem.get()?, owners.here(Vec::clone)?));
    owners.keep(move || {
        view! {
            {move || episode.get().map(|episode| view! { <Readings episode/> })}
            <Told problem owners/>
        }
    })
}

/// An episode with a chart: of an alert, of two neighbours, or of a silent flow sensor.
#[derive(Debug, Clone, PartialEq)]
struct Episode {
    sensors: Vec<Shown>,
    unit: String,
    began: f64,
    ended: Option<f64>,
    limits: Vec<Limit>,
}

impl Episode {
    fn of(problem: &ProblemJson, owners: Vec<Whose>) -> Option<Self> {
        let sensors: Vec<Shown> = owners.iter().filter_map(Whose::shown).collect();
        let is_of_levels = problem.current.is_some();
        let label = |limit: f64| {
            let alert = problem.alert.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{alert} {}", number::shown(limit))
        };
        (!sensors.is_empty()).then(|| Self {
            sensors,
            unit: if is_of_levels { "%".to_owned() } else { problem.unit.clone().unwrap_or_default() },
            began: seconds(problem.problem_time),
            ended: problem.resolved_at.map(seconds),
            limits: problem.limit.map(|value| Limit { value, label: label(value) }).into_iter().collect(),
        })
    }
}

#[component]
fn Readings(episode: Episode) -> impl IntoView {
    let Episode { sensors, unit, began, ended, limits } = episode;
    let until = ended.unwrap_or_else(browser::now).max(began);
    let room = ROOM.max((until - began) / 2.0);
    let after = (until + room).min(browser::now().max(until));
    view! {
        <section aria-labelledby="readings">
            <h2 id="readings">{t(m::READINGS_THEN)}</h2>
            <Judged sensors unit span=Span::new(began - room, after) limits bands=vec![Span::new(began, until)]/>
        </section>
    }
}

/// The actions, the newest first: from the problem itself, and from the log of its device.
#[component]
fn Told(problem: Memo<Option<ProblemJson>>, owners: Load<Vec<Whose>>) -> impl IntoView {
    let api = Api::here();
    let is_admin = is_admin();
    let load = Load::new(move || {
        let api = api.clone();
        let id = problem.get().map(|problem| problem.problem_id);
        let devices =
            owners.here(|owners| owners.iter().map(|one| one.device().to_owned()).collect::<BTreeSet<String>>());
        let mut lists: Vec<String> =
            devices.unwrap_or_default().iter().map(|id| format!("/devices/{}/events", part(id))).collect();
        // What happened to a problem of flow sensors without devices is in no device's log.
        if lists.is_empty() && is_admin.get() {
            lists.push("/events".to_owned());
        }
        async move {
            let Some(id) = id else { return Ok(Vec::new()) };
            let query = Query::default().with("kind", Some("problem")).with("limit", Some("100"));
            let of = |list: &String| {
                let (api, query, list) = (api.clone(), query.clone(), list.clone());
                async move { api.pages::<Event>(PAGES, |next| query.clone().with("next", next).address(&list), None).await }
            };
            let found = try_join_all(lists.iter().map(of)).await?;
            let mut events: Vec<Event> = found.into_iter().flat_map(|page| page.items).collect();
            events.retain(|event| event.target.as_ref() == Some(&id));
            // A change of a pair is in the logs of both devices.
            events.sort_by(|one, other| (&other.at, &other.id).cmp(&(&one.at, &one.id)));
            events.dedup_by(|one, other| (&one.at, &one.id) == (&other.at, &other.id));
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
    let deed = |deed: Deed| match deed {
        Deed::Status(status) => view! { <p>{t(words::status(status))}</p> }.into_any(),
        Deed::Note(Some(note)) => view! { <p class="note">{note}</p> }.into_any(),
        Deed::Note(None) => view! { <p>{t(m::NOTE_REMOVED)}</p> }.into_any(),
    };
    let deeds = deeds(event).into_iter().map(deed).collect_view();
    let by = event.by.clone().unwrap_or_default();
    view! {
        <li>
            <p><strong>{by}</strong>" "<span class="faint"><Ago at/>" · "<Instant at/></span></p>
            {deeds}
        </li>
    }
}

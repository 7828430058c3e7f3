//! All devices in scope, the worst first: as a list, and as a plain map if devices have positions.

use leptos::prelude::*;
use leptos_router::components::A;
use weir_core::domain::reading::FILLING;
use weir_core::wire::problem::ProblemJson;

use crate::api::Api;
use crate::browser;
use crate::components::admin_only::is_admin;
use crate::components::chart::chart_quality;
use crate::components::clock::Ago;
use crate::components::heading::Heading;
use crate::components::load::{Load, Loaded};
use crate::components::states::Empty;
use crate::components::status::{Status, Tone};
use crate::components::words;
use crate::in_address::in_address;
use crate::live;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::fleet::{self, Condition, Filter, Which};
use crate::model::moment::seconds;
use crate::model::{age, moment, number, series};
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::Page;
use crate::wire::overview::DeviceState;
use crate::wire::reading::Reading;

mod map;
mod quarantined;

use quarantined::InQuarantine;

/// Maximum pages that are read: 2,000 devices with five sensors each, or some 400 with 64. A page has at most 50 devices, and 256 sensors.
const PAGES: usize = 100;
/// Maximum devices that are read.
const DEVICES: usize = 2_000;
/// Time between two full reads, in ms: the live feed reports neither connections nor, to users, problems of readings.
const AGAIN: f64 = 60_000.0;

/// The data that was read.
#[derive(Debug, Clone)]
struct Fleet {
    devices: Vec<DeviceState>,
    /// When it was read, in ms since the epoch.
    at: f64,
    /// Whether there are more devices than the page reads.
    more: bool,
}

async fn read(api: Api) -> Result<Fleet, ApiError> {
    let query = Query::default().with("limit", Some("50"));
    let path = |next: Option<&str>| query.clone().with("next", next).address("/overview");
    let (mut devices, mut next) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page: Page<DeviceState> = api.pages(1, path, next).await?;
        devices.extend(page.items);
        next = page.next;
        if next.is_none() || devices.len() >= DEVICES {
            break;
        }
    }
    fleet::worst_first(&mut devices);
    Ok(Fleet { devices, at: browser::now(), more: next.is_some() })
}

/// The page.
#[component]
pub fn Overview() -> impl IntoView {
    let api = Api::here();
    let is_admin = untrack(|| api.session().is_admin());
    let load = Load::new({
        let api = api.clone();
        move || read(api.clone())
    });
    hear(load);
    let quarantined = is_admin.then(|| InQuarantine::read(api, load));
    let filter = RwSignal::new(Filter::of(&Query::parse(&browser::query())));
    in_address("/app/", filter, Filter::of, |filter, query| filter.into_query(query));
    view! {
        <Heading text=t(m::OVERVIEW).to_owned()/>
        {load.keep(move || match quarantined {
            Some(of) => view! { <quarantined::Known of><Devices load filter quarantined/></quarantined::Known> }.into_any(),
            None => view! { <Devices load filter quarantined/> }.into_any(),
        })}
    }
}

/// Applies messages of the live feed, and reads everything again from time to time.
fn hear(load: Load<Fleet>) {
    live::watch("problems", move |message| match message.r#type.as_str() {
        "problem" => {
            if let Some(problem) = message.read::<ProblemJson>() {
                load.report(move |fleet| {
                    if fleet::take_problem(&mut fleet.devices, &problem) {
                        fleet::worst_first(&mut fleet.devices);
                    }
                });
            }
        }
        "withdrawn" => {
            if let Some(id) = message.field::<String>("problem_id") {
                load.report(move |fleet| fleet::forget_problem(&mut fleet.devices, &id));
            }
        }
        "gap" => load.again(),
        _ => {}
    });
    load.every(AGAIN);
}

#[component]
fn Devices(load: Load<Fleet>, filter: RwSignal<Filter>, quarantined: Option<InQuarantine>) -> impl IntoView {
    let wanted = Memo::new(move |_| {
        filter.with(|filter| {
            load.with(|loaded| match loaded {
                Loaded::Here(fleet) => fleet
                    .devices
                    .iter()
                    .filter(|device| filter.wants(device))
                    .map(|device| Row { device: device.clone() })
                    .collect::<Vec<Row>>(),
                _ => Vec::new(),
            })
        })
    });
    let count = move |show: Which| {
        load.with(|loaded| match loaded {
            Loaded::Here(fleet) => {
                let all = Filter { show, words: String::new() };
                fleet.devices.iter().filter(|device| all.wants(device)).count()
            }
            _ => 0,
        })
    };
    let total = move || count(Which::All);
    let has_places = Memo::new(move |_| wanted.with(|rows| rows.iter().any(|row| row.device.location.is_some())));
    let more = move || load.with(|loaded| matches!(loaded, Loaded::Here(fleet) if fleet.more));
    let read_at = Memo::new(move |_| load.here(|fleet| fleet.at).unwrap_or(0.0));
    let is_admin = is_admin();
    let empty = move || match (total(), is_admin.get()) {
        (0, true) => t(m::NO_DEVICE_REGISTERED),
        (0, false) => t(m::NO_DEVICE_OF_YOURS),
        _ => t(m::NO_DEVICE_FITS),
    };
    view! {
        <div class="tools">
            <label class="grow">
                <span class="spoken">{t(m::SEARCH)}</span>
                <input
                    type="search"
                    placeholder=t(m::SEARCH)
                    prop:value=move || filter.with(|filter| filter.words.clone())
                    on:input=move |event| filter.update(|filter| filter.words = event_target_value(&event))
                />
            </label>
            <div class="tabs" role="group" aria-label=t(m::WHICH_DEVICES)>
                {Which::ALL.map(|show| view! {
                    <button
                        type="button"
                        aria-pressed=move || filter.with(|filter| (filter.show == show).to_string())
                        on:click=move |_| filter.update(|filter| filter.show = show)
                    >
                        {t(show_name(show))}" "<span class="count">{move || count(show)}</span>
                    </button>
                })}
            </div>
            <p class="faint fresh">
                {t(m::READ)}" "{move || view! { <Ago at=read_at.get()/> }}
                <button type="button" class="small" on:click=move |_| load.again()>{t(m::READ_AGAIN)}</button>
            </p>
        </div>
        <Show when=more>
            <p class="notice">{move || fill(m::MORE_DEVICES, &[("count", &number::count(total() as u64))])}</p>
        </Show>
        {quarantined.map(|of| view! { <quarantined::Strangers of/> })}
        <Show when=move || has_places.get()>
            <map::Map rows=wanted/>
        </Show>
        <Show
            when=move || wanted.with(|rows| !rows.is_empty())
            fallback=move || view! { <Empty text=empty()/> }
        >
            <div class="card scroll" tabindex="0">
                <table class="devices">
                    <caption class="spoken">{t(m::OVERVIEW)}</caption>
                    <thead>
                        <tr>
                            <th scope="col">{t(m::STATE)}</th>
                            <th scope="col">{t(m::DEVICE_COLUMN)}</th>
                            <th scope="col">{t(m::PROBLEMS)}</th>
                            <th scope="col" class="number">{t(m::LAST_READING)}</th>
                            <th scope="col" class="number">{t(m::LEVEL)}</th>
                            <th scope="col">{t(m::CONNECTION)}</th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || wanted.get() key=Row::key let:row>
                            <Line device=row.device quarantined/>
                        </For>
                    </tbody>
                </table>
            </div>
        </Show>
    }
}

/// The row of a device, which is rendered again when anything in it changes.
#[derive(Debug, Clone)]
struct Row {
    device: DeviceState,
}

impl Row {
    fn key(&self) -> String {
        format!("{:?}", self.device)
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

const fn show_name(show: Which) -> crate::text::Text {
    match show {
        Which::All => m::SHOW_ALL,
        Which::Problems => m::SHOW_PROBLEMS,
        Which::Offline => m::SHOW_OFFLINE,
    }
}

#[component]
fn Line(device: DeviceState, quarantined: Option<InQuarantine>) -> impl IntoView {
    let (tone, word) = words::condition(fleet::condition(&device));
    let kinds = fleet::kinds(&device);
    let oldest = device.problems.iter().map(|problem| problem.problem_time).min();
    let name = if device.name.is_empty() { device.id.clone() } else { device.name.clone() };
    let level = device.level.clone();
    let connection = device.connection.clone();
    let reading = device.reading.clone();
    view! {
        <tr>
            <td><Status tone text=t(word)/></td>
            <th scope="row">
                <A href=format!("/app/devices/{}", part(&device.id))>{name}</A>
                <span class="faint id">{device.id.clone()}</span>
            </th>
            <td>
                {kinds.into_iter().map(|(kind, count)| {
                    let times = if count > 1 { format!(" × {count}") } else { String::new() };
                    view! { <span class="kind">{t(words::kind(kind))}{times}</span> }
                }).collect_view()}
                {oldest.map(|at| view! { <span class="faint"><Ago at=seconds(at)/></span> })}
                {quarantined.map(|of| view! { <quarantined::Chip of device=device.id.clone()/> })}
            </td>
            <td class="number">{reading.map(|reading| view! { <LastReading reading/> })}</td>
            <td class="number">
                {level.map(|level| view! {
                    {level.last_value}" %"<span class="faint under"><Ago at=seconds(level.last_update)/></span>
                })}
            </td>
            <td>
                {match connection {
                    None => view! { <span class="faint">{t(m::NEVER_CONNECTED)}</span> }.into_any(),
                    Some(connection) => {
                        let (tone, word) = if connection.is_up() { (Tone::Good, m::CONNECTED) } else { (Tone::Neutral, m::DISCONNECTED) };
                        let since = moment::parse(&connection.since);
                        view! {
                            <Status tone text=t(word)/>
                            {since.map(|at| view! { <span class="faint under"><Ago at/></span> })}
                        }
                        .into_any()
                    }
                }}
            </td>
        </tr>
    }
}

/// A value with its sensor, its quality unless it is good, and its age.
#[component]
fn LastReading(reading: Reading) -> impl IntoView {
    let doubt = chart_quality(series::quality(&reading.quality));
    let at = moment::parse(&reading.at);
    let sensor = if reading.sensor == FILLING { t(m::LEVEL).to_owned() } else { reading.sensor };
    view! {
        {number::with_unit(reading.value, &reading.unit)}" "<span class="faint sensor">{sensor}</span>
        {doubt.map(|text| view! { <span class="under"><Status tone=Tone::Warning text=t(text)/></span> })}
        {at.map(|at| view! { <span class="faint under"><Ago at/></span> })}
    }
}

/// The tooltip of a device on the map.
fn told(device: &DeviceState) -> String {
    let (_, word) = words::condition(fleet::condition(device));
    let name = if device.name.is_empty() { &device.id } else { &device.name };
    let worst = device.problems.iter().map(|problem| problem.problem_time).min();
    match worst {
        None => format!("{name}: {}", t(word)),
        Some(at) => {
            let since = age::ago(seconds(at), browser::now());
            fill(m::MAP_PROBLEM, &[("name", name), ("state", t(word)), ("since", &since)])
        }
    }
}

/// Whether a device in this condition is labelled on the map.
const fn is_worth_a_name(condition: Condition) -> bool {
    matches!(condition, Condition::Critical | Condition::Problem)
}

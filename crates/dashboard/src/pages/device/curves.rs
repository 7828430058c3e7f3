//! The curves of a device's sensors over any span, and of sensors of other devices with them: one chart for each sensor of the device, all
//! with the same span and crosshair.

use std::sync::Arc;

use chart::{Curve, Limit, Shown, Span};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use weir_core::wire::alert::AlertJson;
use weir_core::wire::device::{DeviceJson, SensorJson};

use crate::browser;
use crate::components::chart::Chart;
use crate::components::clock;
use crate::components::download::offer;
use crate::components::history::{self, Read, Wanted};
use crate::components::legend::Legend;
use crate::components::states::{Empty, Failed};
use crate::components::zone;
use crate::in_address::{replacing, told};
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::alert::lines;
use crate::model::every::Window;
use crate::model::source::{Kind, MOST, Source, charts, own, with_own};
use crate::model::table::{Named, csv};
use crate::text::{fill, t};

mod compare;
mod tools;
mod values;

/// Time without a change of the span before the address follows, in ms: changing the address takes the browser longer than drawing the
/// curves.
const REST: u32 = 150;
/// Number of sensors that are shown by default.
const FIRST: usize = 3;

/// A sensor that can be shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sensor {
    source: Source,
    name: String,
    unit: String,
    alerts: Vec<AlertJson>,
    report_every: Option<f64>,
    is_own: bool,
}

impl Sensor {
    /// Its name among sensors of several devices.
    fn full_name(&self) -> String {
        format!("{} {}", self.source.device, self.name)
    }
}

/// The choices of the reader.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    window: RwSignal<Window>,
    /// Codes of the device's own sensors.
    sensors: RwSignal<Vec<String>>,
    /// Sensors of other devices.
    others: RwSignal<Vec<Source>>,
    span: Memo<Span>,
    width: RwSignal<f64>,
}

impl Chosen {
    /// Number of curves.
    fn count(self) -> usize {
        self.sensors.with(Vec::len) + self.others.with(Vec::len)
    }
}

#[component]
pub(super) fn Curves(device: DeviceJson) -> impl IntoView {
    let id = device.id.to_string();
    let own = sensors(&device, true);
    if own.is_empty() {
        return view! { <section><h2>{t(m::CURVES)}</h2><Empty text=t(m::NO_SENSORS)/></section> }.into_any();
    }
    let chosen = chosen(&id, &own);
    let known = compare::known(chosen);
    let Chosen { window, span, width, .. } = chosen;
    let all = own.clone();
    // The shown sensors, in the order of the colours.
    let shown = Memo::new(move |_| {
        let codes = chosen.sensors.get();
        let own = all.iter().filter(|sensor| codes.contains(&sensor.source.code)).cloned();
        let others = known.with(|known| {
            let sensor = |source: &Source| {
                let device = known.get(&source.device)?.as_ref().ok()?;
                sensors(device, false).into_iter().find(|sensor| sensor.source == *source)
            };
            chosen.others.with(|others| others.iter().filter_map(sensor).collect::<Vec<_>>())
        });
        own.chain(others).take(MOST).collect::<Vec<Sensor>>()
    });
    let wanted = Signal::derive(move || {
        let wanted = |sensor: &Sensor| Wanted { source: sensor.source.clone(), report_every: sensor.report_every };
        shown.with(|shown| shown.iter().map(wanted).collect::<Vec<_>>())
    });
    let read = history::read(&id, history::Shown { wanted, window, span, width });
    let download = {
        let id = id.clone();
        move |_| {
            let text = read.series.with_untracked(|series| {
                shown.with_untracked(|all| {
                    let curves = all.iter().filter_map(|sensor| {
                        let Source { device, code } = &sensor.source;
                        let shown = &series.get(&sensor.source)?.first()?.shown;
                        Some(Named { device, sensor: code, unit: &sensor.unit, shown })
                    });
                    csv(&curves.collect::<Vec<_>>(), span.get_untracked())
                })
            });
            offer(&format!("{id}.csv"), "text/csv;charset=utf-8", &text);
        }
    };
    let cursor = RwSignal::new(None::<f64>);
    let figures = move || {
        let all = shown.get();
        let kinds: Vec<Kind<'_>> =
            all.iter().map(|one| Kind { code: &one.source.code, unit: &one.unit, is_own: one.is_own }).collect();
        let of = |places: Vec<usize>| {
            let sensors = places.into_iter().filter_map(|place| Some((colour(place), all.get(place)?.clone())));
            let sensors: Vec<(u8, Sensor)> = sensors.collect();
            view! { <Figure sensors read chosen cursor/> }
        };
        charts(&kinds).into_iter().map(of).collect_view()
    };
    view! {
        <section aria-labelledby="curves">
            <h2 id="curves">{t(m::CURVES)}</h2>
            <tools::Tools sensors=own chosen download=Callback::new(download)/>
            <compare::Compare own=id chosen known/>
            {move || read.error.get().map(|error| view! { <Failed error retry=Callback::new(move |()| read.again())/> })}
            <div class="charts" aria-busy=move || read.loading.get().to_string()>{figures}</div>
            <p class="faint hint">{t(m::CHART_HELP)}</p>
            <values::Values sensors=shown read chosen/>
        </section>
    }
    .into_any()
}

/// The colour of a curve, by its index.
fn colour(place: usize) -> u8 {
    u8::try_from(place).unwrap_or(0)
}

/// A chart with its legend.
#[component]
fn Figure(
    /// The sensors, all in one unit, with their colours.
    sensors: Vec<(u8, Sensor)>,
    read: Read,
    chosen: Chosen,
    cursor: RwSignal<Option<f64>>,
) -> impl IntoView {
    let Chosen { window, span, width, .. } = chosen;
    let is_alone = sensors.len() == 1;
    // Numbers distinguish the curves; the colour only repeats them.
    let number = move |place: usize| if is_alone { String::new() } else { (place + 1).to_string() };
    let unit = sensors.first().map(|(_, sensor)| sensor.unit.clone()).unwrap_or_default();
    let is_own = sensors.iter().all(|(_, sensor)| sensor.is_own);
    let names = sensors.iter().map(|(_, one)| if is_own { one.name.clone() } else { one.full_name() });
    let names: Vec<String> = names.collect();
    let limits: Vec<Limit> = sensors
        .iter()
        .enumerate()
        .flat_map(|(place, (_, sensor))| {
            let before = if is_alone { String::new() } else { format!("{} ", number(place)) };
            let enabled = sensor.alerts.iter().filter(|alert| alert.enabled != Some(false));
            enabled.flat_map(move |alert| lines(alert, &before)).collect::<Vec<_>>()
        })
        .collect();
    let legend = (!is_alone).then(|| {
        let colours = sensors.iter().map(|(colour, _)| *colour);
        view! { <Legend names=colours.zip(names.iter().cloned()).collect()/> }
    });
    let curves = Memo::new(move |_| {
        let of = |(place, (colour, sensor)): (usize, &(u8, Sensor))| {
            let found = read.series.with(|series| series.get(&sensor.source).cloned())?;
            Some(Curve { colour: *colour, label: number(place), ..found.first()?.clone() })
        };
        Arc::new(sensors.iter().enumerate().filter_map(of).collect::<Vec<Curve>>())
    });
    let with_unit = |name: &str| if unit.is_empty() { name.to_owned() } else { format!("{name} [{unit}]") };
    let title = with_unit(&names.join(", "));
    let heading = if is_alone { title.clone() } else { unit.clone() };
    let is_empty =
        move || !read.loading.get() && curves.with(|curves| curves.iter().all(|curve| curve.shown.is_empty()));
    let show = Callback::new(move |span| window.set(Window::Fixed(span)));
    view! {
        <figure>
            <figcaption>
                {heading}
                <Show when=is_empty>" "<span class="faint">{t(m::NO_VALUES_IN_SPAN)}</span></Show>
                <span class="faint how">{move || curves.with(|curves| how(curves))}</span>
                {legend}
            </figcaption>
            <Chart label=title unit limits curves events=read.events span on_span=show cursor width/>
        </figure>
    }
}

/// Whether a chart shows single readings or intervals, in words.
fn how(curves: &[Curve]) -> String {
    match curves.first().map(|curve| &curve.shown) {
        Some(Shown::Buckets(buckets)) => buckets.first().map_or_else(String::new, |bucket| {
            let width = crate::model::age::length(bucket.until - bucket.from);
            fill(m::SHOWN_INTERVALS, &[("width", &width)])
        }),
        Some(Shown::Points(points)) if !points.is_empty() => t(m::SHOWN_READINGS).to_owned(),
        _ => String::new(),
    }
}

fn sensors(device: &DeviceJson, is_own: bool) -> Vec<Sensor> {
    let id = device.id.to_string();
    let report_every = device.report_every.map(f64::from);
    let name = |name: &str, code: &str| if name.is_empty() { code.to_owned() } else { name.to_owned() };
    let of = |sensor: &SensorJson| Sensor {
        source: Source::new(id.as_str(), sensor.code.as_str()),
        name: name(&sensor.name, sensor.code.as_str()),
        unit: sensor.unit.clone(),
        alerts: sensor.alerts.clone(),
        report_every,
        is_own,
    };
    let level = device.level_id.as_ref().map(|_| Sensor {
        source: Source::new(id.as_str(), "filling"),
        name: t(m::LEVEL).to_owned(),
        unit: "%".to_owned(),
        alerts: Vec::new(),
        report_every,
        is_own,
    });
    level.into_iter().chain(device.sensors.iter().map(of)).collect()
}

/// The choices in the address; afterwards the address follows the reader's choices.
fn chosen(id: &str, sensors: &[Sensor]) -> Chosen {
    let query = Query::parse(&browser::query());
    if let Some(name) = query.get("tz") {
        zone::show(name);
    }
    let known: Vec<String> = sensors.iter().map(|sensor| sensor.source.code.clone()).collect();
    let of = move |query: &Query| own(query, &known, FIRST);
    let (window, chosen) = (RwSignal::new(Window::of(&query)), RwSignal::new(of(&query)));
    let device = id.to_owned();
    let of_others = move |query: &Query| Source::others(query, &device);
    let others = RwSignal::new(of_others(&query));
    let now = clock::now();
    let span = Memo::new(move |_| {
        let window = window.get();
        let now = if window.is_live() { now.get() } else { now.get_untracked() };
        window.span(now)
    });
    let path = format!("/app/devices/{}", part(id));
    let (told, zone) = (told(&path), zone::zone());
    Effect::new(move |before: Option<()>| {
        let Some(query) = told().filter(|_| before.is_some()) else { return };
        if window.get_untracked() != Window::of(&query) {
            window.set(Window::of(&query));
        }
        if chosen.get_untracked() != of(&query) {
            chosen.set(of(&query));
        }
        if others.get_untracked() != of_others(&query) {
            others.set(of_others(&query));
        }
    });
    let (turn, replace) = (StoredValue::new(0_u32), replacing());
    Effect::new(move |before: Option<()>| {
        let (window, codes, zone) = (window.get(), chosen.get(), zone.get().name);
        let names = others.with(|others| others.iter().map(Source::name).collect::<Vec<_>>());
        // On the first run, the address already contains the choices, or has none.
        if before.is_none() {
            return;
        }
        let own = turn.get_value().wrapping_add(1);
        turn.set_value(own);
        let (path, replace) = (path.clone(), replace.clone());
        spawn_local(async move {
            TimeoutFuture::new(REST).await;
            // Another page has its own address.
            if turn.try_get_value() != Some(own) || browser::path() != path {
                return;
            }
            let query =
                with_own(Query::parse(&browser::query()), &codes).with_all("with", names.iter().map(String::as_str));
            let query = window.into_query(query).with("tz", Some(&zone));
            replace(&query.address(&path));
        });
    });
    Chosen { window, sensors: chosen, others, span, width: RwSignal::new(0.0) }
}

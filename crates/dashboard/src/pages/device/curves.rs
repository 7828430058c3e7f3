//! The curves of a device's sensors over any span: one chart for each sensor, all with the same span and crosshair.

use std::collections::BTreeMap;
use std::sync::Arc;

use chart::{Curve, Limit, Shown, Span};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use weir_core::wire::alert::AlertJson;
use weir_core::wire::device::{DeviceJson, SensorJson};

use crate::browser;
use crate::components::chart::Chart;
use crate::components::clock;
use crate::components::download::offer;
use crate::components::states::{Empty, Failed};
use crate::components::zone;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::every::Window;
use crate::model::number;
use crate::model::table::{Named, csv};
use crate::text::{fill, t};

mod read;
mod tools;
mod values;

/// How many sensors are shown unless the reader chooses.
const FIRST: usize = 3;

/// What was read of one sensor.
pub(super) type Series = BTreeMap<String, Arc<Vec<Curve>>>;

/// A sensor that can be shown.
#[derive(Debug, Clone)]
pub(super) struct Sensor {
    code: String,
    name: String,
    unit: String,
    limits: Vec<Limit>,
}

/// What the reader has chosen.
#[derive(Clone, Copy)]
pub(super) struct Chosen {
    window: RwSignal<Window>,
    sensors: RwSignal<Vec<String>>,
    span: Memo<Span>,
    width: RwSignal<f64>,
}

#[component]
pub(super) fn Curves(device: DeviceJson) -> impl IntoView {
    let id = device.id.to_string();
    let sensors = sensors(&device);
    if sensors.is_empty() {
        return view! { <section><h2>{t(m::CURVES)}</h2><Empty text=t(m::NO_SENSORS)/></section> }.into_any();
    }
    let chosen = chosen(&id, &sensors);
    let Chosen { window, span, width, .. } = chosen;
    let read = read::read(&id, device.report_every.map(f64::from), chosen);
    let cursor = RwSignal::new(None::<f64>);
    let show = Callback::new(move |span| window.set(Window::Fixed(span)));
    let (all, named) = (sensors.clone(), sensors.clone());
    let download = {
        let id = id.clone();
        move |_| {
            let span = span.get_untracked();
            let text = read.series.with_untracked(|series| {
                let curves = named.iter().filter_map(|sensor| {
                    let shown = &series.get(&sensor.code)?.first()?.shown;
                    Some(Named { sensor: &sensor.code, unit: &sensor.unit, shown })
                });
                csv(&curves.collect::<Vec<_>>(), span)
            });
            offer(&format!("{id}.csv"), "text/csv;charset=utf-8", &text);
        }
    };
    let charts = move || {
        let codes = chosen.sensors.get();
        let shown: Vec<Sensor> = all.iter().filter(|sensor| codes.contains(&sensor.code)).cloned().collect();
        let one = move |sensor: Sensor| {
            let Sensor { code, name, unit, limits } = sensor;
            let place = all_place(&codes, &code);
            let curves = Memo::new(move |_| {
                let found = read.series.with(|series| series.get(&code).cloned());
                let recoloured = found.map(|curves| {
                    let coloured = curves.iter().map(|curve| Curve { colour: place, ..curve.clone() });
                    Arc::new(coloured.collect::<Vec<_>>())
                });
                recoloured.unwrap_or_default()
            });
            let title = if unit.is_empty() { name.clone() } else { format!("{name} [{unit}]") };
            let is_empty =
                move || !read.loading.get() && curves.with(|curves| curves.iter().all(|curve| curve.shown.is_empty()));
            view! {
                <figure>
                    <figcaption>
                        {title.clone()}
                        <Show when=is_empty>" "<span class="faint">{t(m::NO_VALUES_IN_SPAN)}</span></Show>
                        <span class="faint how">{move || curves.with(|curves| how(curves))}</span>
                    </figcaption>
                    <Chart label=title unit limits curves events=read.events span on_span=show cursor width/>
                </figure>
            }
        };
        shown.into_iter().map(one).collect_view()
    };
    view! {
        <section aria-labelledby="curves">
            <h2 id="curves">{t(m::CURVES)}</h2>
            <tools::Tools sensors=sensors.clone() chosen download=Callback::new(download)/>
            {move || read.error.get().map(|error| view! { <Failed error retry=Callback::new(move |()| read.again())/> })}
            <div class="charts" aria-busy=move || read.loading.get().to_string()>{charts}</div>
            <p class="faint hint">{t(m::CHART_HELP)}</p>
            <values::Values sensors series=read.series chosen/>
        </section>
    }
    .into_any()
}

/// The place of a sensor among the chosen ones is its colour.
fn all_place(codes: &[String], code: &str) -> u8 {
    let place = codes.iter().position(|known| known == code).unwrap_or(0);
    u8::try_from(place).unwrap_or(0)
}

/// Whether a chart shows single readings or intervals.
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

fn sensors(device: &DeviceJson) -> Vec<Sensor> {
    let name = |name: &str, code: &str| if name.is_empty() { code.to_owned() } else { name.to_owned() };
    let of = |sensor: &SensorJson| Sensor {
        code: sensor.code.to_string(),
        name: name(&sensor.name, sensor.code.as_str()),
        unit: sensor.unit.clone(),
        limits: sensor.alerts.iter().filter(|alert| alert.enabled != Some(false)).flat_map(limits).collect(),
    };
    let level = device.level_id.as_ref().map(|_| Sensor {
        code: "filling".to_owned(),
        name: t(m::LEVEL).to_owned(),
        unit: "%".to_owned(),
        limits: Vec::new(),
    });
    level.into_iter().chain(device.sensors.iter().map(of)).collect()
}

fn limits(alert: &AlertJson) -> Vec<Limit> {
    let limit = |value: f64, sign: &str| Limit {
        value,
        label: format!("{} {sign} {}", alert.id.as_str(), number::shown(value)),
    };
    let (low, high) = alert.outside.map_or((None, None), |(low, high)| (Some(low), Some(high)));
    let below = alert.below.or(low).map(|value| limit(value, "<"));
    let above = alert.above.or(high).map(|value| limit(value, ">"));
    below.into_iter().chain(above).collect()
}

/// What the address says, and from then on what the reader does, which the address follows.
fn chosen(id: &str, sensors: &[Sensor]) -> Chosen {
    let query = Query::parse(&browser::query());
    if let Some(name) = query.get("tz") {
        zone::show(name);
    }
    let known: Vec<String> = sensors.iter().map(|sensor| sensor.code.clone()).collect();
    let of = move |query: &Query| {
        let named: Vec<String> =
            known.iter().filter(|code| query.all("sensor").any(|name| name == *code)).cloned().collect();
        if named.is_empty() { known.iter().take(FIRST).cloned().collect() } else { named }
    };
    let (window, chosen) = (RwSignal::new(Window::of(&query)), RwSignal::new(of(&query)));
    let now = clock::now();
    let span = Memo::new(move |_| {
        let window = window.get();
        let now = if window.is_live() { now.get() } else { now.get_untracked() };
        window.span(now)
    });
    let path = format!("/app/devices/{}", part(id));
    let (address, zone) = (use_query_map(), zone::zone());
    let own = path.clone();
    Effect::new(move |before: Option<()>| {
        address.track();
        let query = Query::parse(&browser::query());
        if before.is_none() || browser::path() != own {
            return;
        }
        if window.get_untracked() != Window::of(&query) {
            window.set(Window::of(&query));
        }
        if chosen.get_untracked() != of(&query) {
            chosen.set(of(&query));
        }
    });
    Effect::new(move |before: Option<()>| {
        let (window, codes, zone) = (window.get(), chosen.get(), zone.get().name);
        // The first time the address already says what is shown, or nothing at all.
        if before.is_some() {
            let query = Query::parse(&browser::query()).with_all("sensor", codes.iter().map(String::as_str));
            let query = window.into_query(query).with("tz", Some(&zone));
            browser::rename(&query.address(&path));
        }
    });
    Chosen { window, sensors: chosen, span, width: RwSignal::new(0.0) }
}

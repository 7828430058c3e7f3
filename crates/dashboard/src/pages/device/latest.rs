//! The latest value of each sensor, with its quality and age, updated by the live feed.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos_router::components::A;
use weir_core::wire::device::DeviceJson;

use crate::api::Api;
use crate::components::chart::chart_quality;
use crate::components::clock::Ago;
use crate::components::load::Load;
use crate::components::load::Loaded;
use crate::components::states::{Empty, Failed};
use crate::components::status::{Status, Tone};
use crate::live;
use crate::messages as m;
use crate::model::address::part;
use crate::model::{moment, number, series};
use crate::text::t;
use crate::wire::reading::{Latest as Answer, Reading};

type Values = BTreeMap<String, Reading>;

#[component]
pub(super) fn Latest(device: DeviceJson) -> impl IntoView {
    let id = device.id.to_string();
    let (api, path) = (Api::here(), format!("/devices/{}/readings/latest", part(&id)));
    let load = Load::new(move || {
        let (api, path) = (api.clone(), path.clone());
        async move {
            let answer: Answer = api.get(&path).await?.value;
            Ok(answer.items.into_iter().map(|reading| (reading.sensor.clone(), reading)).collect::<Values>())
        }
    });
    live::watch(format!("device/{id}"), move |message| match message.r#type.as_str() {
        "reading" => {
            if let Some(reading) = message.read::<Reading>() {
                load.report(move |values| newest(values, reading.clone()));
            }
        }
        "snapshot" => {
            for reading in message.field::<Vec<Reading>>("readings").unwrap_or_default() {
                load.report(move |values| newest(values, reading.clone()));
            }
        }
        "gap" => load.again(),
        _ => {}
    });
    let failed = Memo::new(move |_| {
        load.with(|loaded| match loaded {
            Loaded::Failed(error) => Some(error.clone()),
            _ => None,
        })
    });
    let loading = Memo::new(move |_| load.with(|loaded| matches!(loaded, Loaded::Loading)));
    let mut sensors: Vec<(String, String, String)> = device
        .sensors
        .iter()
        .map(|sensor| (sensor.code.to_string(), sensor.name.clone(), sensor.unit.clone()))
        .collect();
    if device.level_id.is_some() {
        sensors.push(("filling".to_owned(), t(m::LEVEL).to_owned(), "%".to_owned()));
    }
    let is_empty = sensors.is_empty();
    view! {
        <section aria-labelledby="latest">
            <h2 id="latest">{t(m::LATEST)}</h2>
            // The tiles are there before their values, so that nothing below them moves.
            {move || match failed.get() {
                Some(error) => view! { <Failed error retry=Callback::new(move |()| load.again())/> }.into_any(),
                None if is_empty => view! { <Empty text=t(m::NO_SENSORS)/> }.into_any(),
                None => {
                    let tiles = sensors.clone().into_iter().map(|(code, name, unit)| view! { <Tile id=id.clone() code name unit load loading/> });
                    view! { <ul class="tiles" aria-busy=move || loading.get().to_string()>{tiles.collect_view()}</ul> }.into_any()
                }
            }}
        </section>
    }
}

/// Stores a reading, unless there is a newer one.
fn newest(values: &mut Values, reading: Reading) {
    let is_older = |known: &Reading| moment::parse(&known.at) > moment::parse(&reading.at);
    if !values.get(&reading.sensor).is_some_and(is_older) {
        values.insert(reading.sensor.clone(), reading);
    }
}

#[component]
fn Tile(
    id: String,
    code: String,
    name: String,
    unit: String,
    load: Load<Values>,
    loading: Memo<bool>,
) -> impl IntoView {
    let own = code.clone();
    let reading = Memo::new(move |_| load.here(|values| values.get(&own).cloned()).flatten());
    // Without a name the code is the title, and is not repeated.
    let (title, beside) = if name.is_empty() { (code.clone(), None) } else { (name, Some(code.clone())) };
    let sensor = format!("/app/devices/{}/sensors/{}", part(&id), part(&code));
    let (calibration, alerts) = (format!("{sensor}/calibration"), format!("{sensor}/alerts"));
    let is_level = code == "filling";
    view! {
        <li class="tile" data-sensor=code>
            <span class="name">{title}{beside.map(|code| view! { " "<span class="faint id">{code}</span> })}</span>
            {move || match reading.get() {
                None => view! {
                    <span class="value faint">"–"</span>
                    <span class="faint">{move || t(if loading.get() { m::LOADING } else { m::NO_READING })}</span>
                }
                .into_any(),
                Some(reading) => {
                    let shown = if reading.unit.is_empty() { unit.clone() } else { reading.unit.clone() };
                    let doubt = chart_quality(series::quality(&reading.quality));
                    let at = moment::parse(&reading.at).unwrap_or_default();
                    view! {
                        <span class="value number">{number::with_unit(reading.value, &shown)}</span>
                        <span class="faint"><Ago at/></span>
                        {doubt.map(|text| view! { <Status tone=Tone::Warning text=t(text)/> })}
                    }
                    .into_any()
                }
            }}
            {(!is_level).then(|| view! {
                <span class="row">
                    <A href=calibration attr:class="small">{t(m::CALIBRATION)}</A>
                    <A href=alerts attr:class="small">{t(m::ALERTS)}</A>
                </span>
            })}
        </li>
    }
}

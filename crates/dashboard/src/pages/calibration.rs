//! The calibration of a sensor: its history; reference points, the model that fits them, and its effect; entering it, and recalculating
//! stored readings.

use leptos::prelude::*;
use leptos_router::components::A;
use leptos_router::hooks::use_params_map;
use weir_core::wire::calibration::CalibrationJson;
use weir_core::wire::device::SensorJson;

use crate::api::Api;
use crate::components::clock::Instant;
use crate::components::heading::Heading;
use crate::components::load::{Load, Loaded};
use crate::components::states::{Empty, Failed, Loading};
use crate::messages as m;
use crate::model::address::part;
use crate::model::fitting::in_a_line;
use crate::model::moment;
use crate::model::source::Source;
use crate::text::{fill, t};
use crate::wire::Page;

mod editor;
mod effect;
mod entering;
mod recalculation;

/// The data that the page has read.
#[derive(Debug, Clone)]
struct Known {
    sensor: SensorJson,
    history: Vec<CalibrationJson>,
}

/// The page. Another sensor in the address makes a new page.
#[component]
pub fn Calibration() -> impl IntoView {
    let parameters = use_params_map();
    let whose = Memo::new(move |_| {
        parameters.with(|parameters| {
            Source::new(parameters.get("id").unwrap_or_default(), parameters.get("code").unwrap_or_default())
        })
    });
    move || view! { <OneSensor whose=whose.get()/> }
}

#[component]
fn OneSensor(whose: Source) -> impl IntoView {
    let api = Api::here();
    let is_admin = untrack(|| api.session().is_admin());
    let path = whose.path();
    let load = Load::new(move || {
        let (api, path) = (api.clone(), path.clone());
        async move {
            let sensor = api.get::<SensorJson>(&path).await?.value;
            let history = api.get::<Page<CalibrationJson>>(&format!("{path}/calibrations?limit=20")).await?.value;
            Ok(Known { sensor, history: history.items })
        }
    });
    let title = fill(m::CALIBRATION_OF, &[("sensor", &whose.code), ("device", &whose.device)]);
    let back = format!("/app/devices/{}", part(&whose.device));
    let device = whose.device.clone();
    // The editor is created once, so that nothing typed is lost when the history is read again.
    let sensor = Memo::new(move |before: Option<&Option<Same>>| {
        let first = before.cloned().flatten();
        first.or_else(|| load.here(|known| Same(known.sensor.clone())))
    });
    let editing = move || {
        sensor.get().filter(|_| is_admin).map(|Same(sensor)| {
            let whose = whose.clone();
            view! { <editor::Editor whose sensor entered=Callback::new(move |()| load.again())/> }
        })
    };
    view! {
        <Heading text=title/>
        <p><A href=back>{device}</A></p>
        {move || load.with(|loaded| match loaded {
            Loaded::Loading => view! { <Loading/> }.into_any(),
            Loaded::Failed(error) => view! { <Failed error=error.clone() retry=Callback::new(move |()| load.again())/> }.into_any(),
            Loaded::Here(known) => view! { <History history=known.history.clone()/> }.into_any(),
        })}
        {editing}
    }
}

/// The sensor as first read. All values compare as equal, so that the editor is created only once.
#[derive(Debug, Clone)]
struct Same(SensorJson);

impl PartialEq for Same {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[component]
fn History(history: Vec<CalibrationJson>) -> impl IntoView {
    if history.is_empty() {
        return view! { <Empty text=t(m::NO_CALIBRATION)/> }.into_any();
    }
    let rows = history.into_iter().map(|version| {
        let at = moment::of(version.valid_from);
        view! {
            <tr>
                <th scope="row" class="number">{version.version}</th>
                <td><Instant at/></td>
                <td><code>{in_a_line(&version.model)}</code></td>
                <td>{version.by}</td>
                <td class="note-cell">{version.note}</td>
            </tr>
        }
    });
    view! {
        <section class="card scroll" tabindex="0" aria-labelledby="history">
            <h2 id="history">{t(m::HISTORY)}</h2>
            <table>
                <caption class="spoken">{t(m::HISTORY)}</caption>
                <thead><tr>
                    <th scope="col" class="number">{t(m::VERSION)}</th>
                    <th scope="col">{t(m::VALID_FROM)}</th>
                    <th scope="col">{t(m::MODEL)}</th>
                    <th scope="col">{t(m::BY)}</th>
                    <th scope="col">{t(m::NOTE)}</th>
                </tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}

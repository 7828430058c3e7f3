//! The values of the charts as a table, for people who cannot see the charts or want the numbers.

use chart::Shown;
use leptos::prelude::*;

use super::{Chosen, Sensor};
use crate::components::chart::chart_quality;
use crate::components::history::Read;
use crate::components::zone;
use crate::messages as m;
use crate::model::{moment, number};
use crate::text::{fill, t};

/// Maximum rows per sensor.
const ROWS: usize = 100;

#[component]
pub(super) fn Values(sensors: Memo<Vec<Sensor>>, read: Read, chosen: Chosen) -> impl IntoView {
    let open = RwSignal::new(false);
    let zone = zone::zone();
    let tables = move || {
        // A closed table is not rendered.
        if !open.get() {
            return None;
        }
        let (span, zone) = (chosen.span.get(), zone.get().zone);
        let of = |sensor: &Sensor| {
            let rows = read.series.with(|series| {
                let Some(curve) = series.get(&sensor.source).and_then(|curves| curves.first()) else {
                    return Vec::new();
                };
                match &curve.shown {
                    Shown::Points(points) => points
                        .iter()
                        .rev()
                        .filter(|point| span.contains(point.at))
                        .take(ROWS)
                        .map(|point| {
                            let quality = chart_quality(point.quality).map_or("", t).to_owned();
                            (moment::full(point.at, &zone), number::shown(point.value), quality)
                        })
                        .collect(),
                    Shown::Buckets(buckets) => buckets
                        .iter()
                        .rev()
                        .filter(|bucket| span.contains(bucket.middle()))
                        .take(ROWS)
                        .map(|bucket| {
                            let band = if bucket.count == 0 {
                                fill(m::LEFT_OUT, &[("count", &bucket.left_out.to_string())])
                            } else {
                                format!("{} … {}", number::shown(bucket.low), number::shown(bucket.high))
                            };
                            (moment::full(bucket.from, &zone), number::shown(bucket.mean), band)
                        })
                        .collect(),
                }
            });
            let rows = rows.into_iter().map(|(at, value, about)| {
                view! { <tr><td>{at}</td><td class="number">{value}</td><td>{about}</td></tr> }
            });
            let name = if sensor.is_own { sensor.name.clone() } else { sensor.full_name() };
            view! {
                <div class="scroll" tabindex="0">
                    <table>
                        <caption>{name}" "{sensor.unit.clone()}</caption>
                        <thead><tr>
                            <th scope="col">{t(m::TIME)}</th>
                            <th scope="col" class="number">{t(m::VALUE)}</th>
                            <th scope="col">{t(m::RANGE_OR_QUALITY)}</th>
                        </tr></thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table>
                </div>
            }
        };
        let tables = sensors.with(|sensors| sensors.iter().map(of).collect_view());
        let marks = read.events.with(|events| {
            let mut inside: Vec<_> = events.iter().filter(|event| span.contains(event.at)).cloned().collect();
            inside.sort_by(|one, other| other.at.total_cmp(&one.at));
            inside
        });
        let marks = (!marks.is_empty()).then(|| {
            let rows = marks.into_iter().take(ROWS).map(|mark| {
                view! { <tr><td>{moment::full(mark.at, &zone)}</td><td>{mark.label}</td></tr> }
            });
            view! {
                <div class="scroll" tabindex="0">
                    <table>
                        <caption>{t(m::EVENTS)}</caption>
                        <thead><tr><th scope="col">{t(m::TIME)}</th><th scope="col">{t(m::WHAT)}</th></tr></thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table>
                </div>
            }
        });
        Some(view! { {tables}{marks} })
    };
    view! {
        <details class="card" on:toggle=move |event| {
            use wasm_bindgen::JsCast;
            let details = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
            open.set(details.is_some_and(|details| details.has_attribute("open")));
        }>
            <summary>{t(m::AS_TABLE)}</summary>
            <div class="columns">{tables}</div>
        </details>
    }
}

//! The readings of the last week as they are, and as the new version would make them.

use std::sync::Arc;

use chart::{Curve, Event, Point, Quality, Shown, Span};
use leptos::prelude::*;
use weir_core::domain::calibration::{Inputs, Options};
use weir_core::wire::device::SensorJson;

use super::editor::Outcome;
use crate::api::Api;
use crate::browser;
use crate::components::chart::Chart;
use crate::components::load::{Load, Loaded};
use crate::components::states::{Failed, Loading};
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::source::Source;
use crate::model::{moment, number, series};
use crate::text::{fill, t};
use crate::wire::reading::Reading;

/// How far back readings are read, in ms, and the maximum number of pages; the oldest readings are left out.
const BACK: f64 = 7.0 * 86_400e3;
const PAGES: usize = 4;

/// The span that was read, and its readings.
type Week = (Span, Arc<Vec<Reading>>);

#[component]
pub(super) fn Effect(whose: Source, sensor: SensorJson, options: Options, outcome: Memo<Outcome>) -> impl IntoView {
    let api = Api::here();
    let path = format!("/devices/{}/readings", part(&whose.device));
    let load = Load::new(move || {
        let (api, path, code) = (api.clone(), path.clone(), whose.code.clone());
        async move {
            let span = Span::new(browser::now() - BACK, browser::now());
            let query = Query::default()
                .with("sensor", Some(&code))
                .with("from", Some(&moment::rfc3339(span.from())))
                .with("limit", Some("5000"));
            let path = |next: Option<&str>| query.clone().with("next", next).address(&path);
            let found = api.pages(PAGES, path, None).await?.items;
            Ok::<Week, _>((span, Arc::new(found)))
        }
    });
    let unit = sensor.unit.clone();
    view! {
        <Show when=move || outcome.with(|outcome| matches!(outcome, Some(Ok(_))))>
            <h3>{t(m::EFFECT)}</h3>
            {
                let unit = unit.clone();
                move || load.with(|loaded| match loaded {
                    Loaded::Loading => view! { <Loading/> }.into_any(),
                    Loaded::Failed(error) => view! { <Failed error=error.clone() retry=Callback::new(move |()| load.again())/> }.into_any(),
                    Loaded::Here((_, readings)) if readings.is_empty() => view! { <p class="faint">{t(m::NO_EFFECT)}</p> }.into_any(),
                    Loaded::Here(week) => view! { <Compared week=week.clone() unit=unit.clone() options outcome/> }.into_any(),
                })
            }
        </Show>
    }
}

#[component]
fn Compared(week: Week, unit: String, options: Options, outcome: Memo<Outcome>) -> impl IntoView {
    let (whole, readings) = week;
    let first = readings.iter().filter_map(|reading| moment::parse(&reading.at)).fold(f64::MAX, f64::min);
    // A new sensor has not reported for the whole week.
    let span = RwSignal::new(Span::new(whole.from().max(first - 60_000.0), whole.until()));
    let before: Vec<Point> = readings.iter().filter_map(series::point).collect();
    let gap = series::gap(&before, None);
    let after = Memo::new(move |_| {
        outcome.with(|outcome| {
            let Some(Ok(fitted)) = outcome else { return Vec::new() };
            let version = fitted.version(options);
            let point = |reading: &Reading| {
                let made = version.apply(reading.raw, Inputs::NONE).ok()?;
                let quality = if made.valid { Quality::Good } else { Quality::OutOfRange };
                Some(Point { at: moment::parse(&reading.at)?, value: made.value, quality })
            };
            readings.iter().filter_map(point).collect::<Vec<Point>>()
        })
    });
    let known = before.clone();
    let curves = Signal::derive(move || {
        let curve =
            |points: Vec<Point>, colour| Curve { shown: Shown::Points(points), colour, gap, label: String::new() };
        Arc::new(vec![curve(known.clone(), 0), curve(after.get(), 1)])
    });
    let shift = {
        let unit = unit.clone();
        move || {
            after.with(|after| {
                let apart = before
                    .iter()
                    .zip(after)
                    .filter(|(one, other)| one.at == other.at)
                    .map(|(one, other)| other.value - one.value);
                let (count, sum, most) = apart.fold((0_u32, 0.0, 0.0_f64), |(count, sum, most), apart| {
                    (count + 1, sum + apart, if apart.abs() > most.abs() { apart } else { most })
                });
                let mean = sum / f64::from(count.max(1));
                fill(m::SHIFT, &[("mean", &number::with_unit(mean, &unit)), ("most", &number::with_unit(most, &unit))])
            })
        }
    };
    let events = Signal::derive(Arc::<Vec<Event>>::default);
    view! {
        <p class="legend">
            <span class="line one"></span>{t(m::BEFORE)}" "<span class="line two"></span>{t(m::AFTER)}" · "<span class="number">{shift}</span>
        </p>
        <Chart
            label=t(m::EFFECT)
            unit
            curves
            events
            span
            on_span=Callback::new(move |next| span.set(next))
            cursor=RwSignal::new(None)
            width=RwSignal::new(0.0)
        />
    }
}

//! A chart of the readings of a sensor, or of several with the same unit, with limits as lines and episodes as areas: for the trial of an
//! alert, and for a problem.

use std::sync::Arc;

use chart::{Curve, Limit, Span};
use leptos::prelude::*;

use super::chart::Chart;
use super::history::{self, Wanted};
use super::legend::Legend;
use super::states::Failed;
use crate::messages as m;
use crate::model::every::Window;
use crate::model::source::Source;
use crate::text::t;

/// A sensor of the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The sensor.
    pub source: Source,
    /// Its name in the chart.
    pub name: String,
}

/// The chart. It can be zoomed like the charts of a device.
#[component]
pub fn Judged(
    /// The sensors.
    sensors: Vec<Shown>,
    /// The unit of their values.
    unit: String,
    /// The initial span.
    span: Span,
    /// The limits, drawn as lines.
    limits: Vec<Limit>,
    /// The episodes, drawn as areas.
    bands: Vec<Span>,
) -> impl IntoView {
    let window = RwSignal::new(Window::Fixed(span));
    let width = RwSignal::new(0.0);
    let shown = Memo::new(move |_| window.get().span(span.until()));
    let names: Vec<String> = sensors.iter().map(|sensor| sensor.name.clone()).collect();
    let title = names.join(", ");
    let title = if unit.is_empty() { title } else { format!("{title} [{unit}]") };
    let own = sensors.first().map(|sensor| sensor.source.device.clone()).unwrap_or_default();
    let wanted = |sensor: &Shown| Wanted { source: sensor.source.clone(), report_every: None };
    let wanted: Vec<Wanted> = sensors.iter().map(wanted).collect();
    let wanted = Signal::derive(move || wanted.clone());
    let read = history::read(&own, history::Shown { wanted, window, span: shown, width });
    let is_alone = sensors.len() == 1;
    let curves = Memo::new(move |_| {
        let of = |(colour, sensor): (u8, &Shown)| {
            let found = read.series.with(|series| series.get(&sensor.source).cloned())?;
            let label = if is_alone { String::new() } else { (colour + 1).to_string() };
            Some(Curve { colour, label, ..found.first()?.clone() })
        };
        Arc::new((0..).zip(&sensors).filter_map(of).collect::<Vec<Curve>>())
    });
    let is_empty = move || {
        !read.loading.get() && curves.with(|curves: &Arc<Vec<Curve>>| curves.iter().all(|one| one.shown.is_empty()))
    };
    let heading = if is_alone { title.clone() } else { unit.clone() };
    view! {
        {move || read.error.get().map(|error| view! { <Failed error retry=Callback::new(move |()| read.again())/> })}
        <figure aria-busy=move || read.loading.get().to_string()>
            <figcaption>
                {heading}
                <Show when=is_empty>" "<span class="faint">{t(m::NO_VALUES_IN_SPAN)}</span></Show>
                {(!is_alone).then(|| view! { <Legend names=(0..).zip(names).collect()/> })}
            </figcaption>
            <Chart
                label=title
                unit
                limits
                bands
                curves
                events=read.events
                span=shown
                on_span=Callback::new(move |next| window.set(Window::Fixed(next)))
                cursor=RwSignal::new(None)
                width
            />
        </figure>
    }
}

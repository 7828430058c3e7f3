//! A chart of the readings of a sensor, with limits as lines and episodes as areas: for the trial of an alert, and for a problem.

use std::sync::Arc;

use chart::{Curve, Limit, Span};
use leptos::prelude::*;

use super::chart::Chart;
use super::history::{self, Wanted};
use super::states::Failed;
use crate::messages as m;
use crate::model::every::Window;
use crate::model::source::Source;
use crate::text::t;

/// The chart. It can be zoomed like the charts of a device.
#[component]
pub fn Judged(
    /// The sensor.
    source: Source,
    /// The unit of its values.
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
    let title = if unit.is_empty() { source.code.clone() } else { format!("{} [{unit}]", source.code) };
    let own = source.device.clone();
    let wanted = vec![Wanted { source: source.clone(), report_every: None }];
    let wanted = Signal::derive(move || wanted.clone());
    let read = history::read(&own, history::Shown { wanted, window, span: shown, width });
    let curves = Memo::new(move |_| read.series.with(|series| series.get(&source).cloned().unwrap_or_default()));
    let is_empty = move || {
        !read.loading.get() && curves.with(|curves: &Arc<Vec<Curve>>| curves.iter().all(|one| one.shown.is_empty()))
    };
    view! {
        {move || read.error.get().map(|error| view! { <Failed error retry=Callback::new(move |()| read.again())/> })}
        <figure aria-busy=move || read.loading.get().to_string()>
            <figcaption>
                {title.clone()}
                <Show when=is_empty>" "<span class="faint">{t(m::NO_VALUES_IN_SPAN)}</span></Show>
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

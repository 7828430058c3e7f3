//! The controls above the charts: sensors, span, time zone, and the download of what is shown.

use chart::Span;
use leptos::prelude::*;

use super::{Chosen, Sensor};
use crate::components::span::SpanPicker;
use crate::components::status::{Status, Tone};
use crate::components::zone::ZonePicker;
use crate::messages as m;
use crate::model::every::{LAST, Window};
use crate::model::source::MOST;
use crate::text::{Text, t};

#[component]
pub(super) fn Tools(sensors: Vec<Sensor>, chosen: Chosen, download: Callback<()>) -> impl IntoView {
    let Chosen { window, span, .. } = chosen;
    let toggle = move |code: String, on: bool| {
        chosen.sensors.update(|codes| {
            codes.retain(|known| *known != code);
            if on {
                codes.push(code);
            }
        });
    };
    let boxes = sensors.into_iter().map(|sensor| {
        let (own, code) = (sensor.source.code.clone(), sensor.source.code);
        let is_on = Memo::new(move |_| chosen.sensors.with(|codes| codes.contains(&own)));
        // The maximum is the number of colours.
        let is_full = move || !is_on.get() && chosen.count() >= MOST;
        view! {
            <label class="check">
                <input type="checkbox" prop:checked=move || is_on.get() disabled=is_full on:change=move |event| toggle(code.clone(), event_target_checked(&event))/>
                {sensor.name}
            </label>
        }
    });
    let to = move |span: Span| window.set(Window::Fixed(span));
    let shown = move || span.get_untracked();
    let icon = move |label: Text, sign: &'static str, next: fn(Span) -> Span| {
        view! { <button type="button" aria-label=t(label) title=t(label) on:click=move |_| to(next(shown()))>{sign}</button> }
    };
    view! {
        <div class="tools">
            <fieldset class="checks"><legend class="spoken">{t(m::SENSORS)}</legend>{boxes.collect_view()}</fieldset>
            <SpanPicker window span/>
            <div class="buttons" role="group" aria-label=t(m::MOVE)>
                {icon(m::EARLIER, "\u{2190}", |span| span.moved(-0.5))}
                {icon(m::LATER, "\u{2192}", |span| span.moved(0.5))}
                {icon(m::CLOSER, "+", |span| span.zoomed(0.5, 0.5))}
                {icon(m::FARTHER, "\u{2212}", |span| span.zoomed(0.5, 2.0))}
            </div>
            <ZonePicker/>
            <button type="button" on:click=move |_| download.run(())>{t(m::CSV)}</button>
            {move || if window.get().is_live() {
                view! { <Status tone=Tone::Good text=t(m::FOLLOWS)/> }.into_any()
            } else {
                let follow = move |_| {
                    let length = span.get_untracked().length();
                    let nearest = LAST.iter().min_by(|(_, one), (_, other)| (one - length).abs().total_cmp(&(other - length).abs()));
                    window.set(nearest.map_or_else(Window::default, |(_, length)| Window::Last(*length)));
                };
                view! { <button type="button" on:click=follow>{t(m::FOLLOW)}</button> }.into_any()
            }}
        </div>
    }
}

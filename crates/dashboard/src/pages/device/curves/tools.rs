//! What the reader chooses above the charts: sensors, span, time zone; and the file of what is shown.

use chart::Span;
use leptos::prelude::*;

use super::{Chosen, Sensor};
use crate::browser;
use crate::components::status::{Status, Tone};
use crate::components::zone::{self, ZonePicker};
use crate::messages as m;
use crate::model::every::{LAST, Window};
use crate::model::moment;
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
        let (own, code) = (sensor.code.clone(), sensor.code);
        let is_on = move || chosen.sensors.with(|codes| codes.contains(&own));
        view! {
            <label class="check">
                <input type="checkbox" prop:checked=is_on on:change=move |event| toggle(code.clone(), event_target_checked(&event))/>
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
            <label>
                {t(m::SPAN)}
                <select
                    prop:value=move || window.get().name().unwrap_or("")
                    on:change=move |event| {
                        let name = event_target_value(&event);
                        if let Some((_, length)) = LAST.iter().find(|(known, _)| *known == name) {
                            window.set(Window::Last(*length));
                        } else {
                            to(shown());
                        }
                    }
                >
                    {LAST.map(|(name, _)| view! {
                        <option value=name selected=move || window.get().name() == Some(name)>{t(last(name))}</option>
                    })}
                    <option value="" selected=move || window.get().name().is_none()>{t(m::SPAN_FIXED)}</option>
                </select>
            </label>
            <Ends chosen/>
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

/// The ends of the span as fields for date and time of day.
#[component]
fn Ends(chosen: Chosen) -> impl IntoView {
    let Chosen { window, span, .. } = chosen;
    let zone = zone::zone();
    // While the span follows the time, the fields would change under the reader each second: they are told by the minute.
    let ends = {
        let zone = zone.clone();
        Memo::new(move |_| {
            let (span, zone) = (span.get(), zone.get().zone);
            (moment::field(span.from(), &zone), moment::field(span.until(), &zone))
        })
    };
    let set = move |text: String, is_from: bool| {
        let Some(at) = moment::of_field(&text, &zone.get_untracked().zone) else { return };
        let span = span.get_untracked();
        let (from, until) = if is_from { (at, span.until()) } else { (span.from(), at) };
        // One end beyond the other takes the other along.
        let next = match (from < until, is_from) {
            (true, _) => Span::new(from, until),
            (false, true) => Span::new(at, at + span.length()),
            (false, false) => Span::new(at - span.length(), at),
        };
        window.set(Window::Fixed(next));
    };
    let (set_from, set_to) = (set.clone(), set);
    let latest = moment::field(browser::now() + 86_400e3, &jiff::tz::TimeZone::UTC);
    view! {
        <label>
            {t(m::FROM)}
            <input type="datetime-local" max=latest prop:value=move || ends.get().0 on:change=move |event| set_from(event_target_value(&event), true)/>
        </label>
        <label>
            {t(m::TO)}
            <input type="datetime-local" prop:value=move || ends.get().1 on:change=move |event| set_to(event_target_value(&event), false)/>
        </label>
    }
}

/// What a span that ends now is called.
fn last(name: &str) -> Text {
    match name {
        "15m" => m::LAST_15M,
        "1h" => m::LAST_1H,
        "6h" => m::LAST_6H,
        "24h" => m::LAST_24H,
        "7d" => m::LAST_7D,
        "30d" => m::LAST_30D,
        "90d" => m::LAST_90D,
        _ => m::LAST_366D,
    }
}

//! The choice of a span of time: one that ends now, or one between two instants.

use chart::Span;
use leptos::prelude::*;

use super::words::last;
use super::zone;
use crate::browser;
use crate::messages as m;
use crate::model::every::{LAST, Window};
use crate::model::moment;
use crate::text::t;

/// The controls.
#[component]
pub fn SpanPicker(
    /// The choice.
    window: RwSignal<Window>,
    /// The span at the moment.
    span: Memo<Span>,
) -> impl IntoView {
    view! {
        <label>
            {t(m::SPAN)}
            <select
                prop:value=move || window.get().name().unwrap_or("")
                on:change=move |event| {
                    let name = event_target_value(&event);
                    if let Some((_, length)) = LAST.iter().find(|(known, _)| *known == name) {
                        window.set(Window::Last(*length));
                    } else {
                        window.set(Window::Fixed(span.get_untracked()));
                    }
                }
            >
                {LAST.map(|(name, _)| view! {
                    <option value=name selected=move || window.get().name() == Some(name)>{t(last(name))}</option>
                })}
                <option value="" selected=move || window.get().name().is_none()>{t(m::SPAN_FIXED)}</option>
            </select>
        </label>
        <Ends window span/>
    }
}

/// The ends of the span as fields for date and time of day.
#[component]
fn Ends(window: RwSignal<Window>, span: Memo<Span>) -> impl IntoView {
    let zone = zone::zone();
    // While the span follows the time, the fields would change under the reader each second; so they are updated each minute.
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
        // An end that is moved past the other one moves the other one along.
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

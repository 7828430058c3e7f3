//! The time zone in which the page shows times.

use jiff::tz::TimeZone;
use leptos::prelude::*;

use crate::browser;
use crate::messages as m;
use crate::text::{fill, t};

/// The key in the browser's storage of the chosen zone.
const CHOSEN: &str = "weir.zone";

/// A time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// Its name, such as `Europe/Berlin`.
    pub name: String,
    /// Its rules.
    pub zone: TimeZone,
}

thread_local! {
    static ZONE: ArcRwSignal<Zone> = ArcRwSignal::new(first());
}

fn first() -> Zone {
    let chosen = browser::lasting().and_then(|lasting| lasting.get_item(CHOSEN).ok()?);
    chosen
        .and_then(|name| named(&name))
        .or_else(|| named(&local()))
        .unwrap_or(Zone { name: "UTC".into(), zone: TimeZone::UTC })
}

/// The zone with this name, if it is known.
fn named(name: &str) -> Option<Zone> {
    let zone = if name == "UTC" { TimeZone::UTC } else { TimeZone::get(name).ok()? };
    Some(Zone { name: name.to_owned(), zone })
}

/// The name of the browser's time zone.
fn local() -> String {
    let format = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new());
    let name = js_sys::Reflect::get(&format.resolved_options(), &"timeZone".into());
    name.ok().and_then(|name| name.as_string()).unwrap_or_default()
}

/// The zone in which times are shown.
pub fn zone() -> ArcRwSignal<Zone> {
    ZONE.with(Clone::clone)
}

/// Shows times in another zone, if it is known, until the page is loaded again: a link contains the zone that it is meant in.
pub fn show(name: &str) {
    let Some(shown) = named(name) else { return };
    let zone = zone();
    if zone.get_untracked() != shown {
        zone.set(shown);
    }
}

/// Shows times in the zone that the reader has chosen, if it is known, and stores the choice.
fn choose(name: &str) {
    if named(name).is_none() {
        return;
    }
    if let Some(lasting) = browser::lasting() {
        let _ = lasting.set_item(CHOSEN, name);
    }
    show(name);
}

/// The menu of zones.
#[component]
pub fn ZonePicker() -> impl IntoView {
    let local = local();
    let mut names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).collect();
    names.retain(|name| name.contains('/') && !name.starts_with("Etc/") && *name != local);
    let zone = zone();
    let chosen = zone.get_untracked().name;
    let here = local.clone();
    let option = move |name: String| {
        let text = if name == here { fill(m::ZONE_LOCAL, &[("name", &name)]) } else { name.clone() };
        let is_chosen = name == chosen;
        view! { <option value=name selected=is_chosen>{text}</option> }
    };
    view! {
        <label class="zone">
            {t(m::ZONE)}
            <select on:change=move |event| choose(&event_target_value(&event)) prop:value=move || zone.get().name>
                {[local, "UTC".to_owned()].into_iter().chain(names).map(option).collect_view()}
            </select>
        </label>
    }
}

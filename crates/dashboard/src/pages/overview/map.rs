//! Devices on a map: north is up. Without an address of tiles it is plain, and nothing is loaded from other sites.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use weir_core::wire::device::LocationJson;

use super::{Row, is_worth_a_name, told};
use crate::api::Api;
use crate::components::words;
use crate::messages as m;
use crate::model::address::part;
use crate::model::fleet;
use crate::model::map::{Room, Side, Tile, labels, project};
use crate::text::t;

/// Size of the frame, in SVG units.
const SIZE: (f64, f64) = (960.0, 360.0);
const MARGIN: f64 = 40.0;
/// Up to this number of devices, all are labelled.
const NAMED: usize = 12;
/// The space of a label.
const ROOM: Room = Room { wide: 160.0, high: 18.0, mark: 13.0, turn: SIZE.0 * 0.6, frame: SIZE.0 };

#[component]
pub(super) fn Map(rows: Memo<Vec<Row>>) -> impl IntoView {
    let tiles = Api::here().session().config().and_then(|config| config.tiles);
    let attribution = tiles.clone().map(|tiles| tiles.attribution).filter(|text| !text.is_empty());
    let drawn = move || {
        rows.with(|rows| {
            let placed: Vec<(&Row, LocationJson)> =
                rows.iter().filter_map(|row| Some((row, row.device.location?))).collect();
            let places: Vec<LocationJson> = placed.iter().map(|(_, place)| *place).collect();
            let map = project(&places, SIZE, MARGIN)?;
            let (bar, length) = map.bar(160.0);
            let below = tiles.as_ref().map(|tiles| map.tiles(&tiles.address, SIZE)).unwrap_or_default();
            let below = below.into_iter().map(|Tile { address, at: (x, y), size }| {
                view! { <image href=address x=x y=y width=size height=size preserveAspectRatio="none"/> }
            });
            let is_few = placed.len() <= NAMED;
            // The worst device is labelled first.
            let wanted = |place: usize| {
                is_few || placed.get(place).is_some_and(|(row, _)| is_worth_a_name(fleet::condition(&row.device)))
            };
            let named = labels(&map.places, ROOM, wanted);
            let marks =
                placed.iter().zip(&map.places).zip(named).map(|(((row, _), place), side)| mark(row, *place, side));
            let mut marks: Vec<_> = marks.collect();
            // Drawn last, so that it lies above all others.
            marks.reverse();
            Some(view! {
                // What is within it does not go beyond it, unlike in a group.
                <svg width=SIZE.0 height=SIZE.1 aria-hidden="true">{below.collect_view()}</svg>
                {marks}
                <g class="bar-of-scale" aria-hidden="true">
                    <path d=format!("M{} {}v6h{bar}v-6", MARGIN / 2.0, SIZE.1 - 18.0)/>
                    <text x=MARGIN / 2.0 + bar + 8.0 y=SIZE.1 - 11.0>{length}</text>
                </g>
            })
        })
    };
    view! {
        <details class="card map" open>
            <summary>{t(m::MAP)}</summary>
            <svg viewBox=format!("0 0 {} {}", SIZE.0, SIZE.1) role="group" aria-label=t(m::MAP)>{drawn}</svg>
            {attribution.map(|text| view! { <p class="faint attribution">{text}</p> })}
        </details>
    }
}

fn mark(row: &Row, (x, y): (f64, f64), side: Option<Side>) -> impl IntoView + use<> {
    let condition = fleet::condition(&row.device);
    let (tone, _) = words::condition(condition);
    let name = if row.device.name.is_empty() { row.device.id.clone() } else { row.device.name.clone() };
    let name = side.map(|side| match side {
        Side::Left => (name, x - ROOM.mark, "end"),
        Side::Right => (name, x + ROOM.mark, "start"),
    });
    let words = told(&row.device);
    let label = words.clone();
    let path = format!("/app/devices/{}", part(&row.device.id));
    let (go, to) = (use_navigate(), path.clone());
    // The router only handles clicks on HTML links.
    let click = move |event: web_sys::MouseEvent| {
        if event.button() == 0 && !event.ctrl_key() && !event.meta_key() && !event.shift_key() {
            event.prevent_default();
            go(&to, NavigateOptions::default());
        }
    };
    view! {
        <g>
            <a href=path aria-label=label on:click=click>
                <title>{words}</title>
                <g class=format!("status {}", tone.class())>
                    <circle cx=x cy=y r="14" class="touch"/>
                    <path transform=format!("translate({} {}) scale(1.25)", x - 10.0, y - 10.0) d=tone.path() fill="currentColor" fill-rule="evenodd"/>
                </g>
                {name.map(|(name, x, anchor)| view! { <text x=x y=y + 5.0 text-anchor=anchor>{name}</text> })}
            </a>
        </g>
    }
}

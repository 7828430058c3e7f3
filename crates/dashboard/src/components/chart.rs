//! A chart that can be zoomed and moved with a pointer, a wheel, fingers and keys. The crate `chart` composes what it shows; this component
//! paints it, and turns the reader's input into a span.

use std::sync::Arc;

use chart::canvas::{Palette, paint};
use chart::{Bucket, Curve, Event, Hit, Limit, Plot, Scene, Span, compose, nearest};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{KeyboardEvent, PointerEvent, ResizeObserver, WheelEvent};

use super::zone;
use crate::browser;
use crate::messages as m;
use crate::model::gesture::{Gesture, Outcome};
use crate::model::{moment, number};
use crate::text::{fill, t};

/// Height of a chart, in pixels.
const HEIGHT: f64 = 220.0;
/// Maximum distance between the pointer and the value that is shown for it, in pixels.
const REACH: f64 = 40.0;
/// Maximum distance between the crosshair and the values of the other curves, in pixels.
const SAME: f64 = 8.0;

/// A chart of curves in one unit.
#[component]
pub fn Chart(
    /// A description for screen readers.
    #[prop(into)]
    label: String,
    /// The unit of the curves.
    #[prop(into)]
    unit: String,
    /// The curves.
    #[prop(into)]
    curves: Signal<Arc<Vec<Curve>>>,
    /// Limits.
    #[prop(optional)]
    limits: Vec<Limit>,
    /// Events.
    #[prop(into)]
    events: Signal<Arc<Vec<Event>>>,
    /// Highlighted spans.
    #[prop(optional)]
    bands: Vec<Span>,
    /// The span of time that is shown.
    #[prop(into)]
    span: Signal<Span>,
    /// Called when the reader selects another span.
    #[prop(into)]
    on_span: Callback<Span>,
    /// The instant under the pointer, in ms since the epoch, shared by all charts of a page.
    cursor: RwSignal<Option<f64>>,
    /// Set to the chart's width in pixels whenever that changes.
    width: RwSignal<f64>,
) -> impl IntoView {
    let (frame, canvas) = (NodeRef::<html::Div>::new(), NodeRef::<html::Canvas>::new());
    let scene = StoredValue::new(None::<Scene>);
    let drawn = RwSignal::new(0_u32);
    let gesture = StoredValue::new(Gesture::default());
    let selected = RwSignal::new(None::<(f64, f64)>);
    let own_width = RwSignal::new(0.0_f64);
    observe(frame, own_width);
    Effect::new(move |_| {
        let wide = own_width.get();
        if wide > 0.0 && (width.get_untracked() - wide).abs() > 1.0 {
            width.set(wide);
        }
    });
    let zone = zone::zone();
    let colours = colours();
    Effect::new(move |_| {
        let (wide, span) = (own_width.get(), span.get());
        let Some(canvas) = canvas.get().filter(|_| wide > 0.0) else { return };
        let (zone, months) = (zone.get().zone, moment::months());
        let composed = curves.with(|curves| {
            events.with(|events| {
                compose(&Plot {
                    span,
                    curves,
                    limits: &limits,
                    events,
                    bands: &bands,
                    zone: &zone,
                    months: &months,
                    decimal: number::decimal(),
                    width: wide,
                    height: HEIGHT,
                })
            })
        });
        let ratio = browser::window().map_or(1.0, |window| window.device_pixel_ratio());
        let _ = colours.with(|palette| paint(&canvas, &composed, palette, (wide, HEIGHT), ratio));
        scene.set_value(Some(composed));
        drawn.update(|count| *count = count.wrapping_add(1));
    });

    // The position of a pixel of the page as a share of the chart's width.
    let share = move |x: i32| {
        let left = frame.get_untracked().map_or(0.0, |frame| frame.get_bounding_client_rect().left());
        scene.with_value(|scene| scene.as_ref().map(|scene| scene.inner.share(f64::from(x) - left)))
    };
    let down = move |event: PointerEvent| {
        if event.button() != 0 {
            return;
        }
        let Some(at) = share(event.client_x()) else { return };
        if let Some(frame) = frame.get_untracked() {
            let _ = frame.set_pointer_capture(event.pointer_id());
            let _ = frame.focus();
        }
        let moves = event.shift_key() || event.pointer_type() == "touch";
        gesture.update_value(|gesture| gesture.down(event.pointer_id(), at, moves, span.get_untracked()));
    };
    let moved = move |event: PointerEvent| {
        let Some(at) = share(event.client_x()) else { return };
        let instant = span.get_untracked().from() + span.get_untracked().length() * at;
        cursor.set(Some(instant).filter(|_| (0.0..=1.0).contains(&at)));
        let mut outcome = Outcome::Nothing;
        gesture.update_value(|gesture| outcome = gesture.moved(event.pointer_id(), at));
        match outcome {
            Outcome::Nothing => {}
            Outcome::Selecting(from, to) => selected.set(Some((from, to))),
            Outcome::Show(span) => on_span.run(span),
        }
    };
    let up = move |event: PointerEvent| {
        let mut outcome = Outcome::Nothing;
        gesture.update_value(|gesture| outcome = gesture.up(event.pointer_id()));
        selected.set(None);
        if let Outcome::Show(span) = outcome {
            on_span.run(span);
        }
    };
    let left = move |_| {
        if !gesture.with_value(Gesture::is_on) {
            cursor.set(None);
        }
    };
    // The wheel scrolls the page, unless the chart has the focus or the reader holds Ctrl.
    let wheel = move |event: WheelEvent| {
        let focused = || {
            let active = browser::document().and_then(|document| document.active_element());
            active.is_some() && active == frame.get_untracked().map(Into::into)
        };
        if !event.ctrl_key() && !event.meta_key() && !focused() {
            return;
        }
        event.prevent_default();
        let at = share(event.client_x()).unwrap_or(0.5);
        let shown = span.get_untracked();
        if event.delta_x().abs() > event.delta_y().abs() {
            on_span.run(shown.moved(event.delta_x() / 1_000.0));
        } else {
            on_span.run(shown.zoomed(at, (event.delta_y() / 400.0).clamp(-1.0, 1.0).exp()));
        }
    };
    let key = move |event: KeyboardEvent| {
        let shown = span.get_untracked();
        let next = match event.key().as_str() {
            "ArrowLeft" => shown.moved(-0.2),
            "ArrowRight" => shown.moved(0.2),
            "+" | "=" | "ArrowUp" => shown.zoomed(0.5, 0.5),
            "-" | "ArrowDown" => shown.zoomed(0.5, 2.0),
            "Escape" => {
                gesture.update_value(Gesture::cancel);
                return selected.set(None);
            }
            _ => return,
        };
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        event.prevent_default();
        on_span.run(next);
    };
    let out = move |_| on_span.run(span.get_untracked().zoomed(0.5, 2.0));

    let hit = Memo::new(move |_| {
        drawn.track();
        let at = cursor.get()?;
        scene.with_value(|scene| {
            let scene = scene.as_ref()?;
            let px = scene.x.px(at);
            let mut found = curves.with(|curves| {
                let near = |curve: &Curve| Some((curve.label.clone(), nearest(&curve.shown, scene.x, px, REACH)?));
                curves.iter().filter_map(near).collect::<Vec<_>>()
            });
            // The nearest value determines the position of the crosshair.
            let distance = |(_, hit): &(String, Hit)| (hit.at() - at).abs();
            let first =
                found.iter().min_by(|one, other| distance(one).total_cmp(&distance(other))).map(|(_, hit)| *hit);
            // Of the other curves, only values at that position.
            if let Some(first) = first {
                found.retain(|(_, hit)| (scene.x.px(hit.at()) - scene.x.px(first.at())).abs() <= SAME);
            }
            let at = first.map_or(px, |hit| scene.x.px(hit.at()));
            let inside = (scene.inner.left..=scene.inner.right).contains(&at);
            inside.then(|| Cross {
                x: at,
                hits: found.into_iter().map(|(name, hit)| (name, scene.y.px(hit.value()), hit)).collect(),
                first,
                right: at > own_width.get() / 2.0,
            })
        })
    });
    let brush = move || {
        let (from, to) = selected.get()?;
        scene.with_value(|scene| {
            let inner = scene.as_ref()?.inner;
            let wide = inner.right - inner.left;
            Some((inner.left + wide * from, wide * (to - from)))
        })
    };
    view! {
        <div
            class="chart"
            node_ref=frame
            role="group"
            tabindex="0"
            aria-label=fill(m::CHART_LABEL, &[("name", &label)])
            on:pointerdown=down
            on:pointermove=moved
            on:pointerup=up
            on:pointercancel=up
            on:pointerleave=left
            on:wheel=wheel
            on:keydown=key
            on:dblclick=out
        >
            <canvas node_ref=canvas aria-hidden="true"></canvas>
            {move || brush().map(|(left, wide)| view! {
                <div class="brush" style:left=format!("{left}px") style:width=format!("{wide}px")></div>
            })}
            {move || hit.get().map(|cross| view! { <Crosshair cross unit=unit.clone()/> })}
        </div>
    }
}

/// The position of the crosshair, and the values there.
#[derive(Debug, Clone, PartialEq)]
struct Cross {
    x: f64,
    /// The value of each curve there, with the curve's name and the vertical position.
    hits: Vec<(String, f64, Hit)>,
    /// The nearest one.
    first: Option<Hit>,
    right: bool,
}

/// The crosshair: elements above the canvas, so that the canvas is not painted again with each movement.
#[component]
fn Crosshair(cross: Cross, unit: String) -> impl IntoView {
    let Cross { x, hits, first, right } = cross;
    let zone = zone::zone().get_untracked().zone;
    let value = |hit: &Hit| match hit {
        Hit::Point(point) => {
            let value = number::with_unit(point.value, &unit);
            match chart_quality(point.quality) {
                Some(text) => format!("{value} · {}", t(text)),
                None => value,
            }
        }
        Hit::Bucket(bucket) => of_bucket(bucket, &unit),
    };
    let when = first.map(|hit| match hit {
        Hit::Point(point) => moment::full(point.at, &zone),
        Hit::Bucket(bucket) => moment::full(bucket.from, &zone),
    });
    let values = hits.iter().map(|(name, _, hit)| {
        let text = if name.is_empty() { value(hit) } else { format!("{name}: {}", value(hit)) };
        view! { <strong>{text}</strong> }
    });
    let values = values.collect_view();
    let dots = hits.iter().map(|(_, y, _)| {
        view! { <div class="at" style:left=format!("{x}px") style:top=format!("{y}px")></div> }
    });
    view! {
        <div class="cross" style:left=format!("{x}px")></div>
        {dots.collect_view()}
        {when.map(|when| view! {
            <div class=if right { "tip right" } else { "tip" } style:left=format!("{x}px")>
                {values}
                <span>{when}</span>
            </div>
        })}
    }
}

fn of_bucket(bucket: &Bucket, unit: &str) -> String {
    if bucket.count == 0 {
        return fill(m::LEFT_OUT, &[("count", &bucket.left_out.to_string())]);
    }
    let text = fill(
        m::BUCKET,
        &[
            ("mean", &number::with_unit(bucket.mean, unit)),
            ("low", &number::shown(bucket.low)),
            ("high", &number::shown(bucket.high)),
            ("count", &bucket.count.to_string()),
        ],
    );
    if bucket.left_out == 0 {
        return text;
    }
    format!("{text} · {}", fill(m::LEFT_OUT, &[("count", &bucket.left_out.to_string())]))
}

/// The name of a quality, unless it is good.
pub fn chart_quality(quality: chart::Quality) -> Option<crate::text::Text> {
    match quality {
        chart::Quality::Good => None,
        chart::Quality::OutOfRange => Some(m::QUALITY_OUT_OF_RANGE),
        chart::Quality::Uncalibrated => Some(m::QUALITY_UNCALIBRATED),
    }
}

/// Updates `width` whenever the width of the element changes, until the component is removed.
fn observe(frame: NodeRef<html::Div>, width: RwSignal<f64>) {
    Effect::new(move |_| {
        let Some(frame) = frame.get() else { return };
        let measured = frame.clone();
        let heard = Closure::<dyn FnMut()>::new(move || {
            let wide = f64::from(measured.client_width());
            if (width.get_untracked() - wide).abs() > 0.5 {
                width.set(wide);
            }
        });
        let Ok(observer) = ResizeObserver::new(heard.as_ref().unchecked_ref()) else { return };
        observer.observe(&frame);
        let kept = StoredValue::new_local((observer, heard));
        on_cleanup(move || {
            let _ = kept.try_with_value(|(observer, _)| observer.disconnect());
        });
    });
}

/// The colours of the style sheet, updated whenever the browser changes between light and dark.
fn colours() -> RwSignal<Palette, LocalStorage> {
    let palette = RwSignal::new_local(read());
    let query = browser::window().and_then(|window| window.match_media("(prefers-color-scheme: dark)").ok()?);
    if let Some(query) = query {
        let heard = Closure::<dyn FnMut()>::new(move || {
            let _ = palette.try_set(read());
        });
        let _ = query.add_event_listener_with_callback("change", heard.as_ref().unchecked_ref());
        let kept = StoredValue::new_local((query, heard));
        on_cleanup(move || {
            let _ = kept.try_with_value(|(query, heard)| {
                query.remove_event_listener_with_callback("change", heard.as_ref().unchecked_ref())
            });
        });
    }
    palette
}

fn read() -> Palette {
    let root = browser::document().and_then(|document| document.document_element());
    let style = root.and_then(|root| browser::window()?.get_computed_style(&root).ok()?);
    let colour = |name: &str| {
        let value = style.as_ref().and_then(|style| style.get_property_value(name).ok());
        value
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
            .unwrap_or_else(|| "gray".to_owned())
    };
    Palette {
        grid: colour("--line"),
        text: colour("--faint"),
        limit: colour("--bad"),
        event: colour("--faint"),
        doubt: colour("--warning"),
        curves: (1..=8).map(|number| colour(&format!("--series-{number}"))).collect(),
        font: "12px system-ui, sans-serif".to_owned(),
    }
}

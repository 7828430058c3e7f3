//! A small figure of points and the curve that fits them, drawn as SVG. For screen readers, the table beside it has the same values.

use chart::{Scale, label, nice, ticks};
use leptos::prelude::*;

use crate::model::number::decimal;

const SIZE: (f64, f64) = (520.0, 300.0);
const LEFT: f64 = 52.0;
const BOTTOM: f64 = 30.0;
const EDGE: f64 = 22.0;
const TICKS: usize = 6;

/// Points and a curve.
#[component]
pub fn Xy(
    /// A description.
    #[prop(into)]
    title: String,
    /// The points.
    points: Vec<(f64, f64)>,
    /// The curve.
    curve: Vec<(f64, f64)>,
) -> impl IntoView {
    let all = || points.iter().chain(&curve);
    let bounds = |of: fn(&(f64, f64)) -> f64| {
        all().map(of).fold((f64::MAX, f64::MIN), |(low, high), one| (low.min(one), high.max(one)))
    };
    let (from, until) = bounds(|point| point.0);
    let (low, high) = bounds(|point| point.1);
    let (wide, tall) = (nice(from, until, TICKS), nice(low, high, TICKS));
    let x = Scale::new(wide, (LEFT, SIZE.0 - EDGE));
    let y = Scale::new(tall, (SIZE.1 - BOTTOM, EDGE));
    let text = |tick: f64, (low, high): (f64, f64)| label(tick, low, high, TICKS).replace('.', &decimal().to_string());
    let across = ticks(tall.0, tall.1, TICKS).into_iter().map(|tick| {
        let at = y.px(tick);
        view! {
            <path class="grid" d=format!("M{LEFT} {at}H{}", SIZE.0 - EDGE)/>
            <text x=LEFT - 6.0 y=at + 4.0 text-anchor="end">{text(tick, tall)}</text>
        }
    });
    let up = ticks(wide.0, wide.1, TICKS).into_iter().map(|tick| {
        let at = x.px(tick);
        view! {
            <path class="grid" d=format!("M{at} {EDGE}V{}", SIZE.1 - BOTTOM)/>
            <text x=at y=SIZE.1 - 10.0 text-anchor="middle">{text(tick, wide)}</text>
        }
    });
    let line: String = curve
        .iter()
        .enumerate()
        .map(|(index, (raw, value))| {
            let sign = if index == 0 { 'M' } else { 'L' };
            format!("{sign}{:.2} {:.2}", x.px(*raw), y.px(*value))
        })
        .collect();
    let dots = points.iter().map(|(raw, value)| view! { <circle cx=x.px(*raw) cy=y.px(*value) r="5"/> });
    view! {
        <svg class="xy" viewBox=format!("0 0 {} {}", SIZE.0, SIZE.1) role="img" aria-label=title>
            {across.collect_view()}
            {up.collect_view()}
            <path class="curve" d=line/>
            {dots.collect_view()}
        </svg>
    }
}

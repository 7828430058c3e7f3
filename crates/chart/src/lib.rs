//! Curves of readings over time.
//!
//! [`compose`] turns a [`Plot`] (a span of time, series, limits) into a [`Scene`]: lines, bands, dots and texts in pixels. It is a pure
//! function, so everything about a chart but the painting is tested without a browser. `canvas::paint` paints a scene on a canvas, in the
//! browser only.

mod columns;
mod compose;
mod gaps;
mod hit;
mod plot;
mod scale;
mod scene;
mod span;
mod ticks;
mod time_ticks;

#[cfg(target_arch = "wasm32")]
pub mod canvas;

pub use columns::{Column, columns};
pub use compose::compose;
pub use gaps::{pieces, step_at};
pub use hit::{Hit, nearest};
pub use plot::{Bucket, Curve, Event, Limit, Plot, Point, Quality, Shown};
pub use scale::{Scale, nice};
pub use scene::{Align, Ink, Inner, Mark, Scene};
pub use span::Span;
pub use ticks::{label, ticks};
pub use time_ticks::{TimeTick, Unit, time_label, time_ticks};

//! A chart as lines, areas, dots and texts in pixels.

use crate::plot::Quality;
use crate::scale::Scale;

/// What something is drawn for; the palette of the page says in which colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Lines behind everything.
    Grid,
    /// Texts of the axes.
    Text,
    /// A curve, by its place in the palette.
    Curve(u8),
    /// The limit of an alert.
    Limit,
    /// Something that happened.
    Event,
    /// A value that cannot be trusted.
    Doubt,
}

/// On which side of its place a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// Something to paint.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line through these places.
    Line {
        /// The places, in pixels.
        path: Vec<(f64, f64)>,
        /// The colour.
        ink: Ink,
        /// The width, in pixels.
        width: f64,
        /// Whether it is dashed.
        dashed: bool,
    },
    /// An area, filled thinly.
    Area {
        /// Its outline, in pixels.
        outline: Vec<(f64, f64)>,
        /// The colour.
        ink: Ink,
    },
    /// One value. Its shape tells its quality: a dot, a triangle (out of range), or a ring (uncalibrated).
    Dot {
        /// The place, in pixels.
        at: (f64, f64),
        /// The quality.
        quality: Quality,
        /// The colour.
        ink: Ink,
    },
    /// A text.
    Text {
        /// The place, in pixels; the middle of the text's height.
        at: (f64, f64),
        /// The text.
        text: String,
        /// On which side of the place it stands.
        align: Align,
        /// The colour.
        ink: Ink,
    },
}

/// The rectangle that the axes enclose, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Inner {
    /// Its left edge.
    pub left: f64,
    /// Its upper edge.
    pub top: f64,
    /// Its right edge.
    pub right: f64,
    /// Its lower edge.
    pub bottom: f64,
}

impl Inner {
    /// The share of the width at which a pixel lies: 0 at the left edge, 1 at the right one.
    pub fn share(self, px: f64) -> f64 {
        (px - self.left) / (self.right - self.left).max(1.0)
    }

    /// Whether the place lies within.
    pub fn contains(self, (x, y): (f64, f64)) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }
}

/// A chart that was laid out.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Grid and axes, painted first.
    pub back: Vec<Mark>,
    /// Curves, limits and events; clipped to `inner`.
    pub data: Vec<Mark>,
    /// Between the axes.
    pub inner: Inner,
    /// From ms to pixels.
    pub x: Scale,
    /// From the unit of the curves to pixels.
    pub y: Scale,
}

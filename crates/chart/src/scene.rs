//! A chart as lines, areas, dots and texts in pixels.

use crate::plot::Quality;
use crate::scale::Scale;

/// The role of something that is drawn; the palette of the page gives it a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Lines behind everything.
    Grid,
    /// Texts of the axes.
    Text,
    /// A curve, by the index of its colour.
    Curve(u8),
    /// The limit of an alert.
    Limit,
    /// An event.
    Event,
    /// A value that cannot be trusted.
    Doubt,
}

/// The side of its position on which a text is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// The text begins there.
    Start,
    /// The text is centred there.
    Middle,
    /// The text ends there.
    End,
}

/// Something to paint.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// A line through these points.
    Line {
        /// The points, in pixels.
        path: Vec<(f64, f64)>,
        /// The colour.
        ink: Ink,
        /// The width, in pixels.
        width: f64,
        /// Whether it is dashed.
        dashed: bool,
    },
    /// An area with a translucent fill.
    Area {
        /// Its outline, in pixels.
        outline: Vec<(f64, f64)>,
        /// The colour.
        ink: Ink,
    },
    /// One value. Its shape shows its quality: a dot, a triangle (out of range), or a ring (uncalibrated).
    Dot {
        /// The position, in pixels.
        at: (f64, f64),
        /// The quality.
        quality: Quality,
        /// The colour.
        ink: Ink,
    },
    /// A text.
    Text {
        /// The position, in pixels, vertically the middle of the text.
        at: (f64, f64),
        /// The text.
        text: String,
        /// The side of the position on which it is placed.
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
    /// The horizontal position of a pixel as a share of the width: 0 at the left edge, 1 at the right one.
    pub fn share(self, px: f64) -> f64 {
        (px - self.left) / (self.right - self.left).max(1.0)
    }

    /// Whether the rectangle contains the point.
    pub fn contains(self, (x, y): (f64, f64)) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }
}

/// A chart after layout.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// Grid and axes, painted first.
    pub back: Vec<Mark>,
    /// Curves, limits and events; clipped to `inner`.
    pub data: Vec<Mark>,
    /// The rectangle between the axes.
    pub inner: Inner,
    /// The horizontal scale, from ms since the epoch to pixels.
    pub x: Scale,
    /// The vertical scale, from the unit of the curves to pixels.
    pub y: Scale,
}

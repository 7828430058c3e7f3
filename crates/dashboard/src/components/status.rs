//! A state, shown by a shape and a word. Its colour only repeats them.

use leptos::prelude::*;

/// The rating of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tone {
    /// As it should be: a filled circle.
    Good,
    /// Neither good nor bad: a ring.
    Neutral,
    /// Somebody should know: a triangle.
    Warning,
    /// Somebody has to act: a square standing on a corner.
    Bad,
}

impl Tone {
    /// The class in the style sheet.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Neutral => "neutral",
            Self::Warning => "warning",
            Self::Bad => "bad",
        }
    }

    /// The outline of the shape, as an SVG path in a square of 16.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Good => "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Z",
            Self::Neutral => "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 2.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z",
            Self::Warning => "M8 1.5 15 14H1Z",
            Self::Bad => "M8 1l7 7-7 7-7-7Z",
        }
    }
}

/// A state.
#[component]
pub fn Status(
    /// The rating.
    tone: Tone,
    /// The word.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    view! {
        <span class=format!("status {}", tone.class())>
            <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true" focusable="false">
                <path d=tone.path() fill="currentColor" fill-rule="evenodd"/>
            </svg>
            {text}
        </span>
    }
}

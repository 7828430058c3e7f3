//! The names of the curves of a chart. Numbers distinguish the curves; the colours only repeat them.

use leptos::prelude::*;

/// The names.
#[component]
pub fn Legend(
    /// The names in the order of the curves, each with the colour of its curve.
    names: Vec<(u8, String)>,
) -> impl IntoView {
    let line = |(place, (colour, name)): (usize, (u8, String))| {
        let class = format!("key series-{}", colour + 1);
        view! { <li><span class=class aria-hidden="true"></span>{place + 1}" "{name}</li> }
    };
    view! { <ul class="legend keys">{names.into_iter().enumerate().map(line).collect_view()}</ul> }
}

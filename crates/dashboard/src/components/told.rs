//! What came of the last thing that somebody did on a page.

use leptos::prelude::*;

use super::states::Failed;
use crate::problem::ApiError;

/// A sentence for people, or why it did not work; nothing before anything was done.
pub type Outcome = RwSignal<Option<Result<String, ApiError>>>;

/// The outcome. A screen reader says it when it changes.
#[component]
pub fn Told(
    /// What came of it.
    outcome: Outcome,
) -> impl IntoView {
    view! {
        <div aria-live="polite">
            {move || outcome.get().map(|outcome| match outcome {
                Ok(sentence) => view! { <p class="notice">{sentence}</p> }.into_any(),
                Err(error) => view! { <Failed error/> }.into_any(),
            })}
        </div>
    }
}

//! The outcome of the reader's last action on a page.

use leptos::prelude::*;

use super::states::Failed;
use crate::problem::ApiError;

/// A sentence for the reader, or the error; `None` before the first action.
pub type Outcome = RwSignal<Option<Result<String, ApiError>>>;

/// The outcome, which screen readers announce when it changes.
#[component]
pub fn Told(
    /// The outcome.
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

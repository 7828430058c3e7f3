//! What a page shows when it has nothing else to show: it loads, there is nothing, it did not work.

use leptos::prelude::*;

use crate::messages as m;
use crate::problem::ApiError;
use crate::text::{fill, t};

/// Something is loading. It keeps the room that it will need.
#[component]
pub fn Loading() -> impl IntoView {
    view! { <p class="state loading" role="status">{t(m::LOADING)}</p> }
}

/// There is nothing.
#[component]
pub fn Empty(
    /// What there is nothing of, and what to do about it.
    #[prop(into, default = t(m::EMPTY).to_owned())]
    text: String,
) -> impl IntoView {
    view! { <p class="state empty">{text}</p> }
}

/// It did not work: what it means, what the API says, and the request's id.
#[component]
pub fn Failed(
    /// Why.
    error: ApiError,
    /// Tries again.
    #[prop(optional, into)]
    retry: Option<Callback<()>>,
) -> impl IntoView {
    let title = if error == ApiError::Offline { t(m::OFFLINE) } else { t(m::FAILED) };
    let sentence = error.sentence();
    let problem = error.problem().cloned();
    let detail = problem.as_ref().map(|problem| problem.detail.clone()).filter(|detail| *detail != sentence);
    let fields = problem.as_ref().map(|problem| problem.errors.clone()).unwrap_or_default();
    let request = problem.and_then(|problem| problem.request_id);
    view! {
        <div class="state failed" role="alert">
            <h2>{title}</h2>
            <p>{sentence}</p>
            {detail.map(|detail| view! { <p>{detail}</p> })}
            {(fields.len() > 1).then(|| view! {
                <ul>
                    {fields.into_iter().map(|field| {
                        let place = field.pointer.or(field.parameter).unwrap_or_default();
                        view! { <li><code>{place}</code>" "{field.detail}</li> }
                    }).collect_view()}
                </ul>
            })}
            {request.map(|id| view! { <p class="faint">{fill(m::REQUEST_ID, &[("id", &id)])}</p> })}
            {retry.map(|retry| view! { <button type="button" on:click=move |_| retry.run(())>{t(m::RETRY)}</button> })}
        </div>
    }
}

//! Shown in place of content: loading, nothing there, or a failure.

use leptos::prelude::*;

use super::heading::Heading;
use crate::browser;
use crate::messages as m;
use crate::problem::ApiError;
use crate::text::{fill, t};

/// Loading. It reserves some space, so that the page does not jump.
#[component]
pub fn Loading() -> impl IntoView {
    view! { <p class="state loading" role="status">{t(m::LOADING)}</p> }
}

/// There is no content.
#[component]
pub fn Empty(
    /// What there is none of, and what to do about it.
    #[prop(into, default = t(m::EMPTY).to_owned())]
    text: String,
) -> impl IntoView {
    view! { <p class="state empty">{text}</p> }
}

/// A failure: its meaning, the message of the API, and the id of the request.
#[component]
pub fn Failed(
    /// The error.
    error: ApiError,
    /// Called to try again.
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

/// A part of the program could not be loaded: there is no connection, or the page was updated and no longer has it.
#[component]
pub fn NotLoaded(
    /// Called to try again.
    #[prop(into)]
    retry: Callback<()>,
) -> impl IntoView {
    let reload = |_| browser::go(&browser::address());
    view! {
        <Heading text=t(m::NOT_LOADED).to_owned()/>
        <div class="state failed" role="alert">
            <p>{t(m::NOT_LOADED_DETAIL)}</p>
            <div class="buttons">
                <button type="button" on:click=move |_| retry.run(())>{t(m::RETRY)}</button>
                <button type="button" on:click=reload>{t(m::LOAD_PAGE_AGAIN)}</button>
            </div>
        </div>
    }
}

//! The button below a list that appends its next page.

use std::future::Future;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::load::Load;
use super::told::Outcome;
use crate::messages as m;
use crate::problem::ApiError;
use crate::text::{Text, t};
use crate::wire::Page;

/// The button; nothing if there is no further page.
#[component]
pub fn More<T, K, F>(
    /// The list as far as it is read.
    load: Load<Page<T>>,
    /// Where to show a failure.
    outcome: Outcome,
    /// Reads the page of a cursor.
    read: impl Fn(String) -> F + Copy + Send + Sync + 'static,
    /// The key of an item, so that none is listed twice.
    key: fn(&T) -> K,
    /// The text of the button.
    #[prop(default = m::MORE)]
    label: Text,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    K: Ord + 'static,
    F: Future<Output = Result<Page<T>, ApiError>> + 'static,
{
    let next = Memo::new(move |_| load.here(|listed| listed.next.clone()).flatten());
    let more = move |_| {
        let Some(cursor) = next.get_untracked() else { return };
        spawn_local(async move {
            match read(cursor.clone()).await {
                Ok(further) => load.update(|listed| listed.append(&cursor, further, key)),
                Err(error) => outcome.set(Some(Err(error))),
            }
        });
    };
    view! {
        <Show when=move || next.with(Option::is_some)>
            <p><button type="button" on:click=more>{t(label)}</button></p>
        </Show>
    }
}

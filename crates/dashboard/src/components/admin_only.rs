//! Content that only administrators see.

use leptos::prelude::*;

use crate::api::Api;
use crate::messages as m;
use crate::session::Session;
use crate::text::t;

/// Whether the person who is signed in is an administrator.
pub fn is_admin() -> Memo<bool> {
    let session = StoredValue::new_local(Api::here().session().clone());
    Memo::new(move |_| session.with_value(Session::is_admin))
}

/// The content of a page for administrators. Others see a message instead, and nothing is requested from the API.
#[component]
pub fn AdminOnly(
    /// The content.
    children: ChildrenFn,
) -> impl IntoView {
    let is_admin = is_admin();
    view! {
        <Show
            when=move || is_admin.get()
            fallback=|| view! {
                <div class="state" id="admins-only">
                    <h2>{t(m::ADMINS_ONLY)}</h2>
                    <p>{t(m::ADMINS_ONLY_DETAIL)}</p>
                </div>
            }
        >
            {children()}
        </Show>
    }
}

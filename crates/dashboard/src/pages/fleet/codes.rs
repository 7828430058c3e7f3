//! New claim codes. The API returns them only once, so they are shown until the reader confirms that they are saved.

use leptos::prelude::*;

use crate::components::download;
use crate::messages as m;
use crate::model::serials;
use crate::text::t;

/// The codes. While they are shown, the browser asks before it closes or reloads the page.
#[component]
pub(super) fn Codes(codes: RwSignal<Vec<(String, String)>>) -> impl IntoView {
    let row = |(serial, code): (String, String)| view! { <tr><th scope="row"><code>{serial}</code></th><td><code>{code}</code></td></tr> };
    let save =
        move |_| download::offer("claim-codes.csv", "text/csv", &codes.with_untracked(|codes| serials::codes(codes)));
    let leaving = window_event_listener(leptos::ev::beforeunload, move |event| {
        if codes.with_untracked(|codes| !codes.is_empty()) {
            event.prevent_default();
        }
    });
    on_cleanup(move || leaving.remove());
    view! {
        <Show when=move || codes.with(|codes| !codes.is_empty())>
            <div class="notice">
                <p role="status"><strong>{t(m::CLAIM_CODES_ONCE)}</strong></p>
                <div class="scroll" tabindex="0">
                    <table id="claim-codes">
                        <caption class="spoken">{t(m::CLAIM_CODE)}</caption>
                        <thead><tr><th scope="col">{t(m::SERIAL)}</th><th scope="col">{t(m::CLAIM_CODE)}</th></tr></thead>
                        <tbody>{move || codes.get().into_iter().map(row).collect_view()}</tbody>
                    </table>
                </div>
                <div class="buttons">
                    <button type="button" class="small" on:click=save>{t(m::CSV)}</button>
                    <button type="button" class="small" on:click=move |_| codes.set(Vec::new())>{t(m::CODES_KEPT)}</button>
                </div>
            </div>
        </Show>
    }
}

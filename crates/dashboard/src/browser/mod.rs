//! The browser functions that the page calls directly.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, Event, EventTarget, Storage, Window};

pub mod keep;

/// The window.
pub fn window() -> Option<Window> {
    web_sys::window()
}

/// The document.
pub fn document() -> Option<Document> {
    window()?.document()
}

/// Scheme, host and port of the page.
pub fn origin() -> String {
    window().and_then(|window| window.location().origin().ok()).unwrap_or_default()
}

/// Path of the address.
pub fn path() -> String {
    window().and_then(|window| window.location().pathname().ok()).unwrap_or_default()
}

/// Query of the address, with its question mark; empty if there is none.
pub fn query() -> String {
    window().and_then(|window| window.location().search().ok()).unwrap_or_default()
}

/// Path, query and fragment of the address.
pub fn address() -> String {
    let fragment = window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
    format!("{}{}{fragment}", path(), query())
}

/// Navigates to another address.
pub fn go(address: &str) {
    if let Some(window) = window() {
        let _ = window.location().assign(address);
    }
}

/// Replaces the address in the history without loading anything.
pub fn rename(address: &str) {
    if let Some(history) = window().and_then(|window| window.history().ok()) {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(address));
    }
}

/// The storage that the browser keeps until the tab is closed.
pub fn tab() -> Option<Storage> {
    window()?.session_storage().ok()?
}

/// The storage that the browser keeps for good.
pub fn lasting() -> Option<Storage> {
    window()?.local_storage().ok()?
}

/// Milliseconds since the epoch.
pub fn now() -> f64 {
    js_sys::Date::now()
}

/// Random bytes; `None` if the browser provides none.
pub fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    window()?.crypto().ok()?.get_random_values_with_u8_array(&mut bytes).ok()?;
    Some(bytes)
}

/// An idempotency key, so that a repeated request has no further effect; `None` if the browser provides no random bytes.
pub fn request_key() -> Option<String> {
    let bytes: [u8; 16] = random()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Whether the page is hidden, behind another tab or window.
pub fn hidden() -> bool {
    document().is_some_and(|document| document.hidden())
}

/// Whether no element has the focus, as after the focused element was removed.
pub fn focus_is_nowhere() -> bool {
    document().is_some_and(|document| document.active_element().is_none_or(|element| element.tag_name() == "BODY"))
}

/// Calls `heard` at each event with this name, for the lifetime of the page.
pub fn listen(target: &EventTarget, name: &str, heard: impl FnMut(Event) + 'static) {
    let heard = Closure::<dyn FnMut(Event)>::new(heard);
    let _ = target.add_event_listener_with_callback(name, heard.as_ref().unchecked_ref());
    heard.forget();
}

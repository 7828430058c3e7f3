//! JSON that the tab keeps until it is closed.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::tab;

/// Keeps a value.
pub fn put<T: Serialize>(name: &str, value: &T) {
    if let (Some(tab), Ok(text)) = (tab(), serde_json::to_string(value)) {
        let _ = tab.set_item(name, &text);
    }
}

/// The value that is kept.
pub fn get<T: DeserializeOwned>(name: &str) -> Option<T> {
    let text = tab()?.get_item(name).ok()??;
    serde_json::from_str(&text).ok()
}

/// The value that was kept; it is kept no longer.
pub fn take<T: DeserializeOwned>(name: &str) -> Option<T> {
    let value = get(name);
    remove(name);
    value
}

/// Keeps it no longer.
pub fn remove(name: &str) {
    if let Some(tab) = tab() {
        let _ = tab.remove_item(name);
    }
}

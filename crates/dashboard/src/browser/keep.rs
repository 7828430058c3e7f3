//! JSON values in the session storage, which the browser keeps until the tab is closed.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::tab;

/// Stores a value.
pub fn put<T: Serialize>(name: &str, value: &T) {
    if let (Some(tab), Ok(text)) = (tab(), serde_json::to_string(value)) {
        let _ = tab.set_item(name, &text);
    }
}

/// The stored value.
pub fn get<T: DeserializeOwned>(name: &str) -> Option<T> {
    let text = tab()?.get_item(name).ok()??;
    serde_json::from_str(&text).ok()
}

/// Removes a value from the storage and returns it.
pub fn take<T: DeserializeOwned>(name: &str) -> Option<T> {
    let value = get(name);
    remove(name);
    value
}

/// Removes a value.
pub fn remove(name: &str) {
    if let Some(tab) = tab() {
        let _ = tab.remove_item(name);
    }
}

//! The ids of the devices that the reader may see, as suggestions for a field.

use leptos::prelude::*;
use serde::Deserialize;

use super::load::Load;
use crate::api::Api;
use crate::model::address::Query;

/// Maximum pages that are read, of 200 devices each.
const PAGES: usize = 10;

/// The part of a device that is read.
#[derive(Debug, Clone, Deserialize)]
struct Named {
    id: String,
    name: String,
}

/// A list of suggestions, which a field names with `list`. If it cannot be read, the field works without suggestions.
#[component]
pub fn DeviceOptions(
    /// The id of the list.
    id: &'static str,
) -> impl IntoView {
    let api = Api::here();
    let load: Load<Vec<Named>> = Load::new(move || {
        let api = api.clone();
        async move {
            let query = Query::default().with("limit", Some("200"));
            let path = |next: Option<&str>| query.clone().with("next", next).address("/devices");
            Ok(api.pages(PAGES, path, None).await?.items)
        }
    });
    let options = move || {
        let devices = load.here(Clone::clone).unwrap_or_default();
        devices.into_iter().map(|Named { id, name }| view! { <option value=id>{name}</option> }).collect_view()
    };
    view! { <datalist id=id>{options}</datalist> }
}

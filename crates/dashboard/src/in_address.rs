//! Keeps what a page shows in its address, so that links, reloading and going back show it again.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_query_map};

use crate::browser;
use crate::model::address::Query;

/// A function that replaces the address of the page. The router does it, because it has to know each address: one that it does not know, it
/// takes for another page, and then it does not show the address of the next one.
pub fn replacing() -> impl Fn(&str) + Clone + 'static {
    let navigate = use_navigate();
    move |address| navigate(address, NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() })
}

/// Keeps `shown` in the query of the page at `path`, and updates it when the reader goes back or follows a link. `read` gets it from a
/// query, `write` puts it into one; other parameters of the query stay as they are.
pub fn in_address<T>(
    path: &'static str,
    shown: RwSignal<T>,
    read: impl Fn(&Query) -> T + 'static,
    write: impl Fn(&T, Query) -> Query + 'static,
) where
    T: PartialEq + Clone + Send + Sync + 'static,
{
    let (known, replace) = (use_query_map(), replacing());
    Effect::new(move |before: Option<()>| {
        known.track();
        let told = read(&Query::parse(&browser::query()));
        if before.is_some() && shown.get_untracked() != told {
            shown.set(told);
        }
    });
    Effect::new(move |before: Option<()>| {
        let query = shown.with(|shown| write(shown, Query::parse(&browser::query())));
        if before.is_some() {
            replace(&query.address(path));
        }
    });
}

//! Keeps what a page shows in its address, so that links, reloading and going back show it again.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_location, use_navigate};

use crate::browser;
use crate::model::address::Query;

/// A function that replaces the address of the page. The router does it, because it has to know each address: one that it does not know, it
/// takes for another page, and then it does not show the address of the next one.
pub fn replacing() -> impl Fn(&str) + Clone + 'static {
    let navigate = use_navigate();
    move |address| navigate(address, NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() })
}

/// A function that reads the query of the page at `path` from the router; `None` on the way to another page. The address in the browser
/// changes only after the router has decided on it.
pub fn told(path: &str) -> impl Fn() -> Option<Query> + 'static {
    let location = use_location();
    let path = path.trim_end_matches('/').to_owned();
    move || {
        let query = location.search.with(|search| Query::parse(search));
        location.pathname.with_untracked(|at| at.trim_end_matches('/') == path).then_some(query)
    }
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
    let (told, replace) = (told(path), replacing());
    Effect::new(move |before: Option<()>| {
        let Some(told) = told().map(|query| read(&query)) else { return };
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

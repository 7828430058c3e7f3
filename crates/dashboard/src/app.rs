//! The page as a whole: sign-in, and the router.

use leptos::prelude::*;
use leptos_router::components::{Route, Router, Routes};
use leptos_router::path;

use crate::api::Api;
use crate::browser;
use crate::components::gate;
use crate::layout::Frame;
use crate::live::Live;
use crate::pages::{not_found, overview};
use crate::parts::{self, later};
use crate::session::{Session, State};
use crate::text::{self, Language};

/// The key in the browser's storage of the chosen language.
pub const CHOSEN: &str = "weir.language";

/// Starts the page.
pub fn start() {
    let chosen = browser::lasting().and_then(|lasting| lasting.get_item(CHOSEN).ok()?);
    let preferred = browser::window().map(|window| window.navigator().languages()).unwrap_or_default();
    let tags: Vec<String> = chosen.into_iter().chain(preferred.iter().filter_map(|tag| tag.as_string())).collect();
    text::speak(Language::preferred(tags.iter().map(String::as_str)));
    if let Some(document) = browser::document() {
        if let Some(root) = document.document_element() {
            let _ = root.set_attribute("lang", text::language().tag());
        }
        // The placeholder that was shown until the program was loaded.
        if let Some(waiting) = document.get_element_by_id("waiting") {
            waiting.remove();
        }
    }
    leptos::mount::mount_to_body(App);
}

/// The root component.
#[component]
fn App() -> impl IntoView {
    let session = Session::begin();
    let api = Api::new(session.clone());
    api.clone().provide();
    Live::provide(api);
    let state = session.state();
    // The pages stay as they are when a session ends or is renewed; it only matters whether somebody is or was signed in.
    let inside = Memo::new(move |_| state.with(|state| matches!(state, State::SignedIn(_) | State::Over(_))));
    let session = StoredValue::new_local(session);
    move || {
        if inside.get() {
            pages().into_any()
        } else {
            let session = session.get_value();
            view! { <gate::Gate session/> }.into_any()
        }
    }
}

fn pages() -> impl IntoView {
    view! {
        <Router>
            <Frame>
                <Routes fallback=not_found::NotFound>
                    <Route path=path!("/app") view=overview::Overview/>
                    <Route path=path!("/app/devices/:id") view=|| later(parts::device)/>
                    <Route path=path!("/app/devices/:id/sensors/:code/calibration") view=|| later(parts::calibration)/>
                    <Route path=path!("/app/devices/:id/sensors/:code/alerts") view=|| later(parts::alerts)/>
                    <Route path=path!("/app/problems") view=|| later(parts::problems)/>
                    <Route path=path!("/app/problems/:id") view=|| later(parts::problem)/>
                    <Route path=path!("/app/subscriptions") view=|| later(parts::subscriptions)/>
                    <Route path=path!("/app/flow") view=|| later(parts::flow)/>
                    <Route path=path!("/app/system") view=|| later(parts::system)/>
                    <Route path=path!("/app/quarantine") view=|| later(parts::quarantine)/>
                    <Route path=path!("/app/people") view=|| later(parts::people)/>
                    <Route path=path!("/app/fleet") view=|| later(parts::fleet)/>
                </Routes>
            </Frame>
        </Router>
    }
}

//! The parts of the program that are loaded when one of their pages is opened for the first time, so that the first page does not wait for
//! all the others.
//!
//! A page belongs to one part; what several parts need is in files of its own, or in the program itself. `pack` makes the files.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::components::states::{Loading, NotLoaded};
use crate::pages::{
    alerts, calibration, device, fleet, flow, people, problem, problems, quarantine, subscriptions, system,
};

/// Shows a page.
pub type Show = fn() -> AnyView;
/// A page whose part is being loaded.
type Opening = Pin<Box<dyn Future<Output = Result<Show, SplitLoaderError>>>>;

/// One device.
#[wasm_split(sensors, fallible)]
pub fn device() -> Result<Show, SplitLoaderError> {
    Ok(|| view! { <device::Device/> }.into_any())
}

/// The tubes and their levels.
#[wasm_split(sensors, fallible)]
pub fn flow() -> Result<Show, SplitLoaderError> {
    Ok(|| view! { <flow::Flow/> }.into_any())
}

/// The calibration of a sensor.
#[wasm_split(setup, fallible)]
pub fn calibration() -> Result<Show, SplitLoaderError> {
    Ok(|| view! { <calibration::Calibration/> }.into_any())
}

/// The alerts of a sensor.
#[wasm_split(setup, fallible)]
pub fn alerts() -> Result<Show, SplitLoaderError> {
    Ok(|| view! { <alerts::Alerts/> }.into_any())
}

/// What the person is told of.
#[wasm_split(setup, fallible)]
pub fn subscriptions() -> Result<Show, SplitLoaderError> {
    Ok(|| view! { <subscriptions::Subscriptions/> }.into_any())
}

/// All problems.
#[wasm_split(inbox, fallible)]
pub fn problems() -> Result<Show, SplitLoaderError> {
    Ok(|| view! { <problems::Problems/> }.into_any())
}

/// One problem.
#[wasm_split(inbox, fallible)]
pub fn problem() -> Result<Show, SplitLoaderError> {
    Ok(|| view! { <problem::Problem/> }.into_any())
}

/// The state of the system.
#[wasm_split(admin, fallible)]
pub fn system() -> Result<Show, SplitLoaderError> {
    Ok(|| view! { <system::System/> }.into_any())
}

/// Messages that were set aside.
#[wasm_split(admin, fallible)]
pub fn quarantine() -> Result<Show, SplitLoaderError> {
    Ok(|| view! { <quarantine::Quarantine/> }.into_any())
}

/// The people.
#[wasm_split(admin, fallible)]
pub fn people() -> Result<Show, SplitLoaderError> {
    Ok(|| view! { <people::People/> }.into_any())
}

/// Serial numbers, firmware and jobs.
#[wasm_split(admin, fallible)]
pub fn fleet() -> Result<Show, SplitLoaderError> {
    Ok(|| view! { <fleet::Fleet/> }.into_any())
}

/// A page whose part is loaded first, unless it is loaded.
pub fn later<O: Future<Output = Result<Show, SplitLoaderError>> + 'static>(open: fn() -> O) -> AnyView {
    view! { <Later open=Rc::new(move || Box::pin(open()))/> }.into_any()
}

#[component]
fn Later(open: Rc<dyn Fn() -> Opening>) -> impl IntoView {
    let opened: RwSignal<Option<Result<Show, ()>>> = RwSignal::new(None);
    let load = StoredValue::new_local(move || {
        let opening = open();
        spawn_local(async move {
            let shown = opening.await.map_err(|_| ());
            // The reader may have gone on meanwhile.
            opened.try_set(Some(shown));
        });
    });
    load.with_value(|load| load());
    let retry = move || {
        opened.set(None);
        load.with_value(|load| load());
    };
    move || match opened.get() {
        None => view! { <Loading/> }.into_any(),
        Some(Ok(show)) => show(),
        Some(Err(())) => view! { <NotLoaded retry=move |()| retry()/> }.into_any(),
    }
}

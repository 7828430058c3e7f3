//! For administrators: how many messages of each device are in quarantine. Other people ask for nothing.

use std::collections::BTreeSet;

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos_router::components::A;
use wasm_bindgen_futures::spawn_local;

use super::{AGAIN, Fleet};
use crate::api::Api;
use crate::components::load::{Load, Loaded};
use crate::components::states::Loading;
use crate::components::status::{Status, Tone};
use crate::live;
use crate::messages as m;
use crate::model::address::Query;
use crate::model::number::count;
use crate::model::quarantine::Filter;
use crate::model::quarantined::{Tally, Waiting};
use crate::text::{fill, t};
use crate::wire::quarantine::Quarantined;

/// Maximum pages that are read at once: 1,000 entries.
const PAGES: usize = 5;

/// Maximum time for which the list waits for the quarantine, in ms. Later its numbers move the list.
const PATIENCE: u32 = 2_000;

/// What is in quarantine, as far as the list of devices shows it.
#[derive(Clone, Copy)]
pub(super) struct InQuarantine {
    load: Load<Waiting>,
    tally: Memo<Tally>,
}

impl InQuarantine {
    /// Reads the quarantine, and keeps it current. It is a request of its own: if it fails, the devices are shown nevertheless.
    pub(super) fn read(api: Api, fleet: Load<Fleet>) -> Self {
        let load = Load::new(move || {
            let api = api.clone();
            async move {
                let filter = Filter::default();
                Ok(Waiting::of(api.pages::<Quarantined>(PAGES, |next| filter.path(next), None).await?))
            }
        });
        live::watch("quarantine", move |message| match message.r#type.as_str() {
            "quarantined" => {
                if let Some(entry) = message.field::<Quarantined>("entry") {
                    load.report(move |waiting| waiting.take(entry.clone()));
                }
            }
            "released" => {
                if let Some(id) = message.field::<String>("id") {
                    load.report(move |waiting| waiting.release(&id));
                }
            }
            "gap" => load.again(),
            _ => {}
        });
        load.every(AGAIN);
        let tally = Memo::new(move |_| {
            let of = |waiting: &Waiting| {
                fleet.here(|fleet| {
                    let registered: BTreeSet<&str> = fleet.devices.iter().map(|device| device.id.as_str()).collect();
                    waiting.tally(&registered, !fleet.more)
                })
            };
            load.here(of).flatten().unwrap_or_default()
        });
        Self { load, tally }
    }
}

/// Its content, once it is known what is in quarantine: otherwise the content would move when the numbers arrive. If the quarantine cannot
/// be read, or not in time, the content is shown without them.
#[component]
pub(super) fn Known(of: InQuarantine, children: ChildrenFn) -> impl IntoView {
    let is_late = RwSignal::new(false);
    spawn_local(async move {
        TimeoutFuture::new(PATIENCE).await;
        // The reader may have gone to another page.
        let _ = is_late.try_set(true);
    });
    let is_known = Memo::new(move |_| is_late.get() || of.load.with(|loaded| !matches!(loaded, Loaded::Loading)));
    view! { <Show when=move || is_known.get() fallback=|| view! { <Loading/> }>{children()}</Show> }
}

/// The line above the list: entries that belong to none of the devices, or that the quarantine could not be read.
#[component]
pub(super) fn Strangers(of: InQuarantine) -> impl IntoView {
    let InQuarantine { load, tally } = of;
    let strangers = Memo::new(move |_| tally.with(|tally| (tally.strangers, tally.more)));
    let has_failed = Memo::new(move |_| load.with(|loaded| matches!(loaded, Loaded::Failed(_))));
    view! {
        <Show when=move || has_failed.get()>
            <p class="faint" id="quarantine-unread">{t(m::QUARANTINE_UNREAD)}</p>
        </Show>
        <Show when=move || strangers.get().0 != 0>
            <p id="strangers"><Link count=strangers text=m::QUARANTINED_STRANGERS device=String::new()/></p>
        </Show>
    }
}

/// The number of entries of a device; nothing if there are none.
#[component]
pub(super) fn Chip(of: InQuarantine, device: String) -> impl IntoView {
    let own = device.clone();
    let count = Memo::new(move |_| of.tally.with(|tally| (tally.count(&own), tally.more)));
    view! {
        <Show when=move || count.get().0 != 0>
            <Link count text=m::QUARANTINED device=device.clone()/>
        </Show>
    }
}

/// A number of entries, which may be the least possible one, with a link to them.
#[component]
fn Link(count: Memo<(usize, bool)>, text: crate::text::Text, device: String) -> impl IntoView {
    let address = Query::default().with("device", Some(&device)).address("/app/quarantine");
    let words = move || {
        let (number, more) = count.get();
        let number = self::count(u64::try_from(number).unwrap_or(u64::MAX));
        let number = if more { fill(m::COUNT_AT_LEAST, &[("count", &number)]) } else { number };
        fill(text, &[("count", &number)])
    };
    view! { <A href=address attr:class="kind">{move || view! { <Status tone=Tone::Warning text=words()/> }}</A> }
}

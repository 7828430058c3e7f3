//! The fleet, for administrators: the allow list of serial numbers, firmware versions, and the jobs that bring them to devices.

use leptos::prelude::*;
use weir_core::domain::serial::SerialState;

use crate::api::Api;
use crate::browser;
use crate::components::admin_only::AdminOnly;
use crate::components::heading::Heading;
use crate::components::told::{Outcome, Told};
use crate::components::words;
use crate::in_address::in_address;
use crate::messages as m;
use crate::model::address::Query;
use crate::text::{Text, t};

mod adding;
mod codes;
mod firmware;
mod job;
mod jobs;
mod order;
mod serials;

/// A part of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Part {
    /// The allow list.
    #[default]
    Serials,
    /// Firmware versions.
    Firmware,
    /// Jobs.
    Jobs,
}

impl Part {
    const ALL: [(&'static str, Self, Text); 3] = [
        ("serials", Self::Serials, m::SERIALS),
        ("firmware", Self::Firmware, m::FIRMWARE),
        ("jobs", Self::Jobs, m::JOBS),
    ];
}

/// The state of the page in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Shown {
    part: Part,
    /// Only serial numbers in this state.
    state: Option<SerialState>,
    /// The id of the job whose devices are shown.
    job: Option<String>,
    /// Only devices of the job in this state.
    status: Option<String>,
}

impl Shown {
    fn of(query: &Query) -> Self {
        let part = Part::ALL.iter().find(|(name, ..)| Some(*name) == query.get("show"));
        let part = part.map(|(_, part, _)| *part).unwrap_or_default();
        let status = query.get("status").filter(|status| words::device_of_job(status).is_some());
        Self {
            part,
            state: query.get("state").and_then(SerialState::of),
            job: query.get("job").map(str::to_owned),
            status: status.map(str::to_owned),
        }
    }

    fn write(&self, query: Query) -> Query {
        let name = Part::ALL.iter().find(|(_, part, _)| *part == self.part).map(|(name, ..)| *name);
        query
            .with("show", name.filter(|_| self.part != Part::default()))
            .with("state", self.state.map(SerialState::code))
            .with("job", self.job.as_deref())
            .with("status", self.status.as_deref())
    }
}

/// State that the parts of the page share.
#[derive(Clone, Copy)]
struct Shared {
    shown: RwSignal<Shown>,
    outcome: Outcome,
    /// Serial numbers with new claim codes, shown until the reader confirms that they are saved.
    codes: RwSignal<Vec<(String, String)>>,
    api: StoredValue<Api, LocalStorage>,
}

/// The page.
#[component]
pub fn Fleet() -> impl IntoView {
    view! {
        <Heading text=t(m::FLEET).to_owned()/>
        <AdminOnly><Inside/></AdminOnly>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let shown = RwSignal::new(Shown::of(&Query::parse(&browser::query())));
    let api = StoredValue::new_local(Api::here());
    let shared = Shared { shown, outcome: RwSignal::new(None), codes: RwSignal::default(), api };
    in_address("/app/fleet", shown, Shown::of, |shown, query| shown.write(query));
    let part = Memo::new(move |_| shown.with(|shown| shown.part));
    let tabs = Part::ALL.map(|(_, one, text)| {
        view! {
            <button
                type="button"
                aria-pressed=move || (part.get() == one).to_string()
                on:click=move |_| {
                    shared.outcome.set(None);
                    shown.update(|shown| shown.part = one);
                }
            >{t(text)}</button>
        }
    });
    view! {
        <div class="tools"><div class="tabs" role="group" aria-label=t(m::FLEET_PARTS)>{tabs}</div></div>
        <Told outcome=shared.outcome/>
        <codes::Codes codes=shared.codes/>
        {move || match part.get() {
            Part::Serials => view! { <serials::Serials shared/> }.into_any(),
            Part::Firmware => view! { <firmware::Firmware shared/> }.into_any(),
            Part::Jobs => view! { <jobs::Jobs shared/> }.into_any(),
        }}
    }
}

//! The progress of a job: its devices by state, the list of them, and cancelling the job. It is polled while the job is open.

use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use leptos_router::components::A;
use wasm_bindgen_futures::spawn_local;
use weir_core::domain::job::Counts;
use weir_core::wire::job::JobJson;

use super::Shared;
use crate::browser;
use crate::components::clock::Ago;
use crate::components::confirm::Confirm;
use crate::components::load::Load;
use crate::components::status::Status;
use crate::components::words;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::moment;
use crate::model::rollout::{Progress, is_open, progress};
use crate::text::{fill, t};
use crate::wire::Page;
use crate::wire::board::{JobDetails, JobDevice};

/// Time between two polls of an open job, in ms.
const LOOK: u32 = 5_000;
/// Number of its devices that are shown at first, and the maximum per request.
const SHOWN: (u32, u32) = (25, 200);

#[component]
pub(super) fn Details(id: String, shared: Shared, load: Load<Page<JobJson>>) -> impl IntoView {
    let most = RwSignal::new(SHOWN.0);
    let place = format!("/fleet/jobs/{}", part(&id));
    let own = place.clone();
    let details = Load::new(move || {
        let status = shared.shown.with(|shown| shown.status.clone());
        let query = Query::default().with("status", status.as_deref()).with("limit", Some(&most.get().to_string()));
        let (api, path) = (shared.api.get_value(), query.address(&own));
        async move { Ok(api.get::<JobDetails>(&path).await?.value) }
    });
    // The list of jobs shows the newer state that is known here.
    let job = Memo::new(move |_| details.here(|details| details.job.clone()));
    Effect::new(move |_| {
        if let Some(job) = job.get() {
            load.written(|page| {
                if let Some(known) = page.items.iter_mut().find(|known| known.id == job.id) {
                    *known = job;
                }
            });
        }
    });
    spawn_local(async move {
        loop {
            TimeoutFuture::new(LOOK).await;
            match job.try_get_untracked() {
                None => return,
                Some(Some(job)) if is_open(&job) && !browser::hidden() => details.again(),
                Some(_) => {}
            }
        }
    });
    let working = RwSignal::new(false);
    let cancel = Callback::new(move |()| {
        let path = place.clone();
        working.set(true);
        shared.outcome.set(None);
        spawn_local(async move {
            let answer = shared.api.get_value().delete(&path, None).await;
            let _ = working.try_set(false);
            if job.try_get_untracked().is_some() {
                details.again();
            }
            shared.outcome.set(Some(answer.map(|()| t(m::JOB_IS_CANCELLED).to_owned())));
        });
    });
    let can_cancel = Memo::new(move |_| job.with(|job| job.as_ref().is_some_and(is_open)));
    let busy = Signal::derive(move || working.get());
    view! {
        <Show when=move || can_cancel.get()>
            <div class="buttons">
                <Confirm label=t(m::CANCEL_JOB) question=t(m::CANCEL_JOB_ASK) answer=t(m::CANCEL_JOB_YES) disabled=busy confirmed=cancel/>
            </div>
        </Show>
        {details.keep(move || view! { <States shared details most/> })}
    }
}

#[component]
fn States(shared: Shared, details: Load<JobDetails>, most: RwSignal<u32>) -> impl IntoView {
    let counts = Memo::new(move |_| {
        details.here(|details| details.counts.map(|counts| (counts, details.job.devices))).flatten()
    });
    let devices = Memo::new(move |_| details.here(|details| details.executions.items.clone()).unwrap_or_default());
    let has_more = Memo::new(move |_| details.here(|details| details.executions.next.is_some()).unwrap_or(false));
    let status = Memo::new(move |_| shared.shown.with(|shown| shown.status.clone()));
    let option = move |(code, _): (&'static str, u64)| {
        let word = words::device_of_job(code).map(|(_, word)| t(word));
        view! { <option value=code selected={status.get_untracked().as_deref() == Some(code)}>{word}</option> }
    };
    view! {
        {move || match counts.get() {
            None => view! { <p class="faint">{t(m::JOB_GATHERING)}</p> }.into_any(),
            Some((counts, devices)) => view! { <Bar counts devices/> }.into_any(),
        }}
        <div class="tools">
            <label>
                {t(m::STATE)}
                <select
                    prop:value=move || status.get().unwrap_or_default()
                    on:change=move |event| {
                        let chosen = Some(event_target_value(&event)).filter(|text| !text.is_empty());
                        shared.shown.update(|shown| shown.status = chosen);
                    }
                >
                    <option value="">{t(m::ANY)}</option>
                    {by_state(&Counts::default()).map(option)}
                </select>
            </label>
        </div>
        <ul class="list">
            <For each=move || devices.get() key=|device| format!("{device:?}") let:device>
                <Device device/>
            </For>
        </ul>
        <Show when=move || has_more.get() && most.get() < SHOWN.1>
            <button type="button" class="small" on:click=move |_| most.set(SHOWN.1)>{t(m::MORE)}</button>
        </Show>
        <Show when=move || has_more.get() && most.get() == SHOWN.1>
            <p class="faint">{fill(m::JOB_MORE_DEVICES, &[("count", &SHOWN.1.to_string())])}</p>
        </Show>
    }
}

/// The counts by the API's names of the states, in the order in which a device goes through them.
const fn by_state(counts: &Counts) -> [(&'static str, u64); 8] {
    [
        ("QUEUED", counts.queued),
        ("IN_PROGRESS", counts.in_progress),
        ("SUCCEEDED", counts.succeeded),
        ("FAILED", counts.failed),
        ("REJECTED", counts.rejected),
        ("TIMED_OUT", counts.timed_out),
        ("CANCELLED", counts.cancelled),
        ("REMOVED", counts.removed),
    ]
}

/// The share of ended devices as a bar and in words, and the count of each state.
#[component]
fn Bar(counts: Counts, devices: u64) -> impl IntoView {
    let Progress { ended, unsuccessful, total } = progress(&counts, devices);
    let numbers = [ended, total, unsuccessful].map(|number| number.to_string());
    let [done, all, without] = &numbers;
    let sentence = fill(m::JOB_PROGRESS, &[("ended", done), ("total", all), ("unsuccessful", without)]);
    let states = by_state(&counts).into_iter().filter(|(_, count)| *count > 0).filter_map(|(code, count)| {
        let (tone, word) = words::device_of_job(code)?;
        Some(view! { <li><Status tone text=format!("{}: {count}", t(word))/></li> })
    });
    view! {
        <p>
            <progress max=total.max(1).to_string() value=ended.to_string() aria-label=sentence.clone()></progress>" "
            <span class="number" role="status">{sentence.clone()}</span>
        </p>
        <ul class="counts">{states.collect_view()}</ul>
    }
}

#[component]
fn Device(device: JobDevice) -> impl IntoView {
    let shape = words::device_of_job(&device.status);
    let at = device.updated_at.as_deref().and_then(moment::parse);
    view! {
        <li>
            <div class="row">
                {match shape {
                    Some((tone, word)) => view! { <Status tone text=t(word)/> }.into_any(),
                    None => view! { <code>{device.status.clone()}</code> }.into_any(),
                }}
                <A href=format!("/app/devices/{}", part(&device.device))>{device.device.clone()}</A>
                {at.map(|at| view! { <span class="faint"><Ago at/></span> })}
            </div>
        </li>
    }
}

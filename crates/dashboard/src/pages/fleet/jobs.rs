//! The list of jobs, each with its state.

use leptos::prelude::*;
use weir_core::wire::job::{FirmwareJson, JobJson, TargetJson};

use super::Shared;
use super::job::Details;
use super::order::Ordering;
use crate::components::clock::Ago;
use crate::components::load::Load;
use crate::components::more::More;
use crate::components::states::Empty;
use crate::components::status::Status;
use crate::components::words;
use crate::messages as m;
use crate::model::address::Query;
use crate::model::moment;
use crate::text::{fill, t};
use crate::wire::Page;

fn path(next: Option<&str>) -> String {
    Query::default().with("limit", Some("50")).with("next", next).address("/fleet/jobs")
}

#[component]
pub(super) fn Jobs(shared: Shared) -> impl IntoView {
    let load = Load::new(move || {
        let api = shared.api.get_value();
        async move { Ok(api.get::<Page<JobJson>>(&path(None)).await?.value) }
    });
    let firmwares = Load::new(move || {
        let api = shared.api.get_value();
        async move {
            let all = api.get::<Page<FirmwareJson>>("/fleet/firmware?limit=200").await?.value.items;
            Ok(all
                .into_iter()
                .filter(|one| one.uploaded_at.is_some())
                .map(|one| one.version.to_string())
                .collect::<Vec<_>>())
        }
    });
    view! {
        {firmwares.keep(move || view! { <Ordering shared firmwares load/> })}
        <div class="tools"><button type="button" on:click=move |_| load.again()>{t(m::READ_AGAIN)}</button></div>
        {load.keep(move || view! { <List shared load/> })}
    }
}

#[component]
fn List(shared: Shared, load: Load<Page<JobJson>>) -> impl IntoView {
    let jobs = Memo::new(move |_| load.here(|page| page.items.clone()).unwrap_or_default());
    let more = move |cursor: String| async move {
        let api = shared.api.get_value();
        Ok(api.get(&path(Some(&cursor))).await?.value)
    };
    view! {
        <Show when=move || jobs.with(|jobs| !jobs.is_empty()) fallback=|| view! { <Empty text=t(m::NO_JOBS)/> }>
            <div class="card">
                <ul class="list">
                    <For each=move || jobs.get() key=|job| job.id.clone() let:job>
                        <Line id=job.id.to_string() shared load jobs/>
                    </For>
                </ul>
            </div>
        </Show>
        <More load outcome=shared.outcome read=more key=|job| job.id.to_string()/>
    }
}

/// The target of a job, in words.
fn target(target: &TargetJson) -> String {
    match target {
        TargetJson::All => t(m::TARGET_ALL).to_owned(),
        TargetJson::Tube(tube) => fill(m::TARGET_TUBE_SHOWN, &[("tube", tube.as_str())]),
        TargetJson::Devices(devices) => devices.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

#[component]
fn Line(id: String, shared: Shared, load: Load<Page<JobJson>>, jobs: Memo<Vec<JobJson>>) -> impl IntoView {
    let own = id.clone();
    let job = Memo::new(move |_| jobs.with(|jobs| jobs.iter().find(|job| job.id.as_str() == own).cloned()));
    let own = id.clone();
    let is_open = Memo::new(move |_| shared.shown.with(|shown| shown.job.as_ref() == Some(&own)));
    let own = id.clone();
    let toggle = move |_| {
        let job = Some(own.clone()).filter(|_| !is_open.get_untracked());
        shared.shown.update(|shown| {
            shown.job = job;
            shown.status = None;
        });
    };
    let action = move || if is_open.get() { m::HIDE_DETAILS } else { m::SHOW_DETAILS };
    let called = move || {
        let name = job.with(|job| job.as_ref().map(|job| format!("{}, {}", job.firmware, target(&job.target))));
        fill(m::ACTION_OF, &[("action", t(action())), ("name", &name.unwrap_or_default())])
    };
    let own = id.clone();
    view! {
        <li data-job=id>
            {move || job.get().map(|job| view! { <Summary job/> })}
            <div class="buttons">
                <button type="button" class="small" aria-expanded=move || is_open.get().to_string() aria-label=called on:click=toggle>
                    {move || t(action())}
                </button>
            </div>
            <Show when=move || is_open.get()>
                <Details id=own.clone() shared load/>
            </Show>
        </li>
    }
}

#[component]
fn Summary(job: JobJson) -> impl IntoView {
    let (tone, word) = words::job(job.state);
    let counts = fill(m::JOB_SUMMARY, &[("devices", &job.devices.to_string()), ("skipped", &job.skipped.to_string())]);
    let numbers = [job.rollout_per_minute, job.abort_percent, job.timeout_minutes].map(|number| number.to_string());
    let [rate, abort, timeout] = &numbers;
    let rules = fill(m::JOB_RULES, &[("rate", rate), ("abort", abort), ("timeout", timeout)]);
    view! {
        <div class="row">
            <Status tone text=t(word)/>
            <strong>{job.firmware.to_string()}</strong>
            <span class="words">{target(&job.target)}</span>
            <span class="number">{counts}</span>
        </div>
        <p class="faint">
            <Ago at=moment::of(job.created_at)/>" · "<span class="words">{job.by}</span>" · "{rules}
            {job.force.then(|| view! { " · "{t(m::JOB_FORCED)} })}
        </p>
        {job.detail.map(|detail| view! { <p class="words">{detail}</p> })}
    }
}

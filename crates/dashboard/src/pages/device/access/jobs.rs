//! The open jobs that bring firmware to a device.

use leptos::prelude::*;
use serde_json::Value;
use weir_core::wire::job::{JobJson, StateJson, TargetJson};

use crate::api::Api;
use crate::components::clock::Instant;
use crate::components::load::{Load, Loaded};
use crate::components::states::{Failed, Loading};
use crate::components::status::{Status, Tone};
use crate::components::words::device_of_job;
use crate::live;
use crate::messages as m;
use crate::model::address::{Query, part};
use crate::model::moment;
use crate::model::rollout::OpenJob;
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::Page;
use crate::wire::board::{JobDetails, JobDevice};

/// Maximum open jobs that are checked, and maximum pages of devices per job.
const JOBS: usize = 5;
const PAGES: usize = 5;

/// The jobs that bring firmware to the device.
#[component]
pub(super) fn Jobs(id: String) -> impl IntoView {
    let api = Api::here();
    let own = id.clone();
    let load = Load::new(move || open(api.clone(), own.clone()));
    live::watch(format!("device/{id}"), move |message| {
        let kind = message.rest.pointer("/event/kind").and_then(Value::as_str);
        if message.r#type == "gap" || kind == Some("job") {
            load.again();
        }
    });
    move || {
        load.with(|loaded| match loaded {
            Loaded::Loading => view! { <Loading/> }.into_any(),
            Loaded::Failed(error) => {
                view! { <Failed error=error.clone() retry=Callback::new(move |()| load.again())/> }.into_any()
            }
            Loaded::Here(jobs) if jobs.is_empty() => view! { <p class="faint">{t(m::NO_OPEN_JOB)}</p> }.into_any(),
            Loaded::Here(jobs) => {
                let line = |open: &OpenJob| {
                    let (tone, word) = job_state(open);
                    let version = open.job.firmware.to_string();
                    view! {
                        <li class="row" data-job=open.job.id.to_string()>
                            <span>{fill(m::JOB_BRINGS, &[("version", &version)])}</span>
                            <Status tone text=word/>
                            <span class="faint">{open.job.by.clone()}" · "<Instant at=moment::of(open.job.created_at)/></span>
                        </li>
                    }
                };
                view! { <ul class="list">{jobs.iter().map(line).collect_view()}</ul> }.into_any()
            }
        })
    }
}

fn job_state(open: &OpenJob) -> (Tone, String) {
    let Some(state) = open.status.as_deref() else { return (Tone::Neutral, t(m::JOB_PREPARING).to_owned()) };
    let known = device_of_job(state).map(|(tone, word)| (tone, t(word).to_owned()));
    known.unwrap_or_else(|| (Tone::Neutral, state.to_owned()))
}

/// The open jobs that include a device. The API has no list of them, so the device is searched for in each job.
async fn open(api: Api, device: String) -> Result<Vec<OpenJob>, ApiError> {
    let all = api.get::<Page<JobJson>>("/fleet/jobs?limit=50").await?.value.items;
    let is_open = |job: &JobJson| matches!(job.state, StateJson::Preparing | StateJson::InProgress);
    let may_concern = |job: &JobJson| match &job.target {
        TargetJson::Devices(devices) => devices.iter().any(|one| one.as_str() == device),
        TargetJson::Tube(_) | TargetJson::All => true,
    };
    let mut found = Vec::new();
    for job in all.into_iter().filter(|job| is_open(job) && may_concern(job)).take(JOBS) {
        let status = part_of(&api, &job, &device).await?;
        let open = OpenJob { job, status };
        if open.concerns() {
            found.push(open);
        }
    }
    Ok(found)
}

/// The state of a device in a job, if it is among the thousand devices that changed last.
async fn part_of(api: &Api, job: &JobJson, device: &str) -> Result<Option<String>, ApiError> {
    let path = format!("/fleet/jobs/{}", part(&job.id.to_string()));
    let mut next = None::<String>;
    for _ in 0..PAGES {
        let query = Query::default().with("limit", Some("200")).with("next", next.as_deref());
        let page = api.get::<JobDetails>(&query.address(&path)).await?.value.executions;
        if let Some(JobDevice { status, .. }) = page.items.into_iter().find(|one| one.device == device) {
            return Ok(Some(status));
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    Ok(None)
}

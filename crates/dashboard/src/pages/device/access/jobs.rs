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
use crate::problem::ApiError;
use crate::text::{fill, t};
use crate::wire::Page;
use crate::wire::board::{JobDetails, JobDevice};

/// Maximum open jobs that are checked, and maximum pages of devices per job.
const JOBS: usize = 5;
const PAGES: usize = 5;

/// An open job that may include this device.
#[derive(Debug, Clone)]
struct Open {
    job: JobJson,
    /// The state of this device; `None` while the job's devices are gathered.
    status: Option<String>,
}

impl Open {
    /// Whether the job includes the device, after searching for it. Once its devices are gathered, a job that names the device but does not
    /// list it has skipped it, for example because it already runs this version.
    const fn concerns(&self) -> bool {
        let is_named = matches!(self.job.target, TargetJson::Devices(_));
        self.status.is_some() || (is_named && matches!(self.job.state, StateJson::Preparing))
    }
}

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
                let line = |open: &Open| {
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

fn job_state(open: &Open) -> (Tone, String) {
    let Some(state) = open.status.as_deref() else { return (Tone::Neutral, t(m::JOB_PREPARING).to_owned()) };
    let known = device_of_job(state).map(|(tone, word)| (tone, t(word).to_owned()));
    known.unwrap_or_else(|| (Tone::Neutral, state.to_owned()))
}

/// The open jobs that include a device. The API has no list of them, so the device is searched for in each job.
async fn open(api: Api, device: String) -> Result<Vec<Open>, ApiError> {
    let all = api.get::<Page<JobJson>>("/fleet/jobs?limit=50").await?.value.items;
    let is_open = |job: &JobJson| matches!(job.state, StateJson::Preparing | StateJson::InProgress);
    let may_concern = |job: &JobJson| match &job.target {
        TargetJson::Devices(devices) => devices.iter().any(|one| one.as_str() == device),
        TargetJson::Tube(_) | TargetJson::All => true,
    };
    let mut found = Vec::new();
    for job in all.into_iter().filter(|job| is_open(job) && may_concern(job)).take(JOBS) {
        let status = part_of(&api, &job, &device).await?;
        let open = Open { job, status };
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_device_that_a_job_has_skipped_is_not_being_prepared() {
        let open = |target: Value, state: &str, status: Option<&str>| {
            let job = json!({"id": "1767225600000-0000000a", "firmware": "1.2.0", "target": target, "rollout_per_minute": 50,
                "abort_percent": 10, "timeout_minutes": 60, "force": false, "state": state, "devices": 0, "skipped": 1,
                "by": "ann@example.com", "created_at": "2026-01-01T00:00:00Z"});
            Open { job: serde_json::from_value(job).unwrap(), status: status.map(str::to_owned) }
        };
        let named = || json!({"devices": ["buoy-01"]});
        assert!(open(named(), "PREPARING", None).concerns());
        assert!(!open(named(), "IN_PROGRESS", None).concerns());
        assert!(open(named(), "IN_PROGRESS", Some("QUEUED")).concerns());
        assert!(!open(json!("all"), "PREPARING", None).concerns());
    }
}
